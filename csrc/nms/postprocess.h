/* postprocess.h -- from the raw output of a detector to its detections: (images, 4 + classes ..., anchors),
 * scores read as they lie in memory, one row of anchors per class.
 *
 * A first pass over all scores collects candidates: part of the anchors of an image at a time where only the
 * best class of an anchor counts, part of the classes where all do. Both ways put together, candidates come
 * in the order in which equal scores are taken. */

typedef struct {
    uint32_t anchor, label;
    real score;
} FL(candidate);

typedef struct {
    FL(candidate) *items;
    ptrdiff_t count, room;
    ptrdiff_t bad;                /* where in the image's scores a NaN stands, or -1 */
    int failed;                   /* no memory */
} FL(candidates);

typedef struct {
    fl_postprocess_args *args;
    FL(candidates) *parts;        /* parts_per_image of each image */
    ptrdiff_t parts_per_image;
    real confidence;
} FL(postprocess_call);

enum { FL(part_anchors) = 2048, FL(part_classes) = 16, FL(score_block) = 512 };

static void FL(add_candidate)(FL(candidates) *list, ptrdiff_t anchor, ptrdiff_t label, real score) {
    if (list->count == list->room) {
        ptrdiff_t room = list->room ? 2 * list->room : 256;
        FL(candidate) *items = realloc(list->items, room * sizeof *items);
        if (!items) {
            list->failed = 1;
            return;
        }
        list->items = items, list->room = room;
    }
    list->items[list->count++] = (FL(candidate)){(uint32_t)anchor, (uint32_t)label, score};
}

/* ---- the pass over the scores ------------------------------------------------------------------------ */

static FL_PASS int FL(raise_best)(const real *restrict scores, int n, real *restrict best) {
    int bad = 0;
#pragma omp simd reduction(| : bad)
    for (int i = 0; i < n; i++) {
        bad |= scores[i] != scores[i];
        best[i] = FL(max)(scores[i], best[i]);
    }
    return bad;
}

static FL_PASS int FL(any_above)(const real *restrict scores, int n, real confidence, int *bad) {
    int any = 0, nan = 0;
#pragma omp simd reduction(| : any, nan)
    for (int i = 0; i < n; i++) {
        nan |= scores[i] != scores[i];
        any |= scores[i] > confidence;
    }
    *bad = nan;
    return any;
}

/* Position of the first NaN of n scores that have one. */
static ptrdiff_t FL(nan_at)(const real *scores, ptrdiff_t n) {
    ptrdiff_t i = 0;
    while (i + 1 < n && scores[i] == scores[i]) i++;
    return i;
}

static void FL(note_nan)(FL(candidates) *list, ptrdiff_t at) {
    if (list->bad < 0 || at < list->bad) list->bad = at;
}

/* Anchors from `first` on, each with its best class, the lowest of equal ones. */
static void FL(collect_best)(const fl_postprocess_args *args, const real *scores, ptrdiff_t first,
                             ptrdiff_t last, real confidence, FL(candidates) *list) {
    FL_ALIGNED real best[FL(score_block)];
    for (ptrdiff_t at = first; at < last; at += FL(score_block)) {
        int n = last - at < FL(score_block) ? (int)(last - at) : FL(score_block);
        for (int i = 0; i < n; i++) best[i] = -(real)INFINITY;
        for (ptrdiff_t c = 0; c < args->classes; c++) {
            const real *row = scores + c * args->anchors + at;
            if (FL(raise_best)(row, n, best)) FL(note_nan)(list, c * args->anchors + at + FL(nan_at)(row, n));
        }
        for (int i = 0; i < n; i++) {
            if (!(best[i] > confidence)) continue;
            ptrdiff_t c = 0;
            while (c + 1 < args->classes && scores[c * args->anchors + at + i] != best[i]) c++;
            if (!args->wanted || args->wanted[c]) FL(add_candidate)(list, at + i, c, best[i]);
        }
    }
}

