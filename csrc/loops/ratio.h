/* ratio.h -- the loop over pixels, twice: sums per class, then the gradient.
 *
 * Pixels are cut into chunks of one image (the unit of threads), a chunk into
 * tiles that stay in the first-level cache while the classes go by. Sums are
 * `real` within a tile's row, double beyond, and added in the order of the chunks.
 *
 * The first pass leaves the probabilities where the gradient will be: 1.2x faster
 * than to compute them anew. */

typedef struct {
    const fl_ratio_args *args;
    const fl_labels *labels;
    const unsigned char *takes_part;     /* per class */
    ptrdiff_t tile, chunk, chunks_per_image;
    fl_sums *partials;                   /* per chunk and class */
    const fl_slope *slopes;              /* per cell: the second pass */
    fl_space mask;                       /* the axis of a mask target */
    int no_memory;
} FL(ratio_call);

/* Pixels start .. start + valid of one image; n is valid rounded up to whole rows.
 * Only the last tile of a chunk is short (valid < n): it works on copies. */
typedef struct {
    ptrdiff_t image, start, valid, n;
    const real *x;                       /* the first class's pixels: input, later kept */
    ptrdiff_t apart;                     /* from class to class */
    FL_ALIGNED FL(word) labels[FL_RATIO_TILE];
    FL_ALIGNED real inverse[FL_RATIO_TILE];
    FL_ALIGNED real target[FL_RATIO_TILE], dot[FL_RATIO_TILE], kept[FL_RATIO_TILE];
    real *g_row;                         /* the first class's pixels of grad, or NULL */
    real *e;                             /* exponentials, class after class */
} FL(ratio_tile);

static void FL(ratio_labels)(const fl_labels *labels, FL(ratio_tile) *t) {
    ptrdiff_t at = t->image * labels->args->pixels + t->start;
    if (labels->bytes)
        for (ptrdiff_t i = 0; i < t->valid; i++) {
            FL(word) v = labels->bytes[at + i];
            t->labels[i] = v | -(FL(word))(v == 255);
        }
    else
        for (ptrdiff_t i = 0; i < t->valid; i++) t->labels[i] = (FL(word))(ptrdiff_t)labels->words[at + i];
    for (ptrdiff_t i = t->valid; i < t->n; i++) t->labels[i] = ~(FL(word))0;
}

/* Move a tile's input to `copy`, padded to whole rows. */
static void FL(ratio_pad)(FL(ratio_tile) *t, ptrdiff_t classes, real padding, real *copy) {
    for (ptrdiff_t c = 0; c < classes; c++)
        for (ptrdiff_t i = 0; i < t->n; i++)
            copy[c * t->n + i] = i < t->valid ? t->x[c * t->apart + i] : padding;
    t->x = copy, t->apart = t->n;
}

static FL(ratio_row)
    FL(ratio_class)(const FL(ratio_call) *call, int indexed, FL(ratio_tile) *t, ptrdiff_t c) {
    const fl_ratio_args *a = call->args;
    FL(ratio_row) row = {.inverse = t->inverse, .labels = t->labels, .label = (FL(word))c, .n = t->n};
    row.x = t->x + c * t->apart;
    if (indexed) return row;
    row.ignore = a->has_ignore ? (real)a->ignore_value : (real)NAN;
    row.target = FL(load)(&a->target, &call->mask,
                          t->image * a->target_image + c * a->target_class + t->start, t->valid, t->target);
    if (t->valid < t->n) {
        for (ptrdiff_t i = 0; i < t->n; i++) t->target[i] = i < t->valid ? row.target[i] : 0;
        row.target = t->target;
    }
    return row;
}

