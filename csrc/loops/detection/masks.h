/* masks.h -- the instance masks of foreground anchors: linear combinations of an image's prototypes.
 *
 * Where the targets are larger than the prototypes, it is the logits of one mask that are enlarged, not the
 * prototypes: enlarging is linear, and there are many prototypes. */

/* Output cell i of `out` between two of `in`: half-pixel centres. */
typedef struct {
    ptrdiff_t low, high;
    real share;                      /* of the high one */
} FL(between);

static FL(between) FL(source)(ptrdiff_t i, ptrdiff_t in, ptrdiff_t out) {
    real at = FL(max)(((real)i + (real)0.5) * ((real)in / (real)out) - (real)0.5, 0);
    ptrdiff_t low = (ptrdiff_t)at;
    if (low > in - 1) low = in - 1;
    return (FL(between)){low, low + 1 < in ? low + 1 : low, at - (real)low};
}

/* What one anchor's mask is made of; rows y0 .. y1, columns x0 .. x1 of the target, p of the prototypes. */
typedef struct {
    ptrdiff_t x0, x1, y0, y1, px0, px1, py0, py1;
    real *logits, *by_logits;        /* (py1 - py0, px1 - px0) */
    real *row, *by_row;              /* a row of prototypes' logits between two */
    real *coefficients, *by_coefficients;
    FL(between) *columns;            /* for the target's columns, counted from x0 */
    const real *mask;
    real label;                      /* cells with this value are the object's; < 0: with any but 0 */
    real weight;                     /* of the gradient */
} FL(mask_view);

/* logits = sum of coefficient x prototype, over the part that is needed */
static void FL(combine)(const fl_detection_args *a, const real *proto, const FL(mask_view) *v) {
    const ptrdiff_t width = v->px1 - v->px0, area = a->proto_height * a->proto_width;
    for (ptrdiff_t y = v->py0; y < v->py1; y++) {
        real *restrict out = v->logits + (y - v->py0) * width;
        for (ptrdiff_t x = 0; x < width; x++) out[x] = 0;
        for (ptrdiff_t n = 0; n < a->n_proto; n++) {
            const real *restrict p = proto + n * area + y * a->proto_width + v->px0;
            const real c = v->coefficients[n];
            FL_LANE_LOOP
            for (ptrdiff_t x = 0; x < width; x++) out[x] = FL(fma)(c, p[x], out[x]);
        }
    }
}

/* Binary cross entropy of n cells of one row: values, and gradients times the weight. */
static void FL(mask_row)(const FL(mask_view) *v, const real *restrict logits, const real *restrict mask,
                         ptrdiff_t n, real *restrict values, real *restrict grad) {
    const real label = v->label, weight = v->weight;
    FL_BOX_LOOP
    for (ptrdiff_t x = 0; x < n; x++) {
        real x_in = logits[x];
        FL(logit) r = FL(read_logit)(x_in, FL(in_mask)(mask[x], label) ? (real)1 : (real)0,
                                     FL(exp_minus)(FL(abs)(x_in)));
        values[x] = r.bce;
        grad[x] = r.d * weight;
    }
}

/* A target's row y of enlarged logits, and its adjoint. */
static void FL(enlarge_row)(const FL(mask_view) *v, FL(between) y, ptrdiff_t n, real *out) {
    const ptrdiff_t width = v->px1 - v->px0;
    const real *low = v->logits + (y.low - v->py0) * width, *high = v->logits + (y.high - v->py0) * width;
    for (ptrdiff_t x = 0; x < width; x++) v->row[x] = FL(fma)(y.share, high[x] - low[x], low[x]);
    for (ptrdiff_t x = 0; x < n; x++) {
        const FL(between) c = v->columns[x];
        real from = v->row[c.low - v->px0];
        out[x] = FL(fma)(c.share, v->row[c.high - v->px0] - from, from);
    }
}
static void FL(reduce_row)(const FL(mask_view) *v, FL(between) y, ptrdiff_t n, const real *grad) {
    const ptrdiff_t width = v->px1 - v->px0;
    real *low = v->by_logits + (y.low - v->py0) * width, *high = v->by_logits + (y.high - v->py0) * width;
    for (ptrdiff_t x = 0; x < width; x++) v->by_row[x] = 0;
    for (ptrdiff_t x = 0; x < n; x++) {
        const FL(between) c = v->columns[x];
        v->by_row[c.low - v->px0] += (1 - c.share) * grad[x];
        v->by_row[c.high - v->px0] += c.share * grad[x];
    }
    for (ptrdiff_t x = 0; x < width; x++) low[x] += (1 - y.share) * v->by_row[x];
    for (ptrdiff_t x = 0; x < width; x++) high[x] += y.share * v->by_row[x];
}

