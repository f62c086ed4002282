/* assign.h -- task-aligned assignment of one image.
 *
 * The candidates of an object are a rectangle of cells on every level. Only tiles of anchors that hold one
 * are decoded, once. Every anchor remembers its largest overlap over all objects, which settles conflicts;
 * every object keeps its topk claims in a heap, so nothing of size anchors x objects exists. */

/* Decode the tiles of anchors first .. end. */
static void FL(decode_run)(FL(scene) *s, ptrdiff_t first, ptrdiff_t end) {
    const fl_detection_args *a = s->call->args;
    for (ptrdiff_t tile = first / FL_LANES; tile * FL_LANES < end; tile++) {
        if (s->decoded[tile]) continue;
        s->decoded[tile] = 1;
        ptrdiff_t at = tile * FL_LANES, n = a->anchors - at, apart = a->anchors;
        const real *z = (const real *)a->boxes + s->image * 4 * a->bins * apart + at;
        if (n < FL_LANES) {
            for (ptrdiff_t c = 0; c < 4 * a->bins; c++)
                for (ptrdiff_t l = 0; l < FL_LANES; l++)
                    s->spill[c * FL_LANES + l] = l < n ? z[c * apart + l] : 0;
            z = s->spill, apart = FL_LANES;
        }
        FL(tile_distances) t;
        FL(decode_tile)(z, apart, a->bins, &t);
        (a->angles ? FL(place_rotated_tile) : FL(place_tile))(s, at, &t);
    }
}

/* Ask for the logits of the tiles that will be decoded next: their channels lie a plane apart, where no
 * hardware expects them. */
static void FL(prefetch_run)(const FL(scene) *s, ptrdiff_t first, ptrdiff_t end) {
    const fl_detection_args *a = s->call->args;
    const real *plane = (const real *)a->boxes + s->image * 4 * a->bins * a->anchors;
    for (ptrdiff_t tile = first / FL_LANES; tile * FL_LANES < end; tile++)
        for (ptrdiff_t c = 0; c < 4 * a->bins && !s->decoded[tile]; c++)
            __builtin_prefetch(plane + c * a->anchors + tile * FL_LANES, 0, 2);
}

/* ---- the topk claims of an object: a heap whose root is the one to give up ------------------ */

static FL_INLINE int FL(worse)(const FL(claim) *a, const FL(claim) *b) {
    return a->metric < b->metric || (a->metric == b->metric && a->anchor > b->anchor);
}

/* Anchors come in ascending order, so one that equals the root's metric has lost already. */
static void FL(push)(FL(heap) *h, FL(claim) new) {
    FL(claim) *heap = h->claims;
    ptrdiff_t i, most = h->most;
    if (h->n < most) {
        for (i = h->n++; i > 0 && FL(worse)(&new, &heap[(i - 1) / 2]); i = (i - 1) / 2)
            heap[i] = heap[(i - 1) / 2];
    } else {
        i = 0;
        for (ptrdiff_t child = 1; child < most; child = 2 * i + 1) {
            if (child + 1 < most && FL(worse)(&heap[child + 1], &heap[child])) child++;
            if (!FL(worse)(&heap[child], &new)) break;
            heap[i] = heap[child], i = child;
        }
    }
    heap[i] = new;
}

/* The cells of one axis whose centres lie between two sides: first and end. */
static void FL(cell_range)(ptrdiff_t cells, real stride, real from, real to, ptrdiff_t *first,
                           ptrdiff_t *end) {
    ptrdiff_t low = 0, high = cells;
    while (low < high) {
        ptrdiff_t i = low + (high - low) / 2;
        if (FL(beyond)(((real)i + (real)0.5) * stride, from)) high = i;
        else low = i + 1;
    }
    *first = low, high = cells;
    while (low < high) {
        ptrdiff_t i = low + (high - low) / 2;
        if (FL(before)(((real)i + (real)0.5) * stride, to)) low = i + 1;
        else high = i;
    }
    *end = low;
}

