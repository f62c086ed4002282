/* pointwise.h -- the loop over elements: any formula, any layout, any output.
 *
 * A call is cut into chunks (the unit of threads), a chunk into blocks (what is
 * copied when a layout forces it), a block into rows of FL_LANES elements. Lane
 * l of every row adds to accumulator l, in `real` within a block and in double
 * across blocks, so the sum does not depend on the width of the vectors. */

enum { FL(flush) = 1024 };    /* elements added in `real` before going to double */

typedef FL(point) FL(point_formula)(real input, real target, real aux, const real *p);

/* One compiled loop: n elements, values into v, scaled derivatives into g and h,
 * values also added to lanes; the weights w count where it is compiled for them. */
typedef void FL(point_loop)(const real *x, const real *t, const real *a, const real *w, const real *p,
                            ptrdiff_t n, real scale, real *v, real *g, real *h, double *lanes);

/* The outputs a loop is compiled for. */
enum { FL(to_value) = 1, FL(to_grad) = 2, FL(to_hess) = 4, FL(to_curvature) = 8, FL(by_weight) = 16 };

static FL_INLINE void FL(point_row)(FL(point_formula) formula, int outputs, int flags, const real *x,
                                    const real *t, const real *a, const real *w, const real *p, real scale,
                                    real *v, real *g, real *h, real *sums) {
    enum { bytes = FL_LANES * sizeof(real) };
    fl_fetch(x, bytes, FL_NEAR_BYTES);
    fl_fetch(t, bytes, FL_NEAR_BYTES);
    if (flags & FL_HAS_AUX) fl_fetch(a, bytes, FL_NEAR_BYTES);
    if (outputs & FL(by_weight)) fl_fetch(w, bytes, FL_NEAR_BYTES);
    if (outputs & FL(to_value)) fl_fetch_output(v, bytes, FL_NEAR_BYTES);
    if (outputs & FL(to_grad)) fl_fetch_output(g, bytes, FL_NEAR_BYTES);
    if (outputs & (FL(to_hess) | FL(to_curvature))) fl_fetch_output(h, bytes, FL_NEAR_BYTES);
    FL_LANE_LOOP
    for (int l = 0; l < FL_LANES; l++) {
        FL(point) r = formula(x[l], t[l], flags & (FL_HAS_AUX | FL_LOGIT) ? a[l] : (real)1, p);
        if (outputs & FL(by_weight)) r.value *= w[l];
        sums[l] += r.value;
        if (outputs & FL(to_value)) v[l] = r.value;
        if (outputs & FL(to_grad)) g[l] = r.grad * scale;
        if (outputs & FL(by_weight)) g[l] *= w[l];
        if (outputs & FL(to_hess)) h[l] = r.hess * scale;
        if (outputs & FL(to_curvature)) h[l] = r.curvature * scale;
    }
}

/* What the formulas of the FL_LOGIT family get as aux: e^-|x|. Done for a strip of elements before the rest,
 * since the whole formula is one long chain of dependent operations, too few of which fit into the machine's
 * window: 1.4x on binary_cross_entropy_with_logits. */
static FL_INLINE void FL(logit_row)(const real *x, real *z) {
    FL_LANE_LOOP
    for (int l = 0; l < FL_LANES; l++) z[l] = FL(exp_minus)(FL(abs)(x[l]));
}

/* The last, incomplete row: copies of it go through the same loop, for the same bits. */
static __attribute__((noinline)) void FL(point_last)(FL(point_loop) *loop, int outputs, const real *x,
                                                     const real *t, const real *a, const real *w,
                                                     const real *p, int n, real scale, real *v, real *g,
                                                     real *h, double *lanes) {
    real xs[FL_LANES], ts[FL_LANES], as[FL_LANES], ws[FL_LANES];
    real vs[FL_LANES], gs[FL_LANES], hs[FL_LANES];
    double sums[FL_LANES] = {0};
    for (int l = 0; l < FL_LANES; l++) {
        int k = l < n ? l : 0;
        xs[l] = x[k], ts[l] = t[k], as[l] = a ? a[k] : 1, ws[l] = w ? w[k] : 1;
    }
    loop(xs, ts, as, ws, p, FL_LANES, scale, vs, gs, hs, sums);
    for (int l = 0; l < n; l++) {
        lanes[l] += sums[l];
        if (outputs & FL(to_value)) v[l] = vs[l];
        if (outputs & FL(to_grad)) g[l] = gs[l];
        if (outputs & (FL(to_hess) | FL(to_curvature))) h[l] = hs[l];
    }
}

