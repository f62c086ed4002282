/* grid.h -- kept boxes in a uniform grid, by their upper left corners, for boxes that lie scattered.
 *
 * An IoU above t needs the same of the intervals in x and in y. With intervals [p, p + a] and [q, q + b]
 * that leaves q < p + (1 - t) a, and q > p - (1 - t) b with b < a/t: only cells in that window are
 * searched. Cell numbers are monotone in the coordinate, rounding included, so none is missed. */

/* Kept boxes for each cell when a grid is laid out, and how many times more until it is laid out anew. */
enum { FL(per_cell) = 6, FL(growth) = 4 };

typedef struct {
    FL(kept_block) boxes;
    uint32_t count, next;         /* next: another block of the same cell, +1; 0 ends the list */
} FL_ALIGNED FL(grid_block);

typedef struct {
    FL(grid_block) *blocks;
    FL(turned_block) *turned;     /* beside the blocks, of rotated boxes */
    uint32_t *heads, n_blocks;
    ptrdiff_t columns, rows;
    real left, top, per_x, per_y; /* cell = (coordinate - left) per_x, clamped */
    real slack, widest, highest;  /* 1 - t; the largest kept sides */
    real per_threshold;           /* 1 / t, or infinity */
} FL(grid);

static ptrdiff_t FL(grid_cells)(ptrdiff_t boxes) { return boxes / FL(per_cell) + 1; }
static ptrdiff_t FL(grid_blocks)(ptrdiff_t boxes) { return FL(grid_cells)(boxes) + boxes / FL_LANES + 1; }

static FL_INLINE ptrdiff_t FL(grid_cell)(real x, real origin, real per, ptrdiff_t cells) {
    real at = (x - origin) * per, last = (real)(cells - 1);
    return (ptrdiff_t)FL(min)(FL(max)(at, 0), last);
}

static void FL(grid_insert)(FL(grid) *g, FL(upright) b, const FL(rotated) *turned) {
    ptrdiff_t column = FL(grid_cell)(b.x1, g->left, g->per_x, g->columns);
    uint32_t *head = g->heads + FL(grid_cell)(b.y1, g->top, g->per_y, g->rows) * g->columns + column;
    if (!*head || g->blocks[*head - 1].count == FL_LANES) {
        FL(grid_block) *fresh = g->blocks + g->n_blocks;
        fresh->count = 0, fresh->next = *head;
        *head = ++g->n_blocks;
    }
    FL(grid_block) *block = g->blocks + *head - 1;
    if (turned) FL(keep_turned)(g->turned + *head - 1, block->count, turned);
    FL(keep)(&block->boxes, block->count++, b);
    g->widest = FL(max)(b.x2 - b.x1, g->widest);
    g->highest = FL(max)(b.y2 - b.y1, g->highest);
}

typedef struct {
    ptrdiff_t left, right, top, bottom;
} FL(window);

static FL_INLINE FL(window) FL(grid_window)(const FL(grid) *g, FL(upright) b) {
    real w = b.x2 - b.x1, h = b.y2 - b.y1;
    real before_x = g->slack * FL(min)(w * g->per_threshold, g->widest);
    real before_y = g->slack * FL(min)(h * g->per_threshold, g->highest);
    return (FL(window)){
        FL(grid_cell)(b.x1 - before_x, g->left, g->per_x, g->columns),
        FL(grid_cell)(b.x1 + g->slack * w, g->left, g->per_x, g->columns),
        FL(grid_cell)(b.y1 - before_y, g->top, g->per_y, g->rows),
        FL(grid_cell)(b.y1 + g->slack * h, g->top, g->per_y, g->rows),
    };
}

static FL_INLINE int FL(cells_suppress)(int rotated, const FL(grid) *g, const FL(question) *ask) {
    FL(window) at = FL(grid_window)(g, ask->box);
    for (ptrdiff_t row = at.top; row <= at.bottom; row++)
        for (ptrdiff_t column = at.left; column <= at.right; column++)
            for (uint32_t i = g->heads[row * g->columns + column]; i; i = g->blocks[i - 1].next)
                if (FL(block_suppresses)(rotated, &g->blocks[i - 1].boxes, g->turned + i - 1, ask)) return 1;
    return 0;
}

static FL_PASS int FL(grid_suppressed)(const FL(grid) *g, FL(question) ask) {
    return FL(cells_suppress)(0, g, &ask);
}

static FL_PASS int FL(grid_suppressed_turned)(const FL(grid) *g, FL(question) ask) {
    return FL(cells_suppress)(1, g, &ask);
}

/* About how long a search takes that finds nothing, in nanoseconds. */
static double FL(grid_effort)(const FL(grid) *g, FL(upright) b, double limit) {
    FL(window) at = FL(grid_window)(g, b);
    double effort = 15 + 1.5 * (double)(at.right - at.left + 1) * (double)(at.bottom - at.top + 1);
    for (ptrdiff_t row = at.top; row <= at.bottom && effort < limit; row++)
        for (ptrdiff_t column = at.left; column <= at.right && effort < limit; column++)
            for (uint32_t i = g->heads[row * g->columns + column]; i; i = g->blocks[i - 1].next)
                effort += REAL_IS_FLOAT ? 2.5 : 5;
    return effort;
}

/* ---- the shape of the grid, from a sample of the boxes --------------------------------------- */

enum { FL(sample) = 128 };

typedef struct {
    int count;
    real x[FL(sample)], y[FL(sample)];
} FL(grid_sample);

static void FL(sort_few)(real *v, int n) {
    for (int i = 1; i < n; i++) {
        real one = v[i];
        int j = i;
        for (; j > 0 && v[j - 1] > one; j--) v[j] = v[j - 1];
        v[j] = one;
    }
}

/* Equal cells over the range in which most boxes begin; the others fall into the cells at the border. */
static void FL(grid_axis)(real *start, int n, double cells, real *origin, real *per) {
    FL(sort_few)(start, n);
    double low = start[n / 32], high = start[n - 1 - n / 32];
    *origin = (real)low;
    *per = (real)(cells / (high - low));
    if (!(*per > 0 && *per < (real)INFINITY)) *per = 1;
}

/* A grid without boxes, for a number of them. */
static void FL(grid_begin)(FL(grid) *g, FL(grid_sample) *s, ptrdiff_t boxes, real threshold) {
    /* Overlaps are rounded, so the window is taken a little wider. Where t is so small that an overlap may
     * have lost its digits to underflow, any overlap counts. */
    real t = threshold > (real)0x1p-10 ? threshold * (1 - (real)0x1p-10) : 0;
    g->slack = 1 - t;
    g->per_threshold = t > 0 ? 1 / t : (real)INFINITY;
    g->widest = g->highest = 0;
    g->n_blocks = 0;
    g->columns = g->rows = (ptrdiff_t)sqrt((double)FL(grid_cells)(boxes));
    FL(grid_axis)(s->x, s->count, (double)g->columns, &g->left, &g->per_x);
    FL(grid_axis)(s->y, s->count, (double)g->rows, &g->top, &g->per_y);
    memset(g->heads, 0, g->columns * g->rows * sizeof *g->heads);
}
