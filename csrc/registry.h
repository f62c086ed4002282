/* registry.h -- losses.def as an enumeration and as properties per loss. */
#ifndef FL_REGISTRY_H
#define FL_REGISTRY_H

#include "fastloss.h"

enum {
#define FL_POINTWISE(name, cost, flags) FL_LOSS_##name,
#define FL_ROOT_OF(name, reduced, each) FL_LOSS_##name,
#define FL_ROWWISE(name, formula) FL_LOSS_##name,
#define FL_PICK_ROW(name) FL_LOSS_##name,
#define FL_MARGIN_ROW(name, cost, flags) FL_LOSS_##name,
#define FL_ROW_MEANS(name, each) FL_LOSS_##name,
#define FL_RATIO(name, cost) FL_LOSS_##name,
#define FL_BOXES(name, kind, cost, pair) FL_LOSS_##name,
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
    FL_BATCH_MEAN = 256,    /* has the reduction "batchmean" */
    FL_MARGIN = 512,        /* served by loops/margin.h */
    FL_LISTS = 1024         /* several classes per row */
};

typedef struct {
    int flags;
    double cost;              /* nanoseconds per element, roughly */
    int root_of, elementwise; /* for FL_ROOT_OF, else -1 */
    int overlap;              /* for FL_BOXES: which */
    double pair_cost;         /* for FL_BOXES: nanoseconds per pair, roughly */
} fl_traits;

/* Kinds of overlap between boxes. */
enum { FL_IOU, FL_GIOU, FL_DIOU, FL_CIOU };

extern const fl_traits fl_loss_traits[FL_LOSS_COUNT];

/* The loss whose formula serves these parameters and this set of arrays. */
int fl_specialise(int loss, const double *p, int has_aux);

/* The loss whose formula has the derivatives by aux; -1 where there is none. */
int fl_by_aux(int loss);

#endif
