/* fusion.h -- weighted boxes fusion (Solovyev, Wang and Gabruseva 2021): boxes of several models become
 * one box for each object instead of one of them.
 *
 * With s = score times the weight of its model, by falling s and within a label: a box joins the cluster
 * whose fused box it overlaps most, if that IoU exceeds the threshold, or else begins a cluster. The fused
 * box is the mean of its boxes weighted by s; its score, of n boxes of M models with weights w,
 *   avg                      mean s * min(n, M) / sum w       (n for min(n, M) if it may exceed 1)
 *   max                      max s / max w
 *   box_and_model_avg        sum s / sum of the boxes' w * (sum w of the models among them) / sum w
 *   absent_model_aware_avg   sum s / (sum of the boxes' w + sum w of the models not among them) */

typedef struct {
    real x1, y1, x2, y2, s;
    uint32_t index;
} FL(vote);

/* Sums over the boxes of a cluster: of s times each coordinate, of s, and of w. */
typedef struct {
    double x1, y1, x2, y2, s, most, w, present;      /* present: sum w of its models, each once */
    ptrdiff_t count;
    uint32_t first;                                  /* position of its best box */
} FL(cluster);

typedef struct {
    real *x1, *y1, *x2, *y2, *area, *iou;            /* fused boxes of one label, and their overlaps */
    FL(cluster) *clusters;
    unsigned char *seen;                             /* models of each cluster */
    ptrdiff_t count;
} FL(fusion);

/* The cluster that overlaps the box most, if by more than the threshold; else -1. */
static FL_PASS ptrdiff_t FL(best_cluster)(const FL(fusion) *fusion, FL(upright) b, real threshold) {
    const FL(fusion) f = *fusion;
    real best = 0;
#pragma omp simd reduction(max : best)
    for (ptrdiff_t i = 0; i < f.count; i++) {
        FL(upright) one = {f.x1[i], f.y1[i], f.x2[i], f.y2[i], f.area[i]};
        real o = FL(plain_iou)(one, b);
        f.iou[i] = o;
        best = o > best ? o : best;
    }
    if (!(best > threshold)) return -1;
    ptrdiff_t at = 0;
    while (f.iou[at] != best) at++;
    return at;
}

static void FL(join_cluster)(const fl_fusion_args *args, FL(fusion) *f, ptrdiff_t at, FL(vote) v) {
    FL(cluster) *c = f->clusters + at;
    int32_t model = args->models[v.index];
    double s = v.s, w = args->weights[model];
    if (at == f->count) {
        *c = (FL(cluster)){.first = v.index};
        memset(f->seen + at * args->n_models, 0, args->n_models);
        f->count++;
    }
    c->x1 += s * v.x1, c->y1 += s * v.y1, c->x2 += s * v.x2, c->y2 += s * v.y2;
    c->s += s, c->w += w, c->count++;
    c->most = s > c->most ? s : c->most;
    if (!f->seen[at * args->n_models + model]) c->present += w;
    f->seen[at * args->n_models + model] = 1;
    if (c->count == 1) {
        f->x1[at] = v.x1, f->y1[at] = v.y1, f->x2[at] = v.x2, f->y2[at] = v.y2;
    } else if (c->s > 0) {      /* without any weight the first box stands */
        f->x1[at] = (real)(c->x1 / c->s), f->y1[at] = (real)(c->y1 / c->s);
        f->x2[at] = (real)(c->x2 / c->s), f->y2[at] = (real)(c->y2 / c->s);
    }
    f->area[at] = (f->x2[at] - f->x1[at]) * (f->y2[at] - f->y1[at]);
}

static double FL(fused_score)(const fl_fusion_args *args, const FL(cluster) *c) {
    double all = args->weight_sum, n = (double)c->count, models = (double)args->n_models;
    switch (args->confidence) {
    case FL_FUSE_MAX: return c->most / args->weight_max;
    case FL_FUSE_BOX_AND_MODEL: return c->w > 0 ? c->s / c->w * c->present / all : 0;
    case FL_FUSE_ABSENT: return c->s / (c->w + (all - c->present));
    default: return c->s / n * (args->overflow || n < models ? n : models) / all;
    }
}

/* Boxes of one label, and their clusters to the output from `out` on; returns how many. */
static ptrdiff_t FL(fuse_label)(fl_fusion_args *args, FL(fusion) *f, const uint32_t *members, ptrdiff_t m,
                                FL(ranked) *items, FL(ranked) *other, ptrdiff_t out) {
    ptrdiff_t n = 0;
    const real *scores = (const real *)args->scores;
    real threshold = FL(nms_threshold)(args->threshold);
    for (ptrdiff_t i = 0; i < m; i++) {
        if (scores[members[i]] < args->skip) continue;
        real s = (real)(scores[members[i]] * args->weights[args->models[members[i]]]);
        items[n++] = (FL(ranked)){FL(falling)(s), members[i]};
    }
    const FL(ranked) *order = FL(sort_ranked)(items, other, n);
    f->count = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        uint32_t index = order[i].index;
        FL(upright) b = FL(upright_at)((const real *)args->boxes, index);
        real s = (real)(scores[index] * args->weights[args->models[index]]);
        ptrdiff_t at = FL(best_cluster)(f, b, threshold);
        FL(join_cluster)(args, f, at < 0 ? f->count : at, (FL(vote)){b.x1, b.y1, b.x2, b.y2, s, index});
    }
    for (ptrdiff_t i = 0; i < f->count; i++) {
        real *box = (real *)args->fused_boxes + 4 * (out + i);
        box[0] = f->x1[i], box[1] = f->y1[i], box[2] = f->x2[i], box[3] = f->y2[i];
        ((real *)args->fused_scores)[out + i] = (real)FL(fused_score)(args, f->clusters + i);
        args->first[out + i] = f->clusters[i].first;
    }
    return f->count;
}

