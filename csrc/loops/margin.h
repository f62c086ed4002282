/* margin.h -- rows of class scores whose right classes should lead the others by a margin.
 *
 * Classes are contiguous. Each z > 0 counts once for the wrong class and once, with the other sign, for the
 * right one, whose place in the gradient is therefore written last. */

/* Sums over wrong classes: of the values, slopes and curves. */
typedef struct {
    double value, slope, curve;
} FL(margin_sums);

/* Lanes to a number: halves onto each other. */
static FL_INLINE double FL(fold_lanes)(const real *lanes) {
    real s[FL_LANES / 2];
    for (int l = 0; l < 8; l++) s[l] = lanes[l] + lanes[l + 8];
    for (int l = 0; l < 4; l++) s[l] += s[l + 4];
    return (s[0] + s[2]) + (s[1] + s[3]);
}

/* FL_LANES classes, of which lane `own` is left out. */
static FL_INLINE void FL(margin_lanes)(int square, const real *x, real base, FL(word) own, real scale,
                                       real *g, real *h, real *values, real *slopes, real *curves) {
    FL_LANE_LOOP
    for (int l = 0; l < FL_LANES; l++) {
        FL(word) wrong = ~-(FL(word))((FL(word))l == own);
        real z = FL(from_bits)(FL(bits)(base + x[l]) & wrong);
        FL(row_point) f = square ? FL(margin_square)(z) : FL(margin_linear)(z);
        values[l] += f.value;
        slopes[l] += f.slope;
        curves[l] += f.curve;
        if (g) g[l] = f.slope * scale;
        if (h) h[l] = f.curve * scale;
    }
}

/* A row whose right class is t. g may be x. */
static FL_INLINE FL(margin_sums) FL(margin_row)(int square, const real *x, ptrdiff_t n, ptrdiff_t t,
                                                real margin, real scale, real *g, real *h) {
    const real base = margin - x[t];
    FL(margin_sums) sums = {0, 0, 0};
    for (ptrdiff_t i = 0; i < n;) {
        ptrdiff_t end = n - i > FL(flush) ? i + FL(flush) : n;
        real values[FL_LANES] = {0}, slopes[FL_LANES] = {0}, curves[FL_LANES] = {0};
        for (; i + FL_LANES <= end; i += FL_LANES) {
            FL(word) own = t - i < 0 || t - i >= FL_LANES ? FL_LANES : (FL(word))(t - i);
            FL(margin_lanes)(square, x + i, base, own, scale, g ? g + i : NULL, h ? h + i : NULL, values,
                             slopes, curves);
        }
        if (i < end) {
            real last[FL_LANES], slope[FL_LANES], curve[FL_LANES];
            FL(word) own = t - i < 0 ? FL_LANES : (FL(word))(t - i);
            const int rest = (int)(end - i);
            FL_LANE_LOOP
            for (int l = 0; l < FL_LANES; l++) last[l] = l < rest ? x[i + l] : -(real)INFINITY;
            FL(margin_lanes)(square, last, base, own, scale, slope, curve, values, slopes, curves);
            for (int l = 0; g && l < rest; l++) g[i + l] = slope[l];
            for (int l = 0; h && l < rest; l++) h[i + l] = curve[l];
            i = end;
        }
        sums.value += FL(fold_lanes)(values);
        if (g) sums.slope += FL(fold_lanes)(slopes);
        if (h) sums.curve += FL(fold_lanes)(curves);
    }
    if (g) g[t] = 0 - (real)sums.slope * scale;
    if (h) h[t] = (real)sums.curve * scale;
    return sums;
}

/* Labels were checked; one that another thread has changed since reads nothing else. */
static FL_INLINE ptrdiff_t FL(right_class)(const fl_rowwise_args *a, ptrdiff_t row) {
    return a->index[row] < 0 || a->index[row] >= a->classes ? 0 : (ptrdiff_t)a->index[row];
}

