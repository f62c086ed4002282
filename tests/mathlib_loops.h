/* One loop per function; the array length is the only other argument. */

#define UNARY(name, expression)                                                         \
    void FL(loop_##name)(const real *restrict input, real *restrict output, long count) \
    {                                                                                   \
        for (long i = 0; i < count; i++) {                                              \
            real x = input[i];                                                          \
            output[i] = (expression);                                                   \
        }                                                                               \
    }

UNARY(exp, FL(exp)(x))
UNARY(exp_nonpositive, FL(exp_nonpositive)(x))
UNARY(exp_minus, FL(exp_minus)(x))
static FL_INLINE real FL(one_minus_exp)(real x)
{
    real rest;
    FL(exp_and_rest)(x, &rest);
    return rest;
}
UNARY(one_minus_exp, FL(one_minus_exp)(x))
UNARY(log, FL(log)(x))
UNARY(log1p, FL(log1p)(x))
static FL_INLINE real FL(log_rest)(real x)
{
    real rest;
    (void)FL(log_and_rest)(x, &rest);
    return rest;
}
static FL_INLINE real FL(log_of_unit)(real x)
{
    real rest;
    return FL(log_and_rest)(x, &rest);
}
UNARY(log_of_unit, FL(log_of_unit)(x))
UNARY(log_rest, FL(log_rest)(x))
UNARY(log1p_unit, FL(log1p_unit)(x))
UNARY(softplus, FL(softplus)(x))
UNARY(logistic_p, FL(logistic)(x).p)
UNARY(logistic_q, FL(logistic)(x).q)
UNARY(minus_log_p, FL(logistic)(x).minus_log_p)
UNARY(minus_log_q, FL(logistic)(x).minus_log_q)
UNARY(tanh, FL(tanh)(x))
UNARY(lncosh, FL(lncosh)(x))
UNARY(atan, FL(atan)(x))
static FL_INLINE real FL(sin)(real x)
{
    real s, c;
    FL(sincos)(x, &s, &c);
    return s;
}
static FL_INLINE real FL(cos)(real x)
{
    real s, c;
    FL(sincos)(x, &s, &c);
    return c;
}
UNARY(sin, FL(sin)(x))
UNARY(cos, FL(cos)(x))
#undef UNARY

void FL(loop_pow_unit)(const real *restrict input, real *restrict output, real power, long count)
{
    for (long i = 0; i < count; i++)
        output[i] = FL(pow_unit)(input[i], power);
}

void FL(loop_pow)(const real *restrict input, real *restrict output, real power, long count)
{
    for (long i = 0; i < count; i++)
        output[i] = FL(pow)(input[i], power);
}

void FL(loop_atan_ratio)(const real *restrict input, real *restrict output, real below, long count)
{
    for (long i = 0; i < count; i++)
        output[i] = FL(atan_ratio)(input[i], below);
}
