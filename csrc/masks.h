/* masks.h -- what masks as pixels and masks as runs share. */
#ifndef FL_MASKS_H
#define FL_MASKS_H

#include <stddef.h>

/* The number of pixels, and where they begin and end: in words of bits, or in runs of pixels. */
typedef struct {
    ptrdiff_t area, first, end;
} fl_mask_extent;

/* Intersection over union; over the first area alone where the second mask is a crowd. Without a common
 * pixel it is 0, so that two empty masks do not give 0/0. */
static inline double fl_mask_overlap(ptrdiff_t both, ptrdiff_t area1, ptrdiff_t area2, int crowd) {
    return both ? (double)both / (double)(crowd ? area1 : area1 + area2 - both) : 0;
}

#endif
