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

/* Rows that are taken together: what each wants, and what comes of it. */
typedef struct {
    ptrdiff_t class0[FL(tile)], class1[FL(tile)];      /* targets, and their weights: */
    real weight0[FL(tile)], weight1[FL(tile)];
    FL(word) live[FL(tile)];                           /* all bits, or none where the row is ignored */
    real most[FL(tile)], sum[FL(tile)];                /* m and s of above, log s and 1/s: */
    real log_sum[FL(tile)], per_sum[FL(tile)];
    real score0[FL(tile)], score1[FL(tile)];           /* of the targets */
    real dot[FL(tile)], total[FL(tile)];               /* of row_dot */
    real value[FL(tile)];
    real factor[FL(tile)];                             /* of the exponentials in the gradient */
    real slope0[FL(tile)], slope1[FL(tile)];           /* added to the gradient at the targets */
    real share[FL(tile)];                              /* of the softmax in the gradient, unscaled */
    real curve0[FL(tile)], curve1[FL(tile)];           /* second derivatives by log-probabilities */
} FL(row_batch);

typedef struct FL(row_call) FL(row_call);

/* What n rows amount to, once the softmax is known. One per loss, and not inlined: the passes over the classes,
 * most of the code and all of the time, are the same for every loss. */
typedef void FL(row_end)(const FL(row_call) *call, FL(row_batch) *b, int n);

struct FL(row_call) {
    const fl_rowwise_args *args;
    FL(row_end) *end;
    real scale;                    /* of the derivatives */
    real smooth;                   /* label smoothing / classes */
    real weight_sum;               /* of the class weights */
    ptrdiff_t per_chunk;           /* rows or tiles */
    int stream;
    int far;                       /* in caches that are slow to answer, or in none */
    double *partials;
    int failed;                    /* no memory for a row */
    real parameters[FL_MAX_PARAMETERS];
};

/* Labels were checked; one that another thread has changed since reads nothing. */
static FL_INLINE int FL(label_counts)(const fl_rowwise_args *a, int64_t label) {
    return (label != a->ignore_index) & ((uint64_t)label < (uint64_t)a->classes);
}

/* The class of a row and its weight; -1 where the row is ignored. */
static FL_INLINE ptrdiff_t FL(label_of)(const fl_rowwise_args *a, ptrdiff_t row, real *weight) {
    int64_t label = a->index[row];
    if (!FL(label_counts)(a, label)) return -1;
    *weight = a->class_weight ? ((const real *)a->class_weight)[label] : 1;
    return (ptrdiff_t)label;
}

static FL_INLINE void FL(plan_labels)(const FL(row_call) *call, ptrdiff_t first, int n, FL(row_batch) *b) {
    const fl_rowwise_args *a = call->args;
    const real keep = 1 - (real)a->smoothing;
    if (!a->class_weight && n >= FL_LANES) {       /* in vectors */
        const fl_rowwise_args own = *a;            /* a copy that no output can alias */
        for (int r = 0; r < n; r++) {
            int64_t label = own.index[first + r];
            int counts = FL(label_counts)(&own, label);
            b->live[r] = -(FL(word))counts;
            b->class0[r] = counts ? label : 0;
            b->weight0[r] = counts ? keep : 0;
            b->class1[r] = 0, b->weight1[r] = 0;
        }
        return;
    }
    for (int r = 0; r < n; r++) {
        real weight = 0;
        ptrdiff_t label = FL(label_of)(a, first + r, &weight);
        b->live[r] = -(FL(word))(label >= 0);
        b->class0[r] = label < 0 ? 0 : label;
        b->weight0[r] = weight * keep;
        b->class1[r] = 0, b->weight1[r] = 0;
    }
}

/* Distribution focal loss: the bins on either side of a position. */
static FL_INLINE void FL(plan_positions)(const FL(row_call) *call, ptrdiff_t first, int n, FL(row_batch) *b) {
    const fl_rowwise_args *a = call->args;
    const real *position = (const real *)a->position + first, last = (real)(a->classes - 1) - (real)0.01;
    const real *w = a->row_weight ? (const real *)a->row_weight + first : NULL;
    for (int r = 0; r < n; r++) b->weight0[r] = w ? w[r] : 1;
    FL_LANE_LOOP
    for (int r = 0; r < n; r++) {
        real d = position[r], inside = FL(min)(FL(max)(d, 0), last); /* max(0, d): no vectors */
        int32_t bin = (int32_t)inside;
        real right = inside - (real)bin;
        real weight = FL(choose)(FL(equal)(d, d), b->weight0[r], d); /* NaN in, NaN out */
        b->live[r] = -(FL(word))1;
        b->class0[r] = bin, b->class1[r] = bin + 1;
        b->weight0[r] = weight * (1 - right), b->weight1[r] = weight * right;
    }
}

