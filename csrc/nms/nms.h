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

static fl_status FL(nms)(fl_nms_args *args) {
    ptrdiff_t n = args->n;
    FL(word) *keys = malloc((n + 1) * sizeof *keys);
    uint32_t *kept = malloc((n + 1) * sizeof *kept);
    args->n_kept = keys && kept ? 0 : -1;
    args->bad = -1;
    if (!args->n_kept) {
        if (args->ranks)
            for (ptrdiff_t i = 0; i < n; i++) keys[i] = args->ranks[i];
        else args->bad = FL(keys_of_scores)((const real *)args->scores, n, keys);
    }
    if (!args->n_kept && args->bad < 0) {
        FL(nms_input) in = {(const real *)args->boxes, keys, FL(nms_threshold)(args->threshold)};
        args->n_kept = FL(select)(&in, args->classes, n, kept);
        for (ptrdiff_t i = 0; i < args->n_kept; i++) args->kept[i] = kept[i];
    }
    free(keys);
    free(kept);
    return args->n_kept < 0 ? FL_NO_MEMORY : args->bad >= 0 ? FL_BAD_LABEL : FL_OK;
}
