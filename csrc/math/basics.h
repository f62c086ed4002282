#if REAL_IS_FLOAT
#define FL_BUILTIN(name) __builtin_##name##f
#else
#define FL_BUILTIN(name) __builtin_##name
#endif
static FL_INLINE real FL(fma)(real a, real b, real c) {
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
    return FL_BUILTIN(fma)(a, b, c);
#else
    return a * b + c;
#endif
}
static FL_INLINE real FL(abs)(real x) { return FL_BUILTIN(fabs)(x); }
static FL_INLINE real FL(with_sign)(real m, real s) { return FL_BUILTIN(copysign)(m, s); }
static FL_INLINE real FL(min)(real a, real b) { return a < b ? a : b; }
static FL_INLINE real FL(max)(real a, real b) { return a > b ? a : b; }
#undef FL_BUILTIN
