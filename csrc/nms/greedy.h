/* greedy.h -- the selection: boxes by falling score, each kept unless a kept one overlaps it too much.
 *
 * Three ways give the same boxes. As long as the best box suppresses a good part of the others, they are
 * thrown out in one pass each, before anything is sorted. The rest is sorted, and every box compared with
 * all those that were kept; once these are many and lie scattered, with those in its part of a grid. */

typedef struct {
    const real *boxes;
    const FL(word) *keys;         /* of the scores: see order.h */
    real threshold;
    const FL(rotated) *turned;    /* rotated boxes, around which `boxes` are; NULL: boxes are upright */
    int no_grid;                  /* they are too large or too small for its reckoning */
} FL(nms_input);

static FL_INLINE FL(upright) FL(input_box)(const FL(nms_input) *in, uint32_t index) {
    FL(upright) b = FL(upright_at)(in->boxes, index);
    if (in->turned) b.area = 4 * in->turned[index].p * in->turned[index].q;
    return b;
}

static FL_INLINE FL(question) FL(question_of)(const FL(nms_input) *in, uint32_t index) {
    const real t = in->threshold, half = (real)0.5;
    return (FL(question)){FL(input_box)(in, index), in->turned ? in->turned + index : NULL, t,
                          half * t / (1 + t)};
}

/* Where the selection works: for m boxes. */
typedef struct {
    FL(ranked) *items, *other;
    FL(kept_block) *blocks;
    FL(turned_block) *turned;     /* beside the blocks, of rotated boxes */
    FL(grid) grid;                /* heads are NULL where there is none */
} FL(nms_space);

enum { FL(small) = 128, FL(grid_from) = 512, FL(rounds) = 16 };

/* ---- boxes that suppress many ------------------------------------------------------------------ */

static FL_PASS ptrdiff_t FL(best_of)(const FL(ranked) *restrict items, ptrdiff_t m) {
    FL(word) least = items[0].key;
    for (ptrdiff_t i = 1; i < m; i++) least = items[i].key < least ? items[i].key : least;
    ptrdiff_t best = 0;
    while (items[best].key != least) best++;
    return best;
}

/* Which of n <= FL(block) items the box suppresses. */
static FL_PASS void FL(hits_of)(const FL(nms_input) *in, const FL(ranked) *items, int n, FL(upright) top,
                                FL(box_block) *restrict b, int *restrict hits) {
    const real threshold = in->threshold;
    if (items[n - 1].index - items[0].index == (uint32_t)n - 1) {
        FL(split)(in->boxes + 4 * (ptrdiff_t)items[0].index, n, b);
    } else {
        for (int i = 0; i < n; i++) {
            const real *box = in->boxes + 4 * (ptrdiff_t)items[i].index;
            b->x1[i] = box[0], b->y1[i] = box[1], b->x2[i] = box[2], b->y2[i] = box[3];
        }
    }
    FL_BOX_LOOP
    for (int i = 0; i < n; i++) {
        real area = (b->x2[i] - b->x1[i]) * (b->y2[i] - b->y1[i]);
        FL(upright) one = {b->x1[i], b->y1[i], b->x2[i], b->y2[i], area};
        hits[i] = FL(hit)(top, one, threshold);
    }
}

/* Take the best boxes while a sample says that each suppresses an eighth of the others or more. Returns how
 * many items are left, still by position; the kept ones go to `kept`. */
static ptrdiff_t FL(take_dominant)(const FL(nms_input) *in, FL(ranked) *items, ptrdiff_t m, uint32_t *kept,
                                   ptrdiff_t *n_kept) {
    FL_ALIGNED FL(box_block) block;
    FL_ALIGNED int hits[FL(block)];
    for (int round = 0; round < FL(rounds) &&m > 64; round++) {
        ptrdiff_t best = FL(best_of)(items, m), left = 0;
        FL(upright) top = FL(upright_at)(in->boxes, items[best].index);
        if (!FL(may_overlap)(top)) break;
        int sampled = 0;
        for (int k = 0; k < 32; k++)
            sampled += FL(hit)(top, FL(upright_at)(in->boxes, items[k * (m / 32)].index), in->threshold);
        if (sampled < 4) break;
        kept[(*n_kept)++] = items[best].index;
        for (ptrdiff_t first = 0; first < m; first += FL(block)) {
            int n = m - first < FL(block) ? (int)(m - first) : FL(block);
            FL(hits_of)(in, items + first, n, top, &block, hits);
            for (int i = 0; i < n; i++) {
                items[left] = items[first + i];
                left += !hits[i] & (first + i != best);
            }
        }
        m = left;
    }
    return m;
}