/* Short rows: a tile of them is turned over, as in short_rows.h, and vectors run along the rows. */
static FL_INLINE void FL(margin_tile)(int square, const FL(row_call) *call, ptrdiff_t first, int n,
                                      double *lanes) {
    const fl_rowwise_args *a = call->args;
    const real share = 1 / (real)a->classes, *w = a->class_weight;
    const int width = FL(whole_rows)(n);
    FL_ALIGNED real x[FL_SHORT_ROW * FL(tile)], h[FL_SHORT_ROW * FL(tile)];
    FL_ALIGNED real base[FL(tile)], weight[FL(tile)], values[FL(tile)], slopes[FL(tile)], curves[FL(tile)];
    FL_ALIGNED FL(word) right[FL(tile)];
    FL(turn)(a, &a->input, first, n, 0, x);
    for (int l = 0; l < width; l++) {
        ptrdiff_t t = l < n ? FL(right_class)(a, first + l) : 0;
        right[l] = (FL(word))t;
        base[l] = l < n ? call->parameters[1] - x[t * FL(tile) + l] : -INFINITY;
        weight[l] = (w ? w[t] : 1) * share;
    }
    for (int l = 0; l < FL(tile); l++) values[l] = slopes[l] = curves[l] = 0;
    for (ptrdiff_t c = 0; c < a->classes; c++) {
        real *xc = x + c * FL(tile), *hc = h + c * FL(tile);
        FL_LANE_LOOP
        for (int l = 0; l < width; l++) {
            FL(word) wrong = ~-(FL(word))(right[l] == (FL(word))c);
            real z = FL(from_bits)(FL(bits)(base[l] + xc[l]) & wrong);
            FL(row_point) f = square ? FL(margin_square)(z) : FL(margin_linear)(z);
            values[l] += f.value;
            slopes[l] += f.slope;
            curves[l] += f.curve;
            xc[l] = f.slope;
            hc[l] = f.curve;
        }
    }
    for (int l = 0; l < n; l++) {
        real value = values[l] * weight[l];
        lanes[l % FL_LANES] += value;
        if (a->value) ((real *)a->value)[first + l] = value;
        x[right[l] * FL(tile) + l] = 0 - slopes[l];
        h[right[l] * FL(tile) + l] = curves[l];
    }
    if (!a->grad.data) return;
    for (ptrdiff_t c = 0; c < a->classes; c++) {
        real *xc = x + c * FL(tile), *hc = h + c * FL(tile);
        FL_LANE_LOOP
        for (int l = 0; l < width; l++) {
            real scale = weight[l] * call->scale;
            xc[l] *= scale;
            hc[l] *= scale;
        }
    }
    FL(turn)(a, &a->grad, first, n, 1, x);
    if (a->hess.data) FL(turn)(a, &a->hess, first, n, 1, h);
}

static void FL(multi_margin_chunk)(void *context, ptrdiff_t chunk) {
    const FL(row_call) *call = context;
    const fl_rowwise_args *a = call->args;
    const real share = 1 / (real)a->classes, margin = call->parameters[1], *w = a->class_weight;
    const int square = call->parameters[0] == 2;
    ptrdiff_t rows = a->outer_count * a->inner, first = chunk * call->per_chunk;
    ptrdiff_t last = rows - first < call->per_chunk ? rows : first + call->per_chunk;
    double total = 0, lanes[FL_LANES] = {0};
    /* Some rows at least: a tile of one costs as much as one of FL_LANES. */
    for (; a->classes <= FL_SHORT_ROW && last - first >= FL_LANES / 2; first += FL(tile)) {
        int n = last - first < FL(tile) ? (int)(last - first) : FL(tile);
        if (square) FL(margin_tile)(1, call, first, n, lanes);
        else FL(margin_tile)(0, call, first, n, lanes);
    }
    for (ptrdiff_t row = first; row < last; row++) {
        const real *x = (const real *)a->input.data + row * a->input.outer;
        real *g = a->grad.data ? (real *)a->grad.data + row * a->grad.outer : NULL;
        real *h = a->hess.data ? (real *)a->hess.data + row * a->hess.outer : NULL;
        ptrdiff_t t = FL(right_class)(a, row);
        real weight = (w ? w[t] : 1) * share, scale = weight * call->scale;
        FL(margin_sums) sums;
        if (h) {
            sums = square ? FL(margin_row)(1, x, a->classes, t, margin, scale, g, h)
                          : FL(margin_row)(0, x, a->classes, t, margin, scale, g, h);
        } else if (g) {
            sums = square ? FL(margin_row)(1, x, a->classes, t, margin, scale, g, NULL)
                          : FL(margin_row)(0, x, a->classes, t, margin, scale, g, NULL);
        } else {
            sums = square ? FL(margin_row)(1, x, a->classes, t, margin, scale, NULL, NULL)
                          : FL(margin_row)(0, x, a->classes, t, margin, scale, NULL, NULL);
        }
        double value = sums.value * weight;
        if (a->value) ((real *)a->value)[row] = (real)value;
        total += value;
    }
    call->partials[chunk] = total + fl_sum_lanes(lanes);
}

/* ---- lists of right classes ---------------------------------------------------- */

/* A row with the right classes of a list that -1 ends. `wrong` and `counts` have room for whole rows of
 * lanes: the scores with -Inf at right classes, and how often each class counts. */
