/* boost.c -- the Hessian of one row of class scores, for an engine that asks row by row and wants it whole. */
#include <math.h>

#include "fastloss.h"

void fl_boost_row(const double *x, ptrdiff_t classes, ptrdiff_t label, const double *parts, double scale,
                  double *grad, double *matrix) {
    double most = x[0], sum = 0, *p = matrix + (classes - 1) * classes; /* the last row, written last */
    for (ptrdiff_t c = 1; c < classes; c++) most = x[c] > most ? x[c] : most;
    for (ptrdiff_t c = 0; c < classes; c++) sum += p[c] = exp(x[c] - most);
    for (ptrdiff_t c = 0; c < classes; c++) {
        p[c] /= sum;
        grad[c] *= scale;
    }
    double share = scale * parts[0], curve = scale * parts[1];
    for (ptrdiff_t i = 0; i < classes; i++) {
        double pi = p[i], di = (i == label) - pi;
        for (ptrdiff_t j = 0; j < classes; j++) {
            double pj = p[j], dj = (j == label) - pj;
            matrix[i * classes + j] = share * pi * ((i == j) - pj) + curve * di * dj;
        }
    }
}
