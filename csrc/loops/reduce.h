/* reduce.h -- passes over a block that know no formula. */

/* lanes += v */
static void FL(add)(const real *v, ptrdiff_t n, double *lanes) {
    real sums[FL_LANES] = {0};
    ptrdiff_t i = 0;
    for (; i + FL_LANES <= n; i += FL_LANES) {
        FL_LANE_LOOP
        for (int l = 0; l < FL_LANES; l++) sums[l] += v[i + l];
    }
    for (int l = 0; i < n; i++, l++) sums[l] += v[i];
    for (int l = 0; l < FL_LANES; l++) lanes[l] += sums[l];
}

/* v *= w */
static void FL(weigh)(const real *w, ptrdiff_t n, real *v) {
    FL_LANE_LOOP
    for (ptrdiff_t i = 0; i < n; i++) v[i] *= w[i];
}
