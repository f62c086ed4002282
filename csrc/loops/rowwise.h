/* rowwise.h -- losses over rows of class scores, through a softmax.
 *
 * A row formula sees one number, the log-probability of a target class, and
 * returns the value and its slope. A row has up to two weighted targets (cross
 * entropy: one; distribution focal loss: the two neighbouring bins), a uniform
 * part (label smoothing), or a whole row of target probabilities.
 *
 * With m = max x, e_c = exp(x_c - m), s = sum e:  log p_c = x_c - m - log s,
 * and the gradient of any such loss is  total * e_c / s - (what each class asks for).
 *
 * Two layouts, no transposed copy: classes contiguous (a row at a time, vectors
 * along the classes) or pixels contiguous (a tile of pixels at a time, vectors
 * along the pixels). Strides are in elements. */

enum { FL(group) = 16, FL(tile) = 64 };

typedef struct {
    const fl_rowwise_args *args;
    real scale;                    /* of the gradient */
    real smooth;                   /* label smoothing / classes */
    real weight_sum;               /* of the class weights */
    ptrdiff_t per_chunk;           /* rows or tiles */
    int stream;
    double *partials;
    int failed;                    /* no memory for a row */
} FL(row_call);

/* What one row wants: up to two classes and their weights. */
typedef struct {
    ptrdiff_t class0, class1;      /* class0 < 0: the row is ignored */
    real weight0, weight1;
} FL(row_plan);

static FL_INLINE FL(row_plan) FL(plan_row)(const FL(row_call) *call, ptrdiff_t row) {
    const fl_rowwise_args *a = call->args;
    if (a->index) {
        int64_t label = a->index[row];
        /* Labels were checked; one that another thread has changed since reads nothing. */
        if (label == a->ignore_index || label < 0 || label >= a->classes) return (FL(row_plan)){-1, -1, 0, 0};
        real weight = a->class_weight ? ((const real *)a->class_weight)[label] : 1;
        return (FL(row_plan)){(ptrdiff_t)label, -1, weight * (1 - (real)a->smoothing), 0};
    }
    /* Distribution focal loss: the bins on either side of a position. */
    real position = ((const real *)a->position)[row], last = (real)(a->classes - 1) - (real)0.01;
    real inside = position > 0 ? position < last ? position : last : 0;
    ptrdiff_t bin = (ptrdiff_t)inside;
    real right = inside - (real)bin, weight = a->row_weight ? ((const real *)a->row_weight)[row] : 1;
    if (position != position) weight = position;      /* NaN in, NaN out */
    return (FL(row_plan)){bin, bin + 1, weight * (1 - right), weight * right};
}

/* ---- primitives over one row of contiguous classes -------------------------- */

static real FL(row_max)(const real *x, ptrdiff_t n) {
    real m[FL_LANES];
    for (int l = 0; l < FL_LANES; l++) m[l] = -INFINITY;
    ptrdiff_t i = 0;
    for (; i + FL_LANES <= n; i += FL_LANES) FL_LANE_LOOP
    for (int l = 0; l < FL_LANES; l++) m[l] = FL(max)(x[i + l], m[l]);
    for (int l = 0; i < n; i++, l++) m[l] = FL(max)(x[i], m[l]);
    for (int half = FL_LANES / 2; half; half /= 2)
        for (int l = 0; l < half; l++) m[l] = FL(max)(m[l + half], m[l]);
    return m[0];
}

