/* detection.c -- objects by image, and the schedule of a detector with two heads. */
#include "detection.h"

#include <stdlib.h>

/* A stable counting sort: the objects of image i are order[first[i]] .. order[first[i + 1] - 1]. */
int fl_detection_sort(fl_detection_args *a) {
    ptrdiff_t n = a->objects, *first = calloc((size_t)(a->batch + 2 + n), sizeof *first), *order;
    if (!first) return 0;
    order = first + a->batch + 2;
    for (ptrdiff_t i = 0; i < n; i++) first[(ptrdiff_t)a->image[i] + 2]++;
    for (ptrdiff_t b = 0; b < a->batch; b++) first[b + 2] += first[b + 1];
    for (ptrdiff_t i = 0; i < n; i++) order[first[(ptrdiff_t)a->image[i] + 1]++] = i;
    a->first = first, a->order = order;
    return 1;
}

void fl_end_to_end_weights(double epoch, double epochs, double weights[2]) {
    double last = epochs - 1 > 1 ? epochs - 1 : 1, left = 1 - epoch / last;
    weights[0] = 0.1 + 0.7 * (left > 0 ? left : 0);
    weights[1] = 1 - weights[0] > 0 ? 1 - weights[0] : 0;
}