/* Sum of the cells' losses; the gradient by the logits of the prototypes' cells. `rows`: three of them. */
static double FL(compare_mask)(const fl_detection_args *a, const FL(mask_view) *v, real *rows) {
    const ptrdiff_t n = v->x1 - v->x0, width = v->px1 - v->px0;
    const int enlarge = a->mask_height != a->proto_height || a->mask_width != a->proto_width;
    real *values = rows, *grad = rows + a->mask_width, *logits = rows + 2 * a->mask_width;
    double lanes[FL_LANES] = {0};
    if (enlarge) {
        memset(v->by_logits, 0, (v->py1 - v->py0) * width * sizeof(real));
        for (ptrdiff_t x = 0; x < n; x++)
            v->columns[x] = FL(source)(v->x0 + x, a->proto_width, a->mask_width);
    }
    for (ptrdiff_t y = v->y0; y < v->y1; y++) {
        const real *mask = v->mask + y * a->mask_width + v->x0;
        FL(between) between = FL(source)(y, a->proto_height, a->mask_height);
        if (enlarge) FL(enlarge_row)(v, between, n, logits);
        else logits = v->logits + (y - v->y0) * width, grad = v->by_logits + (y - v->y0) * width;
        FL(mask_row)(v, logits, mask, n, values, grad);
        FL(add)(values, n, lanes);
        if (enlarge) FL(reduce_row)(v, between, n, grad);
    }
    return fl_sum_lanes(lanes);
}

/* From the logits on to the coefficients and the prototypes. */
static void FL(uncombine)(const fl_detection_args *a, const real *proto, const FL(mask_view) *v,
                          real *grad_proto) {
    const ptrdiff_t width = v->px1 - v->px0, area = a->proto_height * a->proto_width;
    for (ptrdiff_t n = 0; n < a->n_proto; n++) {
        const real c = v->coefficients[n];
        double lanes[FL_LANES] = {0};
        for (ptrdiff_t y = v->py0; y < v->py1; y++) {
            const real *restrict g = v->by_logits + (y - v->py0) * width;
            const real *restrict p = proto + n * area + y * a->proto_width + v->px0;
            real *restrict out = grad_proto + n * area + y * a->proto_width + v->px0;
            real sums[FL_LANES] = {0};
            ptrdiff_t x = 0;
            for (; x + FL_LANES <= width; x += FL_LANES) {
                FL_LANE_LOOP
                for (int l = 0; l < FL_LANES; l++) {
                    sums[l] = FL(fma)(g[x + l], p[x + l], sums[l]);
                    out[x + l] = FL(fma)(c, g[x + l], out[x + l]);
                }
            }
            for (int l = 0; x < width; x++, l++) {
                sums[l] = FL(fma)(g[x], p[x], sums[l]);
                out[x] = FL(fma)(c, g[x], out[x]);
            }
            for (int l = 0; l < FL_LANES; l++) lanes[l] += sums[l];
        }
        v->by_coefficients[n] = (real)fl_sum_lanes(lanes);
    }
}

