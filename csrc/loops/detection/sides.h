/* sides.h -- foreground anchors: box loss, loss of the sides, and their gradients.
 *
 * Tiles of FL_LANES foreground anchors: their logits are gathered, so that vectors run along the anchors.
 * This happens as soon as an image is assigned, while its logits are in the caches (2x on the whole of it),
 * and before the sum of scores is known: gradients wait in a buffer, to be scaled as they are scattered. */

typedef struct {
    const FL(claim) *claims;
    int n;                                     /* the rest of the tile repeats the first, with weight 0 */
    ptrdiff_t anchor[FL_LANES];
    real x[FL_LANES], y[FL_LANES];             /* of the anchors, in strides */
    real stride[FL_LANES], weight[FL_LANES];
    real t[4][FL_LANES];                       /* corners of the targets, in strides */
    real by_distance[4][FL_LANES];             /* d total / d distance, through the box */
    FL(tile_distances) p;
} FL(front);

static void FL(load_front)(const FL(detection_call) *call, const FL(claim) *claims, int n, FL(front) *f) {
    f->claims = claims, f->n = n;
    for (int l = 0; l < FL_LANES; l++) {
        const FL(claim) *c = &claims[l < n ? l : 0];
        const real *corners = call->corners + 4 * (ptrdiff_t)c->object;
        f->anchor[l] = c->anchor;
        f->x[l] = call->x[c->anchor], f->y[l] = call->y[c->anchor];
        f->stride[l] = call->stride[c->anchor];
        f->weight[l] = l < n ? c->score : 0;
        for (int k = 0; k < 4; k++) f->t[k][l] = corners[k] / f->stride[l];
    }
}

/* Sum of weight (1 - CIoU), and what its gradient asks of the distances. */
static double FL(front_boxes)(const FL(detection_call) *call, FL(front) *f) {
    const FL(overlap_rules) rules = call->rules;
    const real factor = -(real)call->args->gains[0];
    real value[FL_LANES];
    FL_LANE_LOOP
    for (int l = 0; l < FL_LANES; l++) {
        FL(box)
        p = FL(corner_box)(f->x[l] - f->p.d[0][l], f->y[l] - f->p.d[1][l], f->x[l] + f->p.d[2][l],
                           f->y[l] + f->p.d[3][l], rules.height);
        FL(box) t = FL(corner_box)(f->t[0][l], f->t[1][l], f->t[2][l], f->t[3][l], rules.height);
        FL(overlap) o = FL(overlap_of)(FL_CIOU, 1, p, t, &rules);
        real w = f->weight[l], g = factor * w;
        value[l] = w * (1 - (o.iou - o.penalty));
        f->by_distance[0][l] = -g * (o.x1 - o.w);
        f->by_distance[1][l] = -g * (o.y1 - o.h);
        f->by_distance[2][l] = g * (o.x2 + o.w);
        f->by_distance[3][l] = g * (o.y2 + o.h);
    }
    double sum = 0;
    for (int l = 0; l < f->n; l++) sum += value[l];
    return sum;
}

/* The distance that an anchor should predict for a side. */
static FL_INLINE real FL(target_distance)(const FL(front) *f, int side, int l) {
    real a = side % 2 ? f->y[l] : f->x[l];
    return side < 2 ? a - f->t[side][l] : f->t[side][l] - a;
}

