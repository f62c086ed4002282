/* coco.c -- COCO's mean average precision: put in groups, match, accumulate. */
#include "metrics/coco.h"

#include <stdlib.h>
#include <string.h>

void fl_sort_descending(ptrdiff_t *order, ptrdiff_t n, const double *score, ptrdiff_t *scratch) {
    enum { RUN = 16 };
    for (ptrdiff_t first = 0; first < n; first += RUN) {
        ptrdiff_t end = first + RUN < n ? first + RUN : n;
        for (ptrdiff_t i = first + 1; i < end; i++) {
            ptrdiff_t item = order[i], j = i;
            for (; j > first && score[order[j - 1]] < score[item]; j--) order[j] = order[j - 1];
            order[j] = item;
        }
    }
    for (ptrdiff_t width = RUN; width < n; width *= 2) {
        for (ptrdiff_t first = 0; first < n; first += 2 * width) {
            ptrdiff_t middle = first + width < n ? first + width : n;
            ptrdiff_t end = middle + width < n ? middle + width : n;
            ptrdiff_t i = first, j = middle, k = first;
            while (i < middle && j < end)
                scratch[k++] = score[order[i]] < score[order[j]] ? order[j++] : order[i++];
            while (i < middle) scratch[k++] = order[i++];
            while (j < end) scratch[k++] = order[j++];
        }
        memcpy(order, scratch, (size_t)n * sizeof *order);
    }
}

/* A stable counting sort of `from` by key; `first` (buckets + 1) keeps where every bucket begins. */
static void by_key(const int64_t *key, ptrdiff_t n, ptrdiff_t buckets, const ptrdiff_t *from, ptrdiff_t *to,
                   ptrdiff_t *first) {
    memset(first, 0, (size_t)(buckets + 1) * sizeof *first);
    for (ptrdiff_t i = 0; i < n; i++) first[key[i] + 1]++;
    for (ptrdiff_t b = 0; b < buckets; b++) first[b + 1] += first[b];
    for (ptrdiff_t i = 0; i < n; i++) {
        ptrdiff_t item = from ? from[i] : i;
        to[first[key[item]]++] = item;
    }
    memmove(first + 1, first, (size_t)buckets * sizeof *first);
    first[0] = 0;
}

static void by_category_and_image(const fl_coco_args *args, const fl_coco_side *side, ptrdiff_t *order,
                                  ptrdiff_t *category, ptrdiff_t *image, ptrdiff_t *scratch) {
    by_key(side->image, side->n, args->n_images, NULL, scratch, image);
    by_key(side->category, side->n, args->n_categories, scratch, order, category);
}

/* Walk both orders at once and note where a group of either begins. */
static void make_groups(fl_coco_state *state) {
    const fl_coco_args *args = state->args;
    for (ptrdiff_t k = 0; k < args->n_categories; k++) {
        ptrdiff_t d = state->dt_category[k], d_end = state->dt_category[k + 1];
        ptrdiff_t g = state->gt_category[k], g_end = state->gt_category[k + 1];
        while (d < d_end || g < g_end) {
            int64_t d_image = d < d_end ? args->dt.image[state->dt_order[d]] : INT64_MAX;
            int64_t g_image = g < g_end ? args->gt.image[state->gt_order[g]] : INT64_MAX;
            int64_t image = d_image < g_image ? d_image : g_image;
            fl_coco_group *group = &state->groups[state->n_groups++];
            *group = (fl_coco_group){k, d, 0, g, 0};
            while (d < d_end && args->dt.image[state->dt_order[d]] == image) d++;
            while (g < g_end && args->gt.image[state->gt_order[g]] == image) g++;
            group->n_dt = d - group->dt;
            group->n_gt = g - group->gt;
        }
    }
}

static void sort_groups(fl_coco_state *state, ptrdiff_t *scratch) {
    for (ptrdiff_t i = 0; i < state->n_groups; i++) {
        const fl_coco_group *group = &state->groups[i];
        fl_sort_descending(state->dt_order + group->dt, group->n_dt, state->args->score, scratch);
        for (ptrdiff_t d = 0; d < group->n_dt; d++) state->rank[group->dt + d] = d;
    }
}

/* Part of one block of memory that is taken at once. */
static void *take(char **block, size_t count, size_t size) {
    void *part = *block;
    *block += (count * size + 63) / 64 * 64;
    return part;
}

fl_status fl_coco(fl_coco_args *args) {
    size_t d = (size_t)args->dt.n, g = (size_t)args->gt.n, k = (size_t)args->n_categories + 1;
    size_t settings = (size_t)(args->n_ranges * args->n_thresholds), most = d > g ? d : g;
    size_t masks = 0, runs = 0;
    if (args->kind == FL_COCO_MASK) {
        masks = d + g;
        runs = (size_t)(args->dt.runs.start[d] + args->gt.runs.start[g]);
    }
    size_t words = 2 * d + g + 2 * k + (size_t)args->n_images + 1 + most + runs;
    size_t bytes =
        words * 8 + masks * sizeof(fl_strips) + (d + g) * sizeof(fl_coco_group) + d * settings + 12 * 64;
    char *block = malloc(bytes), *at = block;
    if (!block) return FL_NO_MEMORY;

    fl_coco_state state = {.args = args};
    state.dt_order = take(&at, d, sizeof(ptrdiff_t));
    state.gt_order = take(&at, g, sizeof(ptrdiff_t));
    state.dt_category = take(&at, k, sizeof(ptrdiff_t));
    state.gt_category = take(&at, k, sizeof(ptrdiff_t));
    state.rank = take(&at, d, sizeof(int64_t));
    state.masks = take(&at, masks, sizeof(fl_strips));
    int64_t *room = take(&at, runs, sizeof(int64_t));
    ptrdiff_t *image = take(&at, (size_t)args->n_images + 1, sizeof(ptrdiff_t));
    ptrdiff_t *scratch = take(&at, most, sizeof(ptrdiff_t));
    state.groups = take(&at, d + g, sizeof(fl_coco_group));
    state.status = take(&at, d, settings);

    by_category_and_image(args, &args->dt, state.dt_order, state.dt_category, image, scratch);
    by_category_and_image(args, &args->gt, state.gt_order, state.gt_category, image, scratch);
    make_groups(&state);
    sort_groups(&state, scratch);
    if (masks) fl_coco_prepare_masks(&state, room);
    fl_coco_match(&state);
    if (!state.failed) fl_coco_accumulate(&state);
    free(block);
    return state.failed ? FL_NO_MEMORY : FL_OK;
}
