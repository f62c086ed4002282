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
} FL(pixels);

/* The second derivatives of a tile whose exponentials stand in the gradient's place. */
static void FL(pixel_hess)(const FL(row_call) *call, const FL(pixels) *at, const FL(row_batch) *b) {
    FL_ALIGNED real inverse[FL(tile)], share[FL(tile)], bend[FL(tile)];
    for (int l = 0; l < at->width; l++) {
        inverse[l] = 1 / b->sum[l];
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

static FL_INLINE void FL(pixel_tile)(const FL(row_call) *call, FL(pixels) at, ptrdiff_t first,
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
    for (int l = 0; l < n && !t; l++) {
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
    for (int l = 0; l < n; l++) lanes[l % FL_LANES] += b.value[l];
    if (v)
        for (int l = 0; l < n; l++) v[first + l] = b.value[l];
    const real *factor = b.factor;
    if (!g) return;
    if (at.h) FL(pixel_hess)(call, &at, &b);
    for (ptrdiff_t c = 0; c < classes; c++) {
        real *gc = g + c * at.g_class, wc = (w ? w[c] : 1) * call->scale;
        if (t) {
            const real *tc = t + c * at.t_class;
            FL_LANE_LOOP
            for (int l = 0; l < width; l++)
                gc[l] = FL(fma)(gc[l], factor[l], -(wc * FL(fma)(keep, tc[l], smooth)));
        } else {
            FL_LANE_LOOP
            for (int l = 0; l < width; l++) gc[l] = FL(fma)(gc[l], factor[l], -(wc * smooth));
        }
    }
    for (int l = 0; l < n && !t; l++) {
        if (!b.live[l]) {
            for (ptrdiff_t c = 0; c < classes; c++) g[c * at.g_class + l] = 0;
            continue;
        }
        g[b.class0[l] * at.g_class + l] += b.slope0[l];
        if (a->position) g[b.class1[l] * at.g_class + l] += b.slope1[l];
    }
    if (a->boost) {
        const real *weight = a->boost->row_weight;
        for (ptrdiff_t c = 0; c < classes; c++)
            FL(boost_rows)(a->boost, weight ? weight + first : NULL, n, g + c * at.g_class,
                           at.h + c * at.h_class);
    }
}

/* Four rows of four numbers, turned over. */
static FL_INLINE void FL(turn_square)(const real *const *from, ptrdiff_t at, real *const *to,
                                      ptrdiff_t to_at) {
#if FL_SHUFFLES
    typedef real quad __attribute__((vector_size(4 * sizeof(real)), aligned(sizeof(real)), may_alias));
    const quad a = *(const quad *)(from[0] + at), b = *(const quad *)(from[1] + at);
    const quad c = *(const quad *)(from[2] + at), d = *(const quad *)(from[3] + at);
    const quad p = __builtin_shufflevector(a, b, 0, 4, 1, 5), q = __builtin_shufflevector(c, d, 0, 4, 1, 5);
    const quad r = __builtin_shufflevector(a, b, 2, 6, 3, 7), s = __builtin_shufflevector(c, d, 2, 6, 3, 7);
    *(quad *)(to[0] + to_at) = __builtin_shufflevector(p, q, 0, 1, 4, 5);
    *(quad *)(to[1] + to_at) = __builtin_shufflevector(p, q, 2, 3, 6, 7);
    *(quad *)(to[2] + to_at) = __builtin_shufflevector(r, s, 0, 1, 4, 5);
    *(quad *)(to[3] + to_at) = __builtin_shufflevector(r, s, 2, 3, 6, 7);
#else
    for (int i = 0; i < 4; i++)
        for (int k = 0; k < 4; k++) to[i][to_at + k] = from[k][at + i];
#endif
}

/* Short rows: a vector along the classes would be mostly empty, or have to be summed across its lanes, so a
 * tile of them is turned over, treated as pixels, and turned back. */
static FL_INLINE void FL(turn)(const fl_rowwise_args *a, const fl_rows *rows, ptrdiff_t first, int n,
                               int width, real *tile) {
    int r = 0;
    for (ptrdiff_t c = 0; c < a->classes && n < width; c++) {
        real *last = tile + c * FL(tile) + width - FL_LANES;
        FL_LANE_LOOP
        for (int l = 0; l < FL_LANES; l++) last[l] = 0;
    }
    for (; r + 4 <= n; r += 4) {
        const real *row[4];
        for (int i = 0; i < 4; i++)
            row[i] = (const real *)rows->data + FL(row_offset)(first + r + i, a->inner, rows);
        ptrdiff_t c = 0;
        for (; c + 4 <= a->classes; c += 4) {
            real *to = tile + c * FL(tile) + r;
            FL(turn_square)(row, c, (real *[]){to, to + FL(tile), to + 2 * FL(tile), to + 3 * FL(tile)}, 0);
        }
        for (; c < a->classes; c++)
            for (int i = 0; i < 4; i++) tile[c * FL(tile) + r + i] = row[i][c];
    }
    for (; r < n; r++) {
        const real *row = (const real *)rows->data + FL(row_offset)(first + r, a->inner, rows);
        for (ptrdiff_t c = 0; c < a->classes; c++) tile[c * FL(tile) + r] = row[c];
    }
}

static FL_INLINE void FL(turn_back)(const fl_rowwise_args *a, const fl_rows *rows, ptrdiff_t first, int n,
                                    const real *tile) {
    int r = 0;
    for (; r + 4 <= n; r += 4) {
        real *row[4];
        for (int i = 0; i < 4; i++)
            row[i] = (real *)rows->data + FL(row_offset)(first + r + i, a->inner, rows);
        ptrdiff_t c = 0;
        for (; c + 4 <= a->classes; c += 4) {
            const real *from = tile + c * FL(tile) + r;
            const real *square[] = {from, from + FL(tile), from + 2 * FL(tile), from + 3 * FL(tile)};
            FL(turn_square)(square, 0, row, c);
        }
        for (; c < a->classes; c++)
            for (int i = 0; i < 4; i++) row[i][c] = tile[c * FL(tile) + r + i];
    }
    for (; r < n; r++) {
        real *row = (real *)rows->data + FL(row_offset)(first + r, a->inner, rows);
        for (ptrdiff_t c = 0; c < a->classes; c++) row[c] = tile[c * FL(tile) + r];
    }
}

static FL_INLINE void FL(short_rows)(const FL(row_call) *call, ptrdiff_t first, int n, double *lanes) {
    const fl_rowwise_args *a = call->args;
    FL_ALIGNED real x[FL_SHORT_ROW * FL(tile)], t[FL_SHORT_ROW * FL(tile)], h[FL_SHORT_ROW * FL(tile)];
    const int width = (n + FL_LANES - 1) / FL_LANES * FL_LANES;
    FL(turn)(a, &a->input, first, n, width, x);
    if (a->target.data) FL(turn)(a, &a->target, first, n, width, t);
    FL(pixels) at = {x,
                     a->target.data ? t : NULL,
                     a->grad.data ? x : NULL,
                     FL(tile),
                     FL(tile),
                     FL(tile),
                     n,
                     width,
                     a->hess.data ? h : NULL,
                     FL(tile)};
    FL(pixel_tile)(call, at, first, lanes);
    if (at.g) FL(turn_back)(a, &a->grad, first, n, x);
    if (at.h) FL(turn_back)(a, &a->hess, first, n, h);
}