/* Every anchor of every class from `first` on. */
static void FL(collect_all)(const fl_postprocess_args *args, const real *scores, ptrdiff_t first,
                            ptrdiff_t last, real confidence, FL(candidates) *list) {
    for (ptrdiff_t c = first; c < last; c++) {
        int wanted = !args->wanted || args->wanted[c];
        for (ptrdiff_t at = 0; at < args->anchors; at += FL(score_block)) {
            ptrdiff_t left = args->anchors - at;
            int n = left < FL(score_block) ? (int)left : FL(score_block), bad;
            const real *row = scores + c * args->anchors + at;
            int any = FL(any_above)(row, n, confidence, &bad);
            if (bad) FL(note_nan)(list, c * args->anchors + at + FL(nan_at)(row, n));
            for (int i = 0; any && wanted && i < n; i++)
                if (row[i] > confidence) FL(add_candidate)(list, at + i, c, row[i]);
        }
    }
}

static void FL(collect_part)(void *context, ptrdiff_t chunk) {
    FL(postprocess_call) *call = context;
    const fl_postprocess_args *args = call->args;
    ptrdiff_t image = chunk / call->parts_per_image, part = chunk % call->parts_per_image;
    const real *scores = (const real *)args->prediction + (image * args->channels + 4) * args->anchors;
    ptrdiff_t each = args->multi_label ? FL(part_classes) : FL(part_anchors), first = part * each;
    ptrdiff_t all = args->multi_label ? args->classes : args->anchors;
    ptrdiff_t last = first + each < all ? first + each : all;
    (args->multi_label ? FL(collect_all) : FL(collect_best))(args, scores, first, last, call->confidence,
                                                             call->parts + chunk);
}

/* ---- the selection of an image ------------------------------------------------------------------------- */

/* Keep the `most` candidates of the highest scores, in the order in which they are. */
static int FL(best_candidates)(FL(candidate) *items, const FL(word) *keys, ptrdiff_t *n, ptrdiff_t most) {
    FL(ranked) *order = malloc((2 * *n + 1) * sizeof *order);
    unsigned char *chosen = calloc(*n + 1, 1);
    ptrdiff_t left = 0;
    if (order && chosen) {
        for (ptrdiff_t i = 0; i < *n; i++) order[i] = (FL(ranked)){keys[i], (uint32_t)i};
        const FL(ranked) *sorted = FL(sort_ranked)(order, order + *n, *n);
        for (ptrdiff_t i = 0; i < most; i++) chosen[sorted[i].index] = 1;
        for (ptrdiff_t i = 0; i < *n; i++)
            if (chosen[i]) items[left++] = items[i];
        *n = left;
    }
    int status = order && chosen ? FL_OK : FL_NO_MEMORY;
    free(order);
    free(chosen);
    return status;
}

static void FL(box_of_anchor)(const fl_postprocess_args *args, const real *boxes, ptrdiff_t anchor,
                              real *out) {
    for (int k = 0; k < 4; k++) out[k] = boxes[k * args->anchors + anchor];
    FL(convert_plain)(out, args->format, FL_XYXY, out);
}

static void FL(keys_of)(const FL(candidate) *items, ptrdiff_t n, FL(word) *keys) {
    for (ptrdiff_t i = 0; i < n; i++) keys[i] = FL(falling)(items[i].score);
}

/* Rows (x1, y1, x2, y2, score, class) of the kept candidates. */
static fl_status FL(write_rows)(const fl_postprocess_args *args, const FL(candidate) *items,
                                const real *boxes, const uint32_t *kept, fl_detections *out) {
    real *row = malloc((6 * out->n + 1) * sizeof *row);
    out->rows = row;
    out->anchors = malloc((out->n + 1) * sizeof *out->anchors);
    if (!row || !out->anchors) return FL_NO_MEMORY;
    for (ptrdiff_t i = 0; i < out->n; i++, row += 6) {
        FL(box_of_anchor)(args, boxes, items[kept[i]].anchor, row);
        row[4] = items[kept[i]].score, row[5] = (real)items[kept[i]].label;
        out->anchors[i] = items[kept[i]].anchor;
    }
    return FL_OK;
}

