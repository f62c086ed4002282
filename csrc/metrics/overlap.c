/* overlap.c -- how much a detection and an object have in common, by the rules of COCO.
 *
 * Against a crowd the intersection is divided by the detection's size alone. Every operation is a single
 * one in double, in the order of the definition: thresholds compare these numbers exactly. */
#include "metrics/coco.h"
#include "parallel.h"

#include <float.h>

static double smaller(double a, double b) { return a < b ? a : b; }
static double larger(double a, double b) { return a > b ? a : b; }

/* Boxes are x, y, width, height. */
static double box_overlap(const double *d, const double *g, int crowd) {
    double w = smaller(d[2] + d[0], g[2] + g[0]) - larger(d[0], g[0]);
    double h = smaller(d[3] + d[1], g[3] + g[1]) - larger(d[1], g[1]);
    if (w <= 0 || h <= 0) return 0;
    double both = w * h, d_area = d[2] * d[3], g_area = g[2] * g[3];
    return both / (crowd ? d_area : d_area + g_area - both);
}

/* Where a mask's pixels of 1 lie: column, row, and one beyond. */
typedef struct {
    const uint32_t *counts;
    ptrdiff_t n;
    const int64_t *size, *box;
    double area;
} mask;

static mask mask_at(const fl_coco_state *state, const fl_coco_side *side, ptrdiff_t offset, ptrdiff_t i) {
    const fl_runs *runs = &side->runs;
    return (mask){runs->counts + runs->first[i], (ptrdiff_t)(runs->first[i + 1] - runs->first[i]),
                  runs->size + 2 * i, state->boxes + 4 * (offset + i), state->areas[offset + i]};
}

/* -1 for masks of different images: it reaches no threshold. */
static double mask_overlap(const mask *d, const mask *g, int crowd) {
    if (d->size[0] != g->size[0] || d->size[1] != g->size[1]) return -1;
    for (int axis = 0; axis < 2; axis++)
        if (d->box[axis] >= g->box[axis + 2] || g->box[axis] >= d->box[axis + 2]) return 0;
    double both = (double)fl_runs_intersection(d->counts, d->n, g->counts, g->n);
    return both == 0 ? 0 : both / (crowd ? d->area : d->area + g->area - both);
}

void fl_coco_overlaps(const fl_coco_state *state, const fl_coco_group *group, double *overlaps) {
    const fl_coco_args *args = state->args;
    const fl_coco_side *dt = &args->dt, *gt = &args->gt;
    for (ptrdiff_t d = 0; d < group->n_dt; d++) {
        ptrdiff_t i = state->dt_order[group->dt + d];
        for (ptrdiff_t g = 0; g < group->n_gt; g++) {
            ptrdiff_t j = state->gt_order[group->gt + g];
            double overlap;
            if (args->kind == FL_COCO_BOX) {
                overlap = box_overlap(dt->boxes + 4 * i, gt->boxes + 4 * j, args->crowd[j]);
            } else if (args->kind == FL_COCO_MASK) {
                mask a = mask_at(state, dt, 0, i), b = mask_at(state, gt, dt->n, j);
                overlap = mask_overlap(&a, &b, args->crowd[j]);
            } else {
                ptrdiff_t row = 3 * args->n_keypoints;
                overlap = fl_coco_oks(dt->keypoints + row * i, gt->keypoints + row * j, gt->boxes + 4 * j,
                                      gt->area[j], args->sigmas, args->n_keypoints);
            }
            overlaps[d * group->n_gt + g] = overlap;
        }
    }
}

enum { MASKS_PER_CHUNK = 256 };

static void measure_chunk(void *context, ptrdiff_t chunk) {
    fl_coco_state *state = context;
    const fl_coco_args *args = state->args;
    ptrdiff_t first = chunk * MASKS_PER_CHUNK, end = first + MASKS_PER_CHUNK, all = args->dt.n + args->gt.n;
    for (ptrdiff_t k = first; k < end && k < all; k++) {
        const fl_runs *runs = k < args->dt.n ? &args->dt.runs : &args->gt.runs;
        ptrdiff_t i = k < args->dt.n ? k : k - args->dt.n;
        const uint32_t *counts = runs->counts + runs->first[i];
        ptrdiff_t n = (ptrdiff_t)(runs->first[i + 1] - runs->first[i]);
        state->areas[k] = (double)fl_runs_area(counts, n);
        fl_runs_box(counts, n, (ptrdiff_t)runs->size[2 * i], state->boxes + 4 * k);
    }
}

void fl_coco_measure_masks(fl_coco_state *state) {
    const fl_coco_args *args = state->args;
    ptrdiff_t n = args->dt.n + args->gt.n, chunks = (n + MASKS_PER_CHUNK - 1) / MASKS_PER_CHUNK;
    double runs = (double)(args->dt.runs.first[args->dt.n] + args->gt.runs.first[args->gt.n]);
    fl_parallel(chunks, 2 * runs, measure_chunk, state);
}
