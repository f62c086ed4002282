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
    real t[5][FL_LANES];                       /* the targets, in strides */
    real wanted[4][FL_LANES];                  /* the distances to predict */
    real angle[FL_LANES];                      /* predicted */
    FL(tile_distances) p;
    real by_distance[4][FL_LANES];             /* of the gradient, what comes through the box */
    real by_angle[FL_LANES];
} FL(front);

static void FL(load_front)(const FL(detection_call) *call, ptrdiff_t image, const FL(claim) *claims, int n,
                           FL(front) *f) {
    const fl_detection_args *a = call->args;
    f->claims = claims, f->n = n;
    for (int l = 0; l < FL_LANES; l++) {
        const FL(claim) *c = &claims[l < n ? l : 0];
        const real *t = call->objects + call->per_object * c->object;
        real stride = f->stride[l] = call->stride[c->anchor];
        f->anchor[l] = c->anchor;
        f->x[l] = call->x[c->anchor], f->y[l] = call->y[c->anchor];
        f->weight[l] = l < n ? c->score : 0;
        for (int k = 0; k < 4; k++) f->t[k][l] = t[k] / stride;
        if (!a->angles) continue;
        f->t[4][l] = t[4];
        f->angle[l] = ((const real *)a->angles)[image * a->anchors + c->anchor];
    }
}

/* ---- upright boxes ---------------------------------------------------------------------- */

static void FL(want_sides)(FL(front) *f) {
    FL_LANE_LOOP
    for (int l = 0; l < FL_LANES; l++) {
        f->wanted[0][l] = f->x[l] - f->t[0][l], f->wanted[1][l] = f->y[l] - f->t[1][l];
        f->wanted[2][l] = f->t[2][l] - f->x[l], f->wanted[3][l] = f->t[3][l] - f->y[l];
    }
}

/* Sum of weight (1 - CIoU), and what its gradient asks of the distances. */
static void FL(front_upright)(const FL(detection_call) *call, FL(front) *f, double *items) {
    const FL(overlap_rules) rules = call->rules;
    const real factor = -(real)call->args->gains[FL_ITEM_BOX];
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
    for (int l = 0; l < f->n; l++) items[FL_ITEM_BOX] += value[l];
}

/* ---- rotated boxes ------------------------------------------------------------------------ */

/* Distances along the axes of the target. */
static void FL(want_rotated_sides)(FL(front) *f) {
    real c[FL_LANES], s[FL_LANES];
    FL(turn_angles)(f->t[4], FL_LANES, c, s);
    for (int l = 0; l < FL_LANES; l++) {
        real ox = f->t[0][l] - f->x[l], oy = f->t[1][l] - f->y[l];
        real x = ox * c[l] + oy * s[l], y = oy * c[l] - ox * s[l], w = f->t[2][l] / 2, h = f->t[3][l] / 2;
        f->wanted[0][l] = w - x, f->wanted[1][l] = h - y, f->wanted[2][l] = w + x, f->wanted[3][l] = h + y;
    }
}

/* Sums of weight (1 - ProbIoU) and of the angles' loss, with their gradients. */
static void FL(front_rotated)(const FL(detection_call) *call, FL(front) *f, double *items) {
    const fl_detection_args *a = call->args;
    const real eps = (real)1e-7, floor = (real)0.01, box_gain = (real)a->gains[FL_ITEM_BOX];
    const real angle_gain = (real)a->gains[FL_ITEM_ANGLE];
    real pc[FL_LANES], ps[FL_LANES], tc[FL_LANES], ts[FL_LANES];
    FL(turn_angles)(f->angle, FL_LANES, pc, ps);
    FL(turn_angles)(f->t[4], FL_LANES, tc, ts);
    for (int l = 0; l < f->n; l++) {
        FL(oriented)
        p = FL(oriented_of)(f->x[l], f->y[l], f->p.d[0][l], f->p.d[1][l], f->p.d[2][l], f->p.d[3][l], pc[l],
                            ps[l]);
        FL(rotated) own = FL(gaussian_of)(p.x, p.y, p.w, p.h, p.c, p.s, floor);
        FL(rotated)
        other = FL(gaussian_of)(f->t[0][l], f->t[1][l], f->t[2][l], f->t[3][l], tc[l], ts[l], floor);
        FL(rotated_overlap) o = FL(probiou)(1, own, other, &eps);
        FL(row_point) turn = FL(angle_loss)(f->angle[l] - f->t[4][l], f->t[2][l], f->t[3][l]);
        real w = f->weight[l], g = -box_gain * w;
        real gxf = (real)0.5 * (o.x * p.c + o.y * p.s), gyf = (real)0.5 * (o.y * p.c - o.x * p.s);
        items[FL_ITEM_BOX] += w * o.value;
        items[FL_ITEM_ANGLE] += w * turn.value;
        f->by_distance[0][l] = g * (o.w - gxf), f->by_distance[1][l] = g * (o.h - gyf);
        f->by_distance[2][l] = g * (o.w + gxf), f->by_distance[3][l] = g * (o.h + gyf);
        real orbit = o.y * (p.xf * p.c - p.yf * p.s) - o.x * (p.xf * p.s + p.yf * p.c);
        f->by_angle[l] = g * (o.r + orbit) + angle_gain * w * turn.slope;
    }
    for (int l = f->n; l < FL_LANES; l++)
        for (int k = 0; k < 4; k++) f->by_distance[k][l] = 0;
}