/* Distribution focal loss over the bins of four sides. `z` holds the tile's logits and gets the gradient. */
static double FL(front_bins)(const FL(detection_call) *call, FL(front) *f, real *z, double *box) {
    const fl_detection_args *a = call->args;
    const ptrdiff_t bins = a->bins;
    ptrdiff_t bin[4][FL_LANES];
    real right[4][FL_LANES], z0[4][FL_LANES], z1[4][FL_LANES];
    for (int side = 0; side < 4; side++)
        for (int l = 0; l < FL_LANES; l++) {
            real d = FL(clamp_distance)(FL(target_distance)(f, side, l), bins);
            ptrdiff_t k = bin[side][l] = (ptrdiff_t)d;
            right[side][l] = d - (real)k;
            z0[side][l] = z[(side * bins + k) * FL_LANES + l];
            z1[side][l] = z[(side * bins + k + 1) * FL_LANES + l];
        }
    FL(decode_bins)(z, FL_LANES, bins, z, &f->p);
    *box += FL(front_boxes)(call, f);

    real value[FL_LANES] = {0}, inverse[4][FL_LANES];
    for (int side = 0; side < 4; side++) {
        FL_LANE_LOOP
        for (int l = 0; l < FL_LANES; l++) {
            real log_sum = FL(log)(f->p.sum[side][l]) + f->p.largest[side][l], wr = right[side][l];
            value[l] += (1 - wr) * FL(log_loss)(z0[side][l] - log_sum, NULL).value
                + wr * FL(log_loss)(z1[side][l] - log_sum, NULL).value;
            inverse[side][l] = 1 / f->p.sum[side][l];
        }
    }
    double sum = 0;
    for (int l = 0; l < f->n; l++) sum += f->weight[l] * value[l] / 4;
    if (!a->grad_boxes) return sum;

    real share[FL_LANES];
    for (int l = 0; l < FL_LANES; l++) share[l] = (real)(a->gains[2] / 4) * f->weight[l];
    for (int side = 0; side < 4; side++) {
        for (ptrdiff_t k = 0; k < bins; k++) {
            real *row = z + (side * bins + k) * FL_LANES;
            FL_LANE_LOOP
            for (int l = 0; l < FL_LANES; l++)
                row[l] = FL(bin_slope)(row[l] * inverse[side][l], share[l], f->by_distance[side][l], (real)k,
                                       f->p.d[side][l]);
        }
        for (int l = 0; l < f->n; l++) {
            real *at = z + (side * bins + bin[side][l]) * FL_LANES + l;
            at[0] -= share[l] * (1 - right[side][l]);
            at[FL_LANES] -= share[l] * right[side][l];
        }
    }
    return sum;
}

/* Without bins: the absolute error of the distances in units of the image. */
static double FL(front_plain)(const FL(detection_call) *call, FL(front) *f, real *z, double *box) {
    const fl_detection_args *a = call->args;
    FL(decode_plain)(z, FL_LANES, &f->p);
    *box += FL(front_boxes)(call, f);
    double sum = 0;
    for (int l = 0; l < f->n; l++) {
        real share = (real)(a->gains[2] / 4) * f->weight[l], value = 0;
        for (int side = 0; side < 4; side++) {
            real unit = f->stride[l] / (side % 2 ? call->height : call->width);
            FL(row_point) r = FL(l1_side)(f->p.d[side][l], FL(target_distance)(f, side, l), unit);
            value += r.value;
            z[side * FL_LANES + l] = FL(fma)(share, r.slope, f->by_distance[side][l]);
        }
        sum += f->weight[l] * value / 4;
    }
    return sum;
}


/* All foreground anchors of an image. */
static int FL(front_image)(const FL(detection_call) *call, ptrdiff_t image, FL(image_part) *part) {
    const fl_detection_args *a = call->args;
    const ptrdiff_t channels = 4 * a->bins, tiles = (part->n + FL_LANES - 1) / FL_LANES;
    const real *from = (const real *)a->boxes + image * channels * a->anchors;
    real *z = malloc((a->grad_boxes ? tiles : 1) * channels * FL_LANES * sizeof(real));
    if (!z) return 0;
    part->slopes = z;
    FL(front) f;
    for (ptrdiff_t i = 0; i < part->n; i += FL_LANES) {
        FL(load_front)(call, part->claims + i, part->n - i < FL_LANES ? (int)(part->n - i) : FL_LANES, &f);
        for (ptrdiff_t c = 0; c < channels; c++)
            for (int l = 0; l < FL_LANES; l++) z[c * FL_LANES + l] = from[c * a->anchors + f.anchor[l]];
        part->dfl += (a->bins == 1 ? FL(front_plain) : FL(front_bins))(call, &f, z, &part->box);
        if (a->grad_boxes) z += channels * FL_LANES;
    }
    return 1;
}
