/* oks.c -- the similarity of keypoints: the mean of exp(-d^2 / (2 (2 sigma)^2 area)). */
#include "metrics/coco.h"

#include <float.h>
#include <math.h>

#define FL_INLINE inline __attribute__((always_inline))
#define FL_PASTE3(a, b, c) a##b##c
#define FL_PASTE(a, b, c) FL_PASTE3(a, b, c)
#define real double
#define REAL_IS_FLOAT 0
#define FL(name) FL_PASTE(fl_, name, _f64)
#include "math/elementary.h"

/* How far x lies outside of [low, high]. */
static double outside(double x, double low, double high) {
    return x < low ? low - x : x > high ? x - high : 0;
}

/* Points are x, y, visibility. An object without a labelled point is compared by the distance to its box of
 * twice the size, over all points. */
double fl_coco_oks(const double *dt, const double *gt, const double *box, double area, const double *sigmas,
                   ptrdiff_t n) {
    double left = box[0] - box[2], right = box[0] + box[2] * 2;
    double top = box[1] - box[3], bottom = box[1] + box[3] * 2, sum = 0;
    ptrdiff_t labelled = 0;
    for (ptrdiff_t k = 0; k < n; k++) labelled += gt[3 * k + 2] > 0;
    for (ptrdiff_t k = 0; k < n; k++) {
        const double *d = dt + 3 * k, *g = gt + 3 * k;
        double dx = d[0] - g[0], dy = d[1] - g[1], width = sigmas[k] * 2;
        if (!labelled) {
            dx = outside(d[0], left, right);
            dy = outside(d[1], top, bottom);
        } else if (!(g[2] > 0)) {
            continue;
        }
        sum += FL(exp)(-((dx * dx + dy * dy) / (width * width) / (area + DBL_EPSILON) / 2));
    }
    return sum / (double)(labelled ? labelled : n);
}
