/* call.h -- what the passes of a detection criterion share.
 *
 * 1. scene.h     images: assignment (assign.h), then loss and gradient of the foreground's boxes (sides.h)
 * 2. scores.h    class logits: loss and gradient against no object at all
 * 3. spread.h    images: gradients of 1 to their places, correction of 2, keypoints, masks
 * The sum of all scores divides everything, so 2 and 3 begin when 1 has ended for the whole batch. */

/* A foreground anchor and its object, by place in the order of images. */
typedef struct {
    int32_t anchor, object;
    real overlap, metric, score;
} FL(claim);

/* What an image contributes. */
typedef struct {
    FL(claim) *claims;          /* the foreground */
    ptrdiff_t n;
    real *slopes; /* by its box logits, before `scale`: tiles of channels of FL_LANES anchors */
    real *turns; /* ... and by its angles: one per claim, in whole tiles */
    double scores; /* sum */
    double items[FL_ITEMS]; /* before gains; cls is the correction */
} FL(image_part);

typedef struct {
    const fl_detection_args *args;
    real *x, *y, *stride; /* of every anchor: its place in strides, its stride; whole rows */
    real width, height; /* of an image */
    real *objects; /* in pixels: corners, or centre, size and angle */
    ptrdiff_t per_object;
    FL(image_part) *images;
    FL(overlap_rules) rules;
    double semantic; /* of all pixels, before its gain */
    double front; /* foreground anchors of the batch */
    real scale; /* of gradients: batch factor / sum of scores */
    double *partials;
    ptrdiff_t rows_per_chunk;
    int no_memory;
} FL(detection_call);

static void FL(place_anchors)(FL(detection_call) *call) {
    const fl_detection_args *a = call->args;
    ptrdiff_t i = 0;
    for (int level = 0; level < a->n_levels; level++) {
        const fl_level *l = &a->levels[level];
        for (ptrdiff_t y = 0; y < l->height; y++)
            for (ptrdiff_t x = 0; x < l->width; x++, i++) {
                call->x[i] = (real)x + (real)0.5;
                call->y[i] = (real)y + (real)0.5;
                call->stride[i] = (real)l->stride;
            }
    }
    for (ptrdiff_t end = (i + FL_LANES - 1) / FL_LANES * FL_LANES; i < end; i++)
        call->x[i] = call->y[i] = call->stride[i] = 1;
    call->width = (real)a->levels[0].width * (real)a->levels[0].stride;
    call->height = (real)a->levels[0].height * (real)a->levels[0].stride;
}

/* Targets in pixels, in the order of images. */
static void FL(place_objects)(FL(detection_call) *call) {
    const fl_detection_args *a = call->args;
    const ptrdiff_t n = call->per_object;
    for (ptrdiff_t i = 0; i < a->objects; i++) {
        const real *t = (const real *)a->targets + n * a->order[i];
        real *o = call->objects + n * i;
        real x = t[0] * call->width, y = t[1] * call->height, w = t[2] * call->width, h = t[3] * call->height;
        if (a->angles) {
            o[0] = x, o[1] = y, o[2] = w, o[3] = h, o[4] = t[4];
        } else {
            w /= 2, h /= 2;
            o[0] = x - w, o[1] = y - h, o[2] = x + w, o[3] = y + h;
        }
    }
}
