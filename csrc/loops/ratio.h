/* ratio.h -- the loop over pixels, twice: sums per class, then the gradient.
 *
 * Pixels are cut into chunks of one image (the unit of threads), a chunk into
 * tiles that stay in the first-level cache while the classes go by. Sums are
 * `real` within a tile's row, double beyond, and added in the order of the chunks.
 *
 * The second pass computes the probabilities anew: to keep them in the gradient
 * until then costs two more trips through memory, which take longer. */

typedef struct {
    const fl_ratio_args *args;
    const fl_labels *labels;
    const unsigned char *takes_part;     /* per class */
    ptrdiff_t tile, chunk, chunks_per_image;
    fl_sums *partials;                   /* per chunk and class */
    const fl_slope *slopes;              /* per cell: the second pass */
    fl_space mask;                       /* the axis of a mask target */
    int stream, no_memory;
} FL(ratio_call);

/* Pixels start .. start + valid of one image; n is valid rounded up to whole rows. */
typedef struct {
    ptrdiff_t image, start, valid, n;
    const real *x;                       /* the first class's pixels */
    ptrdiff_t apart;                     /* from class to class */
    FL_ALIGNED FL(word) labels[FL_RATIO_TILE];
    FL_ALIGNED real inverse[FL_RATIO_TILE];
    FL_ALIGNED real target[FL_RATIO_TILE], dot[FL_RATIO_TILE], g[FL_RATIO_TILE];
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

/* The input of a short tile moves to `copy`, where whole rows can be read. */
static void FL(ratio_pad)(FL(ratio_tile) *t, ptrdiff_t classes, real padding, real *copy) {
    for (ptrdiff_t c = 0; c < classes; c++)
        for (ptrdiff_t i = 0; i < t->n; i++)
            copy[c * t->n + i] = i < t->valid ? t->x[c * t->apart + i] : padding;
    t->x = copy, t->apart = t->n;
}

static FL(ratio_row) FL(ratio_class)(const FL(ratio_call) *call, int activation, int indexed,
                                     FL(ratio_tile) *t, ptrdiff_t c) {
    const fl_ratio_args *a = call->args;
    FL(ratio_row) row = {.inverse = t->inverse, .labels = t->labels, .label = (FL(word))c, .n = t->n};
    row.x = activation == FL_SOFTMAX ? t->e + c * call->tile : t->x + c * t->apart;
    if (indexed) return row;
    row.ignore = a->has_ignore ? (real)a->ignore_value : (real)NAN;
    row.target = FL(load)(&a->target, &call->mask, t->image * a->target_image + c * a->target_class + t->start,
                          t->valid, t->target);
    if (t->valid < t->n) {
        for (ptrdiff_t i = 0; i < t->n; i++) t->target[i] = i < t->valid ? row.target[i] : 0;
        row.target = t->target;
    }
    return row;
}

static FL_INLINE void FL(ratio_sum_tile)(const FL(ratio_call) *call, int activation, int indexed,
                                         int squared, FL(ratio_tile) *t, fl_sums *sums) {
    for (ptrdiff_t c = 0; c < call->args->classes; c++) {
        if (!call->takes_part[c]) continue;
        FL(ratio_row) row = FL(ratio_class)(call, activation, indexed, t, c);
        FL(ratio_sums)(activation, indexed, squared, &row, &sums[c]);
    }
}

static FL(ratio_slope) FL(ratio_slope_of)(const FL(ratio_call) *call, const FL(ratio_tile) *t, ptrdiff_t c) {
    const fl_ratio_args *a = call->args;
    fl_slope s = call->slopes[(a->per_image ? t->image * a->classes : 0) + c];
    if (a->squared) return (FL(ratio_slope)){(real)s.overlap, 0, (real)(2 * s.input)};
    return (FL(ratio_slope)){(real)s.overlap, (real)s.input, 0};
}

static FL_INLINE void FL(ratio_grad_tile)(const FL(ratio_call) *call, int activation, int indexed,
                                          FL(ratio_tile) *t) {
    const fl_ratio_args *a = call->args;
    real *g = (real *)a->grad + t->image * a->grad_image + t->start;
    if (activation == FL_SOFTMAX) {
        for (ptrdiff_t i = 0; i < t->n; i++) t->dot[i] = 0;
        for (ptrdiff_t c = 0; c < a->classes; c++) {
            FL(ratio_slope) s = FL(ratio_slope_of)(call, t, c);
            if (s.overlap == 0 && s.once == 0 && s.twice == 0) continue;
            FL(ratio_row) row = FL(ratio_class)(call, activation, indexed, t, c);
            FL(ratio_dot)(indexed, &row, s, t->dot);
        }
    }
    for (ptrdiff_t c = 0; c < a->classes; c++, g += a->grad_class) {
        FL(ratio_slope) s = FL(ratio_slope_of)(call, t, c);
        /* A group that does not count has no gradient, even where its input is NaN. */
        if (activation != FL_SOFTMAX && s.overlap == 0 && s.once == 0 && s.twice == 0) {
            memset(g, 0, t->valid * sizeof(real));
            continue;
        }
        FL(ratio_row) row = FL(ratio_class)(call, activation, indexed, t, c);
        int aside = call->stream || t->valid < t->n;
        FL(ratio_grad)(activation, indexed, &row, s, t->dot, aside ? t->g : g);
        if (call->stream) fl_stream(g, t->g, t->valid * sizeof(real));
        else if (aside) memcpy(g, t->g, t->valid * sizeof(real));
    }
}

static FL_INLINE void FL(ratio_chunk)(FL(ratio_call) *call, ptrdiff_t chunk, int activation, int indexed,
                                      int squared) {
    const fl_ratio_args *a = call->args;
    FL_ALIGNED real stack[FL_RATIO_ELEMENTS], padded[FL_RATIO_ELEMENTS / 4];
    FL(ratio_tile) t;
    ptrdiff_t width = a->classes * call->tile;
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
        /* Whole rows first; the rest of the chunk is a short tile of its own. */
        ptrdiff_t left = end - t.start, whole = left - left % FL_LANES;
        t.valid = left < FL_LANES ? left : whole < call->tile ? whole : call->tile;
        t.n = left < FL_LANES ? FL_LANES : t.valid;
        t.x = (const real *)a->input + t.image * a->input_image + t.start;
        t.apart = a->input_class;
        if (t.valid < t.n) FL(ratio_pad)(&t, a->classes, activation == FL_SIGMOID ? -(real)INFINITY : 0, copy);
        if (indexed) FL(ratio_labels)(call->labels, &t);
        if (activation == FL_SOFTMAX) {
            FL(ratio_softmax)(t.x, t.apart, a->classes, t.n, call->tile, t.e, t.inverse);
            for (ptrdiff_t i = t.valid; i < t.n; i++) t.inverse[i] = 0;
        }
        if (call->slopes) FL(ratio_grad_tile)(call, activation, indexed, &t);
        else FL(ratio_sum_tile)(call, activation, indexed, squared, &t, &call->partials[chunk * a->classes]);
    }
    free(heap);
}

