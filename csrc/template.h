/* template.h -- what is compiled once per working type: maths, formulas, loops. */
#include "math/elementary.h"

typedef struct {
    real value, grad, hess;
} FL(point);

/* Of the log-probability of a row's target. */
typedef struct {
    real value, slope, curve;
} FL(row_point);

#include "losses/classification.h"
#include "losses/classification_rows.h"
#include "losses/margin.h"
#include "losses/penalties.h"
#include "losses/regression.h"
#include "losses/boxes.h"
#include "losses/detection.h"
#include "losses/probiou.h"

#include "loops/operand.h"
#include "loops/reduce.h"
#include "loops/pointwise.h"
#include "loops/row.h"
#include "loops/row_hess.h"
#include "loops/row_group.h"
#include "loops/pixels.h"
#include "loops/rowwise.h"
#include "loops/margin.h"
#include "loops/ratio_rows.h"
#include "loops/ratio.h"
#include "loops/boxblock.h"
#include "loops/boxes.h"
#include "loops/pairs.h"
#include "loops/transform.h"
#include "loops/detection.h"
