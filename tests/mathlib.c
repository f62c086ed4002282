/* The vector functions of csrc/math as plain loops over arrays, for test_math.py. */

#define FL_INLINE inline __attribute__((always_inline))
#define FL_PASTE2(name, suffix) fl_##name##_##suffix
#define FL_PASTE(name, suffix) FL_PASTE2(name, suffix)
#define FL(name) FL_PASTE(name, FL_SUFFIX)

#define real float
#define REAL_IS_FLOAT 1
#define FL_SUFFIX f32
#include "../csrc/math/elementary.h"
#include "mathlib_loops.h"
#undef real
#undef REAL_IS_FLOAT
#undef FL_SUFFIX

#define real double
#define REAL_IS_FLOAT 0
#define FL_SUFFIX f64
#include "../csrc/math/elementary.h"
#include "mathlib_loops.h"
