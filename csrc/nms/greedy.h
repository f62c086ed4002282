/* greedy.h -- the selection: boxes by falling score, each kept unless a kept one overlaps it too much.
 *
 * Three ways give the same boxes. As long as the best box suppresses a good part of the others, they are
 * thrown out in one pass each, before anything is sorted. The rest is sorted, and every box compared with
 * all those that were kept; once these are many and lie scattered, with those in its part of a grid. */

typedef struct {
    const real *boxes;
    const FL(word) *keys;         /* of the scores: see order.h */
    real threshold;
} FL(nms_input);

/* Where the selection works: for m boxes. */
typedef struct {
    FL(ranked) *items, *other;
    FL(kept_block) *blocks;
    FL(grid) grid;                /* of no cells: too few boxes for one */
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

/* Take the best boxes while a sample says that each suppresses a fourth of the others or more. Returns how
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
        if (sampled < 8) break;
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

static FL_INLINE FL(upright) FL(item_box)(const FL(nms_input) *in, const FL(ranked) *items, ptrdiff_t i) {
    return FL(upright_at)(in->boxes, items[i].index);
}

/* Where boxes begin, from at most FL(sample) of the m items. */
static void FL(draw_sample)(const FL(nms_input) *in, const FL(ranked) *items, ptrdiff_t m,
                            FL(grid_sample) *s) {
    s->count = 0;
    for (int k = 0; k < FL(sample); k++) {
        FL(upright) b = FL(item_box)(in, items, (ptrdiff_t)((double)m * k / FL(sample)));
        if (FL(may_overlap)(b)) s->x[s->count] = b.x1, s->y[s->count++] = b.y1;
    }
}

/* Lay out a grid of the boxes kept so far, given the m items before and after that; back to the list if
 * that is quicker to search. */
static void FL(plan_grid)(FL(kept_boxes) *kept, const uint32_t *chosen, ptrdiff_t n_chosen,
                          const FL(ranked) *rest, ptrdiff_t m) {
    const FL(nms_input) *in = kept->in;
    FL(grid) *g = &kept->space->grid;
    FL(grid_sample) sample;
    ptrdiff_t count = kept->listed + kept->gridded;
    FL(draw_sample)(in, rest, m, &sample);
    if (!sample.count) return;
    FL(grid_begin)(g, &sample, count, in->threshold);
    kept->listed = kept->gridded = 0;
    for (ptrdiff_t i = 0; i < n_chosen; i++) {
        FL(upright) b = FL(upright_at)(in->boxes, chosen[i]);
        if (!FL(may_overlap)(b)) continue;
        if (FL(fits_grid)(b)) FL(grid_insert)(g, b), kept->gridded++;
        else FL(keep)(kept->space->blocks, kept->listed++, b);
    }
    double list = (REAL_IS_FLOAT ? 0.11 : 0.22) * (double)kept->gridded, effort = 0;
    int searched = 0;
    for (int k = 0; k < 32; k++) {
        FL(upright) b = FL(item_box)(in, rest, (ptrdiff_t)((double)m * k / 32));
        if (FL(may_overlap)(b)) effort += FL(grid_effort)(g, b, 64 * list), searched++;
    }
    if (effort < list * searched) return;
    kept->listed = kept->gridded = 0;
    for (ptrdiff_t i = 0; i < n_chosen; i++) {
        FL(upright) b = FL(upright_at)(in->boxes, chosen[i]);
        if (FL(may_overlap)(b)) FL(keep)(kept->space->blocks, kept->listed++, b);
    }
}

/* Sorted items to kept positions; returns their number. */
static ptrdiff_t FL(take_in_order)(const FL(nms_input) *in, FL(nms_space) *space, const FL(ranked) *items,
                                   ptrdiff_t m, uint32_t *chosen) {
    FL(kept_boxes) kept = {in, space, 0, 0, space->grid.heads ? FL(grid_from) : PTRDIFF_MAX};
    ptrdiff_t n = 0;
    for (ptrdiff_t r = 0; r < m; r++) {
        if (r + 8 < m) __builtin_prefetch(in->boxes + 4 * (ptrdiff_t)items[r + 8].index);
        FL(upright) b = FL(item_box)(in, items, r);
        if (FL(may_overlap)(b)) {
            if (kept.gridded && FL(grid_suppressed)(&space->grid, b, in->threshold)) continue;
            if (FL(suppressed)(space->blocks, kept.listed, b, in->threshold)) continue;
            if (kept.gridded && FL(fits_grid)(b)) FL(grid_insert)(&space->grid, b), kept.gridded++;
            else FL(keep)(space->blocks, kept.listed++, b);
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

static size_t FL(space_bytes)(ptrdiff_t m) {
    size_t grid = m > 2 * FL(grid_from)
        ? FL(grid_blocks)(m) * sizeof(FL(grid_block)) + FL(padded)(FL(grid_cells)(m) * sizeof(uint32_t))
        : 0;
    return 2 * FL(padded)(m * sizeof(FL(ranked))) + FL(padded)((m / FL_LANES + 1) * sizeof(FL(kept_block)))
        + grid;
}

static FL(nms_space) FL(space_in)(char *memory, ptrdiff_t m) {
    FL(nms_space) s = {0};
    s.items = (FL(ranked) *)memory, memory += FL(padded)(m * sizeof(FL(ranked)));
    s.other = (FL(ranked) *)memory, memory += FL(padded)(m * sizeof(FL(ranked)));
    s.blocks = (FL(kept_block) *)memory;
    if (m <= 2 * FL(grid_from)) return s;
    memory += FL(padded)((m / FL_LANES + 1) * sizeof(FL(kept_block)));
    s.grid.blocks = (FL(grid_block) *)memory, memory += FL(grid_blocks)(m) * sizeof(FL(grid_block));
    s.grid.heads = (uint32_t *)memory;
    return s;
}

/* The boxes at `members` (NULL: all m from the first on), which are positions in rising order: writes those
 * that are kept to `kept`, by falling score, and returns their number; -1 where there is no memory. */
static ptrdiff_t FL(greedy)(const FL(nms_input) *in, const uint32_t *members, ptrdiff_t m, uint32_t *kept) {
    FL_ALIGNED char
        few[2 * FL(small) *sizeof(FL(ranked)) + (FL(small) / FL_LANES + 1) * sizeof(FL(kept_block))];
    char *memory = NULL;
    FL(nms_space) space;
    if (m <= FL(small)) {
        space = FL(space_in)(few, m);
    } else {
        memory = malloc(FL(space_bytes)(m) + 64);
        if (!memory) return -1;
        space = FL(space_in)((char *)FL(padded)((size_t)memory), m);
    }
    for (ptrdiff_t i = 0; i < m; i++) {
        uint32_t index = members ? members[i] : (uint32_t)i;
        space.items[i] = (FL(ranked)){in->keys[index], index};
    }
    ptrdiff_t n_kept = 0;
    m = FL(take_dominant)(in, space.items, m, kept, &n_kept);
    n_kept += FL(take_in_order)(in, &space, FL(sort_ranked)(space.items, space.other, m), m, kept + n_kept);
    free(memory);
    return n_kept;
}
