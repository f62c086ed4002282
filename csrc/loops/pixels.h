/* pixels.h -- a softmax over classes that lie apart: vectors run along the pixels of a tile, which an
 * image offers as it is and short rows when turned over. */

/* Scores, probabilities and derivatives of n rows: pixels contiguous, one stride per class. The gradient may
 * stand where the scores stand. Vectors run over `width` >= n pixels: more than n where there is room. */
typedef struct {
    const real *x, *t;
    real *g;
    ptrdiff_t x_class, t_class, g_class;
    int n, width;
    real *h;
    ptrdiff_t h_class;
    /* Scores and derivatives of the tile after this, to be fetched meanwhile; or NULL. */
    const real *next_x;
    real *next_g;
    ptrdiff_t next_x_class, next_g_class;
} FL(pixels);

/* A few cache lines at a time, between the arithmetic: 0.6x the time of 400,000 rows of 16 classes. All at once
 * they would wait for each other. */
static FL_INLINE void FL(fetch_class)(const FL(pixels) *at, ptrdiff_t c) {
    for (int l = 0; l < at->width && at->next_x; l += 64 / sizeof(real))
        __builtin_prefetch(at->next_x + c * at->next_x_class + l, 0, 2);
    for (int l = 0; l < at->width && at->next_g; l += 64 / sizeof(real))
        __builtin_prefetch(at->next_g + c * at->next_g_class + l, 1, 3);
}

/* The second derivatives of a tile whose exponentials stand in the gradient's place. */
static void FL(pixel_hess)(const FL(row_call) *call, const FL(pixels) *at, const FL(row_batch) *b) {
    FL_ALIGNED real share[FL(tile)], bend[FL(tile)];
    const real *const inverse = b->per_sum;
    for (int l = 0; l < at->width; l++) {
        share[l] = b->share[l] * call->scale;
        bend[l] = b->curve0[l] + b->curve1[l] - share[l];
    }
    for (ptrdiff_t c = 0; c < call->args->classes; c++) {
        const real *e = at->g + c * at->g_class;
        real *h = at->h + c * at->h_class;
        FL_LANE_LOOP
        for (int l = 0; l < at->width; l++) h[l] = FL(hess_of)(e[l] * inverse[l], share[l], bend[l]);
    }
    for (int l = 0; l < at->n && !at->t; l++) {
        const real *e = at->g + l;
        real *h = at->h + l;
        ptrdiff_t c0 = b->class0[l], c1 = b->class1[l];
        if (!b->live[l])
            for (ptrdiff_t c = 0; c < call->args->classes; c++) h[c * at->h_class] = 0;
        else if (b->curve0[l] != 0)
            h[c0 * at->h_class] =
                FL(hess_at)(e[c0 * at->g_class] * inverse[l], share[l], b->curve0[l], b->curve1[l]);
        if (b->live[l] && b->curve1[l] != 0)
            h[c1 * at->h_class] =
                FL(hess_at)(e[c1 * at->g_class] * inverse[l], share[l], b->curve1[l], b->curve0[l]);
    }
}

/* The scores of the targets. Of few classes each is compared with the targets of all rows: up to 1.3x on going
 * from row to row (of rows turned over up to 32 classes, of pixels up to 8), but no gain with two targets. */
static FL_INLINE void FL(find_scores)(const FL(pixels) *at, ptrdiff_t classes, FL(row_batch) *b) {
    for (int start = 0; start < at->width; start += FL_LANES) {
        FL(word) target[FL_LANES];
        real score[FL_LANES] = {0};
        for (int l = 0; l < FL_LANES; l++) target[l] = (FL(word))b->class0[start + l];
        for (ptrdiff_t c = 0; c < classes; c++) {
            const real *x = at->x + c * at->x_class + start;
            FL_LANE_LOOP
            for (int l = 0; l < FL_LANES; l++) score[l] = target[l] == (FL(word))c ? x[l] : score[l];
        }
        for (int l = 0; l < FL_LANES; l++) b->score0[start + l] = score[l];
    }
}

/* The gradients of a tile whose exponentials stand in their place. */
static FL_INLINE void FL(finish_grads)(const FL(pixels) *at, const FL(row_call) *call,
                                       const FL(row_batch) *b) {
    const real *w = call->args->class_weight;
    for (int start = 0; start < at->width; start += FL_LANES) {
        FL(word) target[FL_LANES], live[FL_LANES];
        real factor[FL_LANES], slope[FL_LANES];
        for (int l = 0; l < FL_LANES; l++) {
            target[l] = (FL(word))b->class0[start + l], live[l] = b->live[start + l];
            factor[l] = b->factor[start + l], slope[l] = b->slope0[start + l];
        }
        for (ptrdiff_t c = 0; c < call->args->classes; c++) {
            const real asked = (w ? w[c] : 1) * call->scale * call->smooth;
            real *g = at->g + c * at->g_class + start;
            FL_LANE_LOOP
            for (int l = 0; l < FL_LANES; l++) {
                real each = FL(row_scaled)(g[l], factor[l], asked, 0);
                each = target[l] == (FL(word))c ? each + slope[l] : each;
                g[l] = FL(from_bits)(FL(bits)(each) & live[l]);
            }
        }
    }
}

