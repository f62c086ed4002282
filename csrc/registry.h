/* registry.h -- losses.def as an enumeration and as properties per loss. */
#ifndef FL_REGISTRY_H
#define FL_REGISTRY_H

#include "fastloss.h"

enum {
#define FL_POINTWISE(name, cost, flags) FL_LOSS_##name,
#define FL_ROOT_OF(name, reduced, each) FL_LOSS_##name,
#define FL_ROWWISE(name, formula, targets) FL_LOSS_##name,
#define FL_PICK_ROW(name) FL_LOSS_##name,
#define FL_MARGIN_ROW(name, cost, flags) FL_LOSS_##name,
#define FL_ROW_MEANS(name, each) FL_LOSS_##name,
#define FL_RATIO(name, cost) FL_LOSS_##name,
#define FL_BOXES(name, kind, cost, pair) FL_LOSS_##name,
#define FL_BOX_LOSS(name, kind, cost) FL_LOSS_##name,
#define FL_ROTATED(name, kind, cost) FL_LOSS_##name,
#include "losses.def"
    FL_LOSS_COUNT
};

enum {
    FL_WEIGHTED_MEAN = 1,   /* the mean divides by the sum of the weights */
    FL_UNIT_INPUT = 2,      /* input must lie in [0, 1] */
    FL_INTERNAL = 4,        /* a special case of another loss: not public */
    FL_PENALTY = 8,         /* a function of one array: target is not read */
    FL_HAS_AUX = 16,        /* a third elementwise argument */
    FL_RENAMED = 32,        /* torch calls the arguments otherwise than input, target */
    FL_LOGIT = 64,          /* input is a logit: aux is e^-|input| */
    FL_PICKS = 128,         /* reads one class of every row */
    FL_MARGIN = 256,        /* served by loops/margin.h */
    FL_LISTS = 512,         /* several classes per row */
    FL_BATCH_MEAN = 1024    /* has the reduction "batchmean" */
};

typedef struct {
    int flags;
    double cost;              /* nanoseconds per element, roughly */
    int root_of, elementwise; /* for FL_ROOT_OF, else -1 */
    int overlap;              /* for FL_BOXES: which */
    double pair_cost;         /* for FL_BOXES: nanoseconds per pair, roughly */
} fl_traits;

/* Kinds of overlap between boxes. */
enum {
    FL_IOU,
    FL_GIOU,
    FL_DIOU,
    FL_CIOU,
    FL_EIOU,
    FL_FOCAL_EIOU,
    FL_SIOU,
    FL_WIOU1,
    FL_WIOU2,
    FL_WIOU3,
    FL_MPDIOU,
    FL_NWD,
    FL_CUBED_IOU,      /* alpha-IoU with the usual power of 3 */
    FL_ALPHA_IOU,      /* these and the inner ones in the order of the first four */
    FL_ALPHA_GIOU,
    FL_ALPHA_DIOU,
    FL_ALPHA_CIOU,
    FL_INNER_IOU,
    FL_INNER_GIOU,
    FL_INNER_DIOU,
    FL_INNER_CIOU,
    FL_PROBIOU
};

extern const fl_traits fl_loss_traits[FL_LOSS_COUNT];

/* The loss whose formula serves these parameters and this set of arrays. */
int fl_specialise(int loss, const double *p, int has_aux);

#endif
