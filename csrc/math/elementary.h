/* elementary -- all vector functions, for one `real`. See basics.h for what must be defined first. */

#include <math.h> /* INFINITY and NAN */
#include <stdint.h>

#include "basics.h"
#include "exp.h"
#include "log.h"
#include "logistic.h"
#include "pow.h"
#include "tanh.h"
#include "lncosh.h"
#include "atan.h"
#include "sincos.h"
