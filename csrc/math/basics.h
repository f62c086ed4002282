/* basics -- the few operations on which the vector functions and the formulas stand.
 *
 * Every header in this directory is included once with `real` = float and once with `real` = double;
 * FL(name) pastes the type's suffix, REAL_IS_FLOAT tells which. There is neither a branch nor a call in
 * any of them, so that a plain loop over them vectorises at every ISA level.
 *
 * All constants that no reader could name come from minimax.py.
 */

#undef FL_PICK
#undef FL_MANTISSA
#undef FL_ROUNDER
#if REAL_IS_FLOAT
typedef uint32_t FL(word); /* the bits of a real; arithmetic wraps */
#define FL_PICK(single, twice) single##f
#define FL_MANTISSA 23
#define FL_ROUNDER 0x1.8p23f /* adding it leaves the nearest integer in the low bits */
#else
typedef uint64_t FL(word);
#define FL_PICK(single, twice) twice
#define FL_MANTISSA 52
#define FL_ROUNDER 0x1.8p52
#endif

static FL_INLINE FL(word) FL(bits)(real x) {
    FL(word) word;
    __builtin_memcpy(&word, &x, sizeof word);
    return word;
}

static FL_INLINE real FL(from_bits)(FL(word) word) {
    real x;
    __builtin_memcpy(&x, &word, sizeof x);
    return x;
}

/* a b + c: one rounding where the ISA level has an fma, two elsewhere. No function relies on the one. */
static FL_INLINE real FL(fma)(real a, real b, real c) {
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
#if REAL_IS_FLOAT
    return __builtin_fmaf(a, b, c);
#else
    return __builtin_fma(a, b, c);
#endif
#else
    return a * b + c;
#endif
}

/* The smaller and the larger. If either is NaN, the SECOND is returned: min(limit, x) lets a NaN in x
 * through, min(x, limit) swallows it. Of +0 and -0 the second is returned too. */
static FL_INLINE real FL(min)(real a, real b) { return a < b ? a : b; }
static FL_INLINE real FL(max)(real a, real b) { return a > b ? a : b; }

/* All bits set where the condition holds, and a choice by such a mask. Two ternaries on one variable turn
 * into a blend over every path through both; masks stay what they are. */
static FL_INLINE FL(word) FL(less)(real a, real b) { return -(FL(word))(a < b); }
static FL_INLINE FL(word) FL(equal)(real a, real b) { return -(FL(word))(a == b); }
static FL_INLINE real FL(choose)(FL(word) mask, real yes, real no) {
    return FL(from_bits)((FL(bits)(yes) & mask) | (FL(bits)(no) & ~mask));
}
/* 0 where the mask says so, else x. */
static FL_INLINE real FL(zero_if)(FL(word) mask, real x) { return FL(from_bits)(FL(bits)(x) & ~mask); }

#if REAL_IS_FLOAT
static FL_INLINE real FL(abs)(real x) { return __builtin_fabsf(x); }
static FL_INLINE real FL(sqrt)(real x) { return __builtin_sqrtf(x); }
static FL_INLINE real FL(with_sign)(real magnitude, real sign) {
    return __builtin_copysignf(magnitude, sign);
}
#else
static FL_INLINE real FL(abs)(real x) { return __builtin_fabs(x); }
static FL_INLINE real FL(sqrt)(real x) { return __builtin_sqrt(x); }
static FL_INLINE real FL(with_sign)(real magnitude, real sign) { return __builtin_copysign(magnitude, sign); }
#endif

/* All bits set where the sign is: a mask in one instruction, -0 among the negative numbers. */
static FL_INLINE FL(word) FL(signed)(real x) {
#if REAL_IS_FLOAT
    return (FL(word))((int32_t)FL(bits)(x) >> 31);
#else
    return (FL(word))((int64_t)FL(bits)(x) >> 63);
#endif
}
/* x, with the other sign where `sign` has one. */
static FL_INLINE real FL(flip)(real x, real sign) {
    const real zero = -(real)0;
    return FL(from_bits)(FL(bits)(x) ^ (FL(bits)(sign) & FL(bits)(zero)));
}

/* -1, 0 or 1; 0 for NaN, as torch. */
static FL_INLINE real FL(sign)(real x) {
    return FL(from_bits)(FL(bits)(FL(with_sign)(1, x)) & FL(less)(0, FL(abs)(x)));
}

/* The smallest normal number: a denominator's floor. */
#undef FL_TINY
#define FL_TINY FL_PICK(0x1p-126, 0x1p-1022)
