/* scores.h -- the class part: binary cross entropy of every logit against 0.
 *
 * Nearly every target is 0, so this pass knows no targets; the few foreground anchors (at most one class
 * each) are put right afterwards: value -= x t, gradient -= t. */

/* Sum over n logits; with `derive`, gradients times `scale` into g. */
static FL_INLINE double FL(background_row)(int derive, const real *restrict x, ptrdiff_t n, real scale,
                                           real *restrict g) {
    double lanes[FL_LANES] = {0};
    ptrdiff_t i = 0;
    while (n - i >= FL_LANES) {
        ptrdiff_t end = n - i > FL(flush) ? i + FL(flush) : n;
        real sums[FL_LANES] = {0};
        while (end - i >= FL_LANES) {
            real z[FL_STRIP];
            int strip = end - i < FL_STRIP ? (int)(end - i) / FL_LANES * FL_LANES : FL_STRIP;
            for (int k = 0; k < strip; k += FL_LANES) FL(logit_row)(x + i + k, z + k);
            for (int k = 0; k < strip; k += FL_LANES, i += FL_LANES) {
                FL_LANE_LOOP
                for (int l = 0; l < FL_LANES; l++) {
                    FL(logit) r = FL(read_logit)(x[i + l], 0, z[k + l]);
                    sums[l] += r.bce;
                    if (derive) g[i + l] = r.d * scale;
                }
            }
        }
        for (int l = 0; l < FL_LANES; l++) lanes[l] += sums[l];
    }
    int rest = (int)(n - i);
    if (rest) {
        real last[FL_LANES], z[FL_LANES], value[FL_LANES], slope[FL_LANES];
        for (int l = 0; l < FL_LANES; l++) last[l] = l < rest ? x[i + l] : 0;
        FL(logit_row)(last, z);
        FL_LANE_LOOP
        for (int l = 0; l < FL_LANES; l++) {
            FL(logit) r = FL(read_logit)(last[l], 0, z[l]);
            value[l] = r.bce, slope[l] = r.d * scale;
        }
        for (int l = 0; l < rest; l++) {
            lanes[l] += value[l];
            if (derive) g[i + l] = slope[l];
        }
    }
    return fl_sum_lanes(lanes);
}
static double FL(background_value)(const real *x, ptrdiff_t n) {
    return FL(background_row)(0, x, n, 0, NULL);
}
static double FL(background_grad)(const real *x, ptrdiff_t n, real scale, real *g) {
    return FL(background_row)(1, x, n, scale, g);
}

static double FL(class_weight)(const fl_detection_args *a, ptrdiff_t c) {
    return a->class_weight ? a->class_weight[c] : 1;
}

/* A chunk of rows, each the logits of one class in one image. */
static void FL(scores_chunk)(void *context, ptrdiff_t chunk) {
    const FL(detection_call) *call = context;
    const fl_detection_args *a = call->args;
    ptrdiff_t row = chunk * call->rows_per_chunk, end = row + call->rows_per_chunk;
    if (end > a->batch * a->classes) end = a->batch * a->classes;
    double sum = 0;
    for (; row < end; row++) {
        const real *x = (const real *)a->scores + row * a->anchors;
        double weight = FL(class_weight)(a, row % a->classes);
        if (a->grad_scores)
            sum += weight
                * FL(background_grad)(x, a->anchors, (real)(a->gains[FL_ITEM_CLS] * weight * call->scale),
                                      (real *)a->grad_scores + row * a->anchors);
        else sum += weight * FL(background_value)(x, a->anchors);
    }
    call->partials[chunk] = sum;
}