static fl_status FL(select_of_image)(const fl_postprocess_args *args, FL(candidate) *items, ptrdiff_t n,
                                     const real *raw, fl_detections *out) {
    real *boxes = malloc((4 * n + 1) * sizeof *boxes);
    FL(word) *keys = malloc((n + 1) * sizeof *keys);
    int64_t *labels = malloc((n + 1) * sizeof *labels);
    uint32_t *kept = malloc((n + 1) * sizeof *kept);
    fl_status status = boxes && keys && labels && kept ? FL_OK : FL_NO_MEMORY;
    out->candidates = n;
    if (status == FL_OK) {
        FL(keys_of)(items, n, keys);
        if (args->max_candidates >= 0 && n > args->max_candidates) {
            status = FL(best_candidates)(items, keys, &n, args->max_candidates);
            FL(keys_of)(items, n, keys);
        }
    }
    if (status == FL_OK) {
        for (ptrdiff_t i = 0; i < n; i++) {
            FL(box_of_anchor)(args, raw, items[i].anchor, boxes + 4 * i);
            labels[i] = items[i].label;
        }
        FL(nms_input) in = {boxes, keys, FL(nms_threshold)(args->threshold), NULL, 0};
        out->n = out->survivors = FL(select)(&in, args->agnostic ? NULL : labels, n, kept);
        if (args->max_det >= 0 && out->n > args->max_det) out->n = args->max_det;
        status = out->n < 0 ? FL_NO_MEMORY : FL(write_rows)(args, items, raw, kept, out);
    }
    free(boxes);
    free(keys);
    free(labels);
    free(kept);
    return status;
}

/* The candidates of all parts of an image, in one list: that of the first part. */
static int FL(gather_parts)(FL(candidates) *parts, ptrdiff_t n) {
    ptrdiff_t total = 0;
    for (ptrdiff_t k = 0; k < n; k++) total += parts[k].count;
    if (total > parts->room) {
        FL(candidate) *items = realloc(parts->items, total * sizeof *items);
        if (!items) return FL_NO_MEMORY;
        parts->items = items, parts->room = total;
    }
    for (ptrdiff_t k = 1; k < n; k++) {
        if (parts[k].count)
            memcpy(parts->items + parts->count, parts[k].items, parts[k].count * sizeof *parts->items);
        parts->count += parts[k].count;
    }
    return FL_OK;
}

static void FL(postprocess_image)(void *context, ptrdiff_t image) {
    FL(postprocess_call) *call = context;
    const fl_postprocess_args *args = call->args;
    FL(candidates) *parts = call->parts + image * call->parts_per_image;
    fl_detections *out = args->images + image;
    out->status = FL(gather_parts)(parts, call->parts_per_image);
    if (out->status == FL_OK)
        out->status =
            FL(select_of_image)(args, parts->items, parts->count,
                                (const real *)args->prediction + image * args->channels * args->anchors, out);
}

static fl_status FL(postprocess)(fl_postprocess_args *args) {
    ptrdiff_t each = args->multi_label ? (args->classes + FL(part_classes) - 1) / FL(part_classes)
                                       : (args->anchors + FL(part_anchors) - 1) / FL(part_anchors);
    if (each < 1) each = 1;
    FL(postprocess_call) call = {args, calloc(args->batch * each + 1, sizeof *call.parts), each,
                                 FL(nms_threshold)(args->confidence)};
    if (!call.parts) return FL_NO_MEMORY;
    fl_status status = FL_OK;
    for (ptrdiff_t i = 0; i < args->batch * each; i++) call.parts[i].bad = -1;
    fl_parallel(args->batch * each, fl_postprocess_cost(args), FL(collect_part), &call);
    ptrdiff_t candidates = 0;
    args->bad = -1;
    for (ptrdiff_t i = 0; i < args->batch * each; i++) {
        candidates += call.parts[i].count;
        if (call.parts[i].failed) status = FL_NO_MEMORY;
        if (call.parts[i].bad < 0) continue;
        ptrdiff_t at = i / each * args->classes * args->anchors + call.parts[i].bad;
        if (args->bad < 0 || at < args->bad) args->bad = at;
    }
    if (status == FL_OK && args->bad >= 0) status = FL_BAD_LABEL;
    if (status == FL_OK) {
        fl_parallel(args->batch, 2 * fl_nms_cost(candidates), FL(postprocess_image), &call);
        for (ptrdiff_t i = 0; i < args->batch; i++)
            if (args->images[i].status != FL_OK) status = FL_NO_MEMORY;
    }
    for (ptrdiff_t i = 0; i < args->batch * each; i++) free(call.parts[i].items);
    free(call.parts);
    return status;
}
