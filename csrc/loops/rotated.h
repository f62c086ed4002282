/* rotated.h -- the loops over rotated boxes, aligned and in pairs.
 *
 * Boxes are split into columns, a block at a time, as in boxblock.h: five numbers for the Gaussians of
 * ProbIoU, whose angle is in radians; any of the rotated formats for the IoU, in degrees. */

typedef struct {
    real x[FL(block)], y[FL(block)], w[FL(block)], h[FL(block)], angle[FL(block)];
    real c[FL(block)], s[FL(block)], p[FL(block)], q[FL(block)];
} FL(rotated_block);

typedef struct {
    real value[FL(block)];
    real x[FL(block)], y[FL(block)], w[FL(block)], h[FL(block)], r[FL(block)];
} FL(rotated_results);

static FL_INLINE FL(rotated) FL(rotated_at)(const FL(rotated_block) *b, ptrdiff_t i) {
    return (FL(rotated)){b->x[i], b->y[i], b->w[i], b->h[i], b->c[i], b->s[i], b->p[i], b->q[i]};
}

/* Standard deviations, which `extra` widens, and directions of Gaussians. */
static FL_PASS void FL(complete_gaussians)(FL(rotated_block) *restrict b, int n, real extra) {
    int rows = FL(whole_rows)(n), far = 0;
    for (int i = 0; i < rows; i++) {
        b->p[i] = FL(deviation)(b->w[i], extra);
        b->q[i] = FL(deviation)(b->h[i], extra);
        FL(sincos)(b->angle[i], &b->s[i], &b->c[i]);
    }
    for (int i = 0; i < rows; i++) far |= !(FL(abs)(b->angle[i]) <= FL_SINCOS_LIMIT);
    for (int i = 0; far && i < n; i++)
        if (!(FL(abs)(b->angle[i]) <= FL_SINCOS_LIMIT))
            b->s[i] = (real)sin(b->angle[i]), b->c[i] = (real)cos(b->angle[i]);
}

/* n contiguous boxes of a rotated format, as columns. Directions are taken in double: see transform.h. */
static void FL(complete_rotated)(const real *boxes, int n, int format, FL(rotated_block) *b) {
    int width = fl_box_width(format);
    for (int i = 0; i < n; i++, boxes += width) {
        real middle[5];
        FL(turned_to)(FL(turned_from)(boxes, format), FL_CXCYWHR, middle);
        double angle = -middle[4] * FL(degree);
        b->x[i] = middle[0], b->y[i] = middle[1], b->w[i] = middle[2], b->h[i] = middle[3];
        b->angle[i] = (real)angle, b->c[i] = (real)cos(angle), b->s[i] = (real)sin(angle);
    }
    for (int i = n; i < FL(whole_rows)(n); i++)
        b->x[i] = b->y[i] = b->angle[i] = b->s[i] = 0, b->w[i] = b->h[i] = b->c[i] = 1;
    for (int i = 0; i < FL(whole_rows)(n); i++)
        b->p[i] = FL(abs)(b->w[i]) / 2, b->q[i] = FL(abs)(b->h[i]) / 2;
}

/* ---- the arithmetic ------------------------------------------------------------------- */

typedef void FL(rotated_loop)(const FL(rotated_block) *b, const FL(rotated_block) *t, int n,
                              const real *parameters, real sign, real offset, FL(rotated_results) *r,
                              const fl_box_places *places);

static FL_INLINE void FL(keep_result)(FL(rotated_overlap) o, ptrdiff_t i, int derive, real sign, real offset,
                                      FL(rotated_results) *r) {
    r->value[i] = FL(fma)(sign, o.value, offset);
    if (derive) r->x[i] = o.x, r->y[i] = o.y, r->w[i] = o.w, r->h[i] = o.h, r->r[i] = o.r;
}

static FL_INLINE void FL(probiou_rows)(int derive, const FL(rotated_block) *restrict b,
                                       const FL(rotated_block) *restrict t, int n, const real *parameters,
                                       real sign, real offset, FL(rotated_results) *restrict r,
                                       const fl_box_places *places) {
    enum { step = FL_VECTOR_BYTES / sizeof(real), bytes = 5 * FL_VECTOR_BYTES };
    const real own[] = {parameters[0]};
    const int rows = FL(whole_rows)(n);
    for (ptrdiff_t from = 0; from < rows; from += step) {
        if (places) fl_fetch_boxes(places, from / step * bytes, bytes, derive);
        FL_BOX_LOOP
        for (ptrdiff_t l = 0; l < step; l++)
            FL(keep_result)(
                FL(probiou)(derive, FL(rotated_at)(b, from + l), FL(rotated_at)(t, from + l), own), from + l,
                derive, -sign, sign + offset, r);
    }
}