/* e = exp(x - m) into `e` where given; returns the sum. */
static FL_INLINE double FL(row_exp_body)(const real *x, ptrdiff_t n, real m, real *e, int store) {
    double lanes[FL_LANES] = {0};
    ptrdiff_t i = 0;
    while (n - i >= FL_LANES) {
        ptrdiff_t end = n - i > FL(flush) ? i + FL(flush) : n;
        real sums[FL_LANES] = {0};
        for (; i + FL_LANES <= end; i += FL_LANES) FL_LANE_LOOP
        for (int l = 0; l < FL_LANES; l++) {
            real y = FL(exp_nonpositive)(x[i + l] - m);
            sums[l] += y;
            if (store) e[i + l] = y;
        }
        for (int l = 0; l < FL_LANES; l++) lanes[l] += sums[l];
    }
    int rest = (int)(n - i);
    if (rest) {
        real y[FL_LANES];
        for (int l = 0; l < FL_LANES; l++) y[l] = -INFINITY;
        for (int l = 0; l < rest; l++) y[l] = x[i + l] - m;
        FL_LANE_LOOP
        for (int l = 0; l < FL_LANES; l++) y[l] = FL(exp_nonpositive)(y[l]);
        for (int l = 0; l < FL_LANES; l++) lanes[l] += y[l];
        if (store)
            for (int l = 0; l < rest; l++) e[i + l] = y[l];
    }
    return fl_sum_lanes(lanes);
}
static double FL(row_exp)(const real *x, ptrdiff_t n, real m, real *e) {
    return e ? FL(row_exp_body)(x, n, m, e, 1) : FL(row_exp_body)(x, n, m, NULL, 0);
}

/* Over the classes: the sums of q_c (x_c - m) and of q_c, where q_c = w_c (keep t_c + smooth);
 * an absent w counts as 1, an absent t leaves q_c = w_c. */
static FL_INLINE void FL(row_dot_body)(const real *x, const real *w, const real *t, ptrdiff_t n, real m,
                                       real keep, real smooth, double *dot, double *total) {
    double dots[FL_LANES] = {0}, totals[FL_LANES] = {0};
    for (ptrdiff_t i = 0; i < n;) {
        ptrdiff_t end = n - i > FL(flush) ? i + FL(flush) : n;
        real d[FL_LANES] = {0}, q[FL_LANES] = {0};
        for (; i + FL_LANES <= end; i += FL_LANES) FL_LANE_LOOP
        for (int l = 0; l < FL_LANES; l++) {
            real each = (t ? FL(fma)(keep, t[i + l], smooth) : (real)1) * (w ? w[i + l] : (real)1);
            d[l] = FL(fma)(each, x[i + l] - m, d[l]);
            q[l] += each;
        }
        for (int l = 0; i < end; i++, l++) {
            real each = (t ? FL(fma)(keep, t[i], smooth) : (real)1) * (w ? w[i] : (real)1);
            d[l] = FL(fma)(each, x[i] - m, d[l]);
            q[l] += each;
        }
        for (int l = 0; l < FL_LANES; l++) dots[l] += d[l], totals[l] += q[l];
    }
    *dot = fl_sum_lanes(dots);
    *total = fl_sum_lanes(totals);
}
static void FL(row_dot)(const real *x, const real *w, const real *t, ptrdiff_t n, real m, real keep,
                        real smooth, double *dot, double *total) {
    if (t && w) FL(row_dot_body)(x, w, t, n, m, keep, smooth, dot, total);
    else if (t) FL(row_dot_body)(x, NULL, t, n, m, keep, smooth, dot, total);
    else if (w) FL(row_dot_body)(x, w, NULL, n, m, 1, 0, dot, total);
    else FL(row_dot_body)(x, NULL, NULL, n, m, 1, 0, dot, total);
}

/* g = e * factor - offset * w   (w absent: 1) */
static void FL(row_scale)(const real *e, const real *w, ptrdiff_t n, real factor, real offset, real *g) {
    if (offset == 0) {
        FL_LANE_LOOP
        for (ptrdiff_t i = 0; i < n; i++) g[i] = e[i] * factor;
    } else if (!w) {
        FL_LANE_LOOP
        for (ptrdiff_t i = 0; i < n; i++) g[i] = FL(fma)(e[i], factor, -offset);
    } else {
        FL_LANE_LOOP
        for (ptrdiff_t i = 0; i < n; i++) g[i] = FL(fma)(e[i], factor, -(offset * w[i]));
    }
}

/* g = e * factor - scale * w_c (keep t_c + smooth) */
static void FL(row_scale_soft)(const real *e, const real *w, const real *t, ptrdiff_t n, real factor,
                               real scale, real keep, real smooth, real *g) {
    FL_LANE_LOOP
    for (ptrdiff_t i = 0; i < n; i++) {
        real q = FL(fma)(keep, t[i], smooth);
        if (w) q *= w[i];
        g[i] = FL(fma)(e[i], factor, -(scale * q));
    }
}

