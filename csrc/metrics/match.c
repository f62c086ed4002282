/* match.c -- which detections find an object, per range of areas and threshold of overlap. */
#include "metrics/coco.h"
#include "parallel.h"

#include <stdlib.h>
#include <string.h>

enum { GROUPS_PER_CHUNK = 32 };

/* What one thread needs for a group. */
typedef struct {
    double *overlaps;
    ptrdiff_t *candidates, *first;        /* objects that reach the lowest threshold, per detection */
    uint8_t *ignored, *taken;             /* per object */
} workspace;

/* An overlap of 1 is reached by overlaps that rounding left a little lower. */
static double reached(double threshold) { return threshold < 1 - 1e-10 ? threshold : 1 - 1e-10; }

static void find_candidates(const fl_coco_args *args, ptrdiff_t n_dt, ptrdiff_t n_gt, workspace *w) {
    double lowest = reached(args->thresholds[0]);
    ptrdiff_t n = 0;
    for (ptrdiff_t d = 0; d < n_dt; d++) {
        w->first[d] = n;
        for (ptrdiff_t g = 0; g < n_gt; g++)
            if (w->overlaps[d * n_gt + g] >= lowest) w->candidates[n++] = g;
    }
    w->first[n_dt] = n;
}

/* The best object that is still free among those that are ignored, or not; -1 if none reaches `least`.
 * Of equal overlaps the later object wins. A crowd is never used up. */
static ptrdiff_t best(const workspace *w, ptrdiff_t d, ptrdiff_t n_gt, const uint8_t *crowd, int ignored,
                      double least) {
    ptrdiff_t found = -1;
    for (ptrdiff_t c = w->first[d]; c < w->first[d + 1]; c++) {
        ptrdiff_t g = w->candidates[c];
        double overlap = w->overlaps[d * n_gt + g];
        if (w->ignored[g] != ignored || (w->taken[g] && !crowd[g]) || overlap < least) continue;
        least = overlap;
        found = g;
    }
    return found;
}

/* Detections by score; an object that counts comes before any that is ignored. */
static void match(const fl_coco_state *state, const fl_coco_group *group, ptrdiff_t n_dt, ptrdiff_t range,
                  const uint8_t *crowd, workspace *w) {
    const fl_coco_args *args = state->args;
    ptrdiff_t n_t = args->n_thresholds, step = args->n_ranges * n_t;
    double low = args->ranges[2 * range], high = args->ranges[2 * range + 1];
    for (ptrdiff_t t = 0; t < n_t; t++) {
        uint8_t *status = state->status + group->dt * step + range * n_t + t;
        double least = reached(args->thresholds[t]);
        memset(w->taken, 0, (size_t)group->n_gt);
        for (ptrdiff_t d = 0; d < n_dt; d++) {
            ptrdiff_t g = -1;
            if (w->first[d] < w->first[d + 1]) {
                g = best(w, d, group->n_gt, crowd, 0, least);
                if (g < 0) g = best(w, d, group->n_gt, crowd, 1, least);
            }
            if (g >= 0) {
                w->taken[g] = 1;
                status[d * step] = w->ignored[g] ? FL_IGNORED : FL_TRUE_POSITIVE;
            } else {
                double area = args->dt.area[state->dt_order[group->dt + d]];
                status[d * step] = area < low || area > high ? FL_IGNORED : FL_FALSE_POSITIVE;
            }
        }
    }
}

static void match_group(const fl_coco_state *state, const fl_coco_group *group, workspace *w,
                        uint8_t *crowd) {
    const fl_coco_args *args = state->args;
    ptrdiff_t most = args->max_dets[args->n_max_dets - 1];
    ptrdiff_t n_dt = group->n_dt < most ? group->n_dt : most;
    fl_coco_group cut = *group;
    cut.n_dt = n_dt;
    fl_coco_overlaps(state, &cut, w->overlaps);
    find_candidates(args, n_dt, group->n_gt, w);
    for (ptrdiff_t g = 0; g < group->n_gt; g++) crowd[g] = args->crowd[state->gt_order[group->gt + g]];
    for (ptrdiff_t range = 0; range < args->n_ranges; range++) {
        double low = args->ranges[2 * range], high = args->ranges[2 * range + 1];
        for (ptrdiff_t g = 0; g < group->n_gt; g++) {
            ptrdiff_t i = state->gt_order[group->gt + g];
            w->ignored[g] = args->ignore[i] || args->gt.area[i] < low || args->gt.area[i] > high;
        }
        match(state, group, n_dt, range, crowd, w);
    }
}

static void match_chunk(void *context, ptrdiff_t chunk) {
    fl_coco_state *state = context;
    ptrdiff_t first = chunk * GROUPS_PER_CHUNK, end = first + GROUPS_PER_CHUNK;
    size_t pairs = 0, n_dt = 0, n_gt = 0;
    if (end > state->n_groups) end = state->n_groups;
    for (ptrdiff_t i = first; i < end; i++) {
        size_t d = (size_t)state->groups[i].n_dt, g = (size_t)state->groups[i].n_gt;
        size_t most = (size_t)state->args->max_dets[state->args->n_max_dets - 1];
        if (d > most) d = most;
        if (d * g > pairs) pairs = d * g;
        if (d > n_dt) n_dt = d;
        if (g > n_gt) n_gt = g;
    }
    char *block =
        malloc(pairs * (sizeof(double) + sizeof(ptrdiff_t)) + (n_dt + 1) * sizeof(ptrdiff_t) + 3 * n_gt);
    if (!block) {
        __atomic_store_n(&state->failed, 1, __ATOMIC_RELAXED);
        return;
    }
    workspace w;
    w.overlaps = (double *)block;
    w.candidates = (ptrdiff_t *)(w.overlaps + pairs);
    w.first = w.candidates + pairs;
    w.ignored = (uint8_t *)(w.first + n_dt + 1);
    w.taken = w.ignored + n_gt;
    for (ptrdiff_t i = first; i < end; i++) match_group(state, &state->groups[i], &w, w.taken + n_gt);
    free(block);
}

void fl_coco_match(fl_coco_state *state) {
    ptrdiff_t chunks = (state->n_groups + GROUPS_PER_CHUNK - 1) / GROUPS_PER_CHUNK;
    fl_parallel(chunks, 400.0 * (double)(state->args->dt.n + state->args->gt.n), match_chunk, state);
}
