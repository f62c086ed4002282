/* ratio.c -- groups of cells, their losses and the reduction. */
#include "ratio.h"
#include "registry.h"

typedef fl_ratio_point formula(fl_sums sums, const double *parameters);

static formula *const formulas[FL_LOSS_COUNT] = {
#define FL_RATIO(name, cost) [FL_LOSS_##name] = fl_##name,
#include "losses.def"
};

static fl_ratio_point evaluate(const fl_ratio_args *args, fl_sums group) {
    if (args->skip_absent && group.target == 0) return (fl_ratio_point){0, 0, 0};
    return formulas[args->loss](group, args->parameters);
}

static ptrdiff_t chosen(const fl_ratio_args *args, ptrdiff_t k) { return args->chosen ? args->chosen[k] : k; }

void fl_ratio_finish(fl_ratio_args *args, const fl_sums *cells, fl_slope *slopes) {
    ptrdiff_t sets = args->per_image ? args->images : 1, n = args->n_chosen;
    ptrdiff_t groups = args->pooled ? 1 : n, at = 0;
    double sum = 0, weights = (double)groups;
    if (args->class_weight) {
        weights = 0;
        for (ptrdiff_t k = 0; k < n; k++) weights += args->class_weight[chosen(args, k)];
    }
    double divisor = args->reduction == FL_REDUCE_MEAN ? weights * (double)sets : 1;

    for (ptrdiff_t set = 0; set < sets; set++, cells += args->classes) {
        for (ptrdiff_t first = 0; first < n; first += args->pooled ? n : 1, at++) {
            ptrdiff_t end = args->pooled ? n : first + 1;
            fl_sums group = {0};
            for (ptrdiff_t k = first; k < end; k++) {
                const fl_sums *cell = &cells[chosen(args, k)];
                group.overlap += cell->overlap;
                group.input += cell->input;
                group.target += cell->target;
            }
            fl_ratio_point r = evaluate(args, group);
            double w = args->class_weight ? args->class_weight[chosen(args, first)] : 1;
            sum += w * r.value;
            if (args->value && args->dtype == FL_F32) ((float *)args->value)[at] = (float)(w * r.value);
            if (args->value && args->dtype == FL_F64) ((double *)args->value)[at] = w * r.value;
            for (ptrdiff_t k = first; slopes && k < end; k++)
                slopes[set * args->classes + chosen(args, k)] =
                    (fl_slope){w * r.by_overlap / divisor, w * r.by_input / divisor};
        }
    }
    args->result = sum / divisor;
}
