/* classification.h -- the formulas of the classification losses.
 *
 * With p = 1/(1 + e^-x), q = 1 - p, z = e^-|x|, tail = log(1 + z) and
 * c = t where x < 0, 1 - t elsewhere, the binary cross entropy on logits is
 *     bce = |x| c + tail          d bce/dx = sign(x) (c - z/(1 + z))  = p - t
 * which cancels nowhere. Formulas marked FL_LOGIT get z from the loop. */

typedef struct {
    real p, q, large, small, z, c, bce, d;   /* large, small: the greater and lesser of p, q */
    FL(word) negative;
} FL(logit);

static FL_INLINE FL(logit) FL(read_logit)(real x, real t, real z) {
    FL(logit) r;
    r.z = z;
    r.large = 1 / (1 + r.z);
    r.small = r.z * r.large;
    r.negative = FL(less)(x, 0);
    r.p = FL(choose)(r.negative, r.small, r.large);
    r.q = FL(choose)(r.negative, r.large, r.small);
    r.c = FL(choose)(r.negative, t, 1 - t);
    r.bce = FL(fma)(FL(abs)(x), r.c, FL(log1p_unit)(r.z));
    r.d = FL(choose)(r.negative, r.small - r.c, r.c - r.small);
    return r;
}

/* binary_cross_entropy_with_logits
 *   value = bce    grad = p - t    hess = p q */
static FL_INLINE FL(point) FL(binary_cross_entropy_with_logits)(real x, real t, real z, const real *p) {
    (void)p;
    FL(logit) r = FL(read_logit)(x, t, z);
    return (FL(point)){r.bce, r.d, r.large * r.small};
}

/* ... with pos_weight w: the positive part t log p counts w times; l = 1 + (w - 1) t.
 *   value = |x| c + l tail   with c = w t where x < 0, 1 - t elsewhere
 *   grad = l p - w t where x < 0, (1 - t) - l q elsewhere    hess = l p q */
static FL_INLINE FL(point) FL(binary_cross_entropy_with_logits_pos)(real x, real t, real w, const real *p) {
    (void)p;
    real a = FL(abs)(x), z = FL(exp_minus)(a), large = 1 / (1 + z), small = z * large;
    FL(word) negative = FL(less)(x, 0);
    real l = FL(fma)(w - 1, t, 1), c = FL(choose)(negative, w * t, 1 - t);
    real g = FL(fma)(-l, small, c);
    return (FL(point)){FL(fma)(a, c, l * FL(log1p_unit)(z)), FL(choose)(negative, -g, g), l * large * small};
}

/* binary_cross_entropy (log loss) on probabilities; logarithms not below -100.
 *   value = -(t log x + (1 - t) log(1 - x))
 *   grad = (x - t) / max(x (1 - x), 1e-12)
 *   hess = t / x^2 + (1 - t) / (1 - x)^2 */
static FL_INLINE FL(point) FL(binary_cross_entropy)(real x, real t, real aux, const real *p) {
    (void)aux, (void)p;
    const real lowest = -100, least = (real)1e-12, least_square = (real)1e-24;
    real y = 1 - x;
    real log_x = FL(max)(lowest, FL(log)(x)), log_y = FL(max)(lowest, FL(log1p)(-x));
    return (FL(point)){(t - 1) * log_y - t * log_x, (x - t) / FL(max)(least, x * y),
                       t / FL(max)(least_square, x * x) + (1 - t) / FL(max)(least_square, y * y)};
}

/* hinge -- targets -1 and +1; of m = 1 - t x it is (m + |m|)/2.
 *   value = max(0, m)    grad = -t [m > 0]    hess = 0    curvature = min(1, 1/(2 |m|)) */
static FL_INLINE FL(point) FL(hinge)(real x, real t, real aux, const real *p) {
    (void)aux, (void)p;
    real margin = FL(fma)(-t, x, 1);
    return (FL(point)){FL(max)(0, margin), margin > 0 ? -t : (real)0, 0, 1 / FL(max)(1, 2 * FL(abs)(margin))};
}

/* A binary cross entropy with a factor that falls with the probability m of being
 * wrong: value = at m^g bce, where dm/dx = e p q. Given m^g, its derivatives as
 * once = m^(g-1) p q and twice = m^(g-2) (p q)^2. The curvature has of the three terms of the second
 * derivative what is positive; with 0/1 labels a Newton step is then never longer than that of bce. */
static FL_INLINE FL(point)
    FL(focal)(FL(logit) r, real at, real g, real e, real power, real once, real twice) {
    real pq = r.large * r.small, slope = g * e * once;
    real curve = FL(fma)(g * (g - 1) * e * e, twice, slope * (r.q - r.p));
    return (FL(point)){
        at * power * r.bce,
        at * FL(fma)(slope, r.bce, power * r.d),
        at * FL(fma)(curve, r.bce, FL(fma)(2 * slope, r.d, power * pq)),
        at * FL(fma)(FL(max)(0, curve), r.bce, FL(fma)(2, FL(max)(0, slope * r.d), power * pq)),
    };
}

/* sigmoid_focal (Lin et al. 2017); p[0] = alpha (-1: off), p[1] = gamma.
 *   m = t q + (1 - t) p    at = alpha t + (1 - alpha)(1 - t)
 *   value = at m^gamma bce */
static FL_INLINE real FL(focal_alpha)(real t, real alpha) {
    return alpha < 0 ? 1 : FL(fma)(alpha, t, (1 - alpha) * (1 - t));
}
static FL_INLINE FL(point) FL(sigmoid_focal)(real x, real t, real z, const real *p) {
    FL(logit) r = FL(read_logit)(x, t, z);
    real inner = FL(fma)(1 - r.c, r.z, r.c);                 /* m / large */
    real ratio = r.small / FL(max)(FL_TINY, inner);          /* p q / m */
    real power = FL(pow_unit)(r.large * inner, p[1]), once = power * ratio;
    return FL(focal)(r, FL(focal_alpha)(t, p[0]), p[1], 1 - 2 * t, power, once, once * ratio);
}
/* ... gamma = 2, by far the most common: no power, no second division. */
static FL_INLINE FL(point) FL(sigmoid_focal_square)(real x, real t, real z, const real *p) {
    FL(logit) r = FL(read_logit)(x, t, z);
    real m = r.large * FL(fma)(1 - r.c, r.z, r.c), pq = r.large * r.small;
    return FL(focal)(r, FL(focal_alpha)(t, p[0]), 2, 1 - 2 * t, m * m, m * pq, pq * pq);
}

/* varifocal (Zhang et al. 2021); target = quality, positive where > 0; p[0] = alpha, p[1] = gamma.
 *   value = t bce for positives, alpha p^gamma bce for the rest */
static FL_INLINE FL(point) FL(varifocal_power)(FL(logit) r, real t, real power, const real *p) {
    FL(word) positive = FL(less)(0, t);
    power = FL(choose)(positive, 1, power);
    return FL(focal)(r, FL(choose)(positive, t, p[0]), FL(choose)(positive, 0, p[1]), 1, power, power * r.q,
                     power * r.q * r.q);
}
static FL_INLINE FL(point) FL(varifocal)(real x, real t, real z, const real *p) {
    FL(logit) r = FL(read_logit)(x, t, z);
    return FL(varifocal_power)(r, t, FL(pow_unit)(r.p, p[1]), p);
}
static FL_INLINE FL(point) FL(varifocal_square)(real x, real t, real z, const real *p) {
    FL(logit) r = FL(read_logit)(x, t, z);
    return FL(varifocal_power)(r, t, r.p * r.p, p);
}
