/* penalties.h -- functions of one array of parameters; there is no target. */

/* l1_penalty: value = |w|    grad = sign(w), 0 at 0 */
static FL_INLINE FL(point) FL(l1_penalty)(real w, real target, real aux, const real *p) {
    (void)target, (void)aux, (void)p;
    return (FL(point)){FL(abs)(w), FL(sign)(w), 0};
}

/* l2_penalty: value = w^2 / 2    grad = w    hess = 1 */
static FL_INLINE FL(point) FL(l2_penalty)(real w, real target, real aux, const real *p) {
    (void)target, (void)aux, (void)p;
    return (FL(point)){(real)0.5 * w * w, w, 1};
}

/* elastic_net_penalty (Zou and Hastie 2005); p[0] = share of the l1 part.
 *   value = p0 |w| + (1 - p0) w^2 / 2 */
static FL_INLINE FL(point) FL(elastic_net_penalty)(real w, real target, real aux, const real *p) {
    (void)target, (void)aux;
    real rest = 1 - p[0];
    return (FL(point)){FL(fma)(p[0], FL(abs)(w), (real)0.5 * rest * w * w),
                       FL(fma)(rest, w, p[0] * FL(sign)(w)), rest};
}
