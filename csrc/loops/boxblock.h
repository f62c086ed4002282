/* boxblock.h -- boxes between memory, where a box is four numbers in a row, and the arithmetic,
 * which wants one array per coordinate. A block of each fits the first-level cache; with blocks twice as large, whose
 * phases without a fetch are longer, a million boxes took up to 1.1x as long. */

enum { FL(block) = 512 / sizeof(real) };

/* Boxes of one argument. */
typedef struct {
    real x1[FL(block)], y1[FL(block)], x2[FL(block)], y2[FL(block)];
    real w[FL(block)], h[FL(block)], angle[FL(block)];
} FL(box_block);

/* Overlaps of two blocks; the derivatives as in FL(overlap). */
typedef struct {
    real value[FL(block)];
    real x1[FL(block)], y1[FL(block)], x2[FL(block)], y2[FL(block)];
    real w[FL(block)], h[FL(block)];
} FL(overlap_block);

/* Boxes never meet in a sum here, so vectors of any width give the same bits: rows of FL_LANES, which
 * need more registers, are left to the sums. 5 % on CIoU. */
#undef FL_BOX_LOOP
#define FL_BOX_LOOP _Pragma("omp simd")

static FL_INLINE FL(box) FL(box_at)(const FL(box_block) *b, ptrdiff_t i, int has_angle) {
    real angle = has_angle ? b->angle[i] : 0;
    return FL(box_of)(b->x1[i], b->y1[i], b->x2[i], b->y2[i], b->w[i], b->h[i], angle);
}

/* n contiguous boxes to columns; lanes from n to a whole row of them become 0. */
static FL_PASS void FL(split)(const real *restrict boxes, int n, FL(box_block) *restrict b) {
    int i = 0;
#ifdef __AVX512F__                      /* for which compilers find fewer shuffles, in the middle */
    for (; i < n / FL_LANES * FL_LANES; i++) {
        b->x1[i] = boxes[4 * i], b->y1[i] = boxes[4 * i + 1];
        b->x2[i] = boxes[4 * i + 2], b->y2[i] = boxes[4 * i + 3];
    }
#endif
    FL(turn_quads)(boxes + 4 * i, 4, n - i, (real *[]){b->x1 + i, b->y1 + i, b->x2 + i, b->y2 + i});
}

/* Columns as they were read, in `format`, to corners and sizes. */
static FL_PASS void FL(complete)(FL(box_block) *restrict b, int n, int format, int with_angle, real height) {
    int rows = FL(whole_rows)(n);
    if (format == FL_XYXY) {
        for (int i = 0; i < rows; i++) {
            b->w[i] = b->x2[i] - b->x1[i];
            b->h[i] = b->y2[i] - b->y1[i] + height;
        }
    } else {
        /* How far the given point lies from the low corner, in sizes. */
        real low = format == FL_CXCYWH ? (real)0.5 : 0, high = 1 - low;
        for (int i = 0; i < rows; i++) {
            real w = b->x2[i], h = b->y2[i], x = b->x1[i], y = b->y1[i];
            b->w[i] = w, b->h[i] = h + height;
            b->x1[i] = x - low * w, b->x2[i] = x + high * w;
            b->y1[i] = y - low * h, b->y2[i] = y + high * h;
        }
    }
    if (with_angle)
        for (int i = 0; i < rows; i++) b->angle[i] = FL(angle_of)(b->w[i], b->h[i]);
}

/* Chain rule of `complete`, times a factor per box (or one for all), to n contiguous boxes. */
static FL_PASS void FL(join)(const FL(overlap_block) *restrict r, int n, int format,
                             const real *restrict factors, real factor, real *restrict grad) {
    real low = format == FL_CXCYWH ? (real)0.5 : 0, high = 1 - low;
    for (int i = 0; i < n; i++) {
        real f = factors ? factors[i] * factor : factor, *g = grad + 4 * i;
        if (format == FL_XYXY) {
            g[0] = f * (r->x1[i] - r->w[i]);
            g[1] = f * (r->y1[i] - r->h[i]);
            g[2] = f * (r->x2[i] + r->w[i]);
            g[3] = f * (r->y2[i] + r->h[i]);
        } else {
            g[0] = f * (r->x1[i] + r->x2[i]);
            g[1] = f * (r->y1[i] + r->y2[i]);
            g[2] = f * (high * r->x2[i] - low * r->x1[i] + r->w[i]);
            g[3] = f * (high * r->y2[i] - low * r->y1[i] + r->h[i]);
        }
    }
}