static FL_INLINE void FL(point_run)(FL(point_formula) formula, FL(point_loop) self, int outputs, int flags,
                                    const real *x, const real *t, const real *a, const real *w, const real *p,
                                    ptrdiff_t n, real scale, real *v, real *g, real *h, double *lanes) {
    real q[FL_MAX_PARAMETERS];        /* a copy that no output can alias */
    for (int k = 0; k < FL_MAX_PARAMETERS; k++) q[k] = p[k];
    ptrdiff_t i = 0;
    while (n - i >= FL_LANES) {
        ptrdiff_t end = n - i > FL(flush) ? i + FL(flush) : n;
        real sums[FL_LANES] = {0};
        if (flags & FL_LOGIT) {
            while (end - i >= FL_LANES) {
                real z[FL_STRIP];
                int strip = end - i < FL_STRIP ? (int)(end - i) / FL_LANES * FL_LANES : FL_STRIP;
                for (int k = 0; k < strip; k += FL_LANES) FL(logit_row)(x + i + k, z + k);
                for (int k = 0; k < strip; k += FL_LANES, i += FL_LANES)
                    FL(point_row)(formula, outputs, flags, x + i, t + i, z + k, w + i, q, scale, v + i, g + i,
                                  h + i, sums);
            }
        } else {
            for (; i + FL_LANES <= end; i += FL_LANES)
                FL(point_row)(formula, outputs, flags, x + i, t + i, a + i, w + i, q, scale, v + i, g + i,
                              h + i, sums);
        }
        for (int l = 0; l < FL_LANES; l++) lanes[l] += sums[l];
    }
    if (i < n)
        FL(point_last)(self, outputs, x + i, t + i, flags & FL_HAS_AUX ? a + i : NULL,
                       outputs & FL(by_weight) ? w + i : NULL, p, (int)(n - i), scale, v + i, g + i, h + i,
                       lanes);
}

/* Where the arithmetic is cheap, passes over memory are what weights cost: such losses have a loop with weights. */
enum { FL(cheap) = 3 };

/* The loops of one loss, for the combinations of outputs that calls ask for. */
typedef struct {
    FL(point_loop) *sum, *grad, *value, *all, *weighted;
} FL(point_loops);