/* The same for probabilities, or where the targets are visited one by one. */
static FL_INLINE void FL(spread_grads)(const FL(pixels) *at, const FL(row_call) *call,
                                       const FL(row_batch) *b) {
    const fl_rowwise_args *a = call->args;
    const real *w = a->class_weight, *factor = b->factor, smooth = call->smooth,
               keep = 1 - (real)a->smoothing;
    real *g = at->g;
    for (ptrdiff_t c = 0; c < a->classes; c++) {
        real *gc = g + c * at->g_class, wc = (w ? w[c] : 1) * call->scale;
        if (at->t) {
            const real *tc = at->t + c * at->t_class;
            FL_LANE_LOOP
            for (int l = 0; l < at->width; l++)
                gc[l] = FL(fma)(gc[l], factor[l], -(wc * FL(fma)(keep, tc[l], smooth)));
        } else {
            FL_LANE_LOOP
            for (int l = 0; l < at->width; l++) gc[l] = FL(row_scaled)(gc[l], factor[l], wc * smooth, 0);
        }
    }
    for (int l = 0; l < at->n && !at->t; l++) {
        if (!b->live[l]) {
            for (ptrdiff_t c = 0; c < a->classes; c++) g[c * at->g_class + l] = 0;
            continue;
        }
        g[b->class0[l] * at->g_class + l] += b->slope0[l];
        if (a->position) g[b->class1[l] * at->g_class + l] += b->slope1[l];
    }
}

static FL_INLINE void FL(pixel_tile)(const FL(row_call) *call, FL(pixels) at, ptrdiff_t first, int turned,
                                     double *lanes) {
    const fl_rowwise_args *a = call->args;
    const ptrdiff_t classes = a->classes;
    const int n = at.n, width = at.width;
    const real *x = at.x, *t = at.t, *w = a->class_weight;
    real *g = at.g, *v = a->value;
    const real smooth = call->smooth, keep = 1 - (real)a->smoothing;
    FL_ALIGNED real part[FL(tile)];
    FL(row_batch) b;
    real *const m = b.most, *const s = b.sum, *const dot = b.dot, *const total = b.total;

    FL(plan_rows)(call, first, n, &b);
    for (int l = 0; l < FL(tile); l++) m[l] = -INFINITY, s[l] = 0;
    for (ptrdiff_t c = 0; c < classes; c++) {
        const real *xc = x + c * at.x_class;
        FL_LANE_LOOP
        for (int l = 0; l < width; l++) m[l] = FL(max)(xc[l], m[l]);
    }
    const int few = (turned || (classes <= FL_FEW_CLASSES && width % FL_LANES == 0)) && !t && !a->position;
    if (few) FL(find_scores)(&at, classes, &b);
    for (int l = 0; l < n && !t && !few; l++) {
        b.score0[l] = x[b.class0[l] * at.x_class + l];
        b.score1[l] = x[b.class1[l] * at.x_class + l];
    }
    /* Long sums in two levels: 64 classes at a time. */
    for (ptrdiff_t c = 0; c < classes;) {
        ptrdiff_t end = c + 64 < classes ? c + 64 : classes;
        for (int l = 0; l < FL(tile); l++) part[l] = 0;
        for (; c < end; c++) {
            const real *xc = x + c * at.x_class, *tc = t ? t + c * at.t_class : NULL;
            real wc = w ? w[c] : 1;
            FL(fetch_class)(&at, c);
            if (tc) {
                FL_LANE_LOOP
                for (int l = 0; l < width; l++) {
                    real q = wc * FL(fma)(keep, tc[l], smooth);
                    total[l] += q;
                    dot[l] += q * (xc[l] - m[l]);
                }
            } else if (smooth != 0) {
                FL_LANE_LOOP
                for (int l = 0; l < width; l++) dot[l] += wc * (xc[l] - m[l]);
            }
            if (g) {
                real *gc = g + c * at.g_class;
                FL_LANE_LOOP
                for (int l = 0; l < width; l++) {
                    real y = FL(exp_nonpositive)(xc[l] - m[l]);
                    part[l] += y;
                    gc[l] = y;
                }
            } else {
                FL_LANE_LOOP
                for (int l = 0; l < width; l++) part[l] += FL(exp_nonpositive)(xc[l] - m[l]);
            }
        }
        for (int l = 0; l < width; l++) s[l] += part[l];
    }
    FL(end_rows)(call, n, &b);
    if (a->boost) FL(boost_parts)(a->boost, first, n, &b);
    FL(add)(b.value, n, lanes);
    if (v)
        for (int l = 0; l < n; l++) v[first + l] = b.value[l];
    if (!g) return;
    if (at.h) FL(pixel_hess)(call, &at, &b);
    if (few) FL(finish_grads)(&at, call, &b);
    else FL(spread_grads)(&at, call, &b);
    if (a->boost) {
        const real *weight = a->boost->row_weight;
        for (ptrdiff_t c = 0; c < classes; c++)
            FL(boost_rows)(a->boost, weight ? weight + first : NULL, n, g + c * at.g_class,
                           at.h + c * at.h_class);
    }
}
