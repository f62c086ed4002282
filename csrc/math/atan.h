/* atan -- of a ratio or a number, one division either way.
 *
 * With y/x below 1/2, between, or above 2: t = y/x, (y - x)/(y + x), -x/y, so |t| <= 1/2, and
 * atan(y/x) = 0, pi/4, pi/2 + atan t.
 */

/* atan(y/x) for y >= 0, x >= 0, x + y finite or one of them Inf; 0/0 and NaN give NaN, x = 0 gives pi/2. */
static FL_INLINE real FL(atan_ratio)(real y, real x) {
    FL(word) low = FL(less)(y, (real)0.5 * x), high = FL(less)((real)2 * x, y), middle = ~(low | high);
    const real quarter = FL_PICK(0.785398185, 0.78539816339744828);
    const real quarter_low = FL_PICK(-2.1855695e-8, 3.0616169978683829e-17);
    const real half = 2 * quarter, half_low = 2 * quarter_low;
    real base = FL(from_bits)((FL(bits)(quarter) & middle) | (FL(bits)(half) & high));
    real base_low = FL(from_bits)((FL(bits)(quarter_low) & middle) | (FL(bits)(half_low) & high));
    real t = FL(choose)(low, y, FL(choose)(high, -x, y - x)) / FL(choose)(low, x, FL(choose)(high, y, x + y));
    real w = t * t, w2 = w * w, p;
#if REAL_IS_FLOAT
    p = FL(fma)(-0.0514146516f, w, 0.101654140f);
    p = FL(fma)(p, w, -0.141761435f);
    p = FL(fma)(p, w2, FL(fma)(0.199943203f, w, -0.333332367f));
#else
    real q = FL(fma)(0.010136764749534039, w, -0.027464698407340317);
    p = FL(fma)(0.041884467451842361, w, -0.051227336006004036);
    p = FL(fma)(q, w2, p);
    q = FL(fma)(0.058584716009997960, w, -0.066638376232928673);
    p = FL(fma)(p, w2, q);
    q = FL(fma)(0.076920767214179881, w, -0.090908964361290258);
    p = FL(fma)(p, w2, q);
    q = FL(fma)(0.11111110667836730, w, -0.14285714276590004);
    p = FL(fma)(p, w2, q);
    q = FL(fma)(0.19999999999905643, w, -0.33333333333332993);
    p = FL(fma)(p, w2, q);
#endif
    return base + (t + FL(fma)(p * w, t, base_low));
}

/* atan x for every x; keeps the sign of zero. */
static FL_INLINE real FL(atan)(real x) { return FL(with_sign)(FL(atan_ratio)(FL(abs)(x), 1), x); }
