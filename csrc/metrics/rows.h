/* rows.h -- the best class of a row of scores, and the rank of one class; once for each `real`. */

/* The first of the largest; the first NaN, if there is one. */
static int64_t FL(best_by_one)(const real *x, ptrdiff_t n, ptrdiff_t step) {
    ptrdiff_t best = 0;
    for (ptrdiff_t c = 1; c < n && x[best * step] == x[best * step]; c++)
        if (!(x[c * step] <= x[best * step])) best = c;
    return best;
}

/* The largest by lanes, which compilers vectorise, then where it stands. */
static int64_t FL(best_of)(const real *x, ptrdiff_t n, ptrdiff_t step) {
    enum { LANES = 16 };
    if (step != 1 || n < 2 * LANES) return FL(best_by_one)(x, n, step);
    real lanes[LANES], largest;
    ptrdiff_t c = 0;
    int nan[LANES] = {0}, any = 0;
    for (int l = 0; l < LANES; l++) lanes[l] = x[l];
    for (; c + LANES <= n; c += LANES)
        for (int l = 0; l < LANES; l++) {
            real s = x[c + l];
            nan[l] |= s != s;
            lanes[l] = s > lanes[l] ? s : lanes[l];
        }
    largest = lanes[0];
    for (int l = 0; l < LANES; l++) {
        any |= nan[l];
        if (lanes[l] > largest) largest = lanes[l];
    }
    for (; c < n; c++) {
        any |= x[c] != x[c];
        if (x[c] > largest) largest = x[c];
    }
    if (any) return FL(best_by_one)(x, n, step);
    ptrdiff_t best = 0;
    for (int hits = 0; best + LANES <= n; best += LANES) {
        for (int l = 0; l < LANES; l++) hits |= x[best + l] == largest;
        if (hits) break;
    }
    while (x[best] != largest) best++;
    return best;
}

/* Scores that are larger, or NaN, or where `equal` is set as large. */
static int64_t FL(count_above)(const real *x, ptrdiff_t n, ptrdiff_t step, real own, int equal) {
    enum { BLOCK = 1 << 16 };
    int64_t all = 0;
    for (ptrdiff_t first = 0; first < n; first += BLOCK) {
        const real *block = x + first * step;
        int count = 0, end = n - first < BLOCK ? (int)(n - first) : BLOCK;
        if (step == 1 && equal)
            for (int c = 0; c < end; c++) count += !(block[c] < own);
        else if (step == 1)
            for (int c = 0; c < end; c++) count += !(block[c] <= own);
        else
            for (int c = 0; c < end; c++)
                count += equal ? !(block[c * step] < own) : !(block[c * step] <= own);
        all += count;
    }
    return all;
}

static int64_t FL(rank_of)(const real *x, ptrdiff_t n, ptrdiff_t step, int64_t target) {
    if (target < 0 || target >= n) return -1;
    const real *at = x + target * step;
    if (*at != *at) return n;
    return FL(count_above)(x, (ptrdiff_t)target, step, *at, 1)
        + FL(count_above)(at + step, n - 1 - (ptrdiff_t)target, step, *at, 0);
}

static void FL(do_rows)(const fl_class_scores *args, ptrdiff_t first, ptrdiff_t end, int ranked) {
    for (ptrdiff_t i = first; i < end; i++) {
        const real *row = (const real *)args->scores + i / args->inner * args->outer_step
            + i % args->inner * args->inner_step;
        if (ranked) args->out[i] = FL(rank_of)(row, args->classes, args->class_step, args->target[i]);
        else args->out[i] = FL(best_of)(row, args->classes, args->class_step);
    }
}
