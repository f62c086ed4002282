/* penalties.h -- functions of one array of parameters; there is no target. */

/* An operation that only -0 shows, so that what follows takes w from a register: GCC reads it anew for every use,
 * and vectors that lie across two cache lines are dear. */
static FL_INLINE real FL(in_register)(real w) { return w + 0; }

/* l1_penalty: value = |w|    grad = sign(w), 0 at 0 */
static FL_INLINE FL(point) FL(l1_penalty)(real w, real target, real aux, const real *p) {
    (void)target, (void)aux, (void)p;
    w = FL(in_register)(w);
    return (FL(point)){FL(abs)(w), FL(sign)(w), 0};
}

/* l2_penalty: value = w^2 / 2    grad = w    hess = 1 */
static FL_INLINE FL(point) FL(l2_penalty)(real w, real target, real aux, const real *p) {
    (void)target, (void)aux, (void)p;
    w = FL(in_register)(w);
    return (FL(point)){(real)0.5 * w * w, w, 1};
}

/* elastic_net_penalty (Zou and Hastie 2005); p[0] = share of the l1 part.
 *   value = |w| (p0 + (1 - p0) |w| / 2)    grad = sign(w) (p0 + (1 - p0) |w|), 0 at 0    hess = 1 - p0 */
static FL_INLINE FL(point) FL(elastic_net_penalty)(real w, real target, real aux, const real *p) {
    (void)target, (void)aux;
    w = FL(in_register)(w);
    real rest = 1 - p[0], size = FL(abs)(w), slope = FL(with_sign)(FL(fma)(rest, size, p[0]), w);
    return (FL(point)){size * FL(fma)((real)0.5 * rest, size, p[0]),
                       FL(from_bits)(FL(bits)(slope) & ~FL(equal)(w, 0)), rest};
}
