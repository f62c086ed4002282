/* regression.h -- the formulas of the regression losses. */

/* mse -- squared error.
 *   value = r^2    grad = 2 r    hess = 2        r = input - target */
static FL_INLINE FL(point) FL(mse)(real input, real target, real aux, const real *p) {
    (void)aux, (void)p;
    real r = input - target;
    return (FL(point)){r * r, r + r, 2};
}

/* l1 -- absolute error.
 *   value = |r|    grad = sign(r), 0 at 0    hess = 0    curvature = 1/|r|, constant within the knee */
static FL_INLINE FL(point) FL(l1)(real input, real target, real aux, const real *p) {
    (void)aux;
    real r = input - target, a = FL(abs)(r);
    return (FL(point)){a, FL(sign)(r), 0, 1 / FL(max)(p[FL_KNEE], a)};
}

/* huber -- squared near zero, linear far away (Huber 1964).
 *   c = clip(r, -delta, delta)
 *   value = |c| (|r| - |c|/2)    grad = c    hess = [|r| <= delta]    curvature = min(1, delta/|r|) */
static FL_INLINE FL(point) FL(huber)(real input, real target, real aux, const real *p) {
    (void)aux;
    real r = input - target, a = FL(abs)(r), c = FL(min)(p[0], a);
    return (FL(point)){c * FL(fma)((real)-0.5, c, a), FL(with_sign)(c, r), a <= p[0] ? (real)1 : (real)0,
                       p[0] / FL(max)(p[0], a)};
}

/* smooth_l1 -- huber divided by its threshold beta (Girshick 2015).
 *   c = min(|r|, beta) / beta
 *   value = c (|r| - beta c/2)   grad = sign(r) c    hess = [|r| < beta] / beta
 *   curvature = min(1/beta, 1/|r|) */
static FL_INLINE FL(point) FL(smooth_l1)(real input, real target, real aux, const real *p) {
    (void)aux;
    real r = input - target, a = FL(abs)(r), m = FL(min)(p[0], a), inverse = 1 / p[0];
    real c = a >= p[0] ? (real)1 : m * inverse; /* exact, and NaN for NaN */
    return (FL(point)){c * FL(fma)((real)-0.5, m, a), FL(with_sign)(c, r), a < p[0] ? inverse : (real)0,
                       1 / FL(max)(p[0], a)};
}

/* log_cosh -- squared near zero, linear far away, smooth throughout.
 *   value = log cosh r    grad = tanh r    hess = 1 - tanh(r)^2 = 4 s (1 - s), s = z/(1 + z), z = e^(-2|r|)
 *   curvature = tanh(r)/r */
static FL_INLINE FL(point) FL(log_cosh)(real input, real target, real aux, const real *p) {
    (void)aux, (void)p;
    const real small = (real)1e-4;
    real r = input - target, a = FL(abs)(r), z = FL(exp_minus)(2 * a), s = z / (1 + z), slope = FL(tanh)(r);
    return (FL(point)){FL(lncosh)(r), slope, 4 * s * (1 - s),
                       FL(choose)(FL(less)(a, small), 1, FL(abs)(slope) / FL(max)(small, a))};
}

/* quantile -- pinball loss (Koenker and Bassett 1978); p[0] = quantile.
 *   c = p0 where r < 0, 1 - p0 elsewhere
 *   value = c |r|    grad = sign(r) c, 0 at 0    hess = 0    curvature = 1/(2 |r|), constant within the knee */
static FL_INLINE FL(point) FL(quantile)(real input, real target, real aux, const real *p) {
    (void)aux;
    real r = input - target, a = FL(abs)(r), c = FL(choose)(FL(less)(r, 0), p[0], 1 - p[0]);
    return (FL(point)){c * a, c * FL(sign)(r), 0, 1 / (2 * FL(max)(p[FL_KNEE], a))};
}

/* expectile -- squared error with two slopes (Newey and Powell 1987); p[0] = expectile.
 *   c as for quantile
 *   value = c r^2    grad = 2 c r    hess = 2 c */
