/* log -- natural logarithm of x and of 1 + x, at most 2 ulp.
 *
 * x = 2^e (1 + f) with 1 + f in [sqrt 1/2, sqrt 2), log x = e ln 2 + f - f^2/2 + tail(f). The integer e
 * becomes a real by way of the low mantissa bits, because AVX2 cannot convert 64-bit integers.
 */

/* log(1 + f) - f + f^2/2 on the reduced range. */
static FL_INLINE real FL(log_tail)(real f, real half_square) {
#if REAL_IS_FLOAT
    real f2 = f * f, f4 = f2 * f2;
    real a = FL(fma)(-0.250008209f, f, 0.333333317f);
    real b = FL(fma)(-0.166233607f, f, 0.200012259f);
    real c = FL(fma)(-0.131601827f, f, 0.142017843f);
    real d = FL(fma)(-0.0763424255f, f, 0.127613863f);
    (void)half_square;
    a = FL(fma)(b, f2, a);
    c = FL(fma)(d, f2, c);
    return FL(fma)(c, f4, a) * (f2 * f);
#else
    /* log(1 + f) = 2 atanh(s): a third of the terms for one division. */
    real s = f / (2.0 + f);
    real w = s * s, w2 = w * w;
    real a = FL(fma)(0.39999999999414755, w, 0.66666666666667344);
    real b = FL(fma)(0.22222198575244839, w, 0.28571428742368865);
    real c = FL(fma)(0.15314053593432649, w, 0.18183564212842136);
    c = FL(fma)(0.14795917983239941, w2, c);
    b = FL(fma)(c, w2, b);
    return s * FL(fma)(FL(fma)(b, w2, a), w, half_square);
#endif
}

/* Splits a positive, finite, normal x: returns f, stores e (as a real). */
static FL_INLINE real FL(log_reduce)(real x, real *e) {
    const real one = 1, root = FL_PICK(0.707106769, 0.70710678118654746);
    const real whole = FL_PICK(0x1p23, 0x1p52); /* its low bits hold an integer */
    const FL(word) fraction = ((FL(word))1 << FL_MANTISSA) - 1;
    FL(word) word = FL(bits)(x) + (FL(bits)(one) - FL(bits)(root));
    *e = FL(from_bits)((word >> FL_MANTISSA) | FL(bits)(whole)) - (whole + FL_PICK(127.0, 1023.0));
    return FL(from_bits)((word & fraction) + FL(bits)(root)) - 1;
}

/* The same for subnormal x too. */
static FL_INLINE real FL(log_reduce_any)(real x, real *e) {
    const real grow = FL_PICK(0x1p24, 0x1p54), less = FL_PICK(24.0, 54.0);
    FL(word) tiny = FL(less)(x, FL_PICK(0x1p-126, 0x1p-1022));
    real f = FL(log_reduce)(FL(choose)(tiny, x * grow, x), e);
    *e -= FL(from_bits)(FL(bits)(less) & tiny);
    return f;
}

/* `value` inside the domain x > 0; -Inf at its end, NaN beyond, x itself where x is Inf or NaN. */
static FL_INLINE real FL(log_edges)(real value, real x) {
    const real infinity = INFINITY, nan = NAN;
    FL(word) inside = FL(less)(0, x) & FL(less)(x, infinity);
    FL(word) edge = FL(bits)(-infinity) & FL(equal)(x, 0);
    FL(word) beyond = FL(bits)(nan) & FL(less)(x, 0);
    return FL(choose)(inside, value, FL(from_bits)(FL(bits)(x) | edge | beyond));
}

/* log x for every x: -Inf at +-0, NaN below. */
static FL_INLINE real FL(log)(real x) {
    real e, f = FL(log_reduce_any)(x, &e);
    real half_square = (real)0.5 * f * f;
    real rest = FL(fma)(e, FL_LN2_LOW, FL(log_tail)(f, half_square)) - half_square;
    return FL(log_edges)(FL(fma)(e, FL_LN2_HIGH, rest + f), x);
}

/* log of 2^e (1 + f), to which `lost` comes. */
static FL_INLINE real FL(log_joined)(real e, real f, real lost) {
    real half_square = (real)0.5 * f * f;
    real low = FL(fma)(e, FL_LN2_LOW, lost);
    real rest = low + FL(log_tail)(f, half_square) - half_square;
    return FL(fma)(e, FL_LN2_HIGH, rest + f);
}

