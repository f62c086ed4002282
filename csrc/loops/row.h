/* row.h -- one row of class scores: what a loss wants of it, and the passes over it.
 *
 * A row formula sees one number, the log-probability of a target class, and
 * returns the value, its slope and its curve. A row has up to two weighted targets (cross
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
    real scale;                    /* of the derivatives */
    real smooth;                   /* label smoothing / classes */
    real weight_sum;               /* of the class weights */
    ptrdiff_t per_chunk;           /* rows or tiles */
    int stream;
    double *partials;
    int failed;                    /* no memory for a row */
    real parameters[FL_MAX_PARAMETERS];
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

static real FL(row_max)(const real *x, ptrdiff_t n) {
    real m[FL_LANES];
    for (int l = 0; l < FL_LANES; l++) m[l] = -INFINITY;
    ptrdiff_t i = 0;
    for (; i + FL_LANES <= n; i += FL_LANES) {
        FL_LANE_LOOP
        for (int l = 0; l < FL_LANES; l++) m[l] = FL(max)(x[i + l], m[l]);
    }
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
        for (; i + FL_LANES <= end; i += FL_LANES) {
            FL_LANE_LOOP
            for (int l = 0; l < FL_LANES; l++) {
                real y = FL(exp_nonpositive)(x[i + l] - m);
                sums[l] += y;
                if (store) e[i + l] = y;
            }
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
        for (; i + FL_LANES <= end; i += FL_LANES) {
            FL_LANE_LOOP
            for (int l = 0; l < FL_LANES; l++) {
                real each = (t ? FL(fma)(keep, t[i + l], smooth) : (real)1) * (w ? w[i + l] : (real)1);
                d[l] = FL(fma)(each, x[i + l] - m, d[l]);
                q[l] += each;
            }
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

static FL_INLINE ptrdiff_t FL(row_offset)(ptrdiff_t row, ptrdiff_t inner, const fl_rows *a) {
    return inner == 1 ? row * a->outer : row / inner * a->outer + row % inner * a->inner;
}

/* What a row amounts to, once its softmax is known. */
typedef struct {
    real value;
    real share;                 /* of the softmax in the gradient */
    real slope0, slope1;        /* added to the gradient at the plan's classes */
    real curve0, curve1;        /* second derivatives by their log-probabilities */
} FL(row_end);

/* u: log-probabilities of the plan's classes but for log_s; dot, total: of row_dot. */
static FL_INLINE FL(row_end)
    FL(end_row)(FL(row_point) (*formula)(real, const real *), const FL(row_call) *call,
                const FL(row_plan) *plan, real u0, real u1, real log_s, real dot, real total) {
    FL(row_end) end = {0, 0, 0, 0, 0, 0};
    if (!plan) {                                    /* class probabilities */
        end.value = total * log_s - dot;
        end.share = total;
        return end;
    }
    if (plan->class0 < 0) return end;
    FL(row_point) f = formula(u0 - log_s, call->parameters);
    end.value = plan->weight0 * f.value;
    end.slope0 = plan->weight0 * f.slope;
    end.curve0 = plan->weight0 * f.curve;
    if (plan->class1 >= 0) {
        f = formula(u1 - log_s, call->parameters);
        end.value += plan->weight1 * f.value;
        end.slope1 = plan->weight1 * f.slope;
        end.curve1 = plan->weight1 * f.curve;
    }
    end.share = -(end.slope0 + end.slope1);
    if (call->smooth != 0) {
        end.value += call->smooth * (total * log_s - dot);
        end.share += call->smooth * total;
    }
    return end;
}