/* Rows of which no pair meets, as most do where boxes are scattered, are not worked out: 5x there. */
static FL_INLINE void FL(rotated_iou_rows)(int derive, const FL(rotated_block) *restrict b,
                                           const FL(rotated_block) *restrict t, int n, const real *parameters,
                                           real sign, real offset, FL(rotated_results) *restrict r,
                                           const fl_box_places *places) {
    int rows = FL(whole_rows)(n);
    (void)places;
    for (int i = 0; i < rows; i += FL_LANES) {
        int meet = 0;
        for (int l = i; l < i + FL_LANES; l++)
            meet |= !(FL(gap)(FL(rotated_at)(b, l), FL(rotated_at)(t, l)) > 0);
        if (meet) {
            FL_BOX_LOOP
            for (int l = i; l < i + FL_LANES; l++)
                FL(keep_result)(
                    FL(rotated_iou)(derive, FL(rotated_at)(b, l), FL(rotated_at)(t, l), parameters), l,
                    derive, sign, offset, r);
            continue;
        }
        for (int l = i; l < i + FL_LANES; l++) {
            real none = 0 / (b->p[l] * b->q[l] + t->p[l] * t->q[l]);
            FL(rotated_overlap) o = {none, none, none, none, none, none};
            FL(keep_result)(o, l, derive, sign, offset, r);
        }
    }
}

#define FL_ROTATED_LOOP(name, rows, derive) \
    static void FL(name)(const FL(rotated_block) *b, const FL(rotated_block) *t, int n, \
                         const real *parameters, real sign, real offset, FL(rotated_results) *r, \
                         const fl_box_places *places) { \
        FL(rows)(derive, b, t, n, parameters, sign, offset, r, places); \
    }
FL_ROTATED_LOOP(probiou_values, probiou_rows, 0)
FL_ROTATED_LOOP(probiou_grads, probiou_rows, 1)
FL_ROTATED_LOOP(rotated_values, rotated_iou_rows, 0)
FL_ROTATED_LOOP(rotated_grads, rotated_iou_rows, 1)
#undef FL_ROTATED_LOOP

/* By whether it is ProbIoU, and whether derivatives are wanted. */
static FL(rotated_loop) *const FL(rotated_table)[2][2] = {{FL(rotated_values), FL(rotated_grads)},
                                                          {FL(probiou_values), FL(probiou_grads)}};

/* ---- aligned: ProbIoU alone --------------------------------------------------------------- */

typedef struct {
    const fl_boxes_args *args;
    real parameters[FL_MAX_PARAMETERS];
    real factor;
    double *partials;
} FL(rotated_call);

enum { FL(rotated_numbers) = 5 };

/* n boxes of five numbers to columns; lanes from n to a whole row of them become 0. */
static FL_PASS void FL(split_rotated)(const real *restrict boxes, int n, FL(rotated_block) *restrict b) {
    FL(turn_quads)(boxes, FL(rotated_numbers), n, (real *[]){b->x, b->y, b->w, b->h});
    FL(clear)(b->angle + FL(whole_rows)(n) - FL_LANES);
    for (int i = 0; i < n; i++) b->angle[i] = boxes[FL(rotated_numbers) *i + 4];
}

static void FL(read_rotated)(const fl_operand *boxes, ptrdiff_t step, const fl_space *space, ptrdiff_t start,
                             int n, FL(rotated_block) *b) {
    if (boxes->direct) {
        FL(split_rotated)((const real *)boxes->data + FL(rotated_numbers) *start, n, b);
        return;
    }
    FL(gather_columns)(boxes, step, space, start, n, FL(rotated_numbers),
                       (real *[]){b->x, b->y, b->w, b->h, b->angle});
}

/* Five columns to n boxes. */
static FL_PASS void FL(join_rotated)(const FL(rotated_results) *restrict r, int n, real *restrict boxes) {
    enum { N = FL(rotated_numbers) };
    int i = 0;
    for (; i + FL(turned_rows) <= n; i += FL(turned_rows))
        FL(turn_columns)((const real *[]){r->x + i, r->y + i, r->w + i, r->h + i},
                         (FL(row_places)){boxes + N * i, N, NULL}, 0);
    for (; i < n; i++)
        boxes[N * i] = r->x[i], boxes[N * i + 1] = r->y[i], boxes[N * i + 2] = r->w[i],
                  boxes[N * i + 3] = r->h[i];
    for (i = 0; i < n; i++) boxes[N * i + 4] = r->r[i];
}