static FL_INLINE FL(point) FL(expectile)(real input, real target, real aux, const real *p) {
    (void)aux;
    real r = input - target, c = FL(choose)(FL(less)(r, 0), p[0], 1 - p[0]), slope = 2 * c * r;
    return (FL(point)){c * r * r, slope, 2 * c};
}

/* t e, where e is an exponential: 0 times an overflow is 0. */
static FL_INLINE real FL(times_exp)(real t, real e) {
    FL(word) nothing = FL(equal)(t, 0) & FL(equal)(e, (real)INFINITY);
    return FL(from_bits)(FL(bits)(t * e) & ~nothing);
}

/* What Stirling says log t! is; 0 for t <= 1 (torch). */
static FL_INLINE real FL(stirling)(real t) {
    const real half_log_tau = FL_PICK(0.918938533, 0.91893853320467274);
    real value = FL(fma)(t + (real)0.5, FL(log)(t), half_log_tau - t);
    return FL(from_bits)(FL(bits)(value) & FL(less)(1, t));
}

/* poisson_nll -- on the logarithm of the mean.
 *   value = e^x - t x    grad = e^x - t    hess = e^x */
static FL_INLINE FL(point) FL(poisson_nll_log)(real x, real t, real aux, const real *p) {
    (void)aux, (void)p;
    real e = FL(exp)(x);
    return (FL(point)){FL(fma)(-t, x, e), e - t, e};
}
/* ... on the mean itself; p[2] = eps, m = x + eps.
 *   value = x - t log m    grad = 1 - t / m    hess = t / m^2 */
static FL_INLINE FL(point) FL(poisson_nll_mean)(real x, real t, real aux, const real *p) {
    (void)aux;
    real m = x + p[2], s = t / m;
    return (FL(point)){FL(fma)(-t, FL(log)(m), x), 1 - s, s / m};
}
/* ... with the term log t!, which no derivative sees; p[0]: x is the logarithm. */
static FL_INLINE FL(point) FL(poisson_nll)(real x, real t, real aux, const real *p) {
    FL(word) is_log = ~FL(equal)(p[0], 0);
    FL(point) a = FL(poisson_nll_log)(x, t, aux, p), b = FL(poisson_nll_mean)(x, t, aux, p);
    return (FL(point)){FL(choose)(is_log, a.value, b.value) + FL(stirling)(t),
                       FL(choose)(is_log, a.grad, b.grad), FL(choose)(is_log, a.hess, b.hess)};
}

/* gamma_nll -- of shape 1 (an exponential distribution), on the logarithm of the mean.
 *   s = t e^-x
 *   value = s + x    grad = 1 - s    hess = s */
static FL_INLINE FL(point) FL(gamma_nll)(real x, real t, real aux, const real *p) {
    (void)aux, (void)p;
    real s = FL(times_exp)(t, FL(exp)(-x));
    return (FL(point)){s + x, 1 - s, s};
}
/* ... on the mean itself; p[1] = eps, m = x + eps, s = t / m.
 *   value = s + log m    grad = (1 - s) / m    hess = (2 s - 1) / m^2 */
static FL_INLINE FL(point) FL(gamma_nll_mean)(real x, real t, real aux, const real *p) {
    (void)aux;
    real m = x + p[1], i = 1 / m, s = t * i;
    return (FL(point)){s + FL(log)(m), i * (1 - s), i * i * FL(fma)(2, s, -1)};
}

/* tweedie -- on the logarithm of the mean (Tweedie 1984); p[0] = power, neither 1 nor 2.
 *   a = 1 - p0, b = 2 - p0
 *   value = e^(b x) / b - t e^(a x) / a    grad = e^(b x) - t e^(a x)    hess = b e^(b x) - a t e^(a x)
 *   curvature = the positive ones of these terms */
static FL_INLINE FL(point) FL(tweedie)(real x, real t, real aux, const real *p) {
    (void)aux;
    real a = 1 - p[0], b = 2 - p[0];
    real s = FL(times_exp)(t, FL(exp)(a * x)), e = FL(exp)(b * x);
    return (FL(point)){FL(fma)(e, 1 / b, -(s * (1 / a))), e - s, FL(fma)(b, e, -(a * s)),
                       FL(max)(0, b * e) + FL(max)(0, -(a * s))};
}