/* ---- rows ---------------------------------------------------------------------- */

static FL_INLINE ptrdiff_t FL(row_offset)(ptrdiff_t row, ptrdiff_t inner, const fl_rows *a) {
    return inner == 1 ? row * a->outer : row / inner * a->outer + row % inner * a->inner;
}

/* What a row amounts to, once its softmax is known. */
typedef struct {
    real value;
    real share;                 /* of the softmax in the gradient */
    real slope0, slope1;        /* added to the gradient at the plan's classes */
} FL(row_end);

/* u: log-probabilities of the plan's classes but for log_s; dot, total: of row_dot. */
static FL_INLINE FL(row_end)
    FL(end_row)(FL(row_point) (*formula)(real, const real *), const FL(row_call) *call,
                const FL(row_plan) *plan, real u0, real u1, real log_s, real dot, real total) {
    FL(row_end) end = {0, 0, 0, 0};
    if (!plan) {                                    /* class probabilities */
        end.value = total * log_s - dot;
        end.share = total;
        return end;
    }
    if (plan->class0 < 0) return end;
    FL(row_point) f = formula(u0 - log_s, NULL);
    end.value = plan->weight0 * f.value;
    end.slope0 = plan->weight0 * f.slope;
    if (plan->class1 >= 0) {
        f = formula(u1 - log_s, NULL);
        end.value += plan->weight1 * f.value;
        end.slope1 = plan->weight1 * f.slope;
    }
    end.share = -(end.slope0 + end.slope1);
    if (call->smooth != 0) {
        end.value += call->smooth * (total * log_s - dot);
        end.share += call->smooth * total;
    }
    return end;
}

/* Rows of up to FL_WIDE_ROW classes stand in a tile, filled up to whole rows of lanes; all rows of a group
 * take each step together, since the steps of one are too short to fill the machine. */

/* One number per row: its lanes folded by max or by sum, halves onto each other. */
static FL_INLINE void FL(fold_tile)(const real *tile, int width, int add, real *out) {
    real a[FL(group) * 16], b[FL(group) * 8], c[FL(group) * 4];
    for (int r = 0; r < FL(group); r++) {
        const real *row = tile + r * width;
        FL_LANE_LOOP
        for (int l = 0; l < 16; l++) a[r * 16 + l] = row[l];
        for (int k = 16; k < width; k += 16) FL_LANE_LOOP
        for (int l = 0; l < 16; l++)
            a[r * 16 + l] = add ? a[r * 16 + l] + row[k + l] : FL(max)(row[k + l], a[r * 16 + l]);
    }
    for (int r = 0; r < FL(group); r++) FL_LANE_LOOP
    for (int l = 0; l < 8; l++) {
        real x = a[r * 16 + l], y = a[r * 16 + 8 + l];
        b[r * 8 + l] = add ? x + y : FL(max)(x, y);
    }
    for (int r = 0; r < FL(group); r++) FL_LANE_LOOP
    for (int l = 0; l < 4; l++) {
        real x = b[r * 8 + l], y = b[r * 8 + 4 + l];
        c[r * 4 + l] = add ? x + y : FL(max)(x, y);
    }
    FL_LANE_LOOP
    for (int r = 0; r < FL(group); r++) {
        real x = c[r * 4], y = c[r * 4 + 1], z = c[r * 4 + 2], w = c[r * 4 + 3];
        out[r] = add ? (x + z) + (y + w) : FL(max)(FL(max)(x, z), FL(max)(y, w));
    }
}

static void FL(tile_max)(const real *tile, int width, real *m) { FL(fold_tile)(tile, width, 0, m); }
static void FL(tile_sum)(const real *tile, int width, real *s) { FL(fold_tile)(tile, width, 1, s); }

static void FL(tile_exp)(real *tile, int width, const real *m) {
    for (int r = 0; r < FL(group); r++) {
        const real most = m[r];
        for (int k = 0; k < width; k += FL_LANES) {
            real *row = tile + r * width + k;
            FL_LANE_LOOP
            for (int l = 0; l < FL_LANES; l++) row[l] = FL(exp_nonpositive)(row[l] - most);
        }
    }
}

