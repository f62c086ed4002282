/* scene.h -- one image from its objects to its foreground: the unit of threads. */

/* The scores of the foreground, from the largest overlap and metric that every object has left. */
static void FL(score_claims)(FL(scene) *s, ptrdiff_t first_object, real *most_overlap, real *most_metric) {
    FL(image_part) *part = &s->call->images[s->image];
    for (ptrdiff_t i = 0; i < s->n; i++) {
        const FL(claim) *c = &s->claims[i];
        real *overlap = &most_overlap[c->object - first_object],
             *metric = &most_metric[c->object - first_object];
        *overlap = FL(max)(*overlap, c->overlap);
        *metric = FL(max)(*metric, c->metric);
    }
    for (ptrdiff_t i = 0; i < s->n; i++) {
        FL(claim) *c = &s->claims[i];
        c->score = FL(soft_score)(c->metric, most_overlap[c->object - first_object],
                                  most_metric[c->object - first_object]);
        part->scores += c->score;
    }
}

/* The assignment as an array per anchor, for those who ask for it alone. */
static void FL(write_assignment)(const FL(scene) *s) {
    const fl_detection_args *a = s->call->args;
    int64_t *index = a->object_index + s->image * a->anchors;
    real *score = (real *)a->object_score + s->image * a->anchors;
    for (ptrdiff_t i = 0; i < a->anchors; i++) index[i] = -1, score[i] = 0;
    for (ptrdiff_t i = 0; i < s->n; i++) {
        index[s->claims[i].anchor] = (int64_t)a->order[s->claims[i].object];
        score[s->claims[i].anchor] = s->claims[i].score;
    }
}

static int FL(assign_objects)(FL(scene) *s, ptrdiff_t first, ptrdiff_t end) {
    const fl_detection_args *a = s->call->args;
    ptrdiff_t tiles = (a->anchors + FL_LANES - 1) / FL_LANES, room = (tiles + 1) * FL_LANES;
    ptrdiff_t most = a->topk < a->anchors ? a->topk : a->anchors, objects = end - first;
    size_t reals = 8 * room + 4 * a->bins * FL_LANES + 2 * objects;
    char *memory = calloc(1, reals * sizeof(real) + 2 * room * sizeof(int32_t) + tiles);
    s->claims = malloc((size_t)objects * most * sizeof *s->claims);
    if (!memory || !s->claims || (a->assign_masks && !FL(make_cover)(a, room, &s->cover))) {
        free(memory), FL(free_cover)(&s->cover);
        return 0;
    }
    real *at = (real *)memory, *most_overlap, *most_metric;
    for (int k = 0; k < 6; k++, at += room) s->p[k] = at;
    s->overlap = at, s->metric = at += room;
    s->spill = at += room;
    most_overlap = at += 4 * a->bins * FL_LANES;
    most_metric = at += objects;
    s->object = (int32_t *)(at + objects);
    s->slot = s->object + room;
    s->decoded = (unsigned char *)(s->slot + room);
    for (ptrdiff_t i = 0; i < a->anchors; i++) s->slot[i] = -1;

    for (ptrdiff_t object = first; object < end; object++) FL(claim_object)(s, object);
    FL(settle_conflicts)(s);
    if (a->topk2 && a->topk2 != a->topk) FL(select_again)(s);
    FL(score_claims)(s, first, most_overlap, most_metric);
    free(memory), FL(free_cover)(&s->cover);
    return 1;
}

static void FL(assign_image)(void *context, ptrdiff_t image) {
    FL(detection_call) *call = context;
    const fl_detection_args *a = call->args;
    FL(image_part) *part = &call->images[image];
    FL(scene) s = {.call = call, .image = image, .align = FL(align_any)};
    if (FL_USUAL(a)) s.align = FL(align_usual);
    if (a->angles) s.align = FL(align_rotated);
    ptrdiff_t first = a->first[image], end = a->first[image + 1];
    int done = first == end || FL(assign_objects)(&s, first, end);
    part->claims = s.claims, part->n = s.n;      /* given back by the call */
    if (done && a->object_index) FL(write_assignment)(&s);
    else if (done && s.n) done = FL(front_image)(call, image, part);
    if (!done) __atomic_store_n(&call->no_memory, 1, __ATOMIC_RELAXED);
}
