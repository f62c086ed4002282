/* labels.h -- class indices of any integer type to one byte, or four, per pixel.
 *
 * Every label is checked before anything else happens, so a bad one costs the
 * caller nothing; the passes that follow read an eighth of an int64 target. */

enum { FL_LABEL_CHUNK = 16384, FL_BYTE_CLASSES = 255 };

typedef struct {
    const fl_ratio_args *args;
    uint8_t *bytes;      /* up to FL_BYTE_CLASSES classes; 255 = left out */
    int32_t *words;      /* more; -1 = left out */
    int bad;             /* a label is neither a class nor ignore_index */
} fl_labels;

/* A uint64 beyond int64 comes out negative, which no class is. */
static FL_INLINE int64_t fl_label_at(int type, const char *from, ptrdiff_t i) {
    switch (type) {
    case FL_I8: return ((const int8_t *)from)[i];
    case FL_U8: return ((const uint8_t *)from)[i];
    case FL_I16: return ((const int16_t *)from)[i];
    case FL_U16: return ((const uint16_t *)from)[i];
    case FL_I32: return ((const int32_t *)from)[i];
    case FL_U32: return ((const uint32_t *)from)[i];
    default: return ((const int64_t *)from)[i];
    }
}

static FL_INLINE void fl_encode_run(int type, int in_bytes, fl_labels *labels, ptrdiff_t start, ptrdiff_t n) {
    const fl_ratio_args *a = labels->args;
    const char *from = a->target.data + start * a->target.strides[0];
    uint8_t *restrict bytes = labels->bytes + (in_bytes ? start : 0);
    int32_t *restrict words = labels->words + (in_bytes ? 0 : start);
    int64_t ignore = a->ignore_index, classes = a->classes;
    int64_t can_ignore = a->has_ignore && !(type == FL_U64 && ignore < 0) ? -1 : 0, bad = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        int64_t v = fl_label_at(type, from, i);
        int64_t out = -(int64_t)(v == ignore) & can_ignore;
        int64_t in = -(int64_t)((uint64_t)v < (uint64_t)classes);
        bad |= ~(in | out);
        if (in_bytes) bytes[i] = (uint8_t)(v | out);
        else words[i] = (int32_t)(v | out);
    }
    if (bad) __atomic_store_n(&labels->bad, 1, __ATOMIC_RELAXED);
}

static FL_INLINE void fl_encode_any(int in_bytes, fl_labels *labels, ptrdiff_t start, ptrdiff_t n) {
    switch (labels->args->target.type) {
    case FL_I8: fl_encode_run(FL_I8, in_bytes, labels, start, n); break;
    case FL_U8: fl_encode_run(FL_U8, in_bytes, labels, start, n); break;
    case FL_I16: fl_encode_run(FL_I16, in_bytes, labels, start, n); break;
    case FL_U16: fl_encode_run(FL_U16, in_bytes, labels, start, n); break;
    case FL_I32: fl_encode_run(FL_I32, in_bytes, labels, start, n); break;
    case FL_U32: fl_encode_run(FL_U32, in_bytes, labels, start, n); break;
    case FL_U64: fl_encode_run(FL_U64, in_bytes, labels, start, n); break;
    default: fl_encode_run(FL_I64, in_bytes, labels, start, n); break;
    }
}

static void fl_label_chunk(void *context, ptrdiff_t chunk) {
    fl_labels *labels = context;
    ptrdiff_t start = chunk * FL_LABEL_CHUNK, n = labels->args->images * labels->args->pixels - start;
    if (n > FL_LABEL_CHUNK) n = FL_LABEL_CHUNK;
    if (labels->bytes) fl_encode_any(1, labels, start, n);
    else fl_encode_any(0, labels, start, n);
}

/* Allocates the codes, which the caller frees. */
static fl_status fl_encode(fl_labels *labels) {
    ptrdiff_t n = labels->args->images * labels->args->pixels;
    if (labels->args->classes <= FL_BYTE_CLASSES) labels->bytes = malloc(n + 1);
    else labels->words = malloc((n + 1) * sizeof(int32_t));
    if (!labels->bytes && !labels->words) return FL_NO_MEMORY;
    fl_parallel((n + FL_LABEL_CHUNK - 1) / FL_LABEL_CHUNK, 0.5 * (double)n, fl_label_chunk, labels);
    return labels->bad ? FL_BAD_LABEL : FL_OK;
}
