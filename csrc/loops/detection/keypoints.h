/* keypoints.h -- the keypoints of foreground anchors. Scores play no part: every anchor counts alike. */

typedef struct {
    ptrdiff_t apart;                 /* from channel to channel */
    const real *raw, *target;        /* of one anchor, of its object */
    real *grad;                      /* or NULL */
    real ax, ay, stride, area;
} FL(skeleton);

static void FL(skeleton_loss)(const FL(detection_call) *call, FL(skeleton) s, double *items) {
    const fl_detection_args *a = call->args;
    const ptrdiff_t count = a->n_keypoints, numbers = a->per_keypoint, given = a->per_target;
    const double share = (double)a->batch * a->factor / (call->front * (double)count);
    const real by_raw = FL(keypoint_slope)(a->from_anchor) * (real)(a->gains[FL_ITEM_POSE] * share);
    double visible = 0, value = 0;
    for (ptrdiff_t k = 0; k < count; k++) visible += given == 2 || s.target[k * given + 2] != 0;
    real factor = (real)((double)count / (visible + 1e-9));
    for (ptrdiff_t k = 0; k < count; k++) {
        const real *raw = s.raw + k * numbers * s.apart, *t = s.target + k * given;
        real seen = given == 2 || t[2] != 0;
        real dx = FL(keypoint_at)(a->from_anchor, raw[0], s.ax) - t[0] * call->width / s.stride;
        real dy = FL(keypoint_at)(a->from_anchor, raw[s.apart], s.ay) - t[1] * call->height / s.stride;
        FL(row_point) r = FL(keypoint)(dx, dy, (real)a->sigmas[k], s.area);
        if (seen != 0) value += r.value;
        FL(logit) l = {0};
        if (numbers == 3) {
            real x = raw[2 * s.apart];
            l = FL(read_logit)(x, seen, FL(exp_minus)(FL(abs)(x)));
            items[FL_ITEM_KOBJ] += l.bce;
        }
        if (!s.grad) continue;
        real *g = s.grad + k * numbers * s.apart;
        real by = seen != 0 ? by_raw * factor * r.slope : 0;
        g[0] = seen != 0 ? by * dx : 0;
        g[s.apart] = seen != 0 ? by * dy : 0;
        if (numbers == 3) g[2 * s.apart] = (real)(a->gains[FL_ITEM_KOBJ] * share) * l.d;
    }
    items[FL_ITEM_POSE] += factor * value;
}

static void FL(keypoints_image)(const FL(detection_call) *call, ptrdiff_t image, FL(image_part) *part) {
    const fl_detection_args *a = call->args;
    const ptrdiff_t channels = a->n_keypoints * a->per_keypoint, plane = image * channels * a->anchors;
    real *grad = a->grad_keypoints ? (real *)a->grad_keypoints + plane : NULL;
    if (grad && !a->zeroed) memset(grad, 0, channels * a->anchors * sizeof(real));
    for (ptrdiff_t i = 0; i < part->n; i++) {
        ptrdiff_t anchor = part->claims[i].anchor, object = part->claims[i].object;
        const real *c = call->objects + call->per_object * object;
        real stride = call->stride[anchor];
        const real in_strides[] = {c[0] / stride, c[1] / stride, c[2] / stride, c[3] / stride};
        FL(skeleton_loss)(call,
                          (FL(skeleton)){.apart = a->anchors,
                                         .raw = (const real *)a->keypoints + plane + anchor,
                                         .target = FL(keypoints_of)(a, object),
                                         .grad = grad ? grad + anchor : NULL,
                                         .ax = call->x[anchor],
                                         .ay = call->y[anchor],
                                         .stride = stride,
                                         .area = FL(corner_area)(in_strides)},
                          part->items);
    }
}
