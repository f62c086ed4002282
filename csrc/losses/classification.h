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
    r.negative = FL(signed)(x);
    r.p = FL(choose)(r.negative, r.small, r.large);
    r.q = FL(choose)(r.negative, r.large, r.small);
    r.c = FL(choose)(r.negative, t, 1 - t);
    r.bce = FL(fma)(FL(abs)(x), r.c, FL(log1p_unit)(r.z));
    r.d = FL(flip)(r.c - r.small, x);
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
    real log_y, log_x = FL(max)(lowest, FL(log_and_rest)(x, &log_y));
    log_y = FL(max)(lowest, log_y);
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

/* squared_hinge -- targets -1 and +1, m = max(0, 1 - t x).
 *   value = m^2    grad = -2 t m    hess = 2 t^2 [t x < 1]    curvature = 2 t^2 */
static FL_INLINE FL(point) FL(squared_hinge)(real x, real t, real aux, const real *p) {
    (void)aux, (void)p;
    real margin = FL(fma)(-t, x, 1), m = FL(max)(0, margin);
    return (FL(point)){m * m, -2 * t * m, margin > 0 ? 2 * t * t : (real)0, 2 * t * t};
}

/* exponential -- targets -1 and +1 (Freund and Schapire 1997).
 *   value = e^(-t x)    grad = -t value    hess = t^2 value */
static FL_INLINE FL(point) FL(exponential)(real x, real t, real aux, const real *p) {
    (void)aux, (void)p;
    real e = FL(exp)(-(t * x)), slope = -t * e;
    return (FL(point)){e, slope, -t * slope};
}

/* soft_margin -- the log loss of logits, for targets -1 and +1; z = e^-|t x|.
 *   value = max(0, -t x) + log(1 + z)    grad = -t s, s = 1 / (1 + e^(t x))    hess = t^2 s (1 - s) */
static FL_INLINE FL(point) FL(soft_margin)(real x, real t, real aux, const real *p) {
    (void)aux, (void)p;
    real u = t * x, z = FL(exp_minus)(FL(abs)(u)), large = 1 / (1 + z), small = z * large;
    return (FL(point)){FL(max)(0, -u) + FL(log1p_unit)(z), -t * FL(choose)(FL(less)(u, 0), large, small),
                       t * t * large * small};
}

/* hinge_embedding -- of distances x; p[0] = margin; targets that are neither count as both (torch).
 *   t = 1:  value = x                     grad = 1
 *   t = -1: value = max(0, margin - x)    grad = -1 where x <= margin    hess = 0 */
static FL_INLINE FL(point) FL(hinge_embedding)(real x, real t, real aux, const real *p) {
    (void)aux;
    FL(word) near = ~FL(equal)(t, -1), apart = ~FL(equal)(t, 1);
    const real one = 1;
    real rest = p[0] - x, push = rest >= 0 ? (real)-1 : (real)0;
    real value = FL(from_bits)(FL(bits)(x) & near) + FL(from_bits)(FL(bits)(FL(max)(0, rest)) & apart);
    real grad = FL(from_bits)(FL(bits)(one) & near) + FL(from_bits)(FL(bits)(push) & apart);
    return (FL(point)){value, grad, 0};
}

/* kl_div -- of logarithms x and probabilities t; 0 log 0 = 0.
 *   value = t log t - t x    grad = -t    hess = 0 */
static FL_INLINE FL(point) FL(kl_div)(real x, real t, real aux, const real *p) {
    (void)aux, (void)p;
    real plogp = FL(from_bits)(FL(bits)(t * FL(log)(t)) & ~FL(equal)(t, 0));
    return (FL(point)){FL(fma)(-t, x, plogp), -t, 0};
}
/* ... of logarithms both.
 *   value = e^t (t - x)    grad = -e^t */
