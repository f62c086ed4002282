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

/* The second derivatives of a tile whose exponentials stand in the gradient's place, s their sums. */
static void FL(pixel_hess)(const FL(row_call) *call, const FL(pixels) *at, const FL(row_plan) *plans,
                           const FL(row_end) *ends, const real *s) {
    FL_ALIGNED real inverse[FL(tile)] = {0}, share[FL(tile)] = {0}, bend[FL(tile)] = {0};
    for (int l = 0; l < at->n; l++) {
        inverse[l] = 1 / s[l];
        share[l] = FL(of_hess)(call, ends[l].share);
        bend[l] = FL(of_hess)(call, ends[l].curve0) + FL(of_hess)(call, ends[l].curve1) - share[l];
    }
    for (ptrdiff_t c = 0; c < call->args->classes; c++) {
        const real *e = at->g + c * at->g_class;
        real *h = at->h + c * at->h_class;
        FL_LANE_LOOP
        for (int l = 0; l < at->width; l++) h[l] = FL(hess_of)(e[l] * inverse[l], share[l], bend[l]);
    }
    for (int l = 0; l < at->n && plans; l++) {
        const FL(row_plan) *plan = &plans[l];
        if (plan->class0 < 0) {
            for (ptrdiff_t c = 0; c < call->args->classes; c++) at->h[c * at->h_class + l] = 0;
            continue;
        }
        if (ends[l].curve0 != 0)
            at->h[plan->class0 * at->h_class + l] =
                FL(hess_at)(at->g[plan->class0 * at->g_class + l] * inverse[l], share[l],
                            FL(of_hess)(call, ends[l].curve0), FL(of_hess)(call, ends[l].curve1));
        if (ends[l].curve1 != 0)
            at->h[plan->class1 * at->h_class + l] =
                FL(hess_at)(at->g[plan->class1 * at->g_class + l] * inverse[l], share[l],
                            FL(of_hess)(call, ends[l].curve1), FL(of_hess)(call, ends[l].curve0));
    }
}

static FL_INLINE void FL(pixel_tile)(FL(row_point) (*formula)(real, const real *), const FL(row_call) *call,
                                     FL(pixels) at, ptrdiff_t first, double *lanes) {
    const fl_rowwise_args *a = call->args;
    const ptrdiff_t classes = a->classes;
    const int n = at.n, width = at.width;
    const real *x = at.x, *t = at.t, *w = a->class_weight;
    real *g = at.g, *v = a->value;
    const real smooth = call->smooth, keep = 1 - (real)a->smoothing;
    FL_ALIGNED real m[FL(tile)], s[FL(tile)], part[FL(tile)], dot[FL(tile)], total[FL(tile)];
    FL_ALIGNED real log_s[FL(tile)], factor[FL(tile)], u[FL(tile)], u1[FL(tile)];
    FL(row_plan) plans[FL(tile)];
    FL(row_end) ends[FL(tile)];

    for (int l = 0; l < n; l += FL_LANES)
        for (int k = l; k < l + FL_LANES; k++) {
            m[k] = -INFINITY, dot[k] = total[k] = 0;
            s[k] = k < width ? 0 : 1;
        }
    for (ptrdiff_t c = 0; c < classes; c++) {
        const real *xc = x + c * at.x_class;
        FL_LANE_LOOP
        for (int l = 0; l < width; l++) m[l] = FL(max)(xc[l], m[l]);
    }
    for (int l = 0; l < n && !t; l++) {
        plans[l] = FL(plan_row)(call, first + l);
        u[l] = plans[l].class0 < 0 ? 0 : x[plans[l].class0 * at.x_class + l] - m[l];
        u1[l] = plans[l].class1 < 0 ? 0 : x[plans[l].class1 * at.x_class + l] - m[l];
    }
    /* Long sums in two levels: 64 classes at a time. */
    for (ptrdiff_t c = 0; c < classes;) {
        ptrdiff_t end = c + 64 < classes ? c + 64 : classes;
        for (int l = 0; l < width; l++) part[l] = 0;
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
    for (int l = 0; l < n; l += FL_LANES) {
        const real *from = s + l;
        real *to = log_s + l;
        FL_LANE_LOOP
        for (int k = 0; k < FL_LANES; k++) to[k] = FL(log)(from[k]);
    }

    for (int l = 0; l < n; l++) {
        FL(row_end) end = FL(end_row)(formula, call, t ? NULL : &plans[l], u[l], u1[l], log_s[l], dot[l],
                                      t ? total[l] : call->weight_sum);
        if (!t) plans[l].weight0 = end.slope0, plans[l].weight1 = end.slope1;
        lanes[l % FL_LANES] += end.value;
        if (v) v[first + l] = end.value;
        factor[l] = end.share * call->scale / s[l];
        if (at.h) ends[l] = end;
    }
    for (int l = n; l < width; l++) factor[l] = 0;
    if (!g) return;
    if (at.h) FL(pixel_hess)(call, &at, t ? NULL : plans, ends, s);
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
        if (plans[l].class0 < 0) {
            for (ptrdiff_t c = 0; c < classes; c++) g[c * at.g_class + l] = 0;
            continue;
        }
        g[plans[l].class0 * at.g_class + l] += plans[l].weight0 * call->scale;
        if (plans[l].class1 >= 0) g[plans[l].class1 * at.g_class + l] += plans[l].weight1 * call->scale;
    }
    if (a->boost) {
        const real *weight = a->boost->row_weight;
        for (int l = 0; l < n; l++) FL(boost_parts)(a->boost, first + l, &ends[l]);
        for (ptrdiff_t c = 0; c < classes; c++)
            FL(boost_rows)(a->boost, weight ? weight + first : NULL, n, g + c * at.g_class,
                           at.h + c * at.h_class);
    }
}

/* Short rows: a vector along the classes would be mostly empty, so a tile of them is turned over, treated
 * as pixels, and turned back. */
static void FL(turn)(const fl_rowwise_args *a, const fl_rows *rows, ptrdiff_t first, int n, int width,
                     real *tile) {
    for (int r = 0; r < n; r++) {
        const real *row = (const real *)rows->data + FL(row_offset)(first + r, a->inner, rows);
        for (ptrdiff_t c = 0; c < a->classes; c++) tile[c * FL(tile) + r] = row[c];
    }
    for (int r = n; r < width; r++)
        for (ptrdiff_t c = 0; c < a->classes; c++) tile[c * FL(tile) + r] = 0;
}

static FL_INLINE void FL(short_rows)(FL(row_point) (*formula)(real, const real *), const FL(row_call) *call,
                                     ptrdiff_t first, int n, double *lanes) {
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
    FL(pixel_tile)(formula, call, at, first, lanes);
    for (int r = 0; r < n && at.g; r++) {
        real *row = (real *)a->grad.data + FL(row_offset)(first + r, a->inner, &a->grad);
        for (ptrdiff_t c = 0; c < a->classes; c++) row[c] = x[c * FL(tile) + r];
        if (!at.h) continue;
        row = (real *)a->hess.data + FL(row_offset)(first + r, a->inner, &a->hess);
        for (ptrdiff_t c = 0; c < a->classes; c++) row[c] = h[c * FL(tile) + r];
    }
}