static void FL(write_rotated)(const FL(rotated_call) *call, ptrdiff_t start, int n, FL(rotated_results) *r,
                              const real *weight) {
    const fl_boxes_args *args = call->args;
    real *columns[] = {r->x, r->y, r->w, r->h, r->r};
    for (int k = 0; k < FL(rotated_numbers); k++)
        for (int i = 0; i < n; i++) columns[k][i] *= weight ? weight[i] * call->factor : call->factor;
    if (args->grad.direct) {
        FL(join_rotated)(r, n, (real *)args->grad.data + FL(rotated_numbers) *start);
        return;
    }
    for (int k = 0; k < FL(rotated_numbers); k++) {
        fl_operand o = FL(coordinate)(&args->grad, args->grad_step, k);
        FL(scatter)(&o, &args->space, start, n, columns[k]);
    }
}

static void FL(rotated_chunk)(void *context, ptrdiff_t chunk) {
    const FL(rotated_call) *call = context;
    const fl_boxes_args *args = call->args;
    const fl_space *space = &args->space;
    ptrdiff_t start = chunk * FL(boxes_per_chunk), end = start + FL(boxes_per_chunk);
    if (end > space->size) end = space->size;
    double lanes[FL_LANES] = {0};
    FL_ALIGNED FL(rotated_block) b, t;
    FL_ALIGNED FL(rotated_results) r;
    real weights[FL(block)];
    for (; start < end; start += FL(block)) {
        int n = end - start < FL(block) ? (int)(end - start) : FL(block);
        FL(read_rotated)(&args->boxes1, args->step1, space, start, n, &b);
        FL(read_rotated)(&args->boxes2, args->step2, space, start, n, &t);
        FL(complete_gaussians)(&b, n, call->parameters[1]);
        FL(complete_gaussians)(&t, n, call->parameters[1]);
        const fl_box_places places = FL(box_places)(args, start, FL(rotated_numbers), &r);
        FL(rotated_table)[1][!!args->grad.data](&b, &t, n, call->parameters, -1, 1, &r,
                                                space->size > FL(block) ? &places : NULL);
        const real *w = FL(load)(&args->weight, space, start, n, weights);
        if (w) FL(weigh)(w, n, r.value);
        FL(add)(r.value, n, lanes);
        if (args->value.data) FL(scatter)(&args->value, space, start, n, r.value);
        if (args->grad.data) FL(write_rotated)(call, start, n, &r, w);
    }
    call->partials[chunk] = fl_sum_lanes(lanes);
}

static fl_status FL(rotated_boxes)(fl_boxes_args *args) {
    ptrdiff_t size = args->space.size, n_chunks = (size + FL(boxes_per_chunk) - 1) / FL(boxes_per_chunk);
    double divisor = args->reduction == FL_REDUCE_MEAN ? (double)size : 1, few[FL_FEW_CHUNKS], sum = 0;
    FL(rotated_call) call = {.args = args, .factor = (real)(-1 / divisor)};
    FL(read_parameters)(args->parameters, call.parameters);
    call.partials = n_chunks <= FL_FEW_CHUNKS ? few : malloc(n_chunks * sizeof(double));
    if (!call.partials) return FL_NO_MEMORY;
    fl_parallel(n_chunks, fl_boxes_cost(args), FL(rotated_chunk), &call);
    for (ptrdiff_t i = 0; i < n_chunks; i++) sum += call.partials[i];
    if (call.partials != few) free(call.partials);
    args->result = size ? sum / divisor : 0;
    return FL_OK;
}

/* ---- in pairs -------------------------------------------------------------------------------- */

typedef struct {
    const fl_pairs_args *args;
    real parameters[FL_MAX_PARAMETERS];
    int gaussian, width;                /* ProbIoU; numbers per box */
    ptrdiff_t bands, blocks;            /* tiles down and across */
} FL(rotated_pairs_call);