/* Clusters of all labels, in the order of `items`: by falling score, equal ones by their best box. */
static fl_status FL(order_fused)(fl_fusion_args *args, FL(ranked) *items, ptrdiff_t n) {
    real *boxes = (real *)args->fused_boxes, *scores = (real *)args->fused_scores;
    char *memory = malloc(n * (5 * sizeof(real) + sizeof(int64_t)) + 1);
    if (!memory) return FL_NO_MEMORY;
    int64_t *first = (int64_t *)memory;
    real *old = (real *)(first + n), *old_scores = old + 4 * n;
    memcpy(first, args->first, n * sizeof *first);
    memcpy(old, boxes, 4 * n * sizeof *old), memcpy(old_scores, scores, n * sizeof *old);
    for (ptrdiff_t i = 0; i < n; i++) items[i] = (FL(ranked)){(FL(word))first[i], (uint32_t)i};
    FL(ranked) *sorted = FL(sort_ranked)(items, items + n, n);
    for (ptrdiff_t i = 0; i < n; i++) sorted[i].key = FL(falling)(old_scores[sorted[i].index]);
    sorted = FL(sort_ranked)(sorted, sorted == items ? items + n : items, n);
    for (ptrdiff_t i = 0; i < n; i++) {
        uint32_t from = sorted[i].index;
        memcpy(boxes + 4 * i, old + 4 * (ptrdiff_t)from, 4 * sizeof *old);
        scores[i] = old_scores[from];
        args->first[i] = first[from];
    }
    free(memory);
    return FL_OK;
}

/* All labels: each in a place of its own, moved together at the end. */
typedef struct {
    fl_fusion_args *args;
    const fl_groups *groups;
    FL(ranked) *items;                    /* 2 n */
    ptrdiff_t *fused;                     /* of each label */
    int no_memory;
} FL(fusion_call);

static void FL(fuse_group)(void *context, ptrdiff_t k) {
    FL(fusion_call) *call = context;
    fl_fusion_args *args = call->args;
    const ptrdiff_t first = call->groups->starts[k], m = call->groups->starts[k + 1] - first;
    real *columns = malloc((6 * m + 1) * sizeof *columns);
    FL(fusion) f = {columns,
                    columns + m,
                    columns + 2 * m,
                    columns + 3 * m,
                    columns + 4 * m,
                    columns + 5 * m,
                    malloc((m + 1) * sizeof *f.clusters),
                    malloc(m * args->n_models + 1),
                    0};
    if (columns && f.clusters && f.seen)
        call->fused[k] = FL(fuse_label)(args, &f, call->groups->members + first, m, call->items + first,
                                        call->items + args->n + first, first);
    else __atomic_store_n(&call->no_memory, 1, __ATOMIC_RELAXED);
    free(columns), free(f.clusters), free(f.seen);
}

static void FL(close_gaps)(fl_fusion_args *args, const fl_groups *groups, const ptrdiff_t *fused) {
    real *boxes = (real *)args->fused_boxes, *scores = (real *)args->fused_scores;
    for (ptrdiff_t k = 0; k < groups->count; k++) {
        ptrdiff_t from = groups->starts[k], to = args->n_fused;
        memmove(boxes + 4 * to, boxes + 4 * from, 4 * fused[k] * sizeof *boxes);
        memmove(scores + to, scores + from, fused[k] * sizeof *scores);
        memmove(args->first + to, args->first + from, fused[k] * sizeof *args->first);
        args->n_fused += fused[k];
    }
}

static fl_status FL(fuse)(fl_fusion_args *args) {
    fl_groups groups;
    ptrdiff_t n = args->n;
    double pairs = 0;
    args->n_fused = 0;
    args->bad = FL(first_nan)((const real *)args->scores, n);
    if (args->bad >= 0) return FL_BAD_LABEL;
    if (fl_group(args->labels, n, &groups) != FL_OK) return FL_NO_MEMORY;
    for (ptrdiff_t k = 0; k < groups.count; k++) {
        double m = (double)(groups.starts[k + 1] - groups.starts[k]);
        pairs += m * m;
    }
    FL(fusion_call) call = {args, &groups, malloc((2 * n + 1) * sizeof *call.items),
                            malloc((groups.count + 1) * sizeof *call.fused), 0};
    call.no_memory = !call.items || !call.fused;
    if (!call.no_memory) fl_parallel(groups.count, 50 * (double)n + 0.1 * pairs, FL(fuse_group), &call);
    fl_status status = call.no_memory ? FL_NO_MEMORY : FL_OK;
    if (status == FL_OK) {
        FL(close_gaps)(args, &groups, call.fused);
        status = FL(order_fused)(args, call.items, args->n_fused);
    }
    free(call.items);
    free(call.fused);
    fl_groups_free(&groups);
    return status;
}
