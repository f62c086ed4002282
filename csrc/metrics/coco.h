/* coco.h -- what the parts of COCO's mean average precision share.
 *
 * Detections and objects are put in order by (category, image); detections of one group by descending
 * score. A place is an index in that order, `dt_order[place]` the caller's. */
#ifndef FL_COCO_H
#define FL_COCO_H

#include "fastloss.h"
#include "runs.h"

/* One category in one image that has a detection or an object. */
typedef struct {
    int64_t category;
    ptrdiff_t dt, n_dt, gt, n_gt;         /* first places and how many */
} fl_coco_group;

enum { FL_FALSE_POSITIVE, FL_TRUE_POSITIVE, FL_IGNORED };

typedef struct {
    const fl_coco_args *args;
    ptrdiff_t *dt_order, *gt_order;
    ptrdiff_t *dt_category, *gt_category; /* first place of each category, and the end */
    int64_t *rank;                        /* of every place: its place in its group */
    fl_coco_group *groups;
    ptrdiff_t n_groups;
    uint8_t *status;                      /* (places, A, T) */
    fl_strips *masks;                     /* of detections, then of objects */
    int failed;                           /* a thread had no memory */
} fl_coco_state;

/* Sort `order` (n indices of `score`) by descending score, stably; `scratch` has room for n. */
void fl_sort_descending(ptrdiff_t *order, ptrdiff_t n, const double *score, ptrdiff_t *scratch);

/* (n_dt, n_gt) overlaps of a group. */
void fl_coco_overlaps(const fl_coco_state *state, const fl_coco_group *group, double *overlaps);
void fl_coco_prepare_masks(fl_coco_state *state, int64_t *room);

void fl_coco_match(fl_coco_state *state);
void fl_coco_accumulate(fl_coco_state *state);

double fl_coco_oks(const double *dt, const double *gt, const double *box, double area, const double *sigmas,
                   ptrdiff_t n);

#endif