/* ---- kept boxes: in a list, or in a grid -------------------------------------------------------------- */

/* Boxes in order of their scores, of which some are kept. */
typedef struct {
    const FL(nms_input) *in;
    FL(nms_space) *space;
    ptrdiff_t listed, gridded;    /* how many boxes the list and the grid hold */
    ptrdiff_t next_plan;          /* the number of both at which to think about the grid again */
} FL(kept_boxes);

/* The grid's reckoning does not hold between two boxes whose areas have lost digits to underflow: those
 * stay in the list. */
static FL_INLINE int FL(fits_grid)(FL(upright) b) { return b.area >= FL_TINY; }

/* Where boxes begin, from at most FL(sample) of the m items. */
static void FL(draw_sample)(const FL(nms_input) *in, const FL(ranked) *items, ptrdiff_t m,
                            FL(grid_sample) *s) {
    s->count = 0;
    for (int k = 0; k < FL(sample); k++) {
        FL(upright) b = FL(input_box)(in, items[(ptrdiff_t)((double)m * k / FL(sample))].index);
        if (FL(may_overlap)(b)) s->x[s->count] = b.x1, s->y[s->count++] = b.y1;
    }
}

static FL_INLINE void FL(list_box)(FL(kept_boxes) *kept, FL(question) b) {
    if (b.turned) FL(keep_turned)(kept->space->turned, kept->listed, b.turned);
    FL(keep)(kept->space->blocks, kept->listed++, b.box);
}

static FL_INLINE void FL(grid_box)(FL(kept_boxes) *kept, FL(question) b) {
    FL(grid_insert)(&kept->space->grid, b.box, b.turned);
    kept->gridded++;
}

/* Whether searching the grid takes less time than the list, by a sample of the m items to come. */
static int FL(grid_pays)(const FL(kept_boxes) *kept, const FL(ranked) *rest, ptrdiff_t m) {
    double list = (REAL_IS_FLOAT ? 0.11 : 0.22) * (double)kept->gridded, effort = 0;
    int searched = 0;
    for (int k = 0; k < 32; k++) {
        FL(upright) b = FL(input_box)(kept->in, rest[(ptrdiff_t)((double)m * k / 32)].index);
        if (FL(may_overlap)(b)) effort += FL(grid_effort)(&kept->space->grid, b, 64 * list), searched++;
    }
    return effort < list * searched;
}

/* Lay out a grid of the boxes kept so far, which are `chosen`, given the m items to come; back to the list
 * if that is quicker to search. */
static void FL(plan_grid)(FL(kept_boxes) *kept, const uint32_t *chosen, ptrdiff_t n_chosen,
                          const FL(ranked) *rest, ptrdiff_t m) {
    const FL(nms_input) *in = kept->in;
    FL(grid_sample) sample;
    FL(draw_sample)(in, rest, m, &sample);
    if (!sample.count) return;
    /* The overlap of rotated boxes says little about those of the boxes around them: any will do. */
    FL(grid_begin)(&kept->space->grid, &sample, kept->listed + kept->gridded, in->turned ? 0 : in->threshold);
    for (int in_grid = 1; in_grid >= 0; in_grid--) {
        kept->listed = kept->gridded = 0;
        for (ptrdiff_t i = 0; i < n_chosen; i++) {
            FL(question) b = FL(question_of)(in, chosen[i]);
            if (!FL(may_overlap)(b.box)) continue;
            if (in_grid && FL(fits_grid)(b.box)) FL(grid_box)(kept, b);
            else FL(list_box)(kept, b);
        }
        if (in_grid && FL(grid_pays)(kept, rest, m)) return;
    }
}

static FL_INLINE int FL(is_suppressed)(int rotated, const FL(kept_boxes) *kept, FL(question) ask) {
    const FL(nms_space) *s = kept->space;
    if (rotated)
        return (kept->gridded && FL(grid_suppressed_turned)(&s->grid, ask))
            || FL(turned_suppressed)(s->blocks, s->turned, kept->listed, ask);
    return (kept->gridded && FL(grid_suppressed)(&s->grid, ask))
        || FL(suppressed)(s->blocks, kept->listed, ask);
}

