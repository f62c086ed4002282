/* boost.c -- the Hessian of one row of class scores, for an engine that asks row by row and wants it whole. */
#include <math.h>

#include "fastloss.h"

void fl_row_hessian(const double *x, ptrdiff_t classes, ptrdiff_t label, const double *parts, double *matrix) {
    double most = x[0], sum = 0, *p = matrix + (classes - 1) * classes;      /* the last row, written last */
    for (ptrdiff_t c = 1; c < classes; c++) most = x[c] > most ? x[c] : most;
    for (ptrdiff_t c = 0; c < classes; c++) sum += p[c] = exp(x[c] - most);
    for (ptrdiff_t c = 0; c < classes; c++) p[c] /= sum;
    for (ptrdiff_t i = 0; i < classes; i++) {
        double pi = p[i], di = (i == label) - pi;
        for (ptrdiff_t j = 0; j < classes; j++) {
            double pj = p[j], dj = (j == label) - pj;
            matrix[i * classes + j] = parts[0] * pi * ((i == j) - pj) + parts[1] * di * dj;
        }
    }
}
