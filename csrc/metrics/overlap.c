/* overlap.c -- how much a detection and an object have in common, by the rules of COCO.
 *
 * Against a crowd the intersection is divided by the detection's size alone. Every operation is a single
 * one in double, in the order of the definition: thresholds compare these numbers exactly. */
#include "metrics/coco.h"
#include "parallel.h"

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

/* -1 for masks of different images: it reaches no threshold. */
static double mask_overlap(const fl_coco_state *state, ptrdiff_t i, ptrdiff_t j) {
    const fl_runs *dt = &state->args->dt.runs, *gt = &state->args->gt.runs;
    if (dt->height[i] != gt->height[j] || dt->width[i] != gt->width[j]) return -1;
    const fl_strips *d = &state->masks[i], *g = &state->masks[state->args->dt.n + j];
    return fl_mask_overlap(fl_common_pixels(d, g), d->extent.area, g->extent.area, state->args->crowd[j]);
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
                overlap = mask_overlap(state, i, j);
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

typedef struct {
    fl_coco_state *state;
    int64_t *room;
} context;

static void prepare_chunk(void *argument, ptrdiff_t chunk) {
    const context *c = argument;
    const fl_coco_side *dt = &c->state->args->dt, *gt = &c->state->args->gt;
    ptrdiff_t first = chunk * MASKS_PER_CHUNK, end = first + MASKS_PER_CHUNK;
    for (ptrdiff_t k = first; k < end && k < dt->n + gt->n; k++) {
        const fl_runs *runs = k < dt->n ? &dt->runs : &gt->runs;
        ptrdiff_t i = k < dt->n ? k : k - dt->n;
        int64_t *room = c->room + runs->start[i] + (k < dt->n ? 0 : dt->runs.start[dt->n]);
        c->state->masks[k] = fl_strips_of(runs, i, room);
    }
}

void fl_coco_prepare_masks(fl_coco_state *state, int64_t *room) {
    const fl_coco_side *dt = &state->args->dt, *gt = &state->args->gt;
    ptrdiff_t chunks = (dt->n + gt->n + MASKS_PER_CHUNK - 1) / MASKS_PER_CHUNK;
    double runs = (double)(dt->runs.start[dt->n] + gt->runs.start[gt->n]);
    context c = {state, room};
    fl_parallel(chunks, 4 * runs, prepare_chunk, &c);
}