/* The part of the image that a foreground anchor's mask is compared on. Returns the box's share of it. */
static real FL(view_object)(const FL(detection_call) *call, ptrdiff_t image, ptrdiff_t object,
                            FL(mask_view) *v) {
    const fl_detection_args *a = call->args;
    const real *c = call->objects + call->per_object * object;
    real x1 = c[0] / call->width, y1 = c[1] / call->height, x2 = c[2] / call->width, y2 = c[3] / call->height;
    v->x0 = FL(first_cell)(x1 * (real)a->mask_width, a->mask_width);
    v->x1 = FL(first_cell)(x2 * (real)a->mask_width, a->mask_width);
    v->y0 = FL(first_cell)(y1 * (real)a->mask_height, a->mask_height);
    v->y1 = FL(first_cell)(y2 * (real)a->mask_height, a->mask_height);
    if (v->x0 < v->x1 && v->y0 < v->y1) {
        v->px0 = FL(source)(v->x0, a->proto_width, a->mask_width).low;
        v->px1 = FL(source)(v->x1 - 1, a->proto_width, a->mask_width).high + 1;
        v->py0 = FL(source)(v->y0, a->proto_height, a->mask_height).low;
        v->py1 = FL(source)(v->y1 - 1, a->proto_height, a->mask_height).high + 1;
        if (a->mask_width == a->proto_width && a->mask_height == a->proto_height)
            v->px0 = v->x0, v->px1 = v->x1, v->py0 = v->y0, v->py1 = v->y1;
    }
    v->label = FL(mask_label)(a, image, object);
    v->mask = FL(mask_of)(a, image, object);
    return (x2 - x1) * (y2 - y1);
}

static void FL(mask_anchor)(const FL(detection_call) *call, ptrdiff_t image, const FL(claim) *claim,
                            FL(mask_view) *v, real *rows, double *items) {
    const fl_detection_args *a = call->args;
    const ptrdiff_t area = a->proto_height * a->proto_width, plane = image * a->n_proto * a->anchors;
    const real *proto = (const real *)a->proto + image * a->n_proto * area;
    double cells = (double)a->mask_height * (double)a->mask_width
        * (double)FL(view_object)(call, image, claim->object, v);
    v->weight = (real)(a->gains[FL_ITEM_SEG] * (double)a->batch * a->factor / (cells * call->front));
    if (v->x0 >= v->x1 || v->y0 >= v->y1) return;
    for (ptrdiff_t n = 0; n < a->n_proto; n++)
        v->coefficients[n] = ((const real *)a->coefficients)[plane + n * a->anchors + claim->anchor];
    FL(combine)(a, proto, v);
    items[FL_ITEM_SEG] += FL(compare_mask)(a, v, rows) / cells;
    if (!a->grad_proto) return;
    FL(uncombine)(a, proto, v, (real *)a->grad_proto + image * a->n_proto * area);
    real *grad = (real *)a->grad_coefficients + plane;
    for (ptrdiff_t n = 0; n < a->n_proto; n++) grad[n * a->anchors + claim->anchor] = v->by_coefficients[n];
}

/* 0: no memory. */
static int FL(masks_image)(const FL(detection_call) *call, ptrdiff_t image, FL(image_part) *part) {
    const fl_detection_args *a = call->args;
    const ptrdiff_t area = a->proto_height * a->proto_width, per_image = a->n_proto * a->anchors;
    if (a->grad_proto && !a->zeroed) {
        memset((real *)a->grad_proto + image * a->n_proto * area, 0, a->n_proto * area * sizeof(real));
        memset((real *)a->grad_coefficients + image * per_image, 0, per_image * sizeof(real));
    }
    if (!part->n) return 1;
    size_t reals = 2 * area + 2 * a->proto_width + 2 * a->n_proto + 3 * a->mask_width;
    char *memory = malloc(reals * sizeof(real) + a->mask_width * sizeof(FL(between)));
    if (!memory) return 0;
    FL(mask_view) v = {.columns = (FL(between) *)memory};
    real *at = (real *)(memory + a->mask_width * sizeof(FL(between)));
    v.logits = at, v.by_logits = at += area, v.row = at += area, v.by_row = at += a->proto_width;
    v.coefficients = at += a->proto_width, v.by_coefficients = at += a->n_proto;
    for (ptrdiff_t i = 0; i < part->n; i++)
        FL(mask_anchor)(call, image, &part->claims[i], &v, at + a->n_proto, part->items);
    free(memory);
    return 1;
}