#define FL_CHUNK_OF(name, activation, indexed, squared)                      \
    static void FL(ratio_##name)(void *context, ptrdiff_t chunk) {           \
        FL(ratio_chunk)(context, chunk, activation, indexed, squared);       \
    }
FL_CHUNK_OF(sigmoid, FL_SIGMOID, 0, 0)
FL_CHUNK_OF(sigmoid_squared, FL_SIGMOID, 0, 1)
FL_CHUNK_OF(softmax_index, FL_SOFTMAX, 1, 0)
FL_CHUNK_OF(softmax_index_squared, FL_SOFTMAX, 1, 1)
FL_CHUNK_OF(softmax_soft, FL_SOFTMAX, 0, 0)
FL_CHUNK_OF(softmax_soft_squared, FL_SOFTMAX, 0, 1)
FL_CHUNK_OF(plain, FL_NO_ACTIVATION, 0, 0)
FL_CHUNK_OF(plain_squared, FL_NO_ACTIVATION, 0, 1)
FL_CHUNK_OF(plain_indexed, FL_NO_ACTIVATION, 1, 0)
FL_CHUNK_OF(plain_indexed_squared, FL_NO_ACTIVATION, 1, 1)
#undef FL_CHUNK_OF

/* [activation][indexed][squared]; a sigmoid has masks for targets. */
static fl_chunk_body *const FL(ratio_bodies)[3][2][2] = {
    [FL_NO_ACTIVATION] = {{FL(ratio_plain), FL(ratio_plain_squared)},
                          {FL(ratio_plain_indexed), FL(ratio_plain_indexed_squared)}},
    [FL_SIGMOID] = {{FL(ratio_sigmoid), FL(ratio_sigmoid_squared)}},
    [FL_SOFTMAX] = {{FL(ratio_softmax_soft), FL(ratio_softmax_soft_squared)},
                    {FL(ratio_softmax_index), FL(ratio_softmax_index_squared)}},
};