/* A row of lanes, of which the first n are live. */
static FL_INLINE void FL(blank_rows)(FL(row_batch) *b, int at, int n) {
    FL(word) *live = b->live + at;
    real *sum = b->sum + at;
    FL_LANE_LOOP
    for (int l = 0; l < FL_LANES; l++) live[l] = -(FL(word))(l < n), sum[l] = 1;
    FL(clear)(b->weight0 + at), FL(clear)(b->weight1 + at);
    FL(clear)(b->score0 + at), FL(clear)(b->score1 + at), FL(clear)(b->most + at);
    for (int l = 0; l < FL_LANES; l++) b->class0[at + l] = b->class1[at + l] = 0;
}

/* Of n rows; with class probabilities there is nothing to plan. Lanes beyond n hold harmless numbers. */
static FL_INLINE void FL(plan_rows)(const FL(row_call) *call, ptrdiff_t first, int n, FL(row_batch) *b) {
    /* Row by row of lanes: of a length known here, or compilers call memset for each array. */
    for (int r = 0; r < n; r += FL_LANES) {
        if (r + FL_LANES > n || call->args->target.data) FL(blank_rows)(b, r, n - r);
        FL(clear)(b->dot + r), FL(clear)(b->total + r);
    }
    if (call->args->index) FL(plan_labels)(call, first, n, b);
    else if (call->args->position) FL(plan_positions)(call, first, n, b);
}

/* Four rows of lanes at a time: a single one would wait for each comparison. */
static real FL(row_max)(const real *x, ptrdiff_t n) {
    enum { AT_ONCE = 4 * FL_LANES };
    real m[AT_ONCE];
    for (int l = 0; l < AT_ONCE; l++) m[l] = -INFINITY;
    for (; n >= AT_ONCE; n -= AT_ONCE, x += AT_ONCE) {
        for (int k = 0; k < AT_ONCE; k += FL_LANES) {
            FL_LANE_LOOP
            for (int l = 0; l < FL_LANES; l++) m[k + l] = FL(max)(x[k + l], m[k + l]);
        }
    }
    for (; n >= FL_LANES; n -= FL_LANES, x += FL_LANES) {
        FL_LANE_LOOP
        for (int l = 0; l < FL_LANES; l++) m[l] = FL(max)(x[l], m[l]);
    }
    int rest = (int)n;
    FL_LANE_LOOP
    for (int l = 0; l < FL_LANES; l++) m[l] = FL(max)(l < rest ? x[l] : m[l], m[l]);
    for (int half = AT_ONCE / 2; half; half /= 2)
        for (int l = 0; l < half; l++) m[l] = FL(max)(m[l + half], m[l]);
    return m[0];
}