/* ---- either ------------------------------------------------------------------------------- */

static void FL(front_boxes)(const FL(detection_call) *call, FL(front) *f, double *items) {
    (call->args->angles ? FL(front_rotated) : FL(front_upright))(call, f, items);
}

/* Distribution focal loss over the bins of four sides. `z` holds the tile's logits and gets the gradient. */
static void FL(front_bins)(const FL(detection_call) *call, FL(front) *f, real *z, double *items) {
    const fl_detection_args *a = call->args;
    const ptrdiff_t bins = a->bins;
    ptrdiff_t bin[4][FL_LANES];
    real right[4][FL_LANES], z0[4][FL_LANES], z1[4][FL_LANES];
    for (int side = 0; side < 4; side++)
        for (int l = 0; l < FL_LANES; l++) {
            real d = FL(clamp_distance)(f->wanted[side][l], bins);
            ptrdiff_t k = bin[side][l] = (ptrdiff_t)d;
            right[side][l] = d - (real)k;
            z0[side][l] = z[(side * bins + k) * FL_LANES + l];
            z1[side][l] = z[(side * bins + k + 1) * FL_LANES + l];
        }
    FL(decode_bins)(z, FL_LANES, bins, z, &f->p);
    FL(front_boxes)(call, f, items);

    real value[FL_LANES] = {0}, inverse[4][FL_LANES];
    for (int side = 0; side < 4; side++) {
        FL_LANE_LOOP
        for (int l = 0; l < FL_LANES; l++) {
            real log_sum = FL(log)(f->p.sum[side][l]) + f->p.largest[side][l], wr = right[side][l];
            value[l] += (1 - wr) * FL(log_loss)(z0[side][l] - log_sum, 0, NULL).value
                + wr * FL(log_loss)(z1[side][l] - log_sum, 0, NULL).value;
            inverse[side][l] = 1 / f->p.sum[side][l];
        }
    }
    for (int l = 0; l < f->n; l++) items[FL_ITEM_DFL] += f->weight[l] * value[l] / 4;
    if (!a->grad_boxes) return;

    real share[FL_LANES];
    for (int l = 0; l < FL_LANES; l++) share[l] = (real)(a->gains[FL_ITEM_DFL] / 4) * f->weight[l];
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
}

/* Without bins: the absolute error of the distances in units of the image. */
static void FL(front_plain)(const FL(detection_call) *call, FL(front) *f, real *z, double *items) {
    const fl_detection_args *a = call->args;
    FL(decode_plain)(z, FL_LANES, &f->p);
    FL(front_boxes)(call, f, items);
    for (int l = 0; l < f->n; l++) {
        real share = (real)(a->gains[FL_ITEM_DFL] / 4) * f->weight[l], value = 0;
        for (int side = 0; side < 4; side++) {
            real unit = f->stride[l] / (side % 2 ? call->height : call->width);
            FL(row_point) r = FL(l1_side)(f->p.d[side][l], f->wanted[side][l], unit);
            value += r.value;
            z[side * FL_LANES + l] = FL(fma)(share, r.slope, f->by_distance[side][l]);
        }
        items[FL_ITEM_DFL] += f->weight[l] * value / 4;
    }
}

/* All foreground anchors of an image. */
static int FL(front_image)(const FL(detection_call) *call, ptrdiff_t image, FL(image_part) *part) {
    const fl_detection_args *a = call->args;
    const ptrdiff_t channels = 4 * a->bins, tiles = (part->n + FL_LANES - 1) / FL_LANES;
    const real *from = (const real *)a->boxes + image * channels * a->anchors;
    real *z = malloc((a->grad_boxes ? tiles : 1) * (channels + 1) * FL_LANES * sizeof(real));
    if (!z) return 0;
    part->slopes = z;
    if (a->grad_boxes) part->turns = z + tiles * channels * FL_LANES;
    FL(front) f;
    for (ptrdiff_t i = 0; i < part->n; i += FL_LANES) {
        FL(load_front)(call, image, part->claims + i, part->n - i < FL_LANES ? (int)(part->n - i) : FL_LANES,
                       &f);
        for (ptrdiff_t c = 0; c < channels; c++)
            for (int l = 0; l < FL_LANES; l++) z[c * FL_LANES + l] = from[c * a->anchors + f.anchor[l]];
        (a->angles ? FL(want_rotated_sides) : FL(want_sides))(&f);
        (a->bins == 1 ? FL(front_plain) : FL(front_bins))(call, &f, z, part->items);
        if (!a->grad_boxes) continue;
        z += channels * FL_LANES;
        if (a->angles) memcpy(part->turns + i, f.by_angle, f.n * sizeof(real));
    }
    return 1;
}
