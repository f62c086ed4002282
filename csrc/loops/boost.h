/* boost.h -- what gradient boosting wants of a block besides the loss: rows checked, a floor under the
 * curvature. The blocks are in the first-level cache, so that neither costs a pass over memory. */

/* Whether a number is not finite or not between the limits. */
static FL_INLINE int FL(outside)(const real *x, ptrdiff_t n, double least, double greatest) {
    const double most = FL_PICK(0x1.fffffep127, 0x1.fffffffffffffp1023);
    const real low = (real)(least < -most ? -most : least), high = (real)(greatest > most ? most : greatest);
    FL(word) bad = 0;
    for (ptrdiff_t i = 0; i < n; i++) bad |= ~(-(FL(word))(x[i] >= low) & -(FL(word))(x[i] <= high));
    return bad != 0;
}

/* Whether a label is none of -1, 0, 1; the labels as -1 and 1. */
static FL_INLINE int FL(as_signs)(const real *t, ptrdiff_t n, real *out) {
    FL(word) bad = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        bad |= ~(FL(equal)(t[i], 0) | FL(equal)(FL(abs)(t[i]), 1));
        out[i] = t[i] > 0 ? (real)1 : (real)-1;
    }
    return bad != 0;
}

/* The labels as the formula is to see them, in `scratch` where they change. */
static const real *FL(boost_check)(fl_boost *boost, const real *x, const real *t, const real *w, ptrdiff_t n,
                                   real *scratch) {
    int bad = FL(outside)(x, n, boost->least, INFINITY) | FL(outside)(t, n, boost->low, boost->high);
    if (w) bad |= FL(outside)(w, n, -INFINITY, INFINITY);
    if (boost->signs) {
        bad |= FL(as_signs)(t, n, scratch);
        t = scratch;
    }
    if (bad) __atomic_store_n(&boost->bad, 1, __ATOMIC_RELAXED);
    return t;
}

/* The curvature away from zero by a floor, on the side where scale puts it. */
static void FL(raise)(real *h, ptrdiff_t n, real floor, real scale) {
    if (scale < 0) {
        FL_LANE_LOOP
        for (ptrdiff_t i = 0; i < n; i++) h[i] = FL(min)(-floor, h[i]);
    } else {
        FL_LANE_LOOP
        for (ptrdiff_t i = 0; i < n; i++) h[i] = FL(max)(floor, h[i]);
    }
}
