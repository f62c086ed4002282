/* tanh -- an odd polynomial near zero, 1 - 2z/(1 + z) with z = e^(-2|x|) elsewhere; keeps the sign of zero. */

static FL_INLINE real FL(tanh)(real x) {
    real a = FL(abs)(x), w = x * x, w2 = w * w;
    real z = FL(exp_minus)(2 * a);
    real large = FL(fma)(-2, z / (1 + z), 1);
    real p;
#if REAL_IS_FLOAT
    p = FL(fma)(-0.00628247119f, w, 0.0210777592f);
    p = FL(fma)(p, w, -0.0538538594f);
    p = FL(fma)(p, w2, FL(fma)(0.133326017f, w, -0.333333180f));
#else
    real q = FL(fma)(5.1090155109295442e-5, w, -0.00021040568383544619);
    p = FL(fma)(0.00057920293809864651, w, -0.0014532400046071082);
    p = FL(fma)(q, w2, p);
    q = FL(fma)(0.0035917246371968916, w, -0.0088631951506845831);
    p = FL(fma)(p, w2, q);
    q = FL(fma)(0.021869486025925497, w, -0.053968253878366564);
    p = FL(fma)(p, w2, q);
    q = FL(fma)(0.13333333333173730, w, -0.33333333333332351);
    p = FL(fma)(p, w2, q);
#endif
    p = FL(fma)(p * w, a, a);
    return FL(with_sign)(FL(choose)(FL(less)(a, (real)0.55), p, large), x);
}
