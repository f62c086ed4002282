/* pairs.h -- the loop over pairs: every box of one argument with every box of the other.
 *
 * A chunk (the unit of threads) is a tile of the matrix: FL(tile_rows) boxes of one side times one
 * block of the other, which stays in the first-level cache. Values have loops of their own; with
 * derivatives a row is box i, repeated, aligned with the block. */

enum { FL(tile_rows) = 64 };

/* Overlaps of boxes `first` to `last` of `p` with the n boxes of `t`, whose areas are given, in rows one step apart; of
 * fewer than FL_LANES, with those too that fill up the lanes. `next` numbers on, the next row's memory is fetched: 6 %
 * of a million pairs. */
typedef void FL(pair_loop)(const FL(box_block) *p, int first, int last, const FL(box_block) *t,
                           const real *areas, int n, const FL(overlap_rules) *rules, real *value,
                           ptrdiff_t step, ptrdiff_t next);

static FL_INLINE void FL(pair_rows)(int kind, int merged, const FL(box_block) *p, int first, int last,
                                    const FL(box_block) *restrict t, const real *restrict areas, int n,
                                    const FL(overlap_rules) *rules, real *restrict value, ptrdiff_t step,
                                    ptrdiff_t next) {
    const FL(overlap_rules) own = *rules;
    const int final = n < FL_LANES ? 0 : n - FL_LANES;
    for (int i = first; i < last; i++, value += step) {
        const FL(box) one = FL(box_at)(p, i, kind == FL_CIOU);
        /* Lanes that the last vector shares with the one before are worked out twice: nothing is written beyond n. */
        for (int start = 0; start < n; start += FL_LANES) {
            const int at = start < final ? start : final;
            const real *area = areas + at;
            real *to = value + at;
            __builtin_prefetch(to + next, 1, 3);
            FL_LANE_LOOP
            for (int l = 0; l < FL_LANES; l++) {
                FL(box) other = FL(box_at)(t, at + l, kind == FL_CIOU);
                other.area = area[l];
                if (merged) {
                    to[l] = FL(merged_overlap)(kind, one, other, &own);
                } else {
                    FL(overlap) o = FL(overlap_of)(kind, 0, one, other, &own);
                    to[l] = kind == FL_IOU ? o.iou : o.iou - o.penalty;
                }
            }
        }
    }
}

#define FL_PAIR_LOOP(name, kind, merged) \
    static void FL(name)(const FL(box_block) *p, int first, int last, const FL(box_block) *t, \
                         const real *areas, int n, const FL(overlap_rules) *rules, real *value, \
                         ptrdiff_t step, ptrdiff_t next) { \
        FL(pair_rows)(kind, merged, p, first, last, t, areas, n, rules, value, step, next); \
    }