static void FL(fill_tile)(const real *x, int classes, int width, real *row) {
    for (int c = 0; c < classes; c++) row[c] = x[c];
    for (int c = classes; c < width; c++) row[c] = -INFINITY;
}

static FL_INLINE void FL(row_group)(FL(row_point) (*formula)(real, const real *), const FL(row_call) *call,
                                    ptrdiff_t first, int n, real *scratch, double *lanes) {
    const fl_rowwise_args *a = call->args;
    const ptrdiff_t classes = a->classes;
    const int wide = classes > FL_WIDE_ROW,
              width = wide ? 0 : (int)(classes + FL_LANES - 1) / FL_LANES * FL_LANES;
    const real *w = a->class_weight, *x[FL(group)], *t[FL(group)];
    FL(row_plan) plans[FL(group)];
    FL_ALIGNED real tile[FL(group) *FL_WIDE_ROW], m[FL(group)], s[FL(group)], log_s[FL(group)];
    real u0[FL(group)], u1[FL(group)];
    double dot[FL(group)], total[FL(group)];
    real *e[FL(group)], *out[FL(group)];
    const real smooth = call->smooth, keep = 1 - (real)a->smoothing;
    const int soft = a->target.data != NULL;

    for (int r = 0; r < n; r++) {
        ptrdiff_t row = first + r;
        x[r] = (const real *)a->input.data + FL(row_offset)(row, a->inner, &a->input);
        t[r] = soft ? (const real *)a->target.data + FL(row_offset)(row, a->inner, &a->target) : NULL;
        out[r] = a->grad.data ? (real *)a->grad.data + FL(row_offset)(row, a->inner, &a->grad) : NULL;
        e[r] = !wide ? tile + r * width : scratch ? scratch + r * classes : out[r];
        if (!soft) plans[r] = FL(plan_row)(call, row);
        if (!wide) FL(fill_tile)(x[r], (int)classes, width, tile + r * width);
        dot[r] = total[r] = 0;
    }
    for (int r = n; r < FL(group); r++) {
        s[r] = 1;
        for (int c = 0; c < width; c++) tile[r * width + c] = 0;
    }
    if (!wide) FL(tile_max)(tile, width, m);
    for (int r = 0; r < n; r++) {
        if (wide) s[r] = 1;
        if (!soft && plans[r].class0 < 0) continue;
        if (wide) m[r] = FL(row_max)(x[r], classes);
        if (!soft) {
            u0[r] = x[r][plans[r].class0] - m[r];
            u1[r] = plans[r].class1 < 0 ? 0 : x[r][plans[r].class1] - m[r];
        }
        if (soft || smooth != 0)
            FL(row_dot)(x[r], w, t[r], classes, m[r], soft ? keep : 1, soft ? smooth : 0, &dot[r], &total[r]);
        if (wide) s[r] = (real)FL(row_exp)(x[r], classes, m[r], e[r]);
    }
    if (!wide) {
        FL(tile_exp)(tile, width, m);
        FL(tile_sum)(tile, width, s);
    }
    FL_LANE_LOOP
    for (int r = 0; r < FL(group); r++) log_s[r] = FL(log)(s[r]);

    for (int r = 0; r < n; r++) {
        FL(row_end) end = FL(end_row)(formula, call, soft ? NULL : &plans[r], u0[r], u1[r], log_s[r],
                                      (real)dot[r], (real)total[r]);
        lanes[r] += end.value;
        if (a->value) ((real *)a->value)[first + r] = end.value;
        if (!out[r]) continue;
        if (!soft && plans[r].class0 < 0) {
            for (ptrdiff_t c = 0; c < classes; c++) out[r][c] = 0;
            continue;
        }
        real factor = end.share * call->scale / s[r], *g = call->stream ? e[r] : out[r];
        if (soft) {
            FL(row_scale_soft)(e[r], w, t[r], classes, factor, call->scale, keep, smooth, g);
        } else {
            FL(row_scale)(e[r], w, classes, factor, smooth * call->scale, g);
            g[plans[r].class0] += end.slope0 * call->scale;
            if (plans[r].class1 >= 0) g[plans[r].class1] += end.slope1 * call->scale;
        }
        if (call->stream) fl_stream(out[r], g, classes * sizeof(real));
    }
}