static FL_INLINE real FL(least_metric)(const FL(heap) *h) { return h->n < h->most ? 0 : h->claims[0].metric; }

/* What n candidates from `first` on offer: to the anchors an owner, to the object claims. */
static FL_INLINE void FL(offer)(FL(scene) *s, int32_t place, ptrdiff_t first, int n, const real *overlap,
                                const real *metric, FL(heap) *heap) {
    real least = FL(least_metric)(heap);
    for (int i = 0; i < n; i++) {
        ptrdiff_t anchor = first + i;
        if (overlap[i] > s->overlap[anchor])
            s->overlap[anchor] = overlap[i], s->metric[anchor] = metric[i], s->object[anchor] = place;
        if (metric[i] > least) {
            FL(push)(heap, (FL(claim)){(int32_t)anchor, place, overlap[i], metric[i], 0});
            least = FL(least_metric)(heap);
        }
    }
}

/* One row of candidates: anchors first .. end. */
typedef void FL(run_step)(FL(scene) *s, const FL(object) *object, const real *logits, ptrdiff_t first,
                          ptrdiff_t end, FL(heap) *heap);

/* The overlaps and metrics of up to FL(stretch) of them. */
static FL_INLINE void FL(align_run)(const FL(scene) *s, const FL(object) *object, const real *logits,
                                    ptrdiff_t first, int n, real *overlap, real *metric) {
    FL_ALIGNED real copy[FL(stretch)];
    memcpy(copy, logits + first, n * sizeof(real));
    for (int i = n; i < FL(whole_rows)(n); i++) copy[i] = 0;
    (object->seen ? FL(align_keypoints) : s->align)(s, object, first, n, copy, overlap, metric);
}

static void FL(claim_run)(FL(scene) *s, const FL(object) *object, const real *logits, ptrdiff_t first,
                          ptrdiff_t end, FL(heap) *heap) {
    FL_ALIGNED real overlap[FL(stretch)], metric[FL(stretch)];
    if (!object->seen) FL(decode_run)(s, first, end);
    for (; first < end; first += FL(stretch)) {
        int n = end - first < FL(stretch) ? (int)(end - first) : FL(stretch);
        FL(align_run)(s, object, logits, first, n, overlap, metric);
        FL(offer)(s, object->place, first, n, overlap, metric, heap);
    }
}

/* Candidates on one level: columns x0 .. x1 of rows y0 .. y1 of the cells that begin at `base`. */
typedef struct {
    ptrdiff_t base, x0, x1, y0, y1;
} FL(patch);

static void FL(find_patches)(const fl_detection_args *a, const FL(reach) *reach, FL(patch) *patches) {
    ptrdiff_t base = 0;
    for (int level = 0; level < a->n_levels; level++) {
        const fl_level *l = &a->levels[level];
        FL(patch) *p = &patches[level];
        real stride = (real)l->stride, wider = a->angles ? stride : 0;
        FL(cell_range)(l->width, stride, reach->left - wider, reach->right + wider, &p->x0, &p->x1);
        FL(cell_range)(l->height, stride, reach->top - wider, reach->bottom + wider, &p->y0, &p->y1);
        p->base = base, base += l->height * l->width;
    }
}

/* Only the levels whose cells suit an object of this side, unless there it has no candidate. */
static void FL(choose_levels)(const fl_detection_args *a, real side, FL(patch) *patches) {
    double finest = a->levels[0].stride, coarsest = finest;
    int fits[FL_MAX_LEVELS], any = 0;
    for (int level = 1; level < a->n_levels; level++) {
        double stride = a->levels[level].stride;
        if (stride < finest) finest = stride;
        if (stride > coarsest) coarsest = stride;
    }
    for (int level = 0; level < a->n_levels; level++) {
        const FL(patch) *p = &patches[level];
        double stride = a->levels[level].stride;
        fits[level] = FL(level_fits)(side, (real)stride, (real)a->narrow, (real)a->wide, stride == finest,
                                     stride == coarsest);
        any |= fits[level] && p->x0 < p->x1 && p->y0 < p->y1;
    }
    for (int level = 0; level < a->n_levels && any; level++)
        if (!fits[level]) patches[level].y1 = patches[level].y0;
}

