/* ratio_rows.h -- one class of a tile of pixels: activation, sums, gradient.
 *
 * Rows are whole multiples of FL_LANES; what pads them adds nothing. */

static FL_INLINE FL(word) FL(same)(FL(word) a, FL(word) b) { return -(FL(word))(a == b); }

typedef struct {
    const real *x;              /* input; for softmax the exponentials, later what was kept */
    const real *inverse;        /* softmax: one over the pixel's sum of exponentials */
    const FL(word) *labels;     /* class indices; all bits set: left out */
    FL(word) label;             /* the row's own class */
    const real *target;         /* or else a mask */
    real ignore;                /* mask value of pixels left out; NaN: none */
    ptrdiff_t n;
} FL(ratio_row);

typedef struct {
    real p, t;                  /* both 0 in pixels left out */
    real kept;                  /* what the second pass needs instead of the input */
    real slope;                 /* dp / dx, 0 in pixels left out; not for softmax */
} FL(ratio_element);

static FL_INLINE FL(ratio_element)
    FL(ratio_target)(int indexed, const FL(ratio_row) *row, ptrdiff_t i, FL(word) *keep) {
    FL(ratio_element) e = {0, 0, 0, 1};
    if (indexed) {
        *keep = ~FL(same)(row->labels[i], ~(FL(word))0);
        e.t = FL(from_bits)(FL(bits)(e.slope) & FL(same)(row->labels[i], row->label));
    } else {
        *keep = ~FL(equal)(row->target[i], row->ignore);
        e.t = FL(from_bits)(FL(bits)(row->target[i]) & *keep);
    }
    return e;
}

/* What a sigmoid keeps is at most 1/2, so that the uppermost bit of its exponent is free to say that the target is 1:
 * where all targets are 0 or 1, the second pass need not read them again (0.85x). */
enum { FL(ratio_mark_at) = 8 * sizeof(real) - 2 };
static FL_INLINE FL(word) FL(ratio_mark)(real t) {
    const FL(word) step = (FL(word))1 << FL_MANTISSA;      /* makes 2, which has that bit alone, of 1 */
    return (FL(bits)(t) + step) & (FL(word))1 << FL(ratio_mark_at);
}

/* First pass, with z = e^-|x| for a sigmoid: that keeps the smaller of p and 1 - p, with the sign of x, so
 * that p (1 - p) does not lose its digits; a softmax keeps p. */
static FL_INLINE FL(ratio_element)
    FL(ratio_first)(int activation, int indexed, const FL(ratio_row) *row, ptrdiff_t i, real z) {
    FL(word) keep;
    FL(ratio_element) e = FL(ratio_target)(indexed, row, i, &keep);
    real x = row->x[i];
    e.p = activation == FL_SOFTMAX ? x * row->inverse[i] : x;
    if (activation == FL_SIGMOID) {
        real large = 1 / (1 + z), small = z * large;
        e.p = FL(choose)(FL(signed)(x), small, large);
        e.kept = FL(from_bits)((FL(bits)(FL(with_sign)(small, x)) & keep) | FL(ratio_mark)(e.t));
    }
    e.p = FL(from_bits)(FL(bits)(e.p) & keep);
    if (activation == FL_SOFTMAX) e.kept = e.p;
    return e;
}

/* Second pass: the same from what was kept, or from the input without activation; marked: the target too. */
static FL_INLINE FL(ratio_element)
    FL(ratio_second)(int activation, int indexed, int marked, const FL(ratio_row) *row, ptrdiff_t i) {
    FL(word) keep = 0;
    FL(ratio_element) e = {0, 0, 0, 1};
    real x = row->x[i];
    if (!marked) e = FL(ratio_target)(indexed, row, i, &keep);
    e.p = x;
    if (activation == FL_SIGMOID) {
        FL(word) mark = FL(bits)(x) >> FL(ratio_mark_at) & 1;
        if (marked) e.t = FL(from_bits)(FL(bits)(e.slope) & -mark);
        x = FL(from_bits)(FL(bits)(x) & ~((FL(word))1 << FL(ratio_mark_at)));
        real small = FL(abs)(x);
        e.p = FL(choose)(FL(signed)(x), small, 1 - small);
        e.slope = small * (1 - small);
    }
    if (activation == FL_NO_ACTIVATION) {
        e.p = FL(from_bits)(FL(bits)(x) & keep);
        e.slope = FL(from_bits)(FL(bits)(e.slope) & keep);
    }
    return e;
}

static double FL(ratio_total)(const real *lanes) {
    double wide[FL_LANES];
    for (int l = 0; l < FL_LANES; l++) wide[l] = lanes[l];
    return fl_sum_lanes(wide);
}

