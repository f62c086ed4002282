/* runs.h -- masks as run lengths, made ready to be compared. */
#ifndef FL_RUNS_H
#define FL_RUNS_H

#include "fastloss.h"
#include "masks.h"

/* The runs of 1 of a mask, as the pixels where they begin and end, and what tells from afar that two
 * masks cannot meet. */
typedef struct {
    int64_t *begin, *end;
    fl_mask_extent extent;      /* first and end: pixels in column order */
    int64_t top, bottom;        /* rows, the last excluded */
    ptrdiff_t n;
} fl_strips;

/* `room` has a place for every run. */
fl_strips fl_strips_of(const fl_runs *runs, ptrdiff_t i, int64_t *room);

/* Pixels in both of two masks of one size. */
int64_t fl_common_pixels(const fl_strips *a, const fl_strips *b);

#endif
