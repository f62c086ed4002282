/* pow -- m^g for m in [0, 1], and for any m >= 0.
 *
 * e^(g log m) would multiply the rounding error of the logarithm by g log m, so the logarithm is kept as a
 * sum of two reals. The leading one has half the significant bits: its product with the leading half of g
 * is exact without an fma. What is left is the logarithm's own error, some 2^-30 in float and 2^-58 in
 * double, times g.
 */

/* x cut to half its significant bits. */
static FL_INLINE real FL(leading)(real x) {
    const FL(word) dropped = ((FL(word))1 << ((FL_MANTISSA + 2) / 2)) - 1;
    return FL(from_bits)(FL(bits)(x) & ~dropped);
}

/* log x for finite x > 0: half the bits returned, the rest stored. */
static FL_INLINE real FL(log_pair)(real x, real *rest) {
    const real grid = FL_PICK(0x1.8p11, 0x1.8p26); /* adding it rounds to multiples of 2^-12, 2^-26 */
    real e, f = FL(log_reduce_any)(x, &e);
    real near = (f + grid) - grid, off = f - near;
    real a = FL(fma)((real)-0.5 * near, near, near); /* exact; near - near^2/2 */
    real b = off - off * ((real)0.5 * (f + near)) + FL(log_tail)(f, (real)0.5 * f * f);
    /* b could be added before the cut, but the chain of operations is long enough without. */
    real high = e * FL_LN2_HIGH, leading = FL(leading)(high + a);
    b = FL(fma)(e, FL_LN2_LOW, b);
    *rest = ((high - leading) + a) + b;
    return leading;
}

/* m^g for m in [0, 1] (subnormals too) and finite g >= 0; 0^0 = 1. NaN in either gives NaN. */
static FL_INLINE real FL(pow_unit)(real m, real g) {
    real rest, leading = FL(log_pair)(m, &rest);
    real g_leading = FL(leading)(g);
    real high = g_leading * leading;
    real low = FL(fma)(g, rest, (g - g_leading) * leading);
    real power = high + low;
    real sum = FL(fma)(power, FL_LOG2E, FL_ROUNDER_DOWN);
    real n = sum - FL_ROUNDER_DOWN;
    real r = FL(fma)(n, -FL_LN2_HIGH, high) + FL(fma)(n, -FL_LN2_LOW, low);
    FL(word) zero = FL(less)(power, FL_PICK(-104.5, -746.0)) | (FL(equal)(m, 0) & FL(less)(0, g));
    real value = FL(zero_if)(zero, FL(exp_scaled)(FL(expm1_reduced)(r), sum, zero));
    return FL(fma)(m, 0, value); /* NaN in m was lost among its bits */
}

/* m^g for finite m >= 0 and finite g; 0^0 = 1, 0^g is Inf for g < 0. NaN in either, and m = Inf, give NaN. */
static FL_INLINE real FL(pow)(real m, real g) {
    const real bias = FL_PICK(254.0, 2046.0), infinity = INFINITY;
    real rest, leading = FL(log_pair)(m, &rest);
    real g_leading = FL(leading)(g);
    real high = g_leading * leading;
    real low = FL(fma)(g, rest, (g - g_leading) * leading);
    real power = high + low;
    real inside = FL(min)(FL_PICK(89.0, 710.0), FL(max)(FL_PICK(-104.5, -746.5), power));
    real sum = FL(fma)(inside, FL_LOG2E, FL_ROUNDER + bias);
    real n = sum - (FL_ROUNDER + bias);
    real r = FL(fma)(n, -FL_LN2_HIGH, high) + FL(fma)(n, -FL_LN2_LOW, low);
    real value = FL(exp_halved)(FL(expm1_reduced)(r), FL(bits)(sum));
    FL(word) none = FL(equal)(m, 0);
    FL(word) zero = (FL(less)(power, FL_PICK(-104.5, -746.5)) & ~none) | (none & FL(less)(0, g));
    FL(word) huge = (FL(less)(FL_PICK(89.0, 710.0), power) & ~none) | (none & FL(less)(g, 0));
    value = FL(choose)(huge, infinity, FL(from_bits)(FL(bits)(value) & ~zero));
    return FL(fma)(m, 0, value); /* NaN in m was lost among its bits */
}