/* Sorted items to kept positions; returns their number. */
static FL_INLINE ptrdiff_t FL(take_in_order)(int rotated, const FL(nms_input) *in, FL(nms_space) *space,
                                             const FL(ranked) *items, ptrdiff_t m, uint32_t *chosen) {
    FL(kept_boxes) kept = {in, space, 0, 0, space->grid.heads ? FL(grid_from) : PTRDIFF_MAX};
    ptrdiff_t n = 0;
    for (ptrdiff_t r = 0; r < m; r++) {
        if (r + 8 < m) __builtin_prefetch(in->boxes + 4 * (ptrdiff_t)items[r + 8].index);
        FL(question) ask = FL(question_of)(in, items[r].index);
        if (FL(may_overlap)(ask.box)) {
            if (FL(is_suppressed)(rotated, &kept, ask)) continue;
            if (kept.gridded && FL(fits_grid)(ask.box)) FL(grid_box)(&kept, ask);
            else FL(list_box)(&kept, ask);
        }
        chosen[n++] = items[r].index;
        if (kept.listed + kept.gridded >= kept.next_plan) {
            FL(plan_grid)(&kept, chosen, n, items + r, m - r);
            kept.next_plan *= kept.gridded ? FL(growth) : 2;
        }
    }
    return n;
}

/* ---- the whole selection --------------------------------------------------------------------------- */

/* Every array begins on a line of the cache. */
static size_t FL(padded)(size_t bytes) { return (bytes + 63) & ~(size_t)63; }

/* Where each array of the space begins, and at last its size. */
typedef struct {
    size_t items, other, blocks, turned, grid_blocks, grid_turned, heads, end;
} FL(space_layout);

static FL(space_layout) FL(lay_out)(ptrdiff_t m, int rotated, int grid) {
    FL(space_layout) at = {0};
    size_t blocks = m / FL_LANES + 1, grid_blocks = grid ? FL(grid_blocks)(m) : 0;
    at.other = at.items + FL(padded)(m * sizeof(FL(ranked)));
    at.blocks = at.other + FL(padded)(m * sizeof(FL(ranked)));
    at.turned = at.blocks + FL(padded)(blocks * sizeof(FL(kept_block)));
    at.grid_blocks = at.turned + (rotated ? FL(padded)(blocks * sizeof(FL(turned_block))) : 0);
    at.grid_turned = at.grid_blocks + grid_blocks * sizeof(FL(grid_block));
    at.heads = at.grid_turned + (rotated ? FL(padded)(grid_blocks * sizeof(FL(turned_block))) : 0);
    at.end = at.heads + (grid ? FL(padded)(FL(grid_cells)(m) * sizeof(uint32_t)) : 0);
    return at;
}

static FL(nms_space) FL(space_in)(char *memory, const FL(space_layout) *at) {
    FL(nms_space) s = {0};
    s.items = (FL(ranked) *)(memory + at->items), s.other = (FL(ranked) *)(memory + at->other);
    s.blocks = (FL(kept_block) *)(memory + at->blocks);
    s.turned = (FL(turned_block) *)(memory + at->turned);
    s.grid.blocks = (FL(grid_block) *)(memory + at->grid_blocks);
    s.grid.turned = (FL(turned_block) *)(memory + at->grid_turned);
    s.grid.heads = at->end > at->heads ? (uint32_t *)(memory + at->heads) : NULL;
    return s;
}

/* The boxes at `members` (NULL: all m from the first on), which are positions in rising order: writes those
 * that are kept to `kept`, by falling score, and returns their number; -1 where there is no memory. */
static ptrdiff_t FL(greedy)(const FL(nms_input) *in, const uint32_t *members, ptrdiff_t m, uint32_t *kept) {
    enum { small_blocks = FL(small) / FL_LANES + 1 };
    FL_ALIGNED char few[2 * FL(small) *sizeof(FL(ranked)) + small_blocks * sizeof(FL(kept_block))
                        + small_blocks * sizeof(FL(turned_block))];
    FL(space_layout) layout = FL(lay_out)(m, !!in->turned, m > 2 * FL(grid_from) &&!in->no_grid);
    char *memory = NULL;
    if (m > FL(small) &&!(memory = malloc(layout.end + 64))) return -1;
    FL(nms_space) space = FL(space_in)(memory ? (char *)FL(padded)((size_t)memory) : few, &layout);
    for (ptrdiff_t i = 0; i < m; i++) {
        uint32_t index = members ? members[i] : (uint32_t)i;
        space.items[i] = (FL(ranked)){in->keys[index], index};
    }
    ptrdiff_t n_kept = 0;
    if (!in->turned) m = FL(take_dominant)(in, space.items, m, kept, &n_kept);
    const FL(ranked) *sorted = FL(sort_ranked)(space.items, space.other, m);
    n_kept += in->turned ? FL(take_in_order)(1, in, &space, sorted, m, kept + n_kept)
                         : FL(take_in_order)(0, in, &space, sorted, m, kept + n_kept);
    free(memory);
    return n_kept;
}
