/* boxes.h -- the loop over aligned boxes: box i of one argument with box i of the other.
 *
 * A chunk (the unit of threads) is FL_CHUNK numbers; it is worked through in blocks that are split
 * into columns, overlapped and joined again: see boxblock.h. */

typedef struct {
    const fl_boxes_args *args;
    FL(overlap_loop) *loop;
    FL(overlap_rules) rules;
    int kind, sum_only;
    real sign, offset;      /* value = offset + sign overlap */
    real factor;            /* of the derivatives */
    double *partials;
} FL(boxes_call);

enum { FL(boxes_per_chunk) = FL_CHUNK / 4 };

/* One coordinate of every box as an operand of its own. */
static fl_operand FL(coordinate)(const fl_operand *boxes, ptrdiff_t step, int k) {
    fl_operand o = *boxes;
    o.data += k * step;
    return o;
}

/* Boxes of any strides to columns; lanes from n to a whole row of them become 0. */
static void FL(gather_columns)(const fl_operand *boxes, ptrdiff_t step, const fl_space *space,
                               ptrdiff_t start, int n, int count, real *const *columns) {
    for (int k = 0; k < count; k++) {
        fl_operand o = FL(coordinate)(boxes, step, k);
        FL(gather)(&o, space, start, n, columns[k]);
        for (int i = n; i < FL(whole_rows)(n); i++) columns[k][i] = 0;
    }
}

static void FL(read_boxes)(const fl_operand *boxes, ptrdiff_t step, const fl_space *space, ptrdiff_t start,
                           int n, FL(box_block) *b) {
    if (boxes->direct) {
        FL(split)((const real *)boxes->data + 4 * start, n, b);
        return;
    }
    FL(gather_columns)(boxes, step, space, start, n, 4, (real *[]){b->x1, b->y1, b->x2, b->y2});
}

/* Of blocks of boxes of so many numbers. What is not read or written in place is somewhere else, and not fetched. */
static fl_box_places FL(box_places)(const fl_boxes_args *args, ptrdiff_t start, int numbers,
                                    void *elsewhere) {
    const ptrdiff_t next = (start + 2 * FL(block))*numbers * (ptrdiff_t)sizeof(real) - FL_AHEAD_BYTES;
    const fl_operand *grad = &args->grad;
    return (fl_box_places){
        args->boxes1.direct ? args->boxes1.data + next : elsewhere,
        args->boxes2.direct ? args->boxes2.data + next : elsewhere,
        grad->data && grad->direct ? grad->data + next : elsewhere,
    };
}

static void FL(write_grad)(const FL(boxes_call) *call, ptrdiff_t start, int n, const FL(overlap_block) *r,
                           const real *weight) {
    const fl_boxes_args *args = call->args;
    FL_ALIGNED real block[4 * FL(block)];
    real *to = args->grad.direct ? (real *)args->grad.data + 4 * start : block;
    FL(join)(r, n, args->format, weight, call->factor, to);
    if (args->grad.direct) return;
    real column[FL(block)];
    for (int k = 0; k < 4; k++) {
        fl_operand o = FL(coordinate)(&args->grad, args->grad_step, k);
        for (int i = 0; i < n; i++) column[i] = block[4 * i + k];
        FL(scatter)(&o, &args->space, start, n, column);
    }
}

