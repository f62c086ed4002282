/* rowwise.h -- the call: chunks of rows or of tiles of pixels, labels, the mean's divisor. */

static void FL(rowwise_chunk)(void *context, ptrdiff_t chunk) {
    FL(row_call) *call = context;
    const fl_rowwise_args *a = call->args;
    ptrdiff_t first = chunk * call->per_chunk, last = first + call->per_chunk;
    double lanes[FL_LANES] = {0};
    const ptrdiff_t rows = a->outer_count * a->inner;
    /* Not worth turning over: few, or as good as filling their lanes (0.7x for 1000 rows of 16 classes). */
    const int few = rows <= FL_FEW_ROWS && rows < a->classes;
    const int full = a->classes > FL_LANES / 2 && (-a->classes & (FL_LANES - 1)) <= FL_LANES / 5;
    if (a->input.class_ == 1 && a->classes <= FL_SHORT_ROW && !few && !full) {
        if (last > rows) last = rows;
        for (; first < last; first += FL(tile))
            FL(short_rows)(call, first, last - first < FL(tile) ? (int)(last - first) : FL(tile), lanes);
    } else if (a->input.class_ == 1) {
        real *scratch = NULL;
        int group = (int)(FL_GROUP_ELEMENTS / a->classes);
        if (group < 1) group = 1;
        if (group > FL(group)) group = a->classes <= FL_NARROW_ROW ? FL(tile) : FL(group);
        if (last > rows) last = rows;
        if (call->stream && !(scratch = malloc(group * a->classes * sizeof(real)))) {
            call->failed = 1;
            return;
        }
        for (; first < last; first += group)
            FL(row_group)(call, first, last - first < group ? (int)(last - first) : group, scratch, lanes);
        if (call->stream) fl_stream_done();
        free(scratch);
    } else {
        ptrdiff_t tiles = (a->inner + FL(tile) - 1) / FL(tile);
        real *wide = NULL;
        if (a->boost && a->boost->narrow && !(wide = malloc(2 * a->classes * FL(tile) *sizeof(real)))) {
            call->failed = 1;
            return;
        }
        if (last > a->outer_count * tiles) last = a->outer_count * tiles;
        for (; first < last; first++) {
            ptrdiff_t outer = first / tiles, inner = first % tiles * FL(tile), left = a->inner - inner;
            FL(pixels) at = {
                .x = (const real *)a->input.data + outer * a->input.outer + inner,
                .t = a->target.data ? (const real *)a->target.data + outer * a->target.outer + inner : NULL,
                .g = a->grad.data ? (real *)a->grad.data + outer * a->grad.outer + inner : NULL,
                .x_class = a->input.class_,
                .t_class = a->target.class_,
                .g_class = a->grad.class_,
                .n = left < FL(tile) ? (int)left : FL(tile),
                .width = left < FL(tile) ? (int)left : FL(tile),
                .h = a->hess.data ? (real *)a->hess.data + outer * a->hess.outer + inner : NULL,
                .h_class = a->hess.class_,
                .next_x_class = a->input.class_,
                .next_g_class = a->grad.class_,
            };
            /* As many streams as this the processor does not follow by itself. */
            if (call->far && a->classes > 32) {
                at.next_x = at.x + FL(tile);
                at.next_g = at.g ? at.g + FL(tile) : NULL;
            }
            if (wide) {
                at.g = wide, at.h = wide + a->classes * FL(tile);
                at.g_class = at.h_class = FL(tile);
            }
            FL(pixel_tile)(call, at, outer * a->inner + inner, 0, lanes);
            if (wide) {
                FL(narrow)(at.g, a->classes, at.n, &a->grad, outer * a->grad.outer + inner);
                FL(narrow)(at.h, a->classes, at.n, &a->hess, outer * a->hess.outer + inner);
            }
        }
        free(wide);
    }
    call->partials[chunk] = fl_sum_lanes(lanes);
}

/* The target's log-probability alone; the gradient arrives as zeros, or with `blank` set. */
static void FL(nll_chunk)(void *context, ptrdiff_t chunk) {
    FL(row_call) *call = context;
    const fl_rowwise_args *a = call->args;
    ptrdiff_t first = chunk * call->per_chunk, last = first + call->per_chunk;
    double lanes[FL_LANES] = {0};
    if (last > a->outer_count * a->inner) last = a->outer_count * a->inner;
    /* Rows side by side at once, unless they hold the input: a call for each took a tenth longer. */
    const int dense =
        a->blank && a->inner == 1 && a->grad.outer == a->classes && a->grad.data != a->input.data;
    if (dense)
        memset((real *)a->grad.data + first * a->classes, 0, (last - first) * a->classes * sizeof(real));
    /* Rows one step apart: all of them, or the pixels of an image. */
    const int side_by_side = a->inner == 1;
    const ptrdiff_t run = side_by_side ? a->outer_count : a->inner;
    const ptrdiff_t x_step = side_by_side ? a->input.outer : a->input.inner;
    const ptrdiff_t g_step = side_by_side ? a->grad.outer : a->grad.inner;
    for (ptrdiff_t row = first; row < last;) {
        ptrdiff_t outer = row / run, at = row % run, end = row - at + run < last ? row - at + run : last;
        const real *x = (const real *)a->input.data + outer * a->input.outer + at * x_step;
        real *g = a->grad.data ? (real *)a->grad.data + outer * a->grad.outer + at * g_step : NULL;
        for (; row < end; row++, x += x_step, g += g ? g_step : 0) {
            real value = 0, weight;
            ptrdiff_t label = FL(label_of)(a, row, &weight);
            if (label >= 0) value = -weight * x[label * a->input.class_];
            if (g && a->blank && !dense) memset(g, 0, a->classes * sizeof(real));
            if (g && label >= 0) g[label * a->grad.class_] = -weight * call->scale;
            lanes[row % FL_LANES] += value;
            if (a->value) ((real *)a->value)[row] = value;
        }
    }
    call->partials[chunk] = fl_sum_lanes(lanes);
}

