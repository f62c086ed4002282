/* operand.h -- read and write blocks of an operand of any layout and type.
 *
 * The loops work on contiguous blocks of `real`. An operand that is not one
 * already passes through a block in the first-level cache. */

/* Visit elements start .. start + n of the flattened space, one run along the
 * last axis at a time: pointer to its first element, its length, its stride. */
typedef struct {
    char *at;
    ptrdiff_t length, stride;
} FL(run);

static FL(run) FL(run_at)(const fl_operand *o, const fl_space *s, ptrdiff_t start, ptrdiff_t n) {
    char *at = o->data;
    if (s->ndim == 0) return (FL(run)){at, n, 0};
    int last = s->ndim - 1;
    ptrdiff_t inner = start % s->shape[last], rest = start / s->shape[last];
    at += inner * o->strides[last];
    for (int i = last - 1; i >= 0; i--) {
        at += rest % s->shape[i] * o->strides[i];
        rest /= s->shape[i];
    }
    ptrdiff_t length = s->shape[last] - inner;
    return (FL(run)){at, length < n ? length : n, o->strides[last]};
}

#define FL_COPY_RUN(type) \
    for (ptrdiff_t i = 0; i < r.length; i++) out[i] = (real) * (const type *)(r.at + i * r.stride)

/* ... and of neighbours, in a loop that vectorises: masks and labels beside predictions, float beside double. */
#define FL_CONVERT_RUN(type) \
    if (r.stride == sizeof(type)) \
        for (ptrdiff_t i = 0; i < r.length; i++) out[i] = (real)((const type *)r.at)[i]; \
    else FL_COPY_RUN(type)

static void FL(gather)(const fl_operand *o, const fl_space *s, ptrdiff_t start, ptrdiff_t n, real *out) {
    while (n > 0) {
        FL(run) r = FL(run_at)(o, s, start, n);
        switch (o->type) {
        case FL_F32: FL_CONVERT_RUN(float); break;
        case FL_F64: FL_CONVERT_RUN(double); break;
        case FL_I8: FL_COPY_RUN(int8_t); break;
        case FL_I16: FL_COPY_RUN(int16_t); break;
        case FL_I32: FL_CONVERT_RUN(int32_t); break;
        case FL_I64: FL_CONVERT_RUN(int64_t); break;
        case FL_U8: FL_CONVERT_RUN(uint8_t); break;
        case FL_U16: FL_COPY_RUN(uint16_t); break;
        case FL_U32: FL_COPY_RUN(uint32_t); break;
        case FL_U64: FL_COPY_RUN(uint64_t); break;
        }
        out += r.length, start += r.length, n -= r.length;
    }
}

#undef FL_COPY_RUN
#undef FL_CONVERT_RUN

#define FL_WRITE_RUN(type) \
    for (ptrdiff_t i = 0; i < r.length; i++) *(type *)(r.at + i * r.stride) = (type)in[i]

/* Outputs have the working type; those of boosting may be float where that is double. */
static void FL(scatter)(const fl_operand *o, const fl_space *s, ptrdiff_t start, ptrdiff_t n,
                        const real *in) {
    while (n > 0) {
        FL(run) r = FL(run_at)(o, s, start, n);
        if (o->type == FL_F32 && r.stride == sizeof(float))
            for (ptrdiff_t i = 0; i < r.length; i++) ((float *)r.at)[i] = (float)in[i];
        else if (o->type == FL_F32) FL_WRITE_RUN(float);
        else FL_WRITE_RUN(double);
        in += r.length, start += r.length, n -= r.length;
    }
}

#undef FL_WRITE_RUN

/* The block itself where it is contiguous, else its copy in `scratch`. */
static FL_INLINE const real *FL(load)(const fl_operand *o, const fl_space *s, ptrdiff_t start, ptrdiff_t n,
                                      real *scratch) {
    if (!o->data) return NULL;
    if (o->direct) return (const real *)o->data + start;
    FL(gather)(o, s, start, n, scratch);
    return scratch;
}

/* Where a block of output goes: in place, or to `scratch` to be scattered. */
static FL_INLINE real *FL(place)(const fl_operand *o, ptrdiff_t start, real *scratch) {
    return o->data && o->direct ? (real *)o->data + start : scratch;
}