static FL_INLINE void FL(ratio_sums)(int activation, int indexed, int squared, const FL(ratio_row) *given,
                                     real *kept, fl_sums *sums) {
    const FL(ratio_row) row = *given;
    real overlap[FL_LANES] = {0}, input[FL_LANES] = {0}, target[FL_LANES] = {0};
    FL(word) soft[FL_LANES] = {0}, any = 0;
    FL_ALIGNED real z[FL_RATIO_TILE];      /* not in `kept`, which is not in the first-level cache */
    /* What follows two tiles on is fetched a line at a time between the arithmetic: 0.8x on 8 x 4 x 256 x 256. */
    if (activation == FL_SIGMOID)
        for (ptrdiff_t i = 0; i < row.n; i += FL_LANES) {
            __builtin_prefetch(row.x + i + 2 * row.n, 0, 3);
            FL(logit_row)(row.x + i, z + i);
        }
    for (ptrdiff_t i = 0; i < row.n; i += FL_LANES) {
        if (!indexed) __builtin_prefetch(row.target + i + 2 * row.n, 0, 3);
        if (activation != FL_NO_ACTIVATION) __builtin_prefetch(kept + i + 2 * row.n, 1, 3);
        FL_LANE_LOOP
        for (int l = 0; l < FL_LANES; l++) {
            FL(ratio_element) e =
                FL(ratio_first)(activation, indexed, &row, i + l, activation == FL_SIGMOID ? z[i + l] : 0);
            overlap[l] = FL(fma)(e.p, e.t, overlap[l]);
            input[l] += squared ? e.p * e.p : e.p;
            target[l] += squared ? e.t * e.t : e.t;
            if (activation == FL_SIGMOID) soft[l] |= FL(bits)(e.t) & ~FL(equal)(e.t, 1);
            if (activation != FL_NO_ACTIVATION) kept[i + l] = e.kept;
        }
    }
    for (int l = 0; l < FL_LANES; l++) any |= soft[l];
    sums->soft |= any != 0;
    sums->overlap += FL(ratio_total)(overlap);
    sums->input += FL(ratio_total)(input);
    sums->target += FL(ratio_total)(target);
}

/* d result / d p = overlap t + once + twice p */
typedef struct {
    real overlap, once, twice;
} FL(ratio_slope);

static FL_INLINE real FL(ratio_by_p)(FL(ratio_slope) s, FL(ratio_element) e) {
    return FL(fma)(s.overlap, e.t, FL(fma)(s.twice, e.p, s.once));
}

/* Softmax: dot += p d result / d p, over the classes. */
static FL_INLINE void FL(ratio_dot)(int indexed, const FL(ratio_row) *given, FL(ratio_slope) s, real *dot) {
    const FL(ratio_row) row = *given;
    for (ptrdiff_t i = 0; i < row.n; i += FL_LANES) {
        FL_LANE_LOOP
        for (int l = 0; l < FL_LANES; l++) {
            FL(ratio_element) e = FL(ratio_second)(FL_SOFTMAX, indexed, 0, &row, i + l);
            dot[i + l] = FL(fma)(e.p, FL(ratio_by_p)(s, e), dot[i + l]);
        }
    }
}

/* d result / d x; the softmax of x brings in the other classes through dot. */
static FL_INLINE void FL(ratio_grad)(int activation, int indexed, int marked, const FL(ratio_row) *given,
                                     FL(ratio_slope) s, const real *dot, real *g) {
    const FL(ratio_row) row = *given;
    for (ptrdiff_t i = 0; i < row.n; i += FL_LANES) {
        __builtin_prefetch(row.x + i + 2 * row.n, 1, 3);
        if (!indexed && !marked) __builtin_prefetch(row.target + i + 2 * row.n, 0, 3);
        FL_LANE_LOOP
        for (int l = 0; l < FL_LANES; l++) {
            FL(ratio_element) e = FL(ratio_second)(activation, indexed, marked, &row, i + l);
            real by_p = FL(ratio_by_p)(s, e);
            g[i + l] = activation == FL_SOFTMAX ? e.p * (by_p - dot[i + l]) : e.slope * by_p;
        }
    }
}

/* x -> e^(x - max) of `classes` rows, and one over their sum. x is read once and
 * moves to `e`: rows a power of two apart would push each other out of the cache. */
static void FL(ratio_softmax)(const real *x, ptrdiff_t apart, ptrdiff_t classes, ptrdiff_t n, ptrdiff_t tile,
                              real *restrict e, real *restrict inverse) {
    FL_ALIGNED real largest[FL_RATIO_TILE];
    for (ptrdiff_t i = 0; i < n; i++) largest[i] = e[i] = x[i], inverse[i] = 0;
    for (ptrdiff_t c = 1; c < classes; c++)
        for (ptrdiff_t i = 0; i < n; i++) {
            real v = x[c * apart + i];
            e[c * tile + i] = v;
            largest[i] = FL(max)(largest[i], v);
        }
    for (ptrdiff_t c = 0; c < classes; c++)
        for (ptrdiff_t i = 0; i < n; i++) {
            real v = FL(exp_nonpositive)(e[c * tile + i] - largest[i]);
            e[c * tile + i] = v;
            inverse[i] += v;
        }
    for (ptrdiff_t i = 0; i < n; i++) inverse[i] = 1 / inverse[i];
}