/* How many labels count; `bad` is set where one is neither a class nor the ignored one. */
static FL_PASS ptrdiff_t FL(count_labels)(const int64_t *label, ptrdiff_t n, int64_t ignored, int64_t classes,
                                          int *bad) {
    uint64_t outside = 0, live = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        uint64_t counts = label[i] != ignored;
        live += counts;
        outside |= counts & ((uint64_t)label[i] >= (uint64_t)classes);
    }
    *bad = outside != 0;
    return (ptrdiff_t)live;
}

/* Check every label, and find what the mean divides by. */
static fl_status FL(row_divisor)(fl_rowwise_args *a, double *divisor) {
    ptrdiff_t rows = a->outer_count * a->inner;
    *divisor = (double)rows;
    if (!a->index) return FL_OK;
    const real *w = a->class_weight;
    double sum = 0;
    int bad = 1;
    if (!w && rows >= FL_LANES)
        *divisor = (double)FL(count_labels)(a->index, rows, a->ignore_index, a->classes, &bad);
    if (!bad) return FL_OK;
    for (ptrdiff_t row = 0; row < rows; row++) {
        int64_t label = a->index[row];
        if (label == a->ignore_index) continue;
        if (label < 0 || label >= a->classes) {
            a->bad_row = row;
            return FL_BAD_LABEL;
        }
        sum += w ? (double)w[label] : 1;
    }
    *divisor = sum;
    return FL_OK;
}

static fl_status FL(rowwise)(fl_rowwise_args *a) {
    double divisor, few[FL_FEW_CHUNKS];
    fl_status status = FL(row_divisor)(a, &divisor);
    if (status) return status;
    FL(row_call) call = {
        .args = a,
        .end = a->target.data ? FL(end_soft) : FL(row_ends)[fl_specialise(a->loss, a->parameters, 0)],
        .smooth = (real)(a->smoothing / (double)a->classes),
    };
    call.scale = a->reduction == FL_REDUCE_MEAN ? (real)(1 / divisor) : 1;
    FL(read_parameters)(a->parameters, call.parameters);
    for (ptrdiff_t c = 0; c < a->classes && call.smooth != 0; c++)
        call.weight_sum += a->class_weight ? ((const real *)a->class_weight)[c] : 1;

    int picked = fl_loss_traits[a->loss].flags & FL_PICKS, by_rows = picked || a->input.class_ == 1;
    ptrdiff_t rows = a->outer_count * a->inner, tiles = (a->inner + FL(tile) - 1) / FL(tile);
    ptrdiff_t units = by_rows ? rows : a->outer_count * tiles;
    /* The rows of what is picked are filled with zeros, here or by the system. */
    ptrdiff_t unit = picked ? (a->classes + 7) / 8 : a->classes * (by_rows ? 1 : FL(tile));
    ptrdiff_t n_chunks = units != 0;
    call.per_chunk = units;
    if (units * unit > FL_ROW_CHUNK) {
        call.per_chunk = unit < FL_ROW_CHUNK ? FL_ROW_CHUNK / unit : 1;
        if (by_rows && call.per_chunk > FL(tile)) call.per_chunk -= call.per_chunk % FL(tile);
        n_chunks = (units + call.per_chunk - 1) / call.per_chunk;
    }
    call.far = rows * a->classes * (ptrdiff_t)sizeof(real) >= FL_FAR_BYTES;
    call.stream = a->reused && by_rows && a->grad.data && a->classes >= FL_STREAM_CLASSES
        && rows * a->classes * (ptrdiff_t)sizeof(real) >= FL_STREAM_BYTES;

    call.partials = n_chunks <= FL_FEW_CHUNKS ? few : malloc(n_chunks * sizeof(double));
    if (!call.partials) return FL_NO_MEMORY;
    fl_chunk_body *body = picked ? FL(nll_chunk) : FL(rowwise_chunk);
    if (n_chunks == 1) body(&call, 0);
    else fl_parallel(n_chunks, fl_rowwise_cost(a), body, &call);
    double sum = 0;
    for (ptrdiff_t i = 0; i < n_chunks; i++) sum += call.partials[i];
    if (call.partials != few) free(call.partials);
    a->result = a->reduction == FL_REDUCE_MEAN ? sum / divisor : sum;
    return call.failed ? FL_NO_MEMORY : FL_OK;
}