static FL_INLINE FL(point) FL(kl_div_log)(real x, real t, real aux, const real *p) {
    (void)aux, (void)p;
    real e = FL(exp)(t);
    return (FL(point)){e * (t - x), -e, 0};
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
    const real of_ones = alpha < 0 ? 1 : alpha, of_zeros = alpha < 0 ? 1 : 1 - alpha;
    return FL(fma)(of_ones, t, of_zeros * (1 - t));
}
static FL_INLINE FL(point) FL(sigmoid_focal)(real x, real t, real z, const real *p) {
    FL(logit) r = FL(read_logit)(x, t, z);
    real inner = FL(fma)(1 - r.c, r.z, r.c);                 /* m / large */
    real ratio = r.small / FL(max)(FL_TINY, inner);          /* p q / m */
    real power = FL(pow_unit)(r.large * inner, p[1]), once = power * ratio;
    return FL(focal)(r, FL(focal_alpha)(t, p[0]), p[1], FL(fma)(-2, t, 1), power, once, once * ratio);
}
/* ... gamma = 2, by far the most common: no power, no second division. */
static FL_INLINE FL(point) FL(sigmoid_focal_square)(real x, real t, real z, const real *p) {
    FL(logit) r = FL(read_logit)(x, t, z);
    real m = r.large * FL(fma)(1 - r.c, r.z, r.c), pq = r.large * r.small;
    return FL(focal)(r, FL(focal_alpha)(t, p[0]), 2, FL(fma)(-2, t, 1), m * m, m * pq, pq * pq);
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

/* quality_focal (Li et al. 2020); target = quality in [0, 1], p[0] = beta.
 *   value = |p - t|^beta bce */
static FL_INLINE FL(point) FL(quality_focal)(real x, real t, real z, const real *p) {
    FL(logit) r = FL(read_logit)(x, t, z);
    real m = FL(abs)(r.d), ratio = r.large * r.small / FL(max)(FL_TINY, m);
    real power = FL(pow_unit)(m, p[0]), once = power * ratio;
    return FL(focal)(r, 1, p[0], FL(with_sign)(1, r.d), power, once, once * ratio);
}
static FL_INLINE FL(point) FL(quality_focal_square)(real x, real t, real z, const real *p) {
    (void)p;
    FL(logit) r = FL(read_logit)(x, t, z);
    real m = FL(abs)(r.d), pq = r.large * r.small;
    return FL(focal)(r, 1, 2, FL(with_sign)(1, r.d), m * m, m * pq, pq * pq);
}

/* asymmetric (Ridnik et al. 2021); p[] = gamma_neg, gamma_pos, clip, eps.
 *   n = min(q + clip, 1)    u = t q + (1 - t) (1 - n)    g = t gamma_pos + (1 - t) gamma_neg
 *   b = -t log max(p, eps) - (1 - t) log max(n, eps)
 *   value = u^g b
 * A logarithm below its floor, and n = 1, have no derivative. The curvature is that of the focal losses. */
static FL_INLINE FL(point) FL(asymmetric)(real x, real t, real z, const real *p) {
    FL(logit) r = FL(read_logit)(x, t, z);
    real f = 1 - t, pq = r.large * r.small, turn = r.q - r.p;
    FL(word) whole = FL(equal)(p[2], 0);      /* no clip: n = q, whose logarithm needs no n */
    real sum = r.q + p[2], n = FL(min)(1, sum), i = 1 / FL(max)(FL_TINY, n), far = FL(max)(0, r.p - p[2]);
    /* 1 - n is known better than n where it is small */
    real lost = n > (real)0.5 ? (1 - n) - far : (real)0, tail = FL(log1p_unit)(r.z);
    real log_p = FL(min)(0, x) - tail;
    real log_n = FL(choose)(whole, FL(min)(0, -x) - tail, FL(fma)(-lost, i, FL(log)(n)));
    real floor = FL(log)(p[3]), share = FL(choose)(whole, r.p, pq * i);
    real on_p = r.p >= p[3] ? t : (real)0, moves = sum <= 1 ? f : (real)0;
    real on_n = n >= p[3] ? moves : (real)0;
    /* b, u and their derivatives */
    real b = -FL(fma)(t, FL(max)(floor, log_p), f * FL(max)(floor, log_n));
    real b1 = FL(fma)(on_n, share, -(on_p * r.q)), b2 = FL(fma)(on_n * share, share + turn, on_p * pq);
    real u = FL(fma)(t, r.q, f * far), g = FL(fma)(t, p[1], f * p[0]), c = moves - t;
    real power = FL(pow_unit)(u, g), ratio = pq / FL(max)(FL_TINY, u), once = power * ratio * c;
    real w1 = g * once, w2 = g * FL(fma)((g - 1) * once, ratio * c, once * turn);
    return (FL(point)){power * b, FL(fma)(w1, b, power * b1), FL(fma)(w2, b, FL(fma)(2 * w1, b1, power * b2)),
                       FL(fma)(FL(max)(0, w2), b, FL(fma)(2, FL(max)(0, w1 * b1), power * FL(max)(0, b2)))};
}
