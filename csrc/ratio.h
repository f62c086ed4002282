/* ratio.h -- what stands between the two passes over a ratio loss. */
#ifndef FL_RATIO_H
#define FL_RATIO_H

#include "fastloss.h"
#include "losses/segmentation.h"

/* What the result gains per unit of a cell's overlap and input. A cell is one
 * class, of one image (per_image) or of all. */
typedef struct {
    double overlap, input;
} fl_slope;

/* Sums of cells -> groups -> values and result; slopes where they are wanted. */
void fl_ratio_finish(fl_ratio_args *args, const fl_sums *cells, fl_slope *slopes);

#endif
