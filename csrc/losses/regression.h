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
    real r = input - target, a = FL(abs)(r), m = FL(min)(p[0], a), c = m / p[0];
    return (FL(point)){c * FL(fma)((real)-0.5, m, a), FL(with_sign)(c, r), a < p[0] ? 1 / p[0] : (real)0,
                       1 / FL(max)(p[0], a)};
}