/* e = exp(x - m) into `e` where given; returns the sum. Meanwhile the row `ahead` elements on is fetched. */
static FL_INLINE double FL(row_exp_body)(const real *x, ptrdiff_t n, real m, real *e, int store,
                                         ptrdiff_t ahead) {
    double lanes[FL_LANES] = {0};
    ptrdiff_t i = 0;
    while (n - i >= FL_LANES) {
        ptrdiff_t end = n - i > FL(flush) ? i + FL(flush) : n;
        real sums[FL_LANES] = {0};
        for (; i + FL_LANES <= end; i += FL_LANES) {
            for (int l = 0; l < FL_LANES; l += 64 / sizeof(real)) __builtin_prefetch(x + i + l + ahead, 0, 2);
            if (store) fl_fetch_output(e + i, FL_LANES * sizeof(real), FL_AHEAD_BYTES);
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
        x += i, e += store ? i : 0;
        FL_LANE_LOOP
        for (int l = 0; l < FL_LANES; l++) y[l] = FL(exp_nonpositive)(l < rest ? x[l] - m : -(real)INFINITY);
        for (int l = 0; l < FL_LANES; l++) lanes[l] += y[l];
        if (store) {
            FL_LANE_LOOP
            for (int l = 0; l < FL_LANES; l++)
                if (l < rest) e[l] = y[l];
        }
    }
    return fl_sum_lanes(lanes);
}
static double FL(row_exp)(const real *x, ptrdiff_t n, real m, real *e, ptrdiff_t ahead) {
    return e ? FL(row_exp_body)(x, n, m, e, 1, ahead) : FL(row_exp_body)(x, n, m, NULL, 0, ahead);
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
static FL_INLINE real FL(row_scaled)(real e, real factor, real offset, int plain) {
    return plain ? e * factor : FL(fma)(e, factor, -offset);
}
static FL_INLINE void FL(row_scale_body)(const real *e, const real *w, ptrdiff_t n, real factor, real offset,
                                         int plain, int padded, real *g) {
    for (; n >= FL_LANES; n -= FL_LANES, e += FL_LANES, g += FL_LANES, w += w ? FL_LANES : 0) {
        if (padded) fl_fetch_output(g, FL_LANES * sizeof(real), FL_AHEAD_BYTES);
        FL_LANE_LOOP
        for (int l = 0; l < FL_LANES; l++)
            g[l] = FL(row_scaled)(e[l], factor, w ? offset * w[l] : offset, plain);
    }
    int rest = (int)n;
    if (!rest) return;
    if (padded && !w) { /* a whole row of lanes may be read, but not written */
        real y[FL_LANES];
        FL_LANE_LOOP
        for (int l = 0; l < FL_LANES; l++) y[l] = FL(row_scaled)(e[l], factor, offset, plain);
        FL_LANE_LOOP
        for (int l = 0; l < FL_LANES; l++)
            if (l < rest) g[l] = y[l];
        return;
    }
    for (int l = 0; l < rest; l++) g[l] = FL(row_scaled)(e[l], factor, w ? offset * w[l] : offset, plain);
}
static FL_INLINE void FL(row_scale)(const real *e, const real *w, ptrdiff_t n, real factor, real offset,
                                    int padded, real *g) {
    if (offset == 0) FL(row_scale_body)(e, NULL, n, factor, 0, 1, padded, g);
    else if (!w) FL(row_scale_body)(e, NULL, n, factor, offset, 0, padded, g);
    else FL(row_scale_body)(e, w, n, factor, offset, 0, padded, g);
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
static FL_INLINE real *FL(row_at)(const fl_rowwise_args *a, const fl_rows *of, ptrdiff_t row) {
    return (real *)of->data + FL(row_offset)(row, a->inner, of);
}

/* Of rows with class probabilities: the same for every loss. */
static void FL(end_soft)(const FL(row_call) *call, FL(row_batch) *b, int n) {
    (void)call;
    FL_LANE_LOOP
    for (int r = 0; r < n; r++) {
        b->value[r] = b->total[r] * b->log_sum[r] - b->dot[r];
        b->share[r] = b->total[r];
        b->curve0[r] = b->curve1[r] = 0;
    }
}
static FL_INLINE void FL(end_targets)(FL(row_point) (*formula)(real, real, const real *), int targets,
                                      const FL(row_call) *call, FL(row_batch) *b, int n) {
    const real scale = call->scale;
    const int two = targets == 2;
    real p[FL_MAX_PARAMETERS]; /* a copy that no output can alias */
    for (int k = 0; k < FL_MAX_PARAMETERS; k++) p[k] = call->parameters[k];
    FL_LANE_LOOP
    for (int r = 0; r < n; r++) {
        const real above0 = b->score0[r] - b->most[r], above1 = b->score1[r] - b->most[r];
        const real log_sum = b->log_sum[r], per_sum = b->per_sum[r];
        FL(row_point) f0 = formula(above0 - log_sum, FL(exp_nonpositive)(above0) * per_sum, p),
                      f1 = {0, 0, 0};
        if (two) f1 = formula(above1 - log_sum, FL(exp_nonpositive)(above1) * per_sum, p);
        real slope0 = b->weight0[r] * f0.slope, slope1 = two ? b->weight1[r] * f1.slope : 0;
        real value = b->weight0[r] * f0.value + (two ? b->weight1[r] * f1.value : 0);
        b->share[r] = -(slope0 + slope1);
        b->slope0[r] = slope0 * scale, b->slope1[r] = slope1 * scale;
        b->curve0[r] = b->weight0[r] * f0.curve * scale;
        b->curve1[r] = two ? b->weight1[r] * f1.curve * scale : 0;
        b->value[r] = FL(from_bits)(FL(bits)(value) & b->live[r]);
    }
}
static void FL(end_smooth)(const FL(row_call) *call, FL(row_batch) *b, int n) {
    const real smooth = call->smooth, weight_sum = call->weight_sum;
    FL_LANE_LOOP
    for (int r = 0; r < n; r++) {
        real value = b->value[r] + smooth * (weight_sum * b->log_sum[r] - b->dot[r]);
        b->share[r] += smooth * weight_sum;
        b->value[r] = FL(from_bits)(FL(bits)(value) & b->live[r]);
    }
}
static void FL(end_rows)(const FL(row_call) *call, int n, FL(row_batch) *b) {
    const real scale = call->scale;
    n = FL(whole_rows)(n);
    FL_LANE_LOOP
    for (int r = 0; r < n; r++) b->log_sum[r] = FL(log)(b->sum[r]), b->per_sum[r] = 1 / b->sum[r];
    call->end(call, b, n);
    if (!call->args->target.data && call->smooth != 0) FL(end_smooth)(call, b, n);
    FL_LANE_LOOP
    for (int r = 0; r < n; r++) b->factor[r] = b->share[r] * scale * b->per_sum[r];
}

#define FL_ROWWISE(name, formula, targets) \
    static void FL(name##_end)(const FL(row_call) *call, FL(row_batch) *b, int n) { \
        FL(end_targets)(FL(formula), targets, call, b, n); \
    }
#include "../losses.def"

static FL(row_end) *const FL(row_ends)[FL_LOSS_COUNT] = {
#define FL_ROWWISE(name, formula, targets) [FL_LOSS_##name] = FL(name##_end),
#include "../losses.def"
};