/* ---- tiles of pixels -------------------------------------------------------------- */

/* Scores, probabilities and gradient of n rows: pixels contiguous, one stride per class. The gradient may
 * stand where the scores stand. Vectors run over `width` >= n pixels: more than n where there is room. */
typedef struct {
    const real *x, *t;
    real *g;
    ptrdiff_t x_class, t_class, g_class;
    int n, width;
} FL(pixels);

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
    }
    for (int l = n; l < width; l++) factor[l] = 0;
    if (!g) return;
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
    FL_ALIGNED real x[FL_SHORT_ROW * FL(tile)], t[FL_SHORT_ROW * FL(tile)];
    const int width = (n + FL_LANES - 1) / FL_LANES * FL_LANES;
    FL(turn)(a, &a->input, first, n, width, x);
    if (a->target.data) FL(turn)(a, &a->target, first, n, width, t);
    FL(pixels) at = {
        x, a->target.data ? t : NULL, a->grad.data ? x : NULL, FL(tile), FL(tile), FL(tile), n, width};
    FL(pixel_tile)(formula, call, at, first, lanes);
    for (int r = 0; r < n && at.g; r++) {
        real *row = (real *)a->grad.data + FL(row_offset)(first + r, a->inner, &a->grad);
        for (ptrdiff_t c = 0; c < a->classes; c++) row[c] = x[c * FL(tile) + r];
    }
}

/* ---- the call ------------------------------------------------------------------------ */

static FL_INLINE void FL(rowwise_chunk)(FL(row_point) (*formula)(real, const real *), FL(row_call) *call,
                                        ptrdiff_t chunk) {
    const fl_rowwise_args *a = call->args;
    ptrdiff_t first = chunk * call->per_chunk, last = first + call->per_chunk;
    double lanes[FL_LANES] = {0};
    if (a->input.class_ == 1 && a->classes <= FL_SHORT_ROW) {
        ptrdiff_t rows = a->outer_count * a->inner;
        if (last > rows) last = rows;
        for (; first < last; first += FL(tile))
            FL(short_rows)(formula, call, first, last - first < FL(tile) ? (int)(last - first) : FL(tile),
                           lanes);
    } else if (a->input.class_ == 1) {
        ptrdiff_t rows = a->outer_count * a->inner;
        real *scratch = NULL;
        int group =
            FL_GROUP_ELEMENTS / a->classes < FL(group) ? (int)(FL_GROUP_ELEMENTS / a->classes) : FL(group);
        if (group < 1) group = 1;
        if (last > rows) last = rows;
        if (call->stream && !(scratch = malloc(group * a->classes * sizeof(real)))) {
            call->failed = 1;
            return;
        }
        for (; first < last; first += group)
            FL(row_group)(formula, call, first, last - first < group ? (int)(last - first) : group, scratch,
                          lanes);
        free(scratch);
    } else {
        ptrdiff_t tiles = (a->inner + FL(tile) - 1) / FL(tile);
        if (last > a->outer_count * tiles) last = a->outer_count * tiles;
        for (; first < last; first++) {
            ptrdiff_t outer = first / tiles, inner = first % tiles * FL(tile), left = a->inner - inner;
            FL(pixels) at = {
                (const real *)a->input.data + outer * a->input.outer + inner,
                a->target.data ? (const real *)a->target.data + outer * a->target.outer + inner : NULL,
                a->grad.data ? (real *)a->grad.data + outer * a->grad.outer + inner : NULL,
                a->input.class_,
                a->target.class_,
                a->grad.class_,
                left < FL(tile) ? (int)left : FL(tile),
                left < FL(tile) ? (int)left : FL(tile),
            };
            FL(pixel_tile)(formula, call, at, outer * a->inner + inner, lanes);
        }
    }
    call->partials[chunk] = fl_sum_lanes(lanes);
}

