/* template.h -- what is compiled once per working type: maths, formulas, loops. */
#include "math/elementary.h"

/* hess is the second derivative, whatever its sign. curvature is for boosting, which divides by it: positive and
 * nowhere less than hess. Losses whose hess is that already leave it out; the others have an FL_CURVATURE line.
 * Most of theirs are psi(r)/r, for a loss of r with the derivative psi: of the tightest parabola that touches the
 * loss and lies above it (Huber 1981, section 7.8). */
typedef struct {
    real value, grad, hess, curvature;
} FL(point);

/* Of the log-probability of a row's target. */
typedef struct {
    real value, slope, curve;
} FL(row_point);

/* Parameters as the formulas see them: one by one, as a vector of them would wait for the stores that the caller
 * has just made (100 ns of a call of probiou_loss). */
static FL_INLINE void FL(read_parameters)(const double *from, real *to) {
    const volatile double *each = from;
    for (int i = 0; i < FL_MAX_PARAMETERS; i++) to[i] = (real)each[i];
}

#include "losses/classification.h"
#include "losses/classification_rows.h"
#include "losses/margin.h"
#include "losses/penalties.h"
#include "losses/regression.h"
#include "losses/boxes.h"
#include "losses/detection.h"
#include "losses/box_variants.h"
#include "losses/rotated.h"

#include "loops/operand.h"
#include "loops/reduce.h"
#include "loops/turn.h"
#include "loops/boost.h"
#include "loops/pointwise.h"
#include "loops/row.h"
#include "loops/row_hess.h"
#include "loops/boost_rows.h"
#include "loops/row_group.h"
#include "loops/pixels.h"
#include "loops/short_rows.h"
#include "loops/rowwise.h"
#include "loops/margin.h"
#include "loops/ratio_rows.h"
#include "loops/ratio.h"
#include "loops/boxblock.h"
#include "loops/transform.h"
#include "loops/boxes.h"
#include "loops/pairs.h"
#include "loops/detection.h"
#include "loops/rotated.h"
#include "loops/decode.h"
#include "loops/rescale.h"
#include "loops/residual.h"

#include "nms/order.h"
#include "nms/kept.h"
#include "nms/grid.h"
#include "nms/greedy.h"
#include "nms/nms.h"
#include "nms/soft.h"
#include "nms/matrix.h"
#include "nms/fusion.h"
#include "nms/postprocess.h"