/* gaussian_nll -- one variance for all (Nix and Weigend 1994); p[0] = full, p[1] = eps, p[2] = variance.
 *   v = max(variance, eps), of which the derivatives know nothing (torch)
 *   value = (log v + r^2 / v) / 2 + p0 log(2 pi) / 2    grad = r / v    hess = 1 / v */
static FL_INLINE FL(point) FL(gaussian_nll_of)(real r, real v, const real *p) {
    const real half_log_tau = FL_PICK(0.918938533, 0.91893853320467274);
    real slope = r / v;
    real value = (real)0.5 * FL(fma)(r, slope, FL(log)(v));
    return (FL(point)){FL(fma)(p[0], half_log_tau, value), slope, 1 / v};
}
static FL_INLINE FL(point) FL(gaussian_nll)(real input, real target, real aux, const real *p) {
    (void)aux;
    return FL(gaussian_nll_of)(input - target, FL(max)(p[1], p[2]), p);
}
/* ... a variance for each; NaN where it is negative. */
static FL_INLINE FL(point) FL(gaussian_nll_var)(real input, real target, real var, const real *p) {
    const real nan = NAN;
    FL(word) negative = FL(bits)(nan) & FL(less)(var, 0);
    return FL(gaussian_nll_of)(input - target, FL(from_bits)(FL(bits)(FL(max)(p[1], var)) | negative), p);
}
/* ... and its derivatives by the variance; the value is not asked for.
 *   grad = (1 - r^2 / v) / (2 v)    hess = (r^2 / v - 1/2) / v^2 */
static FL_INLINE FL(point) FL(gaussian_nll_by_var)(real input, real target, real var, const real *p) {
    real r = input - target, i = 1 / FL(max)(p[1], var), s = r * r * i;
    return (FL(point)){0, (real)0.5 * i * (1 - s), i * i * (s - (real)0.5)};
}
/* ... the first of them in the place of hess. */
static FL_INLINE FL(point) FL(gaussian_nll_both)(real input, real target, real var, const real *p) {
    FL(point) r = FL(gaussian_nll_var)(input, target, var, p);
    r.hess = FL(gaussian_nll_by_var)(input, target, var, p).grad;
    return r;
}

/* msle -- squared error of logarithms: d = log((1 + x) / (1 + t)).
 * The logarithm is that of the rounded quotient q, and 1 + x - q (1 + t), which is exact but for one
 * rounding, mends it: near x = t no digit is lost.
 *   value = d^2    grad = 2 d / (1 + x)    hess = 2 (1 - d) / (1 + x)^2    curvature = max(hess, 2 / (1 + x)^2) */
static FL_INLINE FL(point) FL(msle)(real x, real t, real aux, const real *p) {
    (void)aux, (void)p;
    real u = 1 + x, i = 1 / u, q = u / (1 + t);
    real rest = FL(fma)(-q, t, x) + (1 - q);
    real d = FL(log)(q) + FL(max)(rest * i, -1);      /* NaN at the ends, where log q is infinite */
    return (FL(point)){d * d, 2 * d * i, 2 * (1 - d) * i * i, 2 * (1 + FL(max)(0, -d)) * i * i};
}

/* mape -- absolute error relative to the target (de Myttenaere et al. 2016); p[0] = eps.
 *   m = max(|t|, eps)
 *   value = |r| / m    grad = sign(r) / m    hess = 0    curvature = 1/(m |r|), constant within the knee */
static FL_INLINE FL(point) FL(mape)(real input, real target, real aux, const real *p) {
    (void)aux;
    real r = input - target, a = FL(abs)(r), i = 1 / FL(max)(p[0], FL(abs)(target));
    return (FL(point)){a * i, FL(sign)(r) * i, 0, i / FL(max)(p[FL_KNEE], a)};
}