#define FL_LOOP(name, suffix, outputs, flags) \
    static void FL(name##_##suffix)(const real *x, const real *t, const real *a, const real *w, \
                                    const real *p, ptrdiff_t n, real scale, real *v, real *g, real *h, \
                                    double *lanes) { \
        FL(point_run)(FL(name), FL(name##_##suffix), outputs, flags, x, t, a, w, p, n, scale, v, g, h, \
                      lanes); \
    }
#if FL_LEAN
#define FL_POINTWISE(name, cost, flags) FL_LOOP(name, all, FL(to_value) | FL(to_grad) | FL(to_hess), flags)
#define FL_LOOPS(name, weighs) {FL(name##_all), FL(name##_all), FL(name##_all), FL(name##_all), NULL}
#else
#define FL_POINTWISE(name, cost, flags) \
    FL_LOOP(name, sum, 0, flags) \
    FL_LOOP(name, grad, FL(to_grad), flags) \
    FL_LOOP(name, value, FL(to_value), flags) \
    FL_LOOP(name, all, FL(to_value) | FL(to_grad) | FL(to_hess), flags) \
    FL_LOOP(name, weighted, FL(to_grad) | FL(by_weight), flags)
#define FL_LOOPS(name, weighs) \
    {FL(name##_sum), FL(name##_grad), FL(name##_value), FL(name##_all), (weighs) ? FL(name##_weighted) : NULL}
#endif
#define FL_CURVATURE(name, flags) FL_LOOP(name, boost, FL(to_grad) | FL(to_curvature), flags)
#define FL_BY_AUX(name, both, alone) \
    FL_LOOP(both, all, FL(to_value) | FL(to_grad) | FL(to_hess), FL_HAS_AUX) \
    FL_LOOP(alone, all, FL(to_grad) | FL(to_hess), FL_HAS_AUX)
#include "../losses.def"
#undef FL_LOOP

static const FL(point_loops) FL(point_table)[FL_LOSS_COUNT] = {
#define FL_POINTWISE(name, cost, flags) \
    [FL_LOSS_##name] = FL_LOOPS(name, (cost) <= FL(cheap) &&!((flags) & FL_PENALTY)),
#define FL_ROW_MEANS(name, each) [FL_LOSS_##name] = FL_LOOPS(each, 0),
#include "../losses.def"
};
#undef FL_LOOPS

/* The loops of losses with a curvature of their own. */
static FL(point_loop) *const FL(boost_table)[FL_LOSS_COUNT] = {
#define FL_CURVATURE(name, flags) [FL_LOSS_##name] = FL(name##_boost),
#include "../losses.def"
};

/* The loops of losses that differentiate by the third array: the first derivative by it beside that by the
 * input, or its own two. */
static const struct {
    FL(point_loop) *both, *alone;
} FL(aux_table)[FL_LOSS_COUNT] = {
#define FL_BY_AUX(name, both, alone) [FL_LOSS_##name] = {FL(both##_all), FL(alone##_all)},
#include "../losses.def"
};

/* ---- one chunk ----------------------------------------------------------- */

typedef struct {
    const fl_pointwise_args *args;
    const FL(point_loops) *loops;
    FL(point_loop) *boost; /* in the place of loops->all */
    real parameters[FL_MAX_PARAMETERS];
    real scale;            /* of the derivatives */
    real root;             /* > 0: hess -= grad^2 / root (the loss is a root) */
    int root_weights;      /* weights count by their roots (a root without reduction) */
    int weighted;          /* the loop has the weights in it */
    int stream;            /* the gradient is too large for the caches */
    double *partials;
} FL(point_call);

/* Both derivatives by aux of one block, before that by the input may overwrite the input. */
static void FL(point_by_aux)(const FL(point_call) *call, const real *x, const real *t, const real *a,
                             const real *w, ptrdiff_t start, ptrdiff_t n) {
    const fl_pointwise_args *args = call->args;
    FL_ALIGNED real gs[FL(flush)], hs[FL(flush)];
    real *g = FL(place)(&args->aux_grad, start, gs), *h = FL(place)(&args->aux_hess, start, hs);
    double none[FL_LANES] = {0};
    FL(aux_table)[args->loss].alone(x, t, a, NULL, call->parameters, n, call->scale, NULL, g, h, none);
    if (w) FL(weigh)(w, n, g), FL(weigh)(w, n, h);
    if (!args->aux_grad.direct) FL(scatter)(&args->aux_grad, &args->space, start, n, g);
    if (!args->aux_hess.direct) FL(scatter)(&args->aux_hess, &args->space, start, n, h);
}

static void FL(point_block)(const FL(point_call) *call, ptrdiff_t start, ptrdiff_t n, double *lanes) {
    const fl_pointwise_args *args = call->args;
    const fl_space *space = &args->space;
    FL_ALIGNED real xs[FL(flush)], ts[FL(flush)], as[FL(flush)], ws[FL(flush)];
    FL_ALIGNED real vs[FL(flush)], gs[FL(flush)], hs[FL(flush)];
    const real *x = FL(load)(&args->input, space, start, n, xs);
    const real *t = FL(load)(&args->target, space, start, n, ts);
    const real *a = FL(load)(&args->aux, space, start, n, as);
    const real *w = FL(load)(&args->weight, space, start, n, ws);
    real *v = FL(place)(&args->value, start, vs);
    real *g = call->stream ? gs : FL(place)(&args->grad, start, gs);
    const int with_aux = args->aux_grad.data && !args->aux_hess.data;
    const fl_operand *second = with_aux ? &args->aux_grad : &args->hess;
    real *h = FL(place)(second, start, hs);
    const FL(point_loops) *loops = call->loops;
    int value = w || args->value.data;
    if (args->boost) t = FL(boost_check)(args->boost, x, t, w, n, ts);

    FL(point_loop) *loop = call->weighted ? loops->weighted
        : call->boost                     ? call->boost
        : with_aux                        ? FL(aux_table)[args->loss].both
        : args->hess.data                 ? loops->all
        : args->grad.data                 ? (value ? loops->all : loops->grad)
                                          : (value ? loops->value : loops->sum);
    double unweighted[FL_LANES] = {0};
    if (args->aux_hess.data) FL(point_by_aux)(call, x, t, a, w, start, n);
    loop(x, t, a, w, call->parameters, n, call->scale, v, g, h, w && !call->weighted ? unweighted : lanes);
    if (call->weighted) w = NULL;
    if (args->boost) FL(raise)(h, n, (real)args->boost->floor, call->scale);
    if (w && call->root_weights) {
        for (ptrdiff_t i = 0; i < n; i++) ws[i] = FL(sqrt)(w[i]);
        w = ws;
    }
    if (w) {
        if (!args->boost) {
            FL(weigh)(w, n, v);
            FL(add)(v, n, lanes);
        }
        if (args->grad.data) FL(weigh)(w, n, g);
        if (second->data) FL(weigh)(w, n, h);
    }
    if (args->value.data && args->factor != 1) FL(scale)(v, n, (real)args->factor);
    if (args->hess.data && call->root > 0)
        for (ptrdiff_t i = 0; i < n; i++) h[i] -= g[i] * g[i] / call->root;

    if (args->value.data && !args->value.direct) FL(scatter)(&args->value, space, start, n, v);
    if (second->data && !second->direct) FL(scatter)(second, space, start, n, h);
    if (call->stream) fl_stream(args->grad.data + start * sizeof(real), g, n * sizeof(real));
    else if (args->grad.data && !args->grad.direct) FL(scatter)(&args->grad, space, start, n, g);
}

static void FL(point_chunk)(void *context, ptrdiff_t chunk) {
    const FL(point_call) *call = context;
    const fl_pointwise_args *args = call->args;
    ptrdiff_t start = chunk * FL_CHUNK, end = start + FL_CHUNK;
    if (end > args->space.size) end = args->space.size;
    double lanes[FL_LANES] = {0};
    int whole = !FL_LEAN && args->input.direct && args->target.direct
        && (!args->weight.data || (call->weighted && args->weight.direct)) && !args->value.data
        && !args->hess.data && !args->aux_grad.data && !call->stream && (!args->aux.data || args->aux.direct)
        && (!args->grad.data || args->grad.direct);
    if (whole) {
        FL(point_loop) *loop = call->weighted ? call->loops->weighted
            : args->grad.data                 ? call->loops->grad
                                              : call->loops->sum;
        loop((const real *)args->input.data + start, (const real *)args->target.data + start,
             args->aux.data ? (const real *)args->aux.data + start : NULL,
             args->weight.data ? (const real *)args->weight.data + start : NULL, call->parameters,
             end - start, call->scale, NULL, args->grad.data ? (real *)args->grad.data + start : NULL, NULL,
             lanes);
    } else {
        for (; start < end; start += FL(flush))
            FL(point_block)(call, start, end - start < FL(flush) ? end - start : FL(flush), lanes);
    }
    if (call->stream) fl_stream_done();
    call->partials[chunk] = fl_sum_lanes(lanes);
}

/* ---- the call -------------------------------------------------------------- */

/* The sum of the broadcast weights: axes of stride 0 only count. */
static double FL(sum_weights)(const fl_operand *weight, const fl_space *space) {
    fl_space own = {0};
    fl_operand w = {.data = weight->data, .type = weight->type};
    double times = 1;
    own.size = 1;
    for (int i = 0; i < space->ndim; i++) {
        if (!weight->strides[i]) {
            times *= (double)space->shape[i];
            continue;
        }
        own.shape[own.ndim] = space->shape[i];
        w.strides[own.ndim++] = weight->strides[i];
        own.size *= space->shape[i];
    }
    w.direct = weight->direct;
    real block[FL(flush)];
    double lanes[FL_LANES] = {0};
    for (ptrdiff_t start = 0; start < own.size; start += FL(flush)) {
        ptrdiff_t n = own.size - start < FL(flush) ? own.size - start : FL(flush);
        FL(add)(FL(load)(&w, &own, start, n, block), n, lanes);
    }
    return times * fl_sum_lanes(lanes);
}

static fl_status FL(point_pass)(FL(point_call) *call, double *sum) {
    const fl_pointwise_args *args = call->args;
    ptrdiff_t size = args->space.size, n_chunks = (size + FL_CHUNK - 1) / FL_CHUNK;
    double few[FL_FEW_CHUNKS], total = 0;
    call->partials = n_chunks <= FL_FEW_CHUNKS ? few : malloc(n_chunks * sizeof(double));
    if (!call->partials) return FL_NO_MEMORY;
    call->weighted = call->loops->weighted && args->weight.data && args->grad.data && !args->value.data
        && !args->hess.data && !args->aux_grad.data && !args->boost && !call->root_weights;
    call->stream = args->reused && args->grad.data && args->grad.direct
        && size * (ptrdiff_t)sizeof(real) >= FL_STREAM_BYTES && args->grad.data != args->input.data;
    fl_parallel(n_chunks, fl_pointwise_cost(args), FL(point_chunk), call);
    for (ptrdiff_t i = 0; i < n_chunks; i++) total += call->partials[i];
    if (call->partials != few) free(call->partials);
    *sum = total;
    return FL_OK;
}

/* The gradient times a factor, which is one array to read instead of the two it comes from; from its end, since
 * that has just been written. */
static void FL(scale_chunk)(void *context, ptrdiff_t chunk) {
    const FL(point_call) *call = context;
    const ptrdiff_t size = call->args->space.size, last = (size - 1) / FL_CHUNK,
                    start = (last - chunk) * FL_CHUNK;
    const ptrdiff_t end = start + FL_CHUNK < size ? start + FL_CHUNK : size;
    FL(scale)((real *)call->args->grad.data + start, end - start, call->scale);
}

static fl_status FL(pointwise)(fl_pointwise_args *args) {
    const fl_traits *traits = &fl_loss_traits[args->loss];
    int mean = args->reduction == FL_REDUCE_MEAN, root = traits->root_of >= 0 && args->reduction;
    int loss = root ? traits->root_of : traits->root_of >= 0 ? traits->elementwise : args->loss;
    FL(point_call) call = {.args = args, .root_weights = traits->root_of >= 0 && !root};
    double parameters[FL_MAX_PARAMETERS];      /* as the formula sees them: a tiny beta may be 0 in float */
    FL(read_parameters)(args->parameters, call.parameters);
    for (int i = 0; i < FL_MAX_PARAMETERS; i++) {
        volatile real rounded = call.parameters[i]; /* GCC 12 leaves the rounding out of its vectors */
        parameters[i] = rounded;
    }
    int formula = fl_specialise(loss, parameters, args->aux.data != NULL);
    call.loops = &FL(point_table)[formula];
    call.boost = args->boost ? FL(boost_table)[formula] : NULL;

    double divisor = 1, sum;
    if (mean)
        divisor = traits->flags & FL_WEIGHTED_MEAN && args->weight.data
            ? FL(sum_weights)(&args->weight, &args->space)
            : (double)args->space.size;
    call.scale = (real)(args->factor / divisor);

    if (root) {
        /* The derivative of the root is that of what is under it, times a factor that needs the value first: one
         * pass writes the former, and then it is scaled. Weights could overflow before they are; a second
         * derivative, or a gradient that is not one contiguous array, takes a second pass. */
        const int scaled_later = args->grad.direct && !args->hess.data && !args->weight.data;
        fl_pointwise_args first = *args;
        first.hess.data = NULL;
        if (!scaled_later) first.grad.data = NULL;
        call.args = &first;
        call.scale = 1;
        fl_status status = FL(point_pass)(&call, &sum);
        args->result = sqrt(sum / divisor);
        args->nan_seen = sum != sum;
        if (status || !args->grad.data) return status;
        call.args = args;
        call.root = (real)args->result;
        call.scale = args->result == 0 ? 0 : (real)(0.5 / (divisor * args->result));
        if (!scaled_later) return FL(point_pass)(&call, &sum);
        fl_parallel((args->space.size + FL_CHUNK - 1) / FL_CHUNK, fl_pointwise_cost(args), FL(scale_chunk),
                    &call);
        return FL_OK;
    }
    fl_status status = FL(point_pass)(&call, &sum);
    args->result = args->factor * sum / divisor;
    args->nan_seen = sum != sum;
    return status;
}
