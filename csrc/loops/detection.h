/* detection.h -- the detection criterion: three passes over a batch. See detection/call.h. */
#include "detection/call.h"
#include "detection/decode.h"
#include "detection/picture.h"
#include "detection/upright.h"
#include "detection/rotated.h"
#include "detection/similar.h"
#include "detection/mask_targets.h"
#include "detection/assign.h"
#include "detection/sides.h"
#include "detection/scene.h"
#include "detection/scores.h"
#include "detection/keypoints.h"
#include "detection/masks.h"
#include "detection/semantic.h"
#include "detection/spread.h"

/* Nanoseconds, roughly: of an object with its candidates, and of a logit. */
#undef FL_NS_PER_OBJECT
#undef FL_NS_PER_LOGIT
#define FL_NS_PER_OBJECT 5e3
#define FL_NS_PER_LOGIT (REAL_IS_FLOAT ? 0.8 : 2.0)

/* What the sum of an item is divided by. */
static double FL(divisor)(const FL(detection_call) *call, int item, double scores) {
    double front = call->front > 0 ? call->front : 1;
    if (item == FL_ITEM_POSE || item == FL_ITEM_KOBJ) return front * (double)call->args->n_keypoints;
    if (item == FL_ITEM_SEM) return 1;
    return item == FL_ITEM_SEG ? front : scores;
}

static void FL(sum_detection)(FL(detection_call) *call, double scores, ptrdiff_t n_chunks) {
    fl_detection_args *a = (fl_detection_args *)call->args;
    double sum = 0;
    for (int k = 0; k < FL_ITEMS; k++) {
        a->items[k] = 0;
        for (ptrdiff_t i = 0; k == FL_ITEM_CLS && i < n_chunks; i++) a->items[k] += call->partials[i];
        for (ptrdiff_t i = 0; i < a->batch; i++) a->items[k] += call->images[i].items[k];
        if (k == FL_ITEM_SEM) a->items[k] = call->semantic;
        if (a->items[k] != 0) a->items[k] *= a->gains[k] / FL(divisor)(call, k, scores);
        sum += a->items[k];
    }
    a->total = a->factor * (double)a->batch * sum;
}

static void FL(detection_passes)(FL(detection_call) *call) {
    const fl_detection_args *a = call->args;
    double objects = FL_NS_PER_OBJECT * (double)a->objects, scores = 0;
    fl_parallel(a->batch, objects, FL(assign_image), call);
    if (call->no_memory || a->object_index) return;
    for (ptrdiff_t i = 0; i < a->batch; i++) {
        scores += call->images[i].scores;
        call->front += (double)call->images[i].n;
    }
    if (scores < 1) scores = 1;
    call->scale = (real)((double)a->batch * a->factor / scores);

    ptrdiff_t rows = a->batch * a->classes,
              n_chunks = (rows + call->rows_per_chunk - 1) / call->rows_per_chunk;
    double logits = (double)rows * (double)a->anchors, zeros = a->grad_boxes && !a->zeroed ? 0.1 : 0;
    fl_parallel(n_chunks, FL_NS_PER_LOGIT * logits, FL(scores_chunk), call);
    double extra = call->front
        * (double)(a->keypoints   ? 20 * a->n_keypoints
                       : a->masks ? 300 * a->n_proto
                                  : 10);
    zeros *= (double)(a->batch * 4 * a->bins * a->anchors);
    fl_parallel(a->batch, extra + zeros, FL(spread_image), call);
    if (a->sem && call->front > 0) call->no_memory |= !FL(semantic)(a, &call->semantic);
    else if (a->grad_sem && !a->zeroed)
        memset(a->grad_sem, 0, a->batch * a->classes * a->sem_height * a->sem_width * sizeof(real));
    if (call->no_memory) return;
    FL(sum_detection)(call, scores, n_chunks);
}

static fl_status FL(detection)(fl_detection_args *a) {
    FL(detection_call) call = {
        .args = a, .rules = FL(training_rules)(1, (real)1e-7), .per_object = a->angles ? 5 : 4};
    ptrdiff_t room = (a->anchors / FL_LANES + 1) * FL_LANES, rows = a->batch * a->classes;
    call.rows_per_chunk = FL_ROW_CHUNK / a->anchors + 1;
    real *places = malloc((3 * room + call.per_object * a->objects) * sizeof(real));
    call.images = calloc(a->batch + 1, sizeof *call.images);
    call.partials = malloc((rows / call.rows_per_chunk + 1) * sizeof(double));
    call.no_memory = !places || !call.images || !call.partials;
    if (!call.no_memory) {
        call.x = places, call.y = places + room, call.stride = places + 2 * room;
        call.objects = places + 3 * room;
        FL(place_anchors)(&call);
        FL(place_objects)(&call);
        FL(detection_passes)(&call);
        for (ptrdiff_t i = 0; i < a->batch; i++) free(call.images[i].claims), free(call.images[i].slopes);
    }
    free(places), free(call.images), free(call.partials);
    return call.no_memory ? FL_NO_MEMORY : FL_OK;
}