/* ---- the arithmetic, once per kind of overlap ----------------------------------- */

/* value = offset + sign overlap, over whole rows; derivatives of the overlap itself. Where `places` of the blocks are
 * given, the blocks after them are fetched meanwhile: 0.66x to 0.85x of the time of a million boxes. */
typedef void FL(overlap_loop)(const FL(box_block) *p, const FL(box_block) *t, int n,
                              const FL(overlap_rules) *rules, real sign, real offset, FL(overlap_block) *r,
                              const fl_box_places *places);

static FL_INLINE void FL(overlap_rows)(int kind, int derive, const FL(box_block) *restrict p,
                                       const FL(box_block) *restrict t, int n, const FL(overlap_rules) *rules,
                                       real sign, real offset, FL(overlap_block) *restrict r,
                                       const fl_box_places *places) {
    enum { step = FL_VECTOR_BYTES / sizeof(real), bytes = 4 * FL_VECTOR_BYTES };
    const FL(overlap_rules) own = *rules;
    const int rows = FL(whole_rows)(n);
    for (ptrdiff_t from = 0; from < rows; from += step) {
        if (places) fl_fetch_boxes(places, from / step * bytes, bytes, derive);
        FL_BOX_LOOP
        for (ptrdiff_t l = 0; l < step; l++) {
            const ptrdiff_t i = from + l;
            FL(overlap) o = FL(overlap_any)(kind, derive, FL(box_at)(p, i, FL(needs_angle)(kind)),
                                            FL(box_at)(t, i, FL(needs_angle)(kind)), &own);
            r->value[i] = FL(fma)(sign, o.iou, offset) - sign * o.penalty;
            if (derive) {
                r->x1[i] = o.x1, r->y1[i] = o.y1, r->x2[i] = o.x2, r->y2[i] = o.y2;
                r->w[i] = o.w, r->h[i] = o.h;
            }
        }
    }
}

#define FL_OVERLAP_LOOP(name, kind, suffix, derive) \
    static void FL(name##_##suffix)(const FL(box_block) *p, const FL(box_block) *t, int n, \
                                    const FL(overlap_rules) *rules, real sign, real offset, \
                                    FL(overlap_block) *r, const fl_box_places *places) { \
        FL(overlap_rows)(kind, derive, p, t, n, rules, sign, offset, r, places); \
    }
#if FL_LEAN
#define FL_BOXES(name, kind, cost, pair_cost) FL_OVERLAP_LOOP(name, kind, grad, 1)
#define FL_OVERLAP_LOOPS(name) {FL(name##_grad), FL(name##_grad)}
#else
#define FL_BOXES(name, kind, cost, pair_cost) \
    FL_OVERLAP_LOOP(name, kind, value, 0) \
    FL_OVERLAP_LOOP(name, kind, grad, 1)
#define FL_OVERLAP_LOOPS(name) {FL(name##_value), FL(name##_grad)}
#endif
#define FL_BOX_LOSS(name, kind, cost) FL_BOXES(name, kind, cost, 0)
#include "../losses.def"
#undef FL_OVERLAP_LOOP

/* By kind and by whether derivatives are wanted. */
static FL(overlap_loop) *const FL(overlap_table)[][2] = {
#define FL_BOXES(name, kind, cost, pair_cost) [kind] = FL_OVERLAP_LOOPS(name),
#define FL_BOX_LOSS(name, kind, cost) FL_BOXES(name, kind, cost, 0)
#include "../losses.def"
};
#undef FL_OVERLAP_LOOPS
