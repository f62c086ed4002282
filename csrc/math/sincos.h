/* sincos -- sine and cosine of x, at most 2 ulp for |x| up to FL_SINCOS_LIMIT and no promise beyond.
 *
 * x = n pi/2 + r with |r| <= pi/4. pi/2 is a sum of four parts, the first three so short that n times them
 * is exact, with and without fma: r keeps its accuracy next to the zeros of either function too. */
#undef FL_SINCOS_LIMIT
#define FL_SINCOS_LIMIT FL_PICK(256.0, 1048576.0)

static FL_INLINE void FL(sincos)(real x, real *sine, real *cosine) {
    real sum = FL(fma)(x, FL_PICK(0.636619772, 0.636619772367581343), FL_ROUNDER), n = sum - FL_ROUNDER;
    const real second = FL_PICK(-4.45439946e-6, 6.077100506303966e-11);
    real near = FL(fma)(n, -FL_PICK(1.57080078, 1.5707963267341256), x);
    real most = FL(fma)(n, -second, near), rest = FL(fma)(n, -second, near - most); /* rounded once, in r */
    rest = FL(fma)(n, -FL_PICK(-5.5644378e-11, 2.0222662487111665e-21), rest);
    rest = FL(fma)(n, -FL_PICK(6.123234e-17, 8.4784276603688996e-32), rest);
    real r = most + rest;
    real w = r * r, s, c;
#if REAL_IS_FLOAT
    s = FL(fma)(-0.000195172727f, w, 0.00833217797f);
    s = FL(fma)(s, w, -0.166666549f);
    c = FL(fma)(2.44331293e-5f, w, -0.00138873160f);
    c = FL(fma)(c, w, 0.0416666457f);
#else
    real w2 = w * w, a;
    s = FL(fma)(1.5896813415464049e-10, w, -2.5050758413400233e-8);
    a = FL(fma)(2.7557313693766434e-6, w, -0.00019841269829812959);
    s = FL(fma)(s, w2, a);
    a = FL(fma)(0.0083333333333224198, w, -0.16666666666666632);
    s = FL(fma)(s, w2, a);
    c = FL(fma)(-1.1358526048859924e-11, w, 2.0875700644699532e-9);
    a = FL(fma)(-2.7557314177885836e-7, w, 2.4801587288846980e-5);
    c = FL(fma)(c, w2, a);
    a = FL(fma)(-0.0013888888888873049, w, 0.041666666666666593);
    c = FL(fma)(c, w2, a);
#endif
    s = FL(choose)(FL(equal)(x, 0), x, FL(fma)(r * w, s, r)); /* keeps the sign of zero */
    c = FL(fma)(w * w, c, FL(fma)((real)-0.5, w, 1));
    /* n modulo 4 stands in the low bits of the sum: odd swaps the two, 2 changes signs. */
    const int top = 8 * sizeof(real) - 1;
    FL(word) quarter = FL(bits)(sum), odd = -(quarter & 1);
    *sine = FL(from_bits)(FL(bits)(FL(choose)(odd, c, s)) ^ (quarter >> 1 & 1) << top);
    *cosine = FL(from_bits)(FL(bits)(FL(choose)(odd, s, c)) ^ ((quarter >> 1 ^ quarter) & 1) << top);
}
