/* covered.h -- objects whose mask counts as much as their box in the overlap with their best candidates: half of
 * each, and half of the box alone with the other candidates. */

/* Every candidate's overlap by the box, and the best by its metric; a bit more than it, so that those without
 * any take part. */
static void FL(measure_run)(FL(scene) *s, const FL(object) *object, const real *logits, ptrdiff_t first,
                            ptrdiff_t end, FL(heap) *best) {
    FL_ALIGNED real overlap[FL(stretch)], metric[FL(stretch)];
    FL(decode_run)(s, first, end);
    for (; first < end; first += FL(stretch)) {
        int n = end - first < FL(stretch) ? (int)(end - first) : FL(stretch);
        FL(align_run)(s, object, logits, first, n, overlap, metric);
        memcpy(s->cover.overlap + first, overlap, n * sizeof(real));
        memset(s->cover.share + first, 0, n * sizeof(real));
        for (int i = 0; i < n; i++) {
            real bettered = metric[i] + (real)1e-9;
            if (bettered > FL(least_metric)(best))
                FL(push)(best, (FL(claim)){(int32_t)(first + i), object->place, overlap[i], bettered, 0});
        }
    }
}

static void FL(blend_run)(FL(scene) *s, const FL(object) *object, const real *logits, ptrdiff_t first,
                          ptrdiff_t end, FL(heap) *heap) {
    const fl_detection_args *a = s->call->args;
    const real alpha = (real)a->alpha, beta = (real)a->beta;
    const int usual = FL_USUAL(a);
    FL_ALIGNED real overlap[FL(stretch)], metric[FL(stretch)];
    for (; first < end; first += FL(stretch)) {
        int n = end - first < FL(stretch) ? (int)(end - first) : FL(stretch);
        const real *box = s->cover.overlap + first, *share = s->cover.share + first;
        for (int i = 0; i < n; i++) {
            overlap[i] = (box[i] + share[i]) / 2;
            metric[i] = FL(alignment)(usual, logits[first + i], overlap[i], alpha, beta);
        }
        FL(offer)(s, object->place, first, n, overlap, metric, heap);
    }
}

/* The mask of an object at the size of the prototypes: by the nearest neighbour. */
static void FL(shrink_mask)(FL(scene) *s, const FL(object) *object) {
    const FL(detection_call) *call = s->call;
    const fl_detection_args *a = call->args;
    const real label = FL(mask_label)(a, s->image, object->place);
    const real *mask = FL(mask_of)(a, s->image, object->place);
    unsigned char *out = s->cover.mask;
    s->cover.area = 0;
    for (ptrdiff_t y = 0; y < a->proto_height; y++) {
        const real *row = mask + y * a->mask_height / a->proto_height * a->mask_width;
        for (ptrdiff_t x = 0; x < a->proto_width; x++, out++) {
            *out = (unsigned char)FL(in_mask)(row[x * a->mask_width / a->proto_width], label);
            s->cover.area += *out;
        }
    }
}

/* The overlap of the object's mask with the one that an anchor predicts within its box. */
static real FL(covered)(const FL(scene) *s, ptrdiff_t anchor) {
    const FL(detection_call) *call = s->call;
    const fl_detection_args *a = call->args;
    const ptrdiff_t width = a->proto_width, height = a->proto_height, area = width * height;
    const real wide = (real)width / call->width, high = (real)height / call->height;
    const real left = s->p[0][anchor], top = s->p[1][anchor];
    const ptrdiff_t x0 = FL(first_cell)(left * wide, width),
                    x1 = FL(first_cell)(s->p[2][anchor] * wide, width);
    const ptrdiff_t y0 = FL(first_cell)(top * high, height),
                    y1 = FL(first_cell)(s->p[3][anchor] * high, height);
    const real *proto = (const real *)a->proto + s->image * a->n_proto * area;
    const real *coefficients = (const real *)a->coefficients + s->image * a->n_proto * a->anchors + anchor;
    real *restrict row = s->cover.row;
    ptrdiff_t predicted = 0, both = 0;
    if (left != left || top != top) return 0;
    for (ptrdiff_t y = y0; y < y1; y++) {
        for (ptrdiff_t x = x0; x < x1; x++) row[x] = 0;
        for (ptrdiff_t n = 0; n < a->n_proto; n++) {
            const real c = coefficients[n * a->anchors], *restrict p = proto + n * area + y * width;
            FL_LANE_LOOP
            for (ptrdiff_t x = x0; x < x1; x++) row[x] = FL(fma)(c, p[x], row[x]);
        }
        const unsigned char *mask = s->cover.mask + y * width;
        for (ptrdiff_t x = x0; x < x1; x++) {
            predicted += row[x] > 0;
            both += (row[x] > 0) & mask[x];
        }
    }
    ptrdiff_t either = predicted + s->cover.area - both;
    return (real)both / (real)(either > 1 ? either : 1);
}

static void FL(claim_covered)(FL(scene) *s, const FL(object) *object, const FL(patch) *patches,
                              const real *logits, FL(heap) *heap) {
    FL(heap) *best = &s->cover.best;
    best->n = 0;
    FL(each_run)(s, object, patches, logits, FL(measure_run), best);
    if (best->n) FL(shrink_mask)(s, object);
    for (ptrdiff_t i = 0; i < best->n; i++)
        s->cover.share[best->claims[i].anchor] = FL(covered)(s, best->claims[i].anchor);
    FL(each_run)(s, object, patches, logits, FL(blend_run), heap);
}

/* 0: no memory. */
static int FL(make_cover)(const fl_detection_args *a, ptrdiff_t room, FL(cover) *cover) {
    const ptrdiff_t area = a->proto_height * a->proto_width;
    ptrdiff_t most = a->topk <= a->anchors / 3 ? 3 * a->topk : a->anchors;
    FL(claim) *claims = malloc(most * sizeof *claims);
    real *reals = malloc((2 * room + a->proto_width) * sizeof(real) + area);
    cover->best = (FL(heap)){claims, 0, most};
    cover->overlap = reals;
    if (!claims || !reals) return 0;
    cover->share = reals + room, cover->row = cover->share + room;
    cover->mask = (unsigned char *)(cover->row + a->proto_width);
    return 1;
}
static void FL(free_cover)(FL(cover) *cover) { free(cover->best.claims), free(cover->overlap); }