/* A derivative by centre, size and angle to one by the numbers of the format of `box`. */
static void FL(chain_format)(const real *box, FL(rotated) b, FL(turned) g, int format, real *grad) {
    const real degree = (real)FL(degree);
    real c = b.c, s = -b.s;             /* of the angle as the formats have it */
    if (format != FL_CXCYWHR) {         /* the centre is the corner and halves of w (c, -s) and h (s, c) */
        real half_w = b.w / 2, half_h = b.h / 2;
        g.r += degree * (half_h * (g.x * c - g.y * s) - half_w * (g.x * s + g.y * c));
        g.w += (g.x * c - g.y * s) / 2, g.h += (g.x * s + g.y * c) / 2;
    }
    if (format != FL_XYXYXYXY) {
        grad[0] = g.x, grad[1] = g.y, grad[2] = g.w, grad[3] = g.h, grad[4] = g.r;
        return;
    }
    /* w is the length from corner 1 to 2 and the angle its direction, h the length from 2 to 3. */
    real turn = b.w > 0 ? g.r / (degree * b.w) : 0, per_h = b.h > 0 ? g.h / b.h : 0;
    real ax = g.w * c - turn * s, ay = -g.w * s - turn * c;
    real bx = per_h * (box[4] - box[2]), by = per_h * (box[5] - box[3]);
    grad[0] = g.x - ax, grad[1] = g.y - ay, grad[2] = ax - bx, grad[3] = ay - by;
    grad[4] = bx, grad[5] = by, grad[6] = grad[7] = 0;
}

static void FL(complete_pairs)(const FL(rotated_pairs_call) *call, const real *boxes, int n,
                               FL(rotated_block) *b) {
    if (!call->gaussian) {
        FL(complete_rotated)(boxes, n, call->args->format, b);
        return;
    }
    FL(split_rotated)(boxes, n, b);
    FL(complete_gaussians)(b, n, call->parameters[1]);
}

static void FL(rotated_pairs_chunk)(void *context, ptrdiff_t chunk) {
    const FL(rotated_pairs_call) *call = context;
    const fl_pairs_args *args = call->args;
    ptrdiff_t first = chunk % call->blocks * FL(block), band = chunk / call->blocks, width = call->width;
    ptrdiff_t batch = band / call->bands, top = band % call->bands * FL(tile_rows);
    int height = args->n - top < FL(tile_rows) ? (int)(args->n - top) : FL(tile_rows);
    int across = args->m - first < FL(block) ? (int)(args->m - first) : FL(block);
    FL_ALIGNED FL(rotated_block) b, t, one;
    FL_ALIGNED FL(rotated_results) r;
    const real *boxes = (const real *)args->boxes1 + width * (batch * args->n + top);
    FL(complete_pairs)(call, boxes, height, &b);
    FL(complete_pairs)(call, (const real *)args->boxes2 + width * (batch * args->m + first), across, &t);
    FL(rotated_loop) *loop = FL(rotated_table)[call->gaussian][!!args->grad];
    for (int i = 0; i < height; i++, boxes += width) {
        FL(rotated) box = FL(rotated_at)(&b, i);
        for (int j = 0; j < FL(whole_rows)(across); j++) {
            one.x[j] = box.x, one.y[j] = box.y, one.w[j] = box.w, one.h[j] = box.h;
            one.c[j] = box.c, one.s[j] = box.s, one.p[j] = box.p, one.q[j] = box.q;
        }
        loop(&one, &t, across, call->parameters, 1, 0, &r, NULL);
        ptrdiff_t at = (batch * args->n + top + i) * args->m + first;
        memcpy((real *)args->value + at, r.value, across * sizeof(real));
        if (!args->grad) continue;
        real turn = call->gaussian ? 1 : -(real)FL(degree), *grad = (real *)args->grad + width * at;
        for (int j = 0; j < across; j++, grad += width) {
            FL(turned) g = {r.x[j], r.y[j], r.w[j], r.h[j], turn * r.r[j]};
            FL(chain_format)(boxes, box, g, args->format, grad);
        }
    }
}

static fl_status FL(rotated_pairs)(fl_pairs_args *args) {
    FL(rotated_pairs_call) call = {
        .args = args,
        .gaussian = fl_loss_traits[args->loss].overlap == FL_PROBIOU,
        .width = fl_box_width(args->format),
        .bands = (args->n + FL(tile_rows) - 1) / FL(tile_rows),
        .blocks = (args->m + FL(block) - 1) / FL(block),
    };
    FL(read_parameters)(args->parameters, call.parameters);
    fl_parallel(args->batch * call.bands * call.blocks, fl_pairs_cost(args), FL(rotated_pairs_chunk), &call);
    return FL_OK;
}
