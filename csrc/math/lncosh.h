/* lncosh -- log cosh x: a polynomial near zero, |x| - log 2 + log(1 + e^(-2|x|)) elsewhere, where the three
 * terms hardly cancel. Shares its exponential with tanh, its derivative. */

static FL_INLINE real FL(lncosh)(real x) {
    real a = FL(abs)(x), w = x * x, w2 = w * w;
    real large = (a - FL_PICK(0.693147182, 0.69314718055994531)) + FL(log1p_unit)(FL(exp_minus)(2 * a));
    real p;
#if REAL_IS_FLOAT
    p = FL(fma)(0.0222214937f, w, -0.0833333101f);
    real q = FL(fma)(0.00214934292f, w, -0.00673836849f);
    q = FL(fma)(FL(fma)(0.000125521264f, w, -0.000642332225f), w2, q);
    p = FL(fma)(q, w2, p);
#else
    real q = FL(fma)(1.4739673267174402e-7, w, -1.0058150386350328e-6);
    p = FL(fma)(3.8306270980962136e-6, w, -1.1597620602130144e-5);
    p = FL(fma)(q, w2, p);
    q = FL(fma)(3.2623471784303171e-5, w, -9.0942476189772061e-5);
    p = FL(fma)(p, w2, q);
    q = FL(fma)(0.00025657072795219262, w, -0.00073860158128135550);
    p = FL(fma)(p, w2, q);
    q = FL(fma)(0.0021869487300186859, w, -0.0067460317395238689);
    p = FL(fma)(p, w2, q);
    q = FL(fma)(0.022222222222050054, w, -0.083333333333331743);
    p = FL(fma)(p, w2, q);
#endif
    return FL(choose)(FL(less)(a, (real)0.8), FL(fma)(p, w2, (real)0.5 * w), large);
}
