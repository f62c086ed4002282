/* reduce.h -- passes over a block that know no formula. */

/* The number of lanes that n elements occupy, in whole rows of them. */
static FL_INLINE int FL(whole_rows)(int n) { return (n + FL_LANES - 1) & -FL_LANES; }

/* A row of lanes becomes 0. */
static FL_INLINE void FL(clear)(real *at) {
    FL_LANE_LOOP
    for (int l = 0; l < FL_LANES; l++) at[l] = 0;
}

/* lanes += v, in the order of the loops over elements, which add an incomplete row in double */
static void FL(add)(const real *v, ptrdiff_t n, double *lanes) {
    real sums[FL_LANES] = {0};
    ptrdiff_t i = 0;
    for (; i + FL_LANES <= n; i += FL_LANES) {
        FL_LANE_LOOP
        for (int l = 0; l < FL_LANES; l++) sums[l] += v[i + l];
    }
    for (int l = 0; l < FL_LANES; l++) lanes[l] += sums[l];
    if (i < n) {
        const int rest = (int)(n - i);
        const real *last = v + i;
        FL_LANE_LOOP
        for (int l = 0; l < FL_LANES; l++) lanes[l] += l < rest ? last[l] : 0;
    }
}

/* v *= w */
static void FL(weigh)(const real *w, ptrdiff_t n, real *v) {
    FL_LANE_LOOP
    for (ptrdiff_t i = 0; i < n; i++) v[i] *= w[i];
}

/* v *= factor */
static void FL(scale)(real *v, ptrdiff_t n, real factor) {
    FL_LANE_LOOP
    for (ptrdiff_t i = 0; i < n; i++) v[i] *= factor;
}