#define FL_BOXES(name, kind, cost, pair_cost) \
    FL_PAIR_LOOP(name##_pair, kind, 0) \
    FL_PAIR_LOOP(name##_merged_pair, kind, 1)
#include "../losses.def"
#undef FL_PAIR_LOOP

/* By kind, and whether over a common divisor. */
static FL(pair_loop) *const FL(pair_table)[][2] = {
#define FL_BOXES(name, kind, cost, pair_cost) [kind] = {FL(name##_pair), FL(name##_merged_pair)},
#include "../losses.def"
};

static int FL(all_moderate)(const FL(box_block) *b, int n) {
    int all = 1;
    for (int i = 0; i < n; i++) all &= FL(moderate)(FL(box_at)(b, i, 0));
    return all;
}

typedef struct {
    const fl_pairs_args *args;
    FL(overlap_rules) rules;
    int kind;
    ptrdiff_t bands, blocks;            /* tiles down and across */
} FL(pairs_call);

static void FL(repeat)(const FL(box_block) *p, int i, int rows, FL(box_block) *restrict q) {
    const FL(box) one = FL(box_at)(p, i, 1);
    for (int j = 0; j < rows; j++) {
        q->x1[j] = one.x1, q->y1[j] = one.y1, q->x2[j] = one.x2, q->y2[j] = one.y2;
        q->w[j] = one.w, q->h[j] = one.h, q->angle[j] = one.angle;
    }
}

/* Rows of a kind without a pair loop: box i, repeated, aligned with the block. */
static void FL(tile_any)(const FL(pairs_call) *call, const FL(box_block) *p, int height,
                         const FL(box_block) *t, int width, real *value) {
    FL(overlap_loop) *loop = FL(overlap_table)[call->kind][0];
    FL_ALIGNED FL(box_block) q;
    FL_ALIGNED FL(overlap_block) r;
    for (int i = 0; i < height; i++, value += call->args->m) {
        FL(repeat)(p, i, FL(whole_rows)(width), &q);
        loop(&q, t, width, &call->rules, 1, 0, &r, NULL);
        memcpy(value, r.value, width * sizeof(real));
    }
}

/* A column of the tile without a common divisor. */
static void FL(column_values)(const FL(pairs_call) *call, const FL(box_block) *p, int height,
                              const FL(box_block) *t, int j, real *value) {
    FL_ALIGNED FL(box_block) q;
    FL_ALIGNED FL(overlap_block) r;
    FL(repeat)(t, j, FL(whole_rows)(height), &q);
    FL(overlap_table)[call->kind][0](p, &q, height, &call->rules, 1, 0, &r, NULL);
    for (int i = 0; i < height; i++) value[i * call->args->m + j] = r.value[i];
}

/* Which loop serves a pair is up to its two boxes alone, whatever else is in the tile. */
static void FL(tile_values)(const FL(pairs_call) *call, const FL(box_block) *p, int height,
                            const FL(box_block) *t, int width, real *value) {
    const int torchvision = !call->args->training, plain = FL(all_moderate)(p, height);
    FL_ALIGNED real row[FL(block)], areas[FL(block)];
    const ptrdiff_t step = call->args->m;
    for (int j = 0; j < FL(whole_rows)(width); j++) areas[j] = t->w[j] * t->h[j];
    const int in_place = width >= FL_LANES;
    if (in_place && (plain || !torchvision)) {
        FL(pair_table)[call->kind][torchvision](p, 0, height, t, areas, width, &call->rules, value, step,
                                                step);
    } else {
        real *to = value;
        for (int i = 0; i < height; i++, to += step) {
            const int merged = torchvision && (plain || FL(moderate)(FL(box_at)(p, i, 0)));
            FL(pair_table)[call->kind][merged](p, i, i + 1, t, areas, width, &call->rules,
                                               in_place ? to : row, 0, in_place ? step : 0);
            if (!in_place) memcpy(to, row, width * sizeof(real));
        }
    }
    if (!torchvision || call->kind == FL_IOU || FL(all_moderate)(t, width)) return;
    for (int j = 0; j < width; j++)
        if (!FL(moderate)(FL(box_at)(t, j, 0))) FL(column_values)(call, p, height, t, j, value);
}

/* Derivatives, and for kinds without a pair loop values. */
static void FL(tile_grads)(const FL(pairs_call) *call, const FL(box_block) *p, int height,
                           const FL(box_block) *t, int width, real *value, real *grad) {
    FL(overlap_loop) *loop = FL(overlap_table)[call->kind][1];
    FL_ALIGNED FL(box_block) q;
    FL_ALIGNED FL(overlap_block) r;
    for (int i = 0; i < height; i++, value += call->args->m, grad += 4 * call->args->m) {
        FL(repeat)(p, i, FL(whole_rows)(width), &q);
        loop(&q, t, width, &call->rules, 1, 0, &r, NULL);
        if (call->kind > FL_CIOU) memcpy(value, r.value, width * sizeof(real));
        FL(join)(&r, width, call->args->format, NULL, 1, grad);
    }
}

static void FL(pairs_chunk)(void *context, ptrdiff_t chunk) {
    const FL(pairs_call) *call = context;
    const fl_pairs_args *args = call->args;
    ptrdiff_t first = chunk % call->blocks * FL(block), band = chunk / call->blocks;
    ptrdiff_t batch = band / call->bands, i = band % call->bands * FL(tile_rows);
    int height = args->n - i < FL(tile_rows) ? (int)(args->n - i) : FL(tile_rows);
    int width = args->m - first < FL(block) ? (int)(args->m - first) : FL(block);
    FL_ALIGNED FL(box_block) p, t;
    FL(split)((const real *)args->boxes1 + 4 * (batch * args->n + i), height, &p);
    FL(split)((const real *)args->boxes2 + 4 * (batch * args->m + first), width, &t);
    int with_angle = FL(needs_angle)(call->kind);
    FL(complete)(&p, height, args->format, with_angle, call->rules.height);
    FL(complete)(&t, width, args->format, with_angle, call->rules.height);
    if (!with_angle) memset(p.angle, 0, sizeof p.angle);

    ptrdiff_t at = (batch * args->n + i) * args->m + first;
    real *value = (real *)args->value + at;
    if (call->kind <= FL_CIOU) FL(tile_values)(call, &p, height, &t, width, value);
    else if (!args->grad) FL(tile_any)(call, &p, height, &t, width, value);
    if (args->grad) FL(tile_grads)(call, &p, height, &t, width, value, (real *)args->grad + 4 * at);
}

static fl_status FL(pairs)(fl_pairs_args *args) {
    int kind = fl_loss_traits[fl_specialise(args->loss, args->parameters, 0)].overlap;
    int corners = args->format == FL_XYXY;
    FL(pairs_call) call = {
        .args = args,
        .rules = kind > FL_CIOU ? FL(variant_rules)(kind, corners, args->parameters, 1)
            : args->training    ? FL(training_rules)(corners, (real)args->eps)
                                : FL(pair_rules)((real)args->eps),
        .kind = kind,
        .bands = (args->n + FL(tile_rows) - 1) / FL(tile_rows),
        .blocks = (args->m + FL(block) - 1) / FL(block),
    };
    fl_parallel(args->batch * call.bands * call.blocks, fl_pairs_cost(args), FL(pairs_chunk), &call);
    return FL_OK;
}
