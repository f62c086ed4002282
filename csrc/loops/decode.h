/* decode.h -- raw outputs of an anchor-free head to boxes, a strip of anchors at a time.
 *
 * Sides come in the order left, top, right, bottom, each as `bins` logits of a distribution over
 * 0..bins-1 (Li et al. 2020), or as one number that is the distance itself. With the anchor (x, y) =
 * (column + 1/2, row + 1/2) of its level's grid and the level's stride s
 *   d = sum_k k softmax_k(z)       box = s (x - left, y - top, x + right, y + bottom) */

/* Distances of one side of n <= FL_STRIP neighbouring anchors; the bins are `step` elements apart. */
static FL_PASS void FL(distances)(const real *restrict logits, ptrdiff_t step, int bins, int n,
                                  real *restrict d) {
    FL_ALIGNED real top[FL_STRIP], sum[FL_STRIP];
    if (bins == 1) {
        memcpy(d, logits, n * sizeof(real));
        return;
    }
    memcpy(top, logits, n * sizeof(real));
    for (int k = 1; k < bins; k++) {
        const real *z = logits + k * step;
        for (int i = 0; i < n; i++) top[i] = FL(max)(top[i], z[i]);
    }
    for (int i = 0; i < n; i++) sum[i] = d[i] = 0;
    for (int k = 0; k < bins; k++) {
        const real *z = logits + k * step;
        for (int i = 0; i < n; i++) {
            real e = FL(exp_nonpositive)(z[i] - top[i]);
            sum[i] += e;
            d[i] = FL(fma)((real)k, e, d[i]);
        }
    }
    for (int i = 0; i < n; i++) d[i] /= sum[i];
}

/* Where an anchor lies: its level, and its cell there. */
typedef struct {
    ptrdiff_t level, row, column;
} FL(cell);

static FL(cell) FL(cell_of)(const fl_decode_args *args, ptrdiff_t anchor) {
    ptrdiff_t level = 0, width;
    while (anchor >= args->heights[level] * args->widths[level]) {
        anchor -= args->heights[level] * args->widths[level];
        level++;
    }
    width = args->widths[level];
    return (FL(cell)){level, anchor / width, anchor % width};
}

static void FL(next_cell)(const fl_decode_args *args, FL(cell) *at) {
    if (++at->column < args->widths[at->level]) return;
    at->column = 0;
    if (++at->row < args->heights[at->level]) return;
    at->row = 0;
    do at->level++;
    while (at->level < args->levels && (!args->heights[at->level] || !args->widths[at->level]));
}

static void FL(decode_chunk)(void *context, ptrdiff_t chunk) {
    const fl_decode_args *args = context;
    ptrdiff_t strips = (args->anchors + FL_STRIP - 1) / FL_STRIP, image = chunk / strips;
    ptrdiff_t first = chunk % strips * FL_STRIP, left = args->anchors - first;
    int n = left < FL_STRIP ? (int)left : FL_STRIP, bins = (int)args->bins;
    const real *logits = (const real *)args->boxes + image * 4 * bins * args->anchors + first;
    FL_ALIGNED real side[4][FL_STRIP];
    for (int k = 0; k < 4; k++)
        FL(distances)(logits + k * bins * args->anchors, args->anchors, bins, n, side[k]);

    FL(cell) at = FL(cell_of)(args, first);
    real *out = (real *)args->out + 4 * image * args->anchors;
    for (int i = 0; i < n; i++) {
        real x = (real)at.column + (real)0.5, y = (real)at.row + (real)0.5;
        real stride = (real)args->strides[at.level];
        real box[4] = {(x - side[0][i]) * stride, (y - side[1][i]) * stride, (x + side[2][i]) * stride,
                       (y + side[3][i]) * stride};
        if (args->format != FL_XYXY) FL(convert_plain)(box, FL_XYXY, args->format, box);
        for (int k = 0; k < 4; k++)
            out[args->channels_first ? k * args->anchors + first + i : 4 * (first + i) + k] = box[k];
        if (i + 1 < n) FL(next_cell)(args, &at);
    }
}

static fl_status FL(decode)(fl_decode_args *args) {
    ptrdiff_t strips = (args->anchors + FL_STRIP - 1) / FL_STRIP;
    fl_parallel(args->batch * strips, fl_decode_cost(args), FL(decode_chunk), args);
    return FL_OK;
}