static void FL(boxes_chunk)(void *context, ptrdiff_t chunk) {
    const FL(boxes_call) *call = context;
    const fl_boxes_args *args = call->args;
    const fl_space *space = &args->space;
    ptrdiff_t start = chunk * FL(boxes_per_chunk), end = start + FL(boxes_per_chunk);
    if (end > space->size) end = space->size;
    double lanes[FL_LANES] = {0};
    FL_ALIGNED FL(box_block) p, t;
    FL_ALIGNED FL(overlap_block) r;
    real weights[FL(block)];
    for (; start < end; start += FL(block)) {
        int n = end - start < FL(block) ? (int)(end - start) : FL(block);
        FL(read_boxes)(&args->boxes1, args->step1, space, start, n, &p);
        FL(read_boxes)(&args->boxes2, args->step2, space, start, n, &t);
        FL(complete)(&p, n, args->format, FL(needs_angle)(call->kind), call->rules.height);
        FL(complete)(&t, n, args->format, FL(needs_angle)(call->kind), call->rules.height);
        const fl_box_places places = FL(box_places)(args, start, 4, &r);
        call->loop(&p, &t, n, &call->rules, call->sign, call->offset, &r,
                   space->size > FL(block) ? &places : NULL);
        const real *w = call->sum_only ? NULL : FL(load)(&args->weight, space, start, n, weights);
        if (w) FL(weigh)(w, n, r.value);
        FL(add)(r.value, n, lanes);
        if (call->sum_only) continue;
        if (args->value.data) FL(scatter)(&args->value, space, start, n, r.value);
        if (args->grad.data) FL(write_grad)(call, start, n, &r, w);
    }
    call->partials[chunk] = fl_sum_lanes(lanes);
}

/* The sum of all values, in fixed order. */
static double FL(boxes_sum)(FL(boxes_call) *call, ptrdiff_t n_chunks) {
    double sum = 0;
    fl_parallel(n_chunks, fl_boxes_cost(call->args), FL(boxes_chunk), call);
    for (ptrdiff_t i = 0; i < n_chunks; i++) sum += call->partials[i];
    return sum;
}

/* The running mean moves by the boxes at hand before their loss is taken: a pass of its own. */
static void FL(move_mean)(const FL(boxes_call) *call, ptrdiff_t n_chunks) {
    const fl_boxes_args *args = call->args;
    if (!args->space.size || args->momentum == 0) return;
    FL(boxes_call) iou = *call;
    iou.loop = FL(overlap_table)[FL_IOU][0];
    iou.rules = FL(training_rules)(args->format == FL_XYXY, (real)args->parameters[0]);
    iou.kind = FL_IOU, iou.sum_only = 1;
    double mean = FL(boxes_sum)(&iou, n_chunks) / (double)args->space.size;
    *args->running_mean += args->momentum * (mean - *args->running_mean);
}

static void FL(set_rules)(const fl_boxes_args *args, FL(boxes_call) *call) {
    int corners = args->format == FL_XYXY;
    if (call->kind > FL_CIOU)
        call->rules = FL(variant_rules)(call->kind, corners, args->parameters,
                                        args->running_mean ? *args->running_mean : 1);
    else if (args->as_loss) call->rules = FL(loss_rules)(call->kind, (real)args->eps);
    else call->rules = FL(training_rules)(corners, (real)args->eps);
}

static fl_status FL(boxes)(fl_boxes_args *args) {
    ptrdiff_t size = args->space.size, n_chunks = (size + FL(boxes_per_chunk) - 1) / FL(boxes_per_chunk);
    int kind = fl_loss_traits[fl_specialise(args->loss, args->parameters, 0)].overlap;
    double divisor = args->reduction == FL_REDUCE_MEAN ? (double)size : 1, few[FL_FEW_CHUNKS];
    FL(boxes_call) call = {
        .args = args,
        .loop = FL(overlap_table)[kind][!!args->grad.data],
        .kind = kind,
        .sign = args->as_loss ? -1 : 1,
        .offset = args->as_loss ? 1 : 0,
    };
    call.factor = (real)(call.sign / divisor);
    call.partials = n_chunks <= FL_FEW_CHUNKS ? few : malloc(n_chunks * sizeof(double));
    if (!call.partials) return FL_NO_MEMORY;
    if (args->running_mean) FL(move_mean)(&call, n_chunks);
    FL(set_rules)(args, &call);
    double sum = FL(boxes_sum)(&call, n_chunks);
    if (call.partials != few) free(call.partials);
    args->result = size ? sum / divisor : 0;
    return FL_OK;
}
