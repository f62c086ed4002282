/* exp -- e^x, at most 1 ulp; subnormal results are rounded once, NaN propagates.
 *
 * x = n ln 2 + r with |r| <= ln 2 / 2, e^x = 2^n e^r, e^r by a polynomial. n is read off the low bits of
 * the sum with FL_ROUNDER, where it already carries the exponent's bias, so 2^n costs one shift.
 */

#define FL_LOG2E FL_PICK(1.44269504, 1.44269504088896341)
/* ln 2 = high + low; n times high is exact for every n that occurs, with and without fma. */
#define FL_LN2_HIGH FL_PICK(0.693145752, 0.6931471805601177)
#define FL_LN2_LOW FL_PICK(1.42860682e-6, -1.7239444525614835e-13)

/* e^r - 1 for |r| <= ln 2 / 2. */
static FL_INLINE real FL(expm1_reduced)(real r) {
#if REAL_IS_FLOAT
    real r2 = r * r;
    real low = FL(fma)(0.166665206f, r, 0.499999934f);
    real high = FL(fma)(0.00836871589f, r, 0.0416683882f);
    high = FL(fma)(0.00138145889f, r2, high);
    return FL(fma)(FL(fma)(high, r2, low), r2, r);
#else
    real r2 = r * r, r4 = r2 * r2;
    real a = FL(fma)(0.16666666666666412, r, 0.50000000000000106);
    real b = FL(fma)(0.0083333333334944780, r, 0.041666666666530168);
    real c = FL(fma)(0.00019841269506549686, r, 0.0013888888943627829);
    real d = FL(fma)(2.7557586395392264e-6, r, 2.4801493101244675e-5);
    real e = FL(fma)(2.5000055671018860e-8, r, 2.7630247536115133e-7);
    a = FL(fma)(b, r2, a);
    c = FL(fma)(FL(fma)(e, r2, d), r2, c);
    return FL(fma)(FL(fma)(c, r4, a), r2, r);
#endif
}

/* n = x log2(e) rounded, still inside the sum; *r = x - n ln 2. */
static FL_INLINE real FL(exp_reduce)(real x, real rounder, real *r) {
    real sum = FL(fma)(x, FL_LOG2E, rounder);
    real n = sum - rounder;
    *r = FL(fma)(n, -FL_LN2_LOW, FL(fma)(n, -FL_LN2_HIGH, x));
    return sum;
}

/* 2^n (1 + power) for n from -1075 (-150 in float) to 0, where sum = exp_reduce with FL_ROUNDER_DOWN; 0 where
 * `gone`. The detour by 2^(n + 64) reaches the subnormals. Results that are 0 anyway have a factor 0 from the
 * start: x86 takes a hundred cycles for each product that becomes subnormal, and logits of -1e9 are common. */
#define FL_ROUNDER_DOWN (FL_ROUNDER + FL_PICK(191.0, 1535.0))
#define FL_DETOUR FL_PICK(0x1p-64, 0x1p-512)
static FL_INLINE real FL(exp_scaled)(real power, real sum, FL(word) gone) {
    real scale = FL(from_bits)((FL(bits)(sum) << FL_MANTISSA) & ~gone);
    return FL(fma)(scale, power, scale) * FL_DETOUR;
}

/* e^x for x <= 0; -Inf gives +0. Right up to x = 40 (300 in double) too, and wrong beyond. */
static FL_INLINE real FL(exp_nonpositive)(real x) {
    const real lowest = FL_PICK(-104.0, -746.0);
    FL(word) gone = FL(less)(x, lowest);
    real r, sum = FL(exp_reduce)(FL(max)(lowest, x), FL_ROUNDER_DOWN, &r);
    return FL(exp_scaled)(FL(expm1_reduced)(r), sum, gone);
}

/* e^-a for a >= 0: exp_nonpositive(-a) in fewer operations. */
static FL_INLINE real FL(exp_minus)(real a) {
    const real highest = FL_PICK(104.0, 746.0);
    FL(word) gone = FL(less)(highest, a);
    real sum, n, r;
    a = FL(min)(highest, a);
    sum = FL(fma)(a, -FL_LOG2E, FL_ROUNDER_DOWN);
    n = sum - FL_ROUNDER_DOWN;
    r = FL(fma)(n, FL_LN2_LOW, FL(fma)(n, FL_LN2_HIGH, a));
    return FL(exp_scaled)(FL(expm1_reduced)(-r), sum, gone);
}

/* e^-a for a >= 0, and 1 - e^-a to full relative accuracy next to 0 too. What would be subnormal, and slow,
 * stays the smallest normal power instead. */
static FL_INLINE real FL(exp_and_rest)(real a, real *rest) {
    real sum, n, r, scale, power;
    a = FL(min)(FL_PICK(87.0, 708.0), a);
    sum = FL(fma)(a, -FL_LOG2E, FL_ROUNDER_DOWN);
    n = sum - FL_ROUNDER_DOWN;
    r = FL(fma)(n, FL_LN2_LOW, FL(fma)(n, FL_LN2_HIGH, a));
    scale = FL(from_bits)(FL(bits)(sum) << FL_MANTISSA) * FL_DETOUR, power = FL(expm1_reduced)(-r);
    *rest = FL(fma)(-scale, power, 1 - scale);
    return FL(fma)(scale, power, scale);
}

/* 2^n (1 + power) in two factors, since n, in the low bits of the word, runs past both ends of the exponent's
 * range. */
static FL_INLINE real FL(exp_halved)(real power, FL(word) n) {
    FL(word) half = n >> 1;
    real scale = FL(from_bits)(half << FL_MANTISSA);
    return FL(fma)(scale, power, scale) * FL(from_bits)((n - half) << FL_MANTISSA);
}

/* e^x for every x. */
static FL_INLINE real FL(exp)(real x) {
    const real bias = FL_PICK(254.0, 2046.0);
    x = FL(min)(FL_PICK(89.0, 710.0), FL(max)(FL_PICK(-104.0, -746.0), x));
    real r, sum = FL(exp_reduce)(x, FL_ROUNDER + bias, &r);
    return FL(exp_halved)(FL(expm1_reduced)(r), FL(bits)(sum));
}
