/* reduce.h -- passes over a block that know no formula. */

/* v *= w; where lanes is given, the products are added to it. */
static void FL(weigh)(const real *w, ptrdiff_t n, real *v, double *lanes) {
    real sums[FL_LANES] = {0};
    ptrdiff_t i = 0;
    for (; i + FL_LANES <= n; i += FL_LANES)
        for (int l = 0; l < FL_LANES; l++) sums[l] += v[i + l] *= w[i + l];
    for (int l = 0; i < n; i++, l++) sums[l] += v[i] *= w[i];
    if (lanes)
        for (int l = 0; l < FL_LANES; l++) lanes[l] += sums[l];
}

/* The values of a block are added to lanes. */
static void FL(add_up)(ptrdiff_t n, const real *v, double *lanes) {
    real sums[FL_LANES] = {0};
    ptrdiff_t i = 0;
    for (; i + FL_LANES <= n; i += FL_LANES)
        for (int l = 0; l < FL_LANES; l++) sums[l] += v[i + l];
    for (int l = 0; i < n; i++, l++) sums[l] += v[i];
    for (int l = 0; l < FL_LANES; l++) lanes[l] += sums[l];
}