/* log(1 + x) for every x: -Inf at -1, NaN below, keeps the sign of zero. */
static FL_INLINE real FL(log1p)(real x) {
    real u = 1 + x;
    real back = u - 1;
    real lost = (1 - (u - back)) + (x - back); /* 1 + x = u + lost, exactly */
    real e, f = FL(log_reduce)(u, &e);
    /* u = 0 only at x = -1, and u < 0 only below. */
    return FL(log_edges)(FL(with_sign)(FL(log_joined)(e, f, lost / u), x), u);
}

/* log x and log(1 - x) for x in [0, 1], without a division: -Inf at the ends; log x is NaN outside. Where an ulp
 * of 1 - x is lost at all, 1/(1 - x) = 1 + x + x^2 + ... is good enough for it. */
static FL_INLINE real FL(log_and_rest)(real x, real *log_rest) {
    const real infinity = INFINITY, nan = NAN;
    real e, u = 1 - x, lost = (1 - u) - x, f = FL(log_reduce)(u, &e);
    real value = FL(log_joined)(e, f, FL(fma)(lost, FL(fma)(x, x, x), lost));
    *log_rest = FL(choose)(FL(equal)(u, 0), -infinity, value);
    FL(word) inside = -(FL(word))((x >= 0) & (x <= 1));
    f = FL(log_reduce_any)(x, &e);
    value = FL(choose)(FL(equal)(x, 0), -infinity, FL(log_joined)(e, f, 0));
    return FL(choose)(inside, value, nan);
}

/* log(1 + z) for z in [0, 1], without a division; NaN propagates. With z = exp_minus(|x|),
 * softplus(x) = max(x, 0) + log1p_unit(z). The powers are those of y >= 2^-30: they would be subnormal for
 * logits as common as 23, and slow. Where z < 2^-30 the polynomial is lost in the last sum. */
static FL_INLINE real FL(log1p_unit)(real z) {
    const real least = FL_PICK(0x1p-30, 0x1p-60);
    FL(word) low = FL(bits)(least), word = FL(bits)(z);
    real y = FL(from_bits)(low < word ? word : low), z2 = y * y;      /* one instruction; a NaN is large */
#if REAL_IS_FLOAT
    real a = FL(fma)(0.333305113f, y, -0.499999328f);
    real b = FL(fma)(0.196954009f, y, -0.249585875f);
    real c = FL(fma)(0.106805569f, y, -0.153553972f);
    real d = FL(fma)(0.0202045961f, y, -0.0576644609f);
    real z4 = z2 * z2;
    a = FL(fma)(b, z2, a);
    d = FL(fma)(-0.00331847565f, z2, d);
    c = FL(fma)(d, z2, c);
    return FL(fma)(FL(fma)(c, z4, a) * y, z, z);
#else
    /* The last two steps go one power at a time: without fma, pairs there would cost half an ulp. */
    real z4 = z2 * z2;
    real a = FL(fma)(-0.24999999993676702, y, 0.33333333333235046);
    real b = FL(fma)(-0.16666662498583283, y, 0.19999999791327098);
    real c = FL(fma)(-0.12499479620508271, y, 0.14285658898172589);
    real d = FL(fma)(-0.099810151442983203, y, 0.11107506042791584);
    real e = FL(fma)(-0.080812141384913171, y, 0.090131545011522694);
    real g = FL(fma)(-0.057502139335468844, y, 0.070355486701222668);
    real h = FL(fma)(-0.026744137177798371, y, 0.042300288520472903);
    real i = FL(fma)(-0.0055431745376871187, y, 0.013838716133260300);
    real j = FL(fma)(-0.00029176627658882915, y, 0.0015957643733122885);
    j = FL(fma)(2.5330448007985960e-5, z2, j);
    a = FL(fma)(b, z2, a);
    c = FL(fma)(d, z2, c);
    e = FL(fma)(g, z2, e);
    h = FL(fma)(i, z2, h);
    h = FL(fma)(j, z4, h);
    e = FL(fma)(h, z4, e);
    c = FL(fma)(e, z4, c);
    a = FL(fma)(c, z4, a);
    return FL(fma)(FL(fma)(a, y, -0.49999999999999460) * y, z, z);
#endif
}

/* log(1 + e^x) for every x. */
static FL_INLINE real FL(softplus)(real x) {
    return FL(max)(0, x) + FL(log1p_unit)(FL(exp_minus)(FL(abs)(x)));
}