#define FL_ROWWISE(name, formula) \
    static void FL(name##_chunk)(void *context, ptrdiff_t chunk) { \
        FL(rowwise_chunk)(FL(formula), context, chunk); \
    }
#include "../losses.def"

/* The target's log-probability alone; the gradient arrives as zeros. */
static void FL(nll_chunk)(void *context, ptrdiff_t chunk) {
    FL(row_call) *call = context;
    const fl_rowwise_args *a = call->args;
    ptrdiff_t first = chunk * call->per_chunk, last = first + call->per_chunk;
    double lanes[FL_LANES] = {0};
    if (last > a->outer_count * a->inner) last = a->outer_count * a->inner;
    for (ptrdiff_t row = first; row < last; row++) {
        FL(row_plan) plan = FL(plan_row)(call, row);
        real value = 0;
        if (plan.class0 >= 0) {
            const real *x = (const real *)a->input.data + FL(row_offset)(row, a->inner, &a->input);
            value = -plan.weight0 * x[plan.class0 * a->input.class_];
            if (a->grad.data)
                ((real *)
                     a->grad.data)[FL(row_offset)(row, a->inner, &a->grad) + plan.class0 * a->grad.class_] =
                    -plan.weight0 * call->scale;
        }
        lanes[row % FL_LANES] += value;
        if (a->value) ((real *)a->value)[row] = value;
    }
    call->partials[chunk] = fl_sum_lanes(lanes);
}

static fl_chunk_body *const FL(row_table)[FL_LOSS_COUNT] = {
#define FL_ROWWISE(name, formula) [FL_LOSS_##name] = FL(name##_chunk),
#define FL_PICK_ROW(name) [FL_LOSS_##name] = FL(name##_chunk),
#include "../losses.def"
};

/* Check every label, and find what the mean divides by. */
static fl_status FL(row_divisor)(fl_rowwise_args *a, double *divisor) {
    ptrdiff_t rows = a->outer_count * a->inner;
    *divisor = (double)rows;
    if (!a->index) return FL_OK;
    const real *w = a->class_weight;
    double sum = 0;
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
    FL(row_call) call = {.args = a, .smooth = (real)(a->smoothing / (double)a->classes)};
    call.scale = a->reduction == FL_REDUCE_MEAN ? (real)(1 / divisor) : 1;
    for (ptrdiff_t c = 0; c < a->classes; c++)
        call.weight_sum += a->class_weight ? ((const real *)a->class_weight)[c] : 1;

    int picked = a->loss == FL_LOSS_nll, by_rows = picked || a->input.class_ == 1;
    ptrdiff_t rows = a->outer_count * a->inner, tiles = (a->inner + FL(tile) - 1) / FL(tile);
    ptrdiff_t units = by_rows ? rows : a->outer_count * tiles;
    ptrdiff_t unit = picked ? 1 : a->classes * (by_rows ? 1 : FL(tile));
    call.per_chunk = unit < FL_ROW_CHUNK ? FL_ROW_CHUNK / unit : 1;
    if (by_rows && call.per_chunk > FL(tile)) call.per_chunk -= call.per_chunk % FL(tile);
    call.stream = by_rows && a->grad.data && a->classes >= FL_STREAM_CLASSES
        && rows * a->classes * (ptrdiff_t)sizeof(real) >= FL_STREAM_BYTES;

    ptrdiff_t n_chunks = (units + call.per_chunk - 1) / call.per_chunk;
    call.partials = n_chunks <= FL_FEW_CHUNKS ? few : malloc(n_chunks * sizeof(double));
    if (!call.partials) return FL_NO_MEMORY;
    fl_parallel(n_chunks, fl_rowwise_cost(a), FL(row_table)[a->loss], &call);
    double sum = 0;
    for (ptrdiff_t i = 0; i < n_chunks; i++) sum += call.partials[i];
    if (call.partials != few) free(call.partials);
    a->result = a->reduction == FL_REDUCE_MEAN ? sum / divisor : sum;
    return call.failed ? FL_NO_MEMORY : FL_OK;
}
