/* template.h -- what is compiled once per working type: maths, formulas, loops. */
#include "math/basics.h"

typedef struct {
    real value, grad, hess;
} FL(point);

#include "losses/regression.h"
#include "losses/boxes.h"

#include "loops/operand.h"
#include "loops/reduce.h"
#include "loops/pointwise.h"
#include "loops/boxblock.h"
#include "loops/boxes.h"
#include "loops/pairs.h"
#include "loops/transform.h"
