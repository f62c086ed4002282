/* upright.h -- boxes with sides along the axes: prediction, candidates, CIoU. */

static void FL(place_tile)(const FL(scene) *s, ptrdiff_t at, const FL(tile_distances) *t) {
    const FL(detection_call) *call = s->call;
    const real *x = call->x + at, *y = call->y + at, *stride = call->stride + at, eps = call->rules.height;
    real *x1 = s->p[0] + at, *y1 = s->p[1] + at, *x2 = s->p[2] + at, *y2 = s->p[3] + at,
         *angle = s->p[4] + at;
    FL_LANE_LOOP
    for (int l = 0; l < FL_LANES; l++) {
        FL(box)
        b = FL(corner_box)((x[l] - t->d[0][l]) * stride[l], (y[l] - t->d[1][l]) * stride[l],
                           (x[l] + t->d[2][l]) * stride[l], (y[l] + t->d[3][l]) * stride[l], eps);
        x1[l] = b.x1, y1[l] = b.y1, x2[l] = b.x2, y2[l] = b.y2, angle[l] = b.angle;
    }
}

static FL_INLINE void FL(align_upright)(int usual, const FL(scene) *s, const FL(object) *object,
                                        ptrdiff_t first, int n, const real *logits, real *restrict overlap,
                                        real *restrict metric) {
    const FL(overlap_rules) rules = s->call->rules;
    const FL(box) box = object->box;
    const real *x1 = s->p[0] + first, *y1 = s->p[1] + first, *x2 = s->p[2] + first, *y2 = s->p[3] + first;
    const real *angle = s->p[4] + first, alpha = (real)s->call->args->alpha, beta = (real)s->call->args->beta;
    int rows = FL(whole_rows)(n);
    FL_BOX_LOOP
    for (int i = 0; i < rows; i++) {
        real w = x2[i] - x1[i], h = y2[i] - y1[i] + rules.height;
        FL(box) p = FL(box_of)(x1[i], y1[i], x2[i], y2[i], w, h, angle[i]);
        FL(overlap) o = FL(overlap_of)(FL_CIOU, 0, box, p, &rules);
        real each = FL(max)(o.iou - o.penalty, 0);
        overlap[i] = each;
        metric[i] = FL(alignment)(usual, logits[i], each, alpha, beta);
    }
}
static void FL(align_usual)(const FL(scene) *s, const FL(object) *object, ptrdiff_t first, int n,
                            const real *logits, real *overlap, real *metric) {
    FL(align_upright)(1, s, object, first, n, logits, overlap, metric);
}
static void FL(align_any)(const FL(scene) *s, const FL(object) *object, ptrdiff_t first, int n,
                          const real *logits, real *overlap, real *metric) {
    FL(align_upright)(0, s, object, first, n, logits, overlap, metric);
}

/* Nothing for a box that is turned inside out. */
static FL_INLINE real FL(corner_area)(const real *c) { return FL(max)((c[2] - c[0]) * (c[3] - c[1]), 0); }

/* False for padding: objects whose corners sum to nothing. */
static int FL(upright_object)(const FL(detection_call) *call, const real *c, FL(object) *o, FL(reach) *r) {
    const fl_detection_args *a = call->args;
    if (!(c[0] + c[1] + c[2] + c[3] > 0)) return 0;
    FL(candidate_side)(c[0], c[2], (real)a->trigger, (real)a->floor, &r->left, &r->right);
    FL(candidate_side)(c[1], c[3], (real)a->trigger, (real)a->floor, &r->top, &r->bottom);
    o->box = FL(corner_box)(c[0], c[1], c[2], c[3], call->rules.height);
    return 1;
}