static FL_INLINE void FL(ratio_sum_tile)(const FL(ratio_call) *call, int activation, int indexed, int squared,
                                         FL(ratio_tile) *t, fl_sums *sums) {
    const fl_ratio_args *a = call->args;
    if (activation == FL_SOFTMAX) {
        FL(ratio_softmax)(t->x, t->apart, a->classes, t->n, call->tile, t->e, t->inverse);
        for (ptrdiff_t i = t->valid; i < t->n; i++) t->inverse[i] = 0;
        t->x = t->e, t->apart = call->tile;
    }
    for (ptrdiff_t c = 0; c < a->classes; c++) {
        int counts = call->takes_part[c];
        if (!counts && (activation != FL_SOFTMAX || !t->g_row)) continue;
        fl_sums unused = {0};
        FL(ratio_row) row = FL(ratio_class)(call, indexed, t, c);
        real *kept = t->g_row && t->valid == t->n ? t->g_row + c * a->grad_class : t->kept;
        FL(ratio_sums)(activation, indexed, squared, &row, kept, counts ? &sums[c] : &unused);
        if (activation != FL_NO_ACTIVATION && t->g_row && kept == t->kept)
            memcpy(t->g_row + c * a->grad_class, kept, t->valid * sizeof(real));
    }
}

static FL(ratio_slope) FL(ratio_slope_of)(const FL(ratio_call) *call, const FL(ratio_tile) *t, ptrdiff_t c) {
    const fl_ratio_args *a = call->args;
    fl_slope s = call->slopes[(a->per_image ? t->image * a->classes : 0) + c];
    if (a->squared) return (FL(ratio_slope)){(real)s.overlap, 0, (real)(2 * s.input)};
    return (FL(ratio_slope)){(real)s.overlap, (real)s.input, 0};
}

static FL_INLINE void FL(ratio_grad_tile)(const FL(ratio_call) *call, int activation, int indexed,
                                          FL(ratio_tile) *t, const fl_sums *sums) {
    const fl_ratio_args *a = call->args;
    int any = 0;
    if (activation == FL_SOFTMAX) {
        for (ptrdiff_t i = 0; i < t->n; i++) t->dot[i] = 0;
        for (ptrdiff_t c = 0; c < a->classes; c++) {
            FL(ratio_slope) s = FL(ratio_slope_of)(call, t, c);
            if (s.overlap == 0 && s.once == 0 && s.twice == 0) continue;
            FL(ratio_row) row = FL(ratio_class)(call, indexed, t, c);
            FL(ratio_dot)(indexed, &row, s, t->dot);
            any = 1;
        }
    }
    for (ptrdiff_t c = 0; c < a->classes; c++) {
        real *g = t->g_row + c * a->grad_class;
        FL(ratio_slope) s = FL(ratio_slope_of)(call, t, c);
        /* A group that does not count has no gradient, even where its input is NaN. */
        if (!any && s.overlap == 0 && s.once == 0 && s.twice == 0) {
            memset(g, 0, t->valid * sizeof(real));
            continue;
        }
        int marked = activation == FL_SIGMOID && !sums[c].soft;
        FL(ratio_row) row = FL(ratio_class)(call, indexed | marked, t, c);
        real *to = t->valid < t->n ? t->kept : g;
        if (marked) FL(ratio_grad)(activation, indexed, 1, &row, s, t->dot, to);
        else FL(ratio_grad)(activation, indexed, 0, &row, s, t->dot, to);
        if (t->valid < t->n) memcpy(g, t->kept, t->valid * sizeof(real));
    }
}

