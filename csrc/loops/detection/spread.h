/* spread.h -- what is left when the sum of scores is known: the gradients of the foreground's boxes go to their
 * places among zeros, and the class part, which took every anchor for background, is put right. */

static void FL(spread_slopes)(const FL(detection_call) *call, ptrdiff_t image, const FL(image_part) *part) {
    const fl_detection_args *a = call->args;
    const ptrdiff_t channels = 4 * a->bins;
    real *grad = (real *)a->grad_boxes + image * channels * a->anchors;
    const real *slopes = part->slopes, scale = call->scale;
    if (!a->zeroed) memset(grad, 0, channels * a->anchors * sizeof(real));
    for (ptrdiff_t i = 0; i < part->n; i += FL_LANES, slopes += channels * FL_LANES) {
        int n = part->n - i < FL_LANES ? (int)(part->n - i) : FL_LANES;
        for (ptrdiff_t c = 0; c < channels; c++)
            for (int l = 0; l < n; l++)
                grad[c * a->anchors + part->claims[i + l].anchor] = scale * slopes[c * FL_LANES + l];
    }
    if (!a->angles) return;
    grad = (real *)a->grad_angles + image * a->anchors;
    if (!a->zeroed) memset(grad, 0, a->anchors * sizeof(real));
    for (ptrdiff_t i = 0; i < part->n; i++) grad[part->claims[i].anchor] = scale * part->turns[i];
}

static double FL(correct_scores)(const FL(detection_call) *call, ptrdiff_t image,
                                 const FL(image_part) *part) {
    const fl_detection_args *a = call->args;
    double sum = 0;
    for (ptrdiff_t i = 0; i < part->n; i++) {
        const FL(claim) *c = &part->claims[i];
        ptrdiff_t label = (ptrdiff_t)a->class_[a->order[c->object]];
        ptrdiff_t at = (image * a->classes + label) * a->anchors + c->anchor;
        double weight = FL(class_weight)(a, label);
        sum -= weight * ((const real *)a->scores)[at] * c->score;
        if (a->grad_scores)
            ((real *)a->grad_scores)[at] -= (real)(a->gains[FL_ITEM_CLS] * weight * call->scale) * c->score;
    }
    return sum;
}

static void FL(spread_image)(void *context, ptrdiff_t image) {
    FL(detection_call) *call = context;
    const fl_detection_args *a = call->args;
    FL(image_part) *part = &call->images[image];
    if (a->grad_boxes) FL(spread_slopes)(call, image, part);
    part->items[FL_ITEM_CLS] = FL(correct_scores)(call, image, part);
    if (a->keypoints) FL(keypoints_image)(call, image, part);
    if (a->masks && !FL(masks_image)(call, image, part))
        __atomic_store_n(&call->no_memory, 1, __ATOMIC_RELAXED);
}
