/* nms.h -- the call: one selection, or one for each class, put together by falling score. */

typedef struct {
    FL(nms_input) in;
    const fl_groups *groups;
    uint32_t *kept;               /* where the members of each group start */
    ptrdiff_t *n_kept;            /* of each group */
} FL(nms_call);

static void FL(nms_group)(void *context, ptrdiff_t group) {
    FL(nms_call) *call = context;
    const ptrdiff_t *starts = call->groups->starts + group;
    call->n_kept[group] = FL(greedy)(&call->in, call->groups->members + starts[0], starts[1] - starts[0],
                                     call->kept + starts[0]);
}

/* Positions that were kept, in any order, sorted by falling score. */
static fl_status FL(by_score)(const FL(word) *keys, uint32_t *kept, ptrdiff_t n, ptrdiff_t n_kept) {
    FL(ranked) *items = malloc((2 * n_kept + 1) * sizeof *items);
    unsigned char *chosen = calloc(n + 1, 1);
    if (items && chosen) {
        ptrdiff_t k = 0;
        for (ptrdiff_t i = 0; i < n_kept; i++) chosen[kept[i]] = 1;
        for (ptrdiff_t i = 0; i < n; i++)
            if (chosen[i]) items[k++] = (FL(ranked)){keys[i], (uint32_t)i};
        FL(ranked) *sorted = FL(sort_ranked)(items, items + n_kept, n_kept);
        for (ptrdiff_t i = 0; i < n_kept; i++) kept[i] = sorted[i].index;
    }
    fl_status status = items && chosen ? FL_OK : FL_NO_MEMORY;
    free(items);
    free(chosen);
    return status;
}

/* n boxes with keys, in classes or not; kept has room for n. Returns how many were kept, -1 without memory. */
static ptrdiff_t FL(select)(const FL(nms_input) *in, const int64_t *classes, ptrdiff_t n, uint32_t *kept) {
    fl_groups groups;
    ptrdiff_t total = 0;
    if (!classes) return FL(greedy)(in, NULL, n, kept);
    if (fl_group(classes, n, &groups) != FL_OK) return -1;
    FL(nms_call) call = {*in, &groups, kept, calloc(groups.count + 1, sizeof *call.n_kept)};
    if (call.n_kept) fl_parallel(groups.count, fl_nms_cost(n), FL(nms_group), &call);
    for (ptrdiff_t k = 0; k < groups.count && total >= 0; k++) {
        ptrdiff_t count = call.n_kept ? call.n_kept[k] : -1;
        if (count >= 0) memmove(kept + total, kept + groups.starts[k], count * sizeof *kept);
        total = count < 0 ? -1 : total + count;
    }
    free(call.n_kept);
    if (total > 0 && groups.count > 1 && FL(by_score)(in->keys, kept, n, total) != FL_OK) total = -1;
    fl_groups_free(&groups);
    return total;
}

/* ---- rotated boxes: what their overlap needs, and the boxes around them -------------------------------- */

/* A box around n rotated ones each, a little wider than they are, as their own overlap is rounded in another
 * way. Returns whether all are of a size that a grid can reckon with, or of none. */
static int FL(surround)(const FL(rotated) *turned, ptrdiff_t n, real *around) {
    int fits = 1;
    for (ptrdiff_t i = 0; i < n; i++, around += 4) {
        FL(rotated) b = turned[i];
        real c = FL(abs)(b.c), s = FL(abs)(b.s), slack = FL_PICK(0x1p-18, 0x1p-47);
        real w = b.p * c + b.q * s, h = b.p * s + b.q * c, area = 4 * b.p * b.q;
        w += slack * (w + FL(abs)(b.x)), h += slack * (h + FL(abs)(b.y));
        around[0] = b.x - w, around[1] = b.y - h, around[2] = b.x + w, around[3] = b.y + h;
        fits &= !(area > 0) || (area >= FL_TINY && w * h < (real)INFINITY);
    }
    return fits;
}

/* Rotated boxes of `format` to turned and around; returns as `surround`. */
static int FL(turn_boxes)(const fl_nms_args *args, FL(rotated) *turned, real *around) {
    FL_ALIGNED FL(rotated_block) block;
    int width = fl_box_width(args->format);
    for (ptrdiff_t first = 0; first < args->n; first += FL(block)) {
        int n = args->n - first < FL(block) ? (int)(args->n - first) : FL(block);
        FL(complete_rotated)((const real *)args->boxes + first * width, n, args->format, &block);
        for (int i = 0; i < n; i++) turned[first + i] = FL(rotated_at)(&block, i);
    }
    return FL(surround)(turned, args->n, around);
}

static fl_status FL(nms)(fl_nms_args *args) {
    ptrdiff_t n = args->n;
    int rotated = args->format != FL_XYXY;
    FL(word) *keys = malloc((n + 1) * sizeof *keys);
    uint32_t *kept = malloc((n + 1) * sizeof *kept);
    FL(rotated) *turned = rotated ? malloc((n + 1) * sizeof *turned) : NULL;
    real *around = rotated ? malloc((4 * n + 1) * sizeof *around) : NULL;
    args->n_kept = keys && kept && (!rotated || (turned && around)) ? 0 : -1;
    args->bad = -1;
    if (!args->n_kept) {
        if (args->ranks)
            for (ptrdiff_t i = 0; i < n; i++) keys[i] = args->ranks[i];
        else args->bad = FL(keys_of_scores)((const real *)args->scores, n, keys);
    }
    if (!args->n_kept && args->bad < 0) {
        FL(nms_input) in = {(const real *)args->boxes, keys, FL(nms_threshold)(args->threshold), turned, 0};
        if (rotated) in.no_grid = !FL(turn_boxes)(args, turned, around), in.boxes = around;
        args->n_kept = FL(select)(&in, args->classes, n, kept);
        for (ptrdiff_t i = 0; i < args->n_kept; i++) args->kept[i] = kept[i];
    }
    free(keys);
    free(kept);
    free(turned);
    free(around);
    return args->n_kept < 0 ? FL_NO_MEMORY : args->bad >= 0 ? FL_BAD_LABEL : FL_OK;
}