/* One chunk of one pass; `second` and the three that follow are constants. */
static FL_INLINE void FL(ratio_chunk)(FL(ratio_call) *call, ptrdiff_t chunk, int second, int activation,
                                      int indexed, int squared) {
    const fl_ratio_args *a = call->args;
    FL_ALIGNED real stack[FL_RATIO_ELEMENTS], padded[FL_RATIO_ELEMENTS / 4];
    FL(ratio_tile) t;
    ptrdiff_t width = a->classes * call->tile;
    int from_kept = second && activation != FL_NO_ACTIVATION;
    real *heap = NULL, *copy = padded;
    t.e = stack;
    if (width > FL_RATIO_ELEMENTS) {
        heap = malloc(2 * width * sizeof(real));
        if (!heap) {
            __atomic_store_n(&call->no_memory, 1, __ATOMIC_RELAXED);
            return;
        }
        t.e = heap, copy = heap + width;
    }
    t.image = chunk / call->chunks_per_image;
    ptrdiff_t start = chunk % call->chunks_per_image * call->chunk, end = start + call->chunk;
    if (end > a->pixels) end = a->pixels;
    for (t.start = start; t.start < end; t.start += t.valid) {
        ptrdiff_t left = end - t.start, whole = left - left % FL_LANES;
        t.valid = left < FL_LANES ? left : whole < call->tile ? whole : call->tile;
        t.n = left < FL_LANES ? FL_LANES : t.valid;
        t.g_row = a->grad ? (real *)a->grad + t.image * a->grad_image + t.start : NULL;
        t.x = from_kept ? t.g_row : (const real *)a->input + t.image * a->input_image + t.start;
        t.apart = from_kept ? a->grad_class : a->input_class;
        if (t.valid < t.n)
            FL(ratio_pad)(&t, a->classes, activation == FL_SIGMOID && !second ? -(real)INFINITY : 0, copy);
        else if (from_kept && activation == FL_SOFTMAX && a->classes > FL_RATIO_WAYS)
            FL(ratio_pad)(&t, a->classes, 0, t.e);
        if (indexed) FL(ratio_labels)(call->labels, &t);
        fl_sums *sums = &call->partials[chunk * a->classes];
        if (second) FL(ratio_grad_tile)(call, activation, indexed, &t, sums);
        else FL(ratio_sum_tile)(call, activation, indexed, squared, &t, sums);
    }
    free(heap);
}

#define FL_CHUNK_OF(name, second, activation, indexed, squared) \
    static void FL(ratio_##name)(void *context, ptrdiff_t chunk) { \
        FL(ratio_chunk)(context, chunk, second, activation, indexed, squared); \
    }
FL_CHUNK_OF(sum_sigmoid, 0, FL_SIGMOID, 0, 0)
FL_CHUNK_OF(sum_sigmoid_squared, 0, FL_SIGMOID, 0, 1)
FL_CHUNK_OF(sum_softmax, 0, FL_SOFTMAX, 0, 0)
FL_CHUNK_OF(sum_softmax_squared, 0, FL_SOFTMAX, 0, 1)
FL_CHUNK_OF(sum_softmax_index, 0, FL_SOFTMAX, 1, 0)
FL_CHUNK_OF(sum_softmax_index_squared, 0, FL_SOFTMAX, 1, 1)
FL_CHUNK_OF(sum_plain, 0, FL_NO_ACTIVATION, 0, 0)
FL_CHUNK_OF(sum_plain_squared, 0, FL_NO_ACTIVATION, 0, 1)
FL_CHUNK_OF(sum_plain_index, 0, FL_NO_ACTIVATION, 1, 0)
FL_CHUNK_OF(sum_plain_index_squared, 0, FL_NO_ACTIVATION, 1, 1)
FL_CHUNK_OF(grad_sigmoid, 1, FL_SIGMOID, 0, 0)
FL_CHUNK_OF(grad_softmax, 1, FL_SOFTMAX, 0, 0)
FL_CHUNK_OF(grad_softmax_index, 1, FL_SOFTMAX, 1, 0)
FL_CHUNK_OF(grad_plain, 1, FL_NO_ACTIVATION, 0, 0)
FL_CHUNK_OF(grad_plain_index, 1, FL_NO_ACTIVATION, 1, 0)
#undef FL_CHUNK_OF

/* [activation][indexed]: the sums, the squared sums, the gradient. A sigmoid has no class indices. */
static fl_chunk_body *const FL(ratio_bodies)[3][2][3] = {
    [FL_NO_ACTIVATION] = {{FL(ratio_sum_plain), FL(ratio_sum_plain_squared), FL(ratio_grad_plain)},
                          {FL(ratio_sum_plain_index), FL(ratio_sum_plain_index_squared),
                           FL(ratio_grad_plain_index)}},
    [FL_SIGMOID] = {{FL(ratio_sum_sigmoid), FL(ratio_sum_sigmoid_squared), FL(ratio_grad_sigmoid)}},
    [FL_SOFTMAX] = {{FL(ratio_sum_softmax), FL(ratio_sum_softmax_squared), FL(ratio_grad_softmax)},
                    {FL(ratio_sum_softmax_index), FL(ratio_sum_softmax_index_squared),
                     FL(ratio_grad_softmax_index)}},
};