static double FL(margin_list)(const real *x, ptrdiff_t n, const int64_t *list, real *wrong, real *counts) {
    ptrdiff_t width = (n + FL_LANES - 1) / FL_LANES * FL_LANES, added = 0;
    real values[FL_LANES] = {0};
    double value = 0;
    for (ptrdiff_t i = 0; i < n; i++) wrong[i] = x[i];
    for (ptrdiff_t i = n; i < width; i++) wrong[i] = -INFINITY;
    for (ptrdiff_t i = 0; i < width; i++) counts[i] = 0;
    for (ptrdiff_t k = 0; k < n && list[k] >= 0 && list[k] < n; k++) wrong[list[k]] = -INFINITY;
    for (ptrdiff_t k = 0; k < n && list[k] >= 0 && list[k] < n; k++) {
        const real base = 1 - x[list[k]];
        double times = 0;
        for (ptrdiff_t i = 0; i < width;) {
            ptrdiff_t end = width - i > FL(flush) ? i + FL(flush) : width;
            real slopes[FL_LANES] = {0};
            if ((added += end - i) > FL(flush)) {
                value += FL(fold_lanes)(values);
                for (int l = 0; l < FL_LANES; l++) values[l] = 0;
                added = end - i;
            }
            for (; i < end; i += FL_LANES) {
                const real *from = wrong + i;
                real *count = counts + i;
                FL_LANE_LOOP
                for (int l = 0; l < FL_LANES; l++) {
                    FL(row_point) f = FL(margin_linear)(base + from[l]);
                    values[l] += f.value;
                    slopes[l] += f.slope;
                    count[l] += f.slope;
                }
            }
            times += FL(fold_lanes)(slopes);
        }
        counts[list[k]] -= (real)times;
    }
    return value + FL(fold_lanes)(values);
}

static void FL(multilabel_margin_chunk)(void *context, ptrdiff_t chunk) {
    FL(row_call) *call = context;
    const fl_rowwise_args *a = call->args;
    const real share = 1 / (real)a->classes, scale = share * call->scale;
    ptrdiff_t rows = a->outer_count * a->inner, first = chunk * call->per_chunk;
    ptrdiff_t last = rows - first < call->per_chunk ? rows : first + call->per_chunk;
    ptrdiff_t width = (a->classes + FL_LANES - 1) / FL_LANES * FL_LANES;
    FL_ALIGNED real few[2 * FL(flush)];
    real *room = width <= FL(flush) ? few : malloc(2 * width * sizeof(real));
    double total = 0;
    if (!room) {
        call->failed = 1;
        return;
    }
    for (ptrdiff_t row = first; row < last; row++) {
        const real *x = (const real *)a->input.data + row * a->input.outer;
        double value =
            FL(margin_list)(x, a->classes, a->index + row * a->classes, room, room + width) * share;
        if (a->grad.data) {
            real *g = (real *)a->grad.data + row * a->grad.outer;
            const real *counts = room + width;
            FL_LANE_LOOP
            for (ptrdiff_t i = 0; i < a->classes; i++) g[i] = counts[i] * scale;
        }
        if (a->hess.data) memset((real *)a->hess.data + row * a->hess.outer, 0, a->classes * sizeof(real));
        if (a->value) ((real *)a->value)[row] = (real)value;
        total += value;
    }
    call->partials[chunk] = total;
    if (room != few) free(room);
}

/* ---- the call -------------------------------------------------------------------- */

static fl_chunk_body *const FL(margin_table)[FL_LOSS_COUNT] = {
#define FL_MARGIN_ROW(name, cost, flags) [FL_LOSS_##name] = FL(name##_chunk),
#include "../losses.def"
};

/* Labels in range; lists may hold -1 too. bad_row is a position in them. */
static fl_status FL(check_margin_labels)(fl_rowwise_args *a, ptrdiff_t n, int64_t lowest) {
    const uint64_t span = (uint64_t)a->classes - (uint64_t)lowest;
    int bad = 0;
    for (ptrdiff_t i = 0; i < n; i++) bad |= (uint64_t)a->index[i] - (uint64_t)lowest >= span;
    if (!bad) return FL_OK;
    for (ptrdiff_t i = 0; i < n; i++)
        if (a->index[i] < lowest || a->index[i] >= a->classes) {
            a->bad_row = i;
            break;
        }
    return FL_BAD_LABEL;
}

static fl_status FL(margin)(fl_rowwise_args *a) {
    double few[FL_FEW_CHUNKS], sum = 0;
    ptrdiff_t rows = a->outer_count * a->inner;
    int lists = !!(fl_loss_traits[a->loss].flags & FL_LISTS);
    fl_status status = FL(check_margin_labels)(a, lists ? rows * a->classes : rows, lists ? -1 : 0);
    if (status) return status;
    FL(row_call) call = {.args = a};
    call.scale = a->reduction == FL_REDUCE_MEAN ? (real)(1 / (double)rows) : 1;
    FL(read_parameters)(a->parameters, call.parameters);
    call.per_chunk = a->classes < FL_ROW_CHUNK ? FL_ROW_CHUNK / a->classes : 1;
    ptrdiff_t n_chunks = (rows + call.per_chunk - 1) / call.per_chunk;
    call.partials = n_chunks <= FL_FEW_CHUNKS ? few : malloc(n_chunks * sizeof(double));
    if (!call.partials) return FL_NO_MEMORY;
    fl_parallel(n_chunks, fl_rowwise_cost(a), FL(margin_table)[a->loss], &call);
    for (ptrdiff_t i = 0; i < n_chunks && !call.failed; i++) sum += call.partials[i];
    if (call.partials != few) free(call.partials);
    a->result = a->reduction == FL_REDUCE_MEAN ? sum / (double)rows : sum;
    return call.failed ? FL_NO_MEMORY : FL_OK;
}
