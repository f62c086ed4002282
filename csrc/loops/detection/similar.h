/* similar.h -- objects whose keypoints, not their box, say how well an anchor overlaps them. */

/* A third number above 0 is a keypoint that is seen; without one all are. */
static FL_INLINE int FL(keypoint_seen)(const fl_detection_args *a, const real *target) {
    return a->per_target == 2 || target[2] > 0;
}

static const real *FL(keypoints_of)(const fl_detection_args *a, ptrdiff_t place) {
    return (const real *)a->target_keypoints + a->order[place] * a->n_keypoints * a->per_target;
}

static void FL(keypoint_object)(const FL(detection_call) *call, const real *corners, FL(object) *o) {
    const fl_detection_args *a = call->args;
    const real *target = FL(keypoints_of)(a, o->place);
    for (ptrdiff_t k = 0; k < a->n_keypoints; k++)
        o->seen += FL(keypoint_seen)(a, target + k * a->per_target);
    o->area = FL_BODY * FL(corner_area)(corners);
}

/* The mean similarity of the keypoints that are seen, in pixels. */
static void FL(align_keypoints)(const FL(scene) *s, const FL(object) *object, ptrdiff_t first, int n,
                                const real *logits, real *restrict overlap, real *restrict metric) {
    const FL(detection_call) *call = s->call;
    const fl_detection_args *a = call->args;
    const real *x = call->x + first, *y = call->y + first, *stride = call->stride + first;
    const real *raw =
        (const real *)a->keypoints + s->image * a->n_keypoints * a->per_keypoint * a->anchors + first;
    const real *t = FL(keypoints_of)(a, object->place), seen = (real)object->seen;
    const real alpha = (real)a->alpha, beta = (real)a->beta;
    const int from_anchor = a->from_anchor, usual = FL_USUAL(a);
    for (int i = 0; i < n; i++) overlap[i] = 0;
    for (ptrdiff_t k = 0; k < a->n_keypoints; k++, t += a->per_target, raw += a->per_keypoint * a->anchors) {
        if (!FL(keypoint_seen)(a, t)) continue;
        const real *raw_y = raw + a->anchors, tx = t[0] * call->width, ty = t[1] * call->height;
        const real scale = FL(keypoint_scale)((real)a->sigmas[k], object->area);
        FL_BOX_LOOP
        for (int i = 0; i < n; i++) {
            real dx = FL(keypoint_at)(from_anchor, raw[i], x[i]) * stride[i] - tx;
            real dy = FL(keypoint_at)(from_anchor, raw_y[i], y[i]) * stride[i] - ty;
            overlap[i] += FL(keypoint_near)(dx, dy, scale);
        }
    }
    FL_BOX_LOOP
    for (int i = 0; i < n; i++) {
        overlap[i] = FL(max)(overlap[i] / seen, 0);
        metric[i] = FL(alignment)(usual, logits[i], overlap[i], alpha, beta);
    }
}
