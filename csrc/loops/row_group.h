/* row_group.h -- rows of contiguous classes, some at a time, since the steps of one are too short to fill
 * the machine: the exponentials of up to FL_WIDE_ROW classes in a tile, more where the gradient goes. */

/* One number per row of lanes, by max or by sum: halves onto each other, of turned_rows rows a step apart. */
#if FL_SHUFFLES
static FL_INLINE void FL(fold_onto)(FL(pieces) *x, FL(pieces) *y, int add) {
    /* Compilers make a comparison and several choices of a maximum written in C. */
    if (add) *x += *y;
#if FL_PIECES == 4
    else *x = (FL(pieces))_mm512_max_ps((__m512)*x, (__m512)*y);
#elif FL_PIECES == 2
    else *x = (FL(pieces))_mm256_max_ps((__m256)*x, (__m256)*y);
#elif defined(__SSE2__) && REAL_IS_FLOAT
    else *x = (FL(pieces))_mm_max_ps((__m128)*x, (__m128)*y);
#elif defined(__AVX__) && !REAL_IS_FLOAT
    else *x = (FL(pieces))_mm256_max_pd((__m256d)*x, (__m256d)*y);
#else
    typedef FL(word) words __attribute__((vector_size(sizeof *x)));
    const words above = (words)(*x > *y);
    if (!add) *x = (FL(pieces))(((words)*x & above) | ((words)*y & ~above));
#endif
}
/* The four numbers that are left of a row when its pieces lie on each other; in wider registers of 2 or 4 rows. */
static FL_INLINE void FL(fold_row)(const real *row, ptrdiff_t step, int add, FL(pieces) *out) {
    FL(pieces) p[4];
#if FL_PIECES == 4
    for (int k = 0; k < 4; k++) p[k] = *(const FL(pieces) *)(row + 4 * k * step);
    for (int k = 0; k < 4; k += 2) {
        const FL(pieces) x = p[k], y = p[k + 1];
        p[k] = __builtin_shufflevector(x, y, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23);
        p[k + 1] =
            __builtin_shufflevector(x, y, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
        FL(fold_onto)(&p[k], &p[k + 1], add);
    }
    *out = __builtin_shufflevector(p[0], p[2], 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27);
    p[2] = __builtin_shufflevector(p[0], p[2], 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
    FL(fold_onto)(out, &p[2], add);
#elif FL_PIECES == 2
    for (int k = 0; k < 4; k++) p[k] = ((const FL(pieces) *)(row + 4 * (k / 2) * step))[k % 2];
    FL(fold_onto)(&p[0], &p[1], add), FL(fold_onto)(&p[2], &p[3], add);
    *out = __builtin_shufflevector(p[0], p[2], 0, 1, 2, 3, 8, 9, 10, 11);
    p[2] = __builtin_shufflevector(p[0], p[2], 4, 5, 6, 7, 12, 13, 14, 15);
    FL(fold_onto)(out, &p[2], add);
#else
    (void)step;
    for (int k = 0; k < 4; k++) p[k] = ((const FL(pieces) *)row)[k];
    FL(fold_onto)(&p[0], &p[2], add), FL(fold_onto)(&p[1], &p[3], add), FL(fold_onto)(&p[0], &p[1], add);
    *out = p[0];
#endif
}
static FL_INLINE void FL(fold)(const real *lanes, ptrdiff_t step, int add, real *out) {
    FL(pieces) p[4];
    for (int k = 0; k < 4; k++) FL(fold_row)(lanes + k * step, step, add, &p[k]);
    FL(exchange)(p);
    FL(fold_onto)(&p[0], &p[2], add), FL(fold_onto)(&p[1], &p[3], add), FL(fold_onto)(&p[0], &p[1], add);
    *(FL(pieces) *)out = p[0];
}
#else
static FL_INLINE void FL(fold)(const real *lanes, ptrdiff_t step, int add, real *out) {
    for (int r = 0; r < FL(turned_rows); r++) {
        real half[FL_LANES];
        for (int l = 0; l < FL_LANES; l++) half[l] = lanes[r * step + l];
        for (int n = FL_LANES / 2; n; n /= 2)
            for (int l = 0; l < n; l++) half[l] = add ? half[l] + half[l + n] : FL(max)(half[l], half[l + n]);
        out[r] = half[0];
    }
}
#endif
/* Of n rows; `out` has room for whole_rows(n). */
static FL_INLINE void FL(fold_rows)(real *lanes, int n, int add, real *out) {
    for (int r = n; r % FL(turned_rows); r++) {
        real *at = lanes + r * FL_LANES;
        FL_LANE_LOOP
        for (int l = 0; l < FL_LANES; l++) at[l] = 1;
    }
    for (int r = 0; r < n; r += FL(turned_rows)) FL(fold)(lanes + r * FL_LANES, FL_LANES, add, out + r);
}

/* The softmax of n rows, whose exponentials come into a tile. All rows go through one step after the other, since
 * each would wait for its own maximum and its own sum: 0.7x for 1000 rows of 16 classes. Here of up to FL_LANES
 * classes; copies, padded with -inf, only of what does not fill the lanes ... */
static FL_INLINE void FL(lane_softmax)(const fl_rowwise_args *a, ptrdiff_t first, int n, real *tile,
                                       FL(row_batch) *b) {
    const int classes = (int)a->classes, whole = (n + FL(turned_rows) - 1) & -FL(turned_rows);
    const int scores = !a->target.data, two = a->position != NULL;
    const real *x = FL(row_at)(a, &a->input, first);
    ptrdiff_t step = a->input.outer;
    if (classes < FL_LANES || whole > n || a->inner != 1) {
        for (int r = 0; r < n; r++) {
            const real *from = FL(row_at)(a, &a->input, first + r);
            real *to = tile + r * FL_LANES;
            FL_LANE_LOOP
            for (int l = 0; l < FL_LANES; l++) to[l] = l < classes ? from[l] : -(real)INFINITY;
        }
        for (int r = n; r < whole; r++)
            for (int l = 0; l < FL_LANES; l++) tile[r * FL_LANES + l] = 1; /* summed too */
        x = tile, step = FL_LANES;
    }
    for (int r = 0; r < whole; r += FL(turned_rows)) FL(fold)(x + r * step, step, 0, b->most + r);
    for (int r = 0; r < n; r++) {
        const real *from = x + r * step, most = b->most[r];
        real *e = tile + r * FL_LANES;
        fl_fetch(FL(row_at)(a, &a->input, first + r), FL_LANES * sizeof(real), FL_AHEAD_BYTES);
        if (scores) b->score0[r] = from[b->class0[r]];
        if (two) b->score1[r] = from[b->class1[r]];
        FL_LANE_LOOP
        for (int l = 0; l < FL_LANES; l++) e[l] = FL(exp_nonpositive)(from[l] - most);
    }
    for (int r = 0; r < whole; r += FL(turned_rows)) FL(fold)(tile + r * FL_LANES, FL_LANES, 1, b->sum + r);
}

/* The lanes of a row's maximum. What is left behind whole rows of lanes is read with some of those before it. */
static FL_INLINE void FL(top_lanes)(const real *x, ptrdiff_t classes, real *top) {
    fl_fetch(x, FL_LANES * sizeof(real), FL_AHEAD_BYTES);
    for (int l = 0; l < FL_LANES; l++) top[l] = x[l];
    for (ptrdiff_t k = FL_LANES; k < classes; k += FL_LANES) {
        fl_fetch(x + k, FL_LANES * sizeof(real), FL_AHEAD_BYTES);
        const real *from = x + (k + FL_LANES <= classes ? k : classes - FL_LANES);
        FL_LANE_LOOP
        for (int l = 0; l < FL_LANES; l++) top[l] = FL(max)(from[l], top[l]);
    }
}

/* Exponentials of a row, and the lanes of their sum. */
static FL_INLINE void FL(exp_lanes)(const real *x, ptrdiff_t classes, real most, real *e, real *sums) {
    ptrdiff_t k = 0;
    for (int l = 0; l < FL_LANES; l++) sums[l] = 0;
    for (; k + FL_LANES <= classes; k += FL_LANES) {
        FL_LANE_LOOP
        for (int l = 0; l < FL_LANES; l++) {
            real y = FL(exp_nonpositive)(x[k + l] - most);
            e[k + l] = y;
            sums[l] += y;
        }
    }
    const int before = (int)(k + FL_LANES - classes); /* which count already */
    if (before == FL_LANES) return;
    x += classes - FL_LANES, e += classes - FL_LANES;
    FL_LANE_LOOP
    for (int l = 0; l < FL_LANES; l++) {
        real y = FL(exp_nonpositive)(x[l] - most);
        e[l] = y;
        sums[l] += l < before ? 0 : y;
    }
}

/* ... and of up to FL_WIDE_ROW. */
static FL_INLINE void FL(narrow_softmax)(const fl_rowwise_args *a, ptrdiff_t first, int n, real *tile,
                                         FL(row_batch) *b) {
    const ptrdiff_t classes = a->classes, width = (classes + FL_LANES - 1) / FL_LANES * FL_LANES;
    const int scores = !a->target.data, two = a->position != NULL;
    FL_ALIGNED real lanes[FL(tile) *FL_LANES];
    for (int r = 0; r < n; r++)
        FL(top_lanes)(FL(row_at)(a, &a->input, first + r), classes, lanes + r * FL_LANES);
    FL(fold_rows)(lanes, n, 0, b->most);
    for (int r = 0; r < n; r++) {
        const real *x = FL(row_at)(a, &a->input, first + r);
        if (scores) b->score0[r] = x[b->class0[r]];
        if (two) b->score1[r] = x[b->class1[r]];
        FL(exp_lanes)(x, classes, b->most[r], tile + r * width, lanes + r * FL_LANES);
    }
    FL(fold_rows)(lanes, n, 1, b->sum);
}

/* g = e * factor of one row, the last numbers with some of those before them rather than by a mask. */
static FL_INLINE void FL(scale_half)(const real *e, real factor, real *g) {
    FL_LANE_LOOP
    for (int l = 0; l < FL_LANES / 2; l++) g[l] = FL(row_scaled)(e[l], factor, 0, 1);
}
static FL_INLINE void FL(scale_lanes)(const real *e, ptrdiff_t classes, real factor, real *g) {
    enum { HALF = FL_LANES / 2 };
    for (ptrdiff_t k = 0; k < classes - HALF; k += HALF) {
        if (k % FL_LANES == 0) fl_fetch_output(g + k, FL_LANES * sizeof(real), FL_AHEAD_BYTES);
        FL(scale_half)(e + k, factor, g + k);
    }
    FL(scale_half)(e + classes - HALF, factor, g + classes - HALF);
}
/* The gradients of n rows, all of which count. */
static FL_INLINE void FL(narrow_grads)(const fl_rowwise_args *a, const FL(row_batch) *b, ptrdiff_t first,
                                       int n, ptrdiff_t classes, const real *e) {
    const ptrdiff_t width = (classes + FL_LANES - 1) / FL_LANES * FL_LANES;
    const int two = a->position != NULL;
    for (int r = 0; r < n; r++, e += width) {
        real *g = FL(row_at)(a, &a->grad, first + r);
        FL(scale_lanes)(e, classes, b->factor[r], g);
        /* Not added to what has just been written, as that would be waited for. */
        const ptrdiff_t c0 = b->class0[r], c1 = b->class1[r];
        g[c0] = FL(row_scaled)(e[c0], b->factor[r], 0, 1) + b->slope0[r];
        if (two) g[c1] = FL(row_scaled)(e[c1], b->factor[r], 0, 1) + b->slope1[r];
    }
}

static FL_INLINE void FL(row_group)(const FL(row_call) *call, ptrdiff_t first, int n, real *scratch,
                                    double *lanes) {
    const fl_rowwise_args *a = call->args;
    const ptrdiff_t classes = a->classes;
    const int wide = classes > FL_WIDE_ROW, soft = a->target.data != NULL;
    const ptrdiff_t width = (classes + FL_LANES - 1) / FL_LANES * FL_LANES;
    const real *w = a->class_weight;
    const real smooth = call->smooth, keep = 1 - (real)a->smoothing;
    FL_ALIGNED real tile[FL(group) *FL_WIDE_ROW];
    real *const kept = wide ? scratch : tile; /* NULL: where the gradient goes */
    const ptrdiff_t step = wide ? classes : width;
    FL(row_batch) b;

    FL(plan_rows)(call, first, n, &b);
    if (width == FL_LANES) FL(lane_softmax)(a, first, n, tile, &b);
    else if (!wide) FL(narrow_softmax)(a, first, n, tile, &b);
    for (int r = 0; r < n && (wide || soft || smooth != 0); r++) {
        const real *x = FL(row_at)(a, &a->input, first + r);
        if (wide && !soft) b.score0[r] = x[b.class0[r]], b.score1[r] = x[b.class1[r]];
        if (wide) b.most[r] = FL(row_max)(x, classes);
        if (soft || smooth != 0) {
            const real *t = soft ? FL(row_at)(a, &a->target, first + r) : NULL;
            double dot, total;
            FL(row_dot)(x, w, t, classes, b.most[r], soft ? keep : 1, soft ? smooth : 0, &dot, &total);
            b.dot[r] = (real)dot, b.total[r] = (real)total;
        }
        if (wide) {
            real *e = kept ? kept + r * step : a->grad.data ? FL(row_at)(a, &a->grad, first + r) : NULL;
            b.sum[r] = (real)FL(row_exp)(x, classes, b.most[r], e, n * a->input.outer);
        }
    }
    FL(end_rows)(call, n, &b);
    if (a->boost) FL(boost_parts)(a->boost, first, n, &b);

    for (int r = 0; r < n; r += FL_LANES)
        for (int l = 0; l < FL_LANES && r + l < n; l++) lanes[l] += b.value[r + l];
    if (a->value)
        for (int r = 0; r < n; r++) ((real *)a->value)[first + r] = b.value[r];
    if (!a->grad.data) return;
    FL(word) live = -(FL(word))1;
    for (int r = 0; r < n; r++) live &= b.live[r];
    if (live && !wide && classes >= FL_LANES / 2 && !soft && smooth == 0 && !a->hess.data && !call->stream) {
        if (classes == FL_LANES) FL(narrow_grads)(a, &b, first, n, FL_LANES, tile);
        else FL(narrow_grads)(a, &b, first, n, classes, tile);
        return;
    }
    for (int r = 0; r < n; r++) {
        real *out = FL(row_at)(a, &a->grad, first + r), *e = kept ? kept + r * step : out;
        real *g = call->stream ? e : out;
        if (a->hess.data) FL(row_hess)(call, &b, r, first + r, e);
        if (!b.live[r]) memset(g, 0, classes * sizeof(real));
        else if (soft)
            FL(row_scale_soft)(e, w, FL(row_at)(a, &a->target, first + r), classes, b.factor[r], call->scale,
                               keep, smooth, g);
        else FL(row_scale)(e, w, classes, b.factor[r], smooth * call->scale, !wide, g);
    }
    for (int r = 0; r < n; r++) {
        real *out = FL(row_at)(a, &a->grad, first + r);
        real *g = call->stream ? kept + r * step : out;
        if (!soft && b.live[r]) g[b.class0[r]] += b.slope0[r];
        if (a->position) g[b.class1[r]] += b.slope1[r];
        if (a->boost) FL(boost_classes)(a->boost, first + r, classes, g, FL(row_at)(a, &a->hess, first + r));
        if (call->stream) fl_stream(out, g, classes * sizeof(real));
    }
}
