/* template.h -- what is compiled once per working type: maths, formulas, loops. */
#include "math/elementary.h"

typedef struct {
    real value, grad, hess;
} FL(point);

/* Of the log-probability of a row's target. */
typedef struct {
    real value, slope;
} FL(row_point);

#include "losses/classification.h"
#include "losses/penalties.h"
#include "losses/regression.h"
#include "losses/boxes.h"
#include "losses/box_variants.h"
#include "losses/rotated.h"

#include "loops/operand.h"
#include "loops/reduce.h"
#include "loops/pointwise.h"
#include "loops/row.h"
#include "loops/row_group.h"
#include "loops/pixels.h"
#include "loops/rowwise.h"
#include "loops/ratio_rows.h"
#include "loops/ratio.h"
#include "loops/boxblock.h"
#include "loops/transform.h"
#include "loops/boxes.h"
#include "loops/pairs.h"
#include "loops/rotated.h"
#include "loops/decode.h"
#include "loops/rescale.h"

#include "nms/order.h"
#include "nms/kept.h"
#include "nms/grid.h"
#include "nms/greedy.h"
#include "nms/nms.h"
#include "nms/soft.h"
#include "nms/matrix.h"
#include "nms/fusion.h"
#include "nms/postprocess.h"