/* ---- the call -------------------------------------------------------------- */

static fl_status FL(ratio_passes)(fl_ratio_args *args, const fl_labels *labels, char *memory,
                                  ptrdiff_t n_chunks, FL(ratio_call) *call) {
    ptrdiff_t sets = args->per_image ? args->images : 1;
    fl_sums *cells = (fl_sums *)memory;
    call->partials = cells + sets * args->classes;
    fl_slope *slopes = (fl_slope *)(call->partials + n_chunks * args->classes);
    unsigned char *takes_part = (unsigned char *)(slopes + sets * args->classes);
    for (ptrdiff_t k = 0; k < args->n_chosen; k++) takes_part[args->chosen[k]] = 1;
    call->takes_part = takes_part;
    call->labels = labels;

    fl_chunk_body *body = FL(ratio_bodies)[args->activation][args->indexed][args->squared];
    fl_parallel(n_chunks, fl_ratio_cost(args), body, call);
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
        fl_parallel(n_chunks, fl_ratio_cost(args), body, call);
    }
    return call->no_memory ? FL_NO_MEMORY : FL_OK;
}

static ptrdiff_t FL(ratio_clip)(ptrdiff_t x, ptrdiff_t low, ptrdiff_t high) {
    x -= x % FL_LANES;
    return x < low ? low : x > high ? high : x;
}

static fl_status FL(ratio)(fl_ratio_args *args) {
    FL(ratio_call) call = {.args = args};
    fl_labels labels = {.args = args};
    ptrdiff_t classes = args->classes ? args->classes : 1, sets = args->per_image ? args->images : 1;
    call.tile = FL(ratio_clip)(FL_RATIO_ELEMENTS / classes, 64, FL_RATIO_TILE);
    call.chunk = FL(ratio_clip)(FL_RATIO_CHUNK / classes, call.tile, FL_RATIO_CHUNK);
    call.chunks_per_image = (args->pixels + call.chunk - 1) / call.chunk;
    ptrdiff_t n_chunks = args->images * call.chunks_per_image;
    call.mask.ndim = 1;
    call.mask.size = call.mask.shape[0] = PTRDIFF_MAX;
    call.stream = args->grad && args->images * args->classes * args->pixels * (ptrdiff_t)sizeof(real) >= FL_STREAM_BYTES;

    fl_status status = args->indexed ? fl_encode(&labels) : FL_OK;
    if (status == FL_OK) {
        size_t cell = (sets + n_chunks) * sizeof(fl_sums) + sets * (sizeof(fl_slope) + 1) + 1;
        char *memory = calloc(classes, cell);
        status = memory ? FL(ratio_passes)(args, &labels, memory, n_chunks, &call) : FL_NO_MEMORY;
        free(memory);
    }
    free(labels.bytes), free(labels.words);
    return status;
}