/* Row by row of cells over all levels, in the order of anchors. */
static void FL(each_run)(FL(scene) *s, const FL(object) *object, const FL(patch) *patches, const real *logits,
                         FL(run_step) *step, FL(heap) *heap) {
    const fl_detection_args *a = s->call->args;
    for (int level = 0; level < a->n_levels; level++) {
        const FL(patch) *p = &patches[level];
        const ptrdiff_t width = a->levels[level].width;
        for (ptrdiff_t y = p->y0; y < p->y1 && p->x0 < p->x1; y++) {
            ptrdiff_t row = p->base + y * width;
            if (y + 1 < p->y1 && !object->seen) FL(prefetch_run)(s, row + width + p->x0, row + width + p->x1);
            step(s, object, logits, row + p->x0, row + p->x1, heap);
        }
    }
}

#include "covered.h"

static void FL(claim_object)(FL(scene) *s, ptrdiff_t place) {
    const FL(detection_call) *call = s->call;
    const fl_detection_args *a = call->args;
    FL(object) object = {.place = (int32_t)place};
    FL(reach) reach;
    FL(patch) patches[FL_MAX_LEVELS];
    const real *box = call->objects + call->per_object * place;
    if (!(a->angles ? FL(rotated_object) : FL(upright_object))(call, box, &object, &reach)) return;
    if (a->assign_keypoints) FL(keypoint_object)(call, box, &object);
    FL(find_patches)(a, &reach, patches);
    if (a->wide > 0) FL(choose_levels)(a, FL(sqrt)(FL(corner_area)(box)), patches);
    const real *logits = (const real *)a->scores
        + (s->image * a->classes + (ptrdiff_t)a->class_[a->order[place]]) * a->anchors;
    FL(heap) heap = {s->claims + s->n, 0, a->topk};
    if (a->assign_masks) FL(claim_covered)(s, &object, patches, logits, &heap);
    else FL(each_run)(s, &object, patches, logits, FL(claim_run), &heap);
    s->n += heap.n;
}

/* ---- from claims to foreground -------------------------------------------------------------- */

/* An anchor claimed twice goes to the object that overlaps it most, be that a claimant or not. */
static void FL(settle_conflicts)(FL(scene) *s) {
    ptrdiff_t n = 0;
    for (ptrdiff_t i = 0; i < s->n; i++) {
        FL(claim) *c = &s->claims[i];
        int32_t at = s->slot[c->anchor];
        if (at < 0) {
            s->slot[c->anchor] = (int32_t)n;
            s->claims[n++] = *c;
        } else {
            FL(claim) *owner = &s->claims[at];
            owner->object = s->object[c->anchor];
            owner->overlap = s->overlap[c->anchor];
            owner->metric = s->metric[c->anchor];
        }
    }
    s->n = n;
}

/* By object, the best first. */
static int FL(by_metric)(const void *left, const void *right) {
    const FL(claim) *a = left, *b = right;
    if (a->object != b->object) return a->object < b->object ? -1 : 1;
    return FL(worse)(b, a) ? -1 : FL(worse)(a, b);
}

/* Keep the topk2 best anchors of every object; those it loses go to nobody. */
static void FL(select_again)(FL(scene) *s) {
    ptrdiff_t n = 0, rank = 0;
    qsort(s->claims, s->n, sizeof *s->claims, FL(by_metric));
    for (ptrdiff_t i = 0; i < s->n; i++) {
        rank = i && s->claims[i].object == s->claims[i - 1].object ? rank + 1 : 0;
        if (rank >= s->call->args->topk2 || !(s->claims[i].metric > 0)) continue;
        s->claims[n++] = s->claims[i];
    }
    s->n = n;
}