/* ---- the call -------------------------------------------------------------- */

static fl_status FL(ratio_passes)(fl_ratio_args *args, const fl_labels *labels, char *memory,
                                  ptrdiff_t n_chunks, FL(ratio_call) *call) {
    ptrdiff_t sets = args->per_image ? args->images : 1;
    fl_sums *cells = (fl_sums *)memory;
    call->partials = cells + sets * args->classes;
    fl_slope *slopes = (fl_slope *)(call->partials + n_chunks * args->classes);
    unsigned char *takes_part = (unsigned char *)(slopes + sets * args->classes);
    for (ptrdiff_t k = 0; k < args->n_chosen; k++) takes_part[args->chosen ? args->chosen[k] : k] = 1;
    call->takes_part = takes_part;
    call->labels = labels;

    fl_chunk_body *const *bodies = FL(ratio_bodies)[args->activation][args->indexed];
    fl_parallel(n_chunks, fl_ratio_cost(args), bodies[args->squared], call);
    if (call->no_memory) return FL_NO_MEMORY;
    for (ptrdiff_t chunk = 0; chunk < n_chunks; chunk++) {
        ptrdiff_t set = args->per_image ? chunk / call->chunks_per_image : 0;
        for (ptrdiff_t c = 0; c < args->classes; c++) {
            fl_sums *cell = &cells[set * args->classes + c], part = call->partials[chunk * args->classes + c];
            cell->overlap += part.overlap, cell->input += part.input, cell->target += part.target;
        }
    }
    fl_ratio_finish(args, cells, args->grad ? slopes : NULL);
    if (args->grad) {
        call->slopes = slopes;
        fl_parallel(n_chunks, fl_ratio_cost(args), bodies[2], call);
    }
    return call->no_memory ? FL_NO_MEMORY : FL_OK;
}

static ptrdiff_t FL(ratio_clip)(ptrdiff_t x, ptrdiff_t low, ptrdiff_t high) {
    x -= x % FL_LANES;
    return x < low ? low : x > high ? high : x;
}

static fl_status FL(ratio)(fl_ratio_args *args) {
    FL(ratio_call) call;
    fl_labels labels = {.args = args};
    ptrdiff_t classes = args->classes ? args->classes : 1, sets = args->per_image ? args->images : 1;
    call.args = args, call.no_memory = 0;
    call.tile = FL(ratio_clip)(FL_RATIO_ELEMENTS / classes, 64, FL_RATIO_TILE);
    call.chunk = FL(ratio_clip)(FL_RATIO_CHUNK / classes, call.tile, FL_RATIO_CHUNK);
    call.chunks_per_image = (args->pixels + call.chunk - 1) / call.chunk;
    ptrdiff_t n_chunks = args->images * call.chunks_per_image;
    call.mask.ndim = 1;
    call.mask.size = call.mask.shape[0] = PTRDIFF_MAX;
    fl_status status = args->indexed ? fl_encode(&labels) : FL_OK;
    if (status == FL_OK) {
        size_t cell = (sets + n_chunks) * sizeof(fl_sums) + sets * (sizeof(fl_slope) + 1) + 1;
        FL_ALIGNED char few[1024];
        int fits = cell <= sizeof(few) / classes;
        char *memory = fits ? memset(few, 0, classes * cell) : calloc(classes, cell);
        status = memory ? FL(ratio_passes)(args, &labels, memory, n_chunks, &call) : FL_NO_MEMORY;
        if (!fits) free(memory);
    }
    free(labels.bytes), free(labels.words);
    return status;
}
