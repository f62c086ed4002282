/* registry.c -- losses.def as tables for the driver and for Python. */
#include "registry.h"

#include <float.h>

/* One float32 element of mse takes about this long in cache on one core. */
#define NS_PER_COST 0.1

const fl_traits fl_loss_traits[FL_LOSS_COUNT] = {
#define FL_POINTWISE(name, cost, flags) [FL_LOSS_##name] = {flags, NS_PER_COST * (cost), -1, -1, 0, 0},
#define FL_ROOT_OF(name, reduced, each) \
    [FL_LOSS_##name] = {FL_WEIGHTED_MEAN, 2 * NS_PER_COST, FL_LOSS_##reduced, FL_LOSS_##each, 0, 0},
#define FL_PICK_ROW(name) [FL_LOSS_##name] = {FL_PICKS, 10 * NS_PER_COST, -1, -1, 0, 0},
#define FL_MARGIN_ROW(name, cost, flags) \
    [FL_LOSS_##name] = {FL_MARGIN | (flags), NS_PER_COST * (cost), -1, -1, 0, 0},
#define FL_ROW_MEANS(name, each) [FL_LOSS_##name] = {0, 7 * NS_PER_COST, -1, -1, 0, 0},
#define FL_RATIO(name, cost) [FL_LOSS_##name] = {0, NS_PER_COST * (cost), -1, -1, 0, 0},
#define FL_BOXES(name, kind, cost, pair) \
    [FL_LOSS_##name] = {0, NS_PER_COST * (cost), -1, -1, kind, NS_PER_COST * (pair)},
#define FL_BOX_LOSS(name, kind, cost) \
    [FL_LOSS_##name] = {0, NS_PER_COST * (cost), -1, -1, kind, NS_PER_COST * (cost) / 2},
#define FL_ROTATED(name, kind, cost) FL_BOX_LOSS(name, kind, cost)
#include "losses.def"
};

static fl_loss_info infos[FL_LOSS_COUNT] = {
#define FL_POINTWISE(id, cost, flags) \
    [FL_LOSS_##id] = {.name = (flags) & FL_INTERNAL ? "" : #id, \
                      .kind = (flags) & FL_PENALTY ? FL_KIND_PENALTY : FL_KIND_POINTWISE, \
                      .unit_input = !!((flags) & FL_UNIT_INPUT), \
                      .renamed = !!((flags) & FL_RENAMED), \
                      .batch_mean = !!((flags) & FL_BATCH_MEAN)},
#define FL_ROOT_OF(id, reduced, each) [FL_LOSS_##id] = {.name = #id},
#define FL_ROWWISE(id, formula, targets) [FL_LOSS_##id] = {.name = #id, .kind = FL_KIND_ROWWISE},
#define FL_ROWWISE_OF(id, formula, targets) [FL_LOSS_##id] = {.name = "", .kind = FL_KIND_ROWWISE},
#define FL_PICK_ROW(id) [FL_LOSS_##id] = {.name = #id, .kind = FL_KIND_ROWWISE},
#define FL_MARGIN_ROW(id, cost, flags) [FL_LOSS_##id] = {.name = #id, .kind = FL_KIND_ROWWISE},
#define FL_ROW_MEANS(id, each) [FL_LOSS_##id] = {.name = #id, .kind = FL_KIND_ROWWISE},
#define FL_RATIO(id, cost) [FL_LOSS_##id] = {.name = #id, .kind = FL_KIND_RATIO},
#define FL_BOXES(id, kind_of, cost, pair) [FL_LOSS_##id] = {.name = #id, .kind = FL_KIND_BOXES},
#define FL_BOX_LOSS(id, kind_of, cost) [FL_LOSS_##id] = {.name = #id, .kind = FL_KIND_BOXES},
#define FL_ROTATED(id, kind_of, cost) [FL_LOSS_##id] = {.name = #id, .kind = FL_KIND_BOXES},
#define FL_BOX_LOSS_OF(id, kind_of, cost) [FL_LOSS_##id] = {.name = "", .kind = FL_KIND_BOXES},
#include "losses.def"
};

static const struct {
    int loss, index;
    fl_parameter parameter;
} parameters[] = {
#define FL_PARAMETER(id, i, argument, domain) {FL_LOSS_##id, i, {#argument, domain}},
#include "losses.def"
};

int fl_loss_count(void) { return FL_LOSS_COUNT; }

const fl_loss_info *fl_loss_at(int loss) { return &infos[loss]; }

void fl_registry_init(void) {
    for (size_t i = 0; i < sizeof parameters / sizeof *parameters; i++) {
        fl_loss_info *info = &infos[parameters[i].loss];
        info->parameters[parameters[i].index] = parameters[i].parameter;
        info->n_parameters = parameters[i].index + 1;
    }
}

/* 0 and subnormal numbers have none in their type; those of float arrive as doubles. */
static int has_inverse(double x) { return x >= FLT_MIN || (x >= DBL_MIN && (double)(float)x != x); }

int fl_specialise(int loss, const double *p, int has_aux) {
#define FL_WITH_AUX(id, variant) \
    if (loss == FL_LOSS_##id && has_aux) return FL_LOSS_##variant;
#define FL_SPECIAL(id, special, condition) \
    if (loss == FL_LOSS_##id && (condition)) return FL_LOSS_##special;
#include "losses.def"
    return loss;
}
