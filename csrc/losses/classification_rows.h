/* classification_rows.h -- the formulas of losses over rows, from the log-probability l = log P_t of the
 * row's class t, and from P_t, which takes no longer: e^l would wait for the logarithm. Slope and curve are
 * derivatives by l. */

/* log_loss -- cross entropy, distribution focal loss.
 *   value = -l    slope = -1    curve = 0 */
static FL_INLINE FL(row_point) FL(log_loss)(real log_p, real p_t, const real *p) {
    (void)p, (void)p_t;
    return (FL(row_point)){0 - log_p, -1, 0};
}

/* P_t; Q = 1 - P_t without cancellation; l, raised where it is -Inf so far that P_t l is 0. */
typedef struct {
    real p, q, l;
} FL(row_probability);
static FL_INLINE FL(row_probability) FL(read_row)(real log_p, real p) {
    real q = FL(choose)(FL(less)((real)-0.34, log_p), -FL(expm1_reduced)(log_p), 1 - p);
    return (FL(row_probability)){p, q, FL(max)((real)-2000, log_p)};
}

/* softmax_focal (Lin et al. 2017); p[0] = gamma.
 *   value = -Q^gamma l    slope = Q^gamma (gamma P r - 1)    r = l / Q
 *   curve = gamma P Q^(gamma-1) (2 + l - (gamma - 1) P r)
 * Since a sum of exponentials is rounded, Q is 0 or at least an ulp of 1: no power of it overflows. */
static FL_INLINE FL(row_point) FL(softmax_focal)(real log_p, real p_t, const real *p) {
    FL(row_probability) t = FL(read_row)(log_p, p_t);
    real gamma = FL(min)((real)1e15, p[0]);           /* whose square is finite in float */
    real power = FL(pow_unit)(t.q, gamma);
    real inverse = 1 / FL(max)(FL_TINY, t.q), bent = t.p * t.l * inverse;
    return (FL(row_point)){
        0 - power * log_p,
        power * FL(fma)(gamma, bent, -1),
        gamma * t.p * power * inverse * FL(fma)(1 - gamma, bent, 2 + t.l),
    };
}

/* ... gamma = 2, by far the most common: no power, no division. */
static FL_INLINE FL(row_point) FL(softmax_focal_square)(real log_p, real p_t, const real *p) {
    (void)p;
    FL(row_probability) t = FL(read_row)(log_p, p_t);
    real pl = t.p * t.l;
    return (FL(row_point)){
        0 - t.q * t.q * log_p,
        t.q * FL(fma)(2, pl, -t.q),
        2 * t.p * FL(fma)(t.q, 2 + t.l, -pl),
    };
}

/* poly1 -- the first term of the loss as a polynomial of Q has another factor (Leng et al. 2022);
 * p[0] = epsilon.
 *   value = -l + epsilon Q    slope = -1 - epsilon P    curve = -epsilon P */
static FL_INLINE FL(row_point) FL(poly1)(real log_p, real p_t, const real *p) {
    FL(row_probability) t = FL(read_row)(log_p, p_t);
    return (FL(row_point)){FL(fma)(p[0], t.q, 0 - log_p), FL(fma)(-p[0], t.p, -1), -p[0] * t.p};
}
