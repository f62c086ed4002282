/* accumulate.c -- precision at points of recall, over all images of a category. */
#include "metrics/coco.h"
#include "parallel.h"

#include <float.h>
#include <stdlib.h>

typedef struct {
    fl_coco_state *state;
    ptrdiff_t *sorted;                    /* places of each category by descending score */
    double *score;                        /* of every place */
} context;

static void sort_category(void *argument, ptrdiff_t k) {
    context *c = argument;
    ptrdiff_t first = c->state->dt_category[k], n = c->state->dt_category[k + 1] - first;
    ptrdiff_t *scratch = malloc((size_t)n * sizeof *scratch + 1);
    if (!scratch) {
        __atomic_store_n(&c->state->failed, 1, __ATOMIC_RELAXED);
        return;
    }
    for (ptrdiff_t i = 0; i < n; i++) c->sorted[first + i] = first + i;
    fl_sort_descending(c->sorted + first, n, c->score, scratch);
    free(scratch);
}

static ptrdiff_t count_objects(const fl_coco_state *state, ptrdiff_t k, ptrdiff_t range) {
    const fl_coco_args *args = state->args;
    double low = args->ranges[2 * range], high = args->ranges[2 * range + 1];
    ptrdiff_t n = 0;
    for (ptrdiff_t place = state->gt_category[k]; place < state->gt_category[k + 1]; place++) {
        ptrdiff_t i = state->gt_order[place];
        n += !(args->ignore[i] || args->gt.area[i] < low || args->gt.area[i] > high);
    }
    return n;
}

/* Recall and precision after each of n detections; precision then made non-increasing from the right. */
static void curve(const uint8_t *status, ptrdiff_t step, const ptrdiff_t *kept, ptrdiff_t n,
                  ptrdiff_t objects, double *rc, double *pr) {
    double tp = 0, fp = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        uint8_t s = status[kept[i] * step];
        tp += s == FL_TRUE_POSITIVE;
        fp += s == FL_FALSE_POSITIVE;
        rc[i] = tp / (double)objects;
        pr[i] = tp / (fp + tp + DBL_EPSILON);
    }
    for (ptrdiff_t i = n - 1; i > 0; i--)
        if (pr[i] > pr[i - 1]) pr[i - 1] = pr[i];
}

/* One category, range and limit, at every threshold. */
static void accumulate_cell(void *argument, ptrdiff_t cell) {
    context *c = argument;
    const fl_coco_state *state = c->state;
    const fl_coco_args *args = state->args;
    ptrdiff_t cells = args->n_categories * args->n_ranges * args->n_max_dets, n_t = args->n_thresholds;
    ptrdiff_t m = cell % args->n_max_dets, range = cell / args->n_max_dets % args->n_ranges;
    ptrdiff_t k = cell / args->n_max_dets / args->n_ranges;
    ptrdiff_t objects = count_objects(state, k, range), n = 0;
    ptrdiff_t first = state->dt_category[k], all = state->dt_category[k + 1] - first;
    if (!objects) return;
    ptrdiff_t *kept = malloc((size_t)all * (sizeof *kept + 2 * sizeof(double)) + 1);
    if (!kept) {
        __atomic_store_n(&c->state->failed, 1, __ATOMIC_RELAXED);
        return;
    }
    double *rc = (double *)(kept + all), *pr = rc + all;
    for (ptrdiff_t i = first; i < first + all; i++)
        if (state->rank[c->sorted[i]] < args->max_dets[m]) kept[n++] = c->sorted[i];

    for (ptrdiff_t t = 0; t < n_t; t++) {
        const uint8_t *status = state->status + range * n_t + t;
        curve(status, args->n_ranges * n_t, kept, n, objects, rc, pr);
        args->recall[t * cells + cell] = n ? rc[n - 1] : 0;
        for (ptrdiff_t r = 0, i = 0; r < args->n_recalls; r++) {
            ptrdiff_t at = (t * args->n_recalls + r) * cells + cell;
            while (i < n && rc[i] < args->recalls[r]) i++;
            args->precision[at] = i < n ? pr[i] : 0;
            args->scores[at] = i < n ? c->score[kept[i]] : 0;
        }
    }
    free(kept);
}

void fl_coco_accumulate(fl_coco_state *state) {
    const fl_coco_args *args = state->args;
    size_t n = (size_t)args->dt.n;
    context c = {state, NULL, NULL};
    c.sorted = malloc(n * (sizeof *c.sorted + sizeof *c.score) + 1);
    if (!c.sorted) {
        state->failed = 1;
        return;
    }
    c.score = (double *)(c.sorted + n);
    for (size_t place = 0; place < n; place++) c.score[place] = args->score[state->dt_order[place]];
    ptrdiff_t cells = args->n_categories * args->n_ranges * args->n_max_dets;
    double curves = (double)(args->n_ranges * args->n_max_dets * args->n_thresholds);
    fl_parallel(args->n_categories, 100.0 * (double)n, sort_category, &c);
    if (!state->failed)
        fl_parallel(cells, 5.0 * curves * (double)n + 200.0 * (double)cells, accumulate_cell, &c);
    free(c.sorted);
}
