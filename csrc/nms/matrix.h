/* matrix.h -- scores that fade in one step, and boxes that go by overlaps given as a matrix.
 *
 * Matrix NMS (Wang et al. 2020, SOLOv2). By falling score, within a class, with o(i, j) the overlap of box j
 * with a better box i, and c(i) = max_k<i o(k, i) that of box i itself, the score of box j is multiplied by
 *   min_i f(o(i, j)) / f(c(i))       linear f(o) = 1 - o       gaussian f(o) = e^(-sigma o^2) */

/* What the rows are made from: boxes, or a matrix. Everything is in the order of the scores. */
typedef struct {
    const real *overlaps;         /* n x n by position, or NULL */
    ptrdiff_t n;
    const FL(ranked) *order;
    real *x1, *y1, *x2, *y2, *area;
    uint32_t *group;              /* class of each; NULL: one class */
    real *covered, *fading;       /* c; the minimum so far, the exponent's maximum of gaussian */
} FL(matrix_space);

enum { FL(matrix_columns) = 7 };

/* Boxes are taken some hundreds at a time, in few steps, and the worse ones that they fade in chunks: a box fades
 * others only when all better ones have covered it. */
enum { FL(matrix_rows) = 256, FL(matrix_steps) = 16, FL(matrix_chunk_size) = 1024 };

static FL_INLINE FL(upright) FL(matrix_box)(const FL(matrix_space) *s, ptrdiff_t i) {
    return (FL(upright)){s->x1[i], s->y1[i], s->x2[i], s->y2[i], s->area[i]};
}

/* Overlaps of box i with the worse ones first .. end, `row` from the first on. */
static FL_PASS void FL(matrix_row)(const FL(matrix_space) *space, ptrdiff_t i, ptrdiff_t first, ptrdiff_t end,
                                   real *restrict row) {
    const FL(matrix_space) s = *space;
    if (s.overlaps) {
        const real *given = s.overlaps + (ptrdiff_t)s.order[i].index * s.n;
        for (ptrdiff_t j = first; j < end; j++) {
            real o = given[s.order[j].index];
            row[j - first] = o > 0 ? o : 0;
        }
    } else {
        FL(upright) one = FL(matrix_box)(&s, i);
        FL_BOX_LOOP
        for (ptrdiff_t j = first; j < end; j++) row[j - first] = FL(plain_iou)(one, FL(matrix_box)(&s, j));
    }
    if (s.group)
        for (ptrdiff_t j = first; j < end; j++)
            if (s.group[j] != s.group[i]) row[j - first] = 0;
}

static FL_INLINE void FL(matrix_fade_with)(int gaussian, const FL(matrix_space) *space, ptrdiff_t i,
                                           ptrdiff_t first, ptrdiff_t end, const real *restrict row,
                                           real sigma) {
    const FL(matrix_space) s = *space;
    const real own = s.covered[i];
    FL_BOX_LOOP
    for (ptrdiff_t j = first; j < end; j++) {
        real o = row[j - first];
        s.covered[j] = o > s.covered[j] ? o : s.covered[j];
        if (gaussian) {
            real e = sigma * (o * o - own * own);
            s.fading[j] = e > s.fading[j] ? e : s.fading[j];
        } else {
            real f = (1 - o) / (1 - own); /* 0/0 says nothing, and fails the comparison */
            s.fading[j] = f < s.fading[j] ? f : s.fading[j];
        }
    }
}

/* Boxes first .. end, and the worse ones from `end` on. */
typedef struct {
    const fl_matrix_nms_args *args;
    const FL(matrix_space) *space;
    ptrdiff_t first, end;
} FL(matrix_step);

static void FL(matrix_fade_one)(const FL(matrix_step) *step, ptrdiff_t i, ptrdiff_t first, ptrdiff_t end) {
    FL_ALIGNED real row[FL(matrix_chunk_size)];
    FL(matrix_row)(step->space, i, first, end, row);
    if (step->args->gaussian)
        FL(matrix_fade_with)(1, step->space, i, first, end, row, (real)step->args->sigma);
    else FL(matrix_fade_with)(0, step->space, i, first, end, row, 0);
}

static void FL(matrix_chunk)(void *context, ptrdiff_t chunk) {
    const FL(matrix_step) *step = context;
    ptrdiff_t first = step->end + chunk * FL(matrix_chunk_size), left = step->args->n - first;
    ptrdiff_t end = first + (left < FL(matrix_chunk_size) ? left : FL(matrix_chunk_size));
    for (ptrdiff_t i = step->first; i < step->end; i++) FL(matrix_fade_one)(step, i, first, end);
}

static void FL(matrix_fade)(const fl_matrix_nms_args *args, const FL(matrix_space) *s, real *faded) {
    for (ptrdiff_t i = 0; i < args->n; i++) s->covered[i] = 0, s->fading[i] = args->gaussian ? 0 : 1;
    ptrdiff_t rows =
        args->n / FL(matrix_steps) > FL(matrix_rows) ? args->n / FL(matrix_steps) : FL(matrix_rows);
    for (ptrdiff_t first = 0, end; first < args->n; first = end) {
        end = args->n - first < rows ? args->n : first + rows;
        FL(matrix_step) step = {args, s, first, end};
        for (ptrdiff_t i = first; i < end; i++)
            for (ptrdiff_t j = i + 1; j < end; j += FL(matrix_chunk_size))
                FL(matrix_fade_one)(&step, i, j,
                                    end - j < FL(matrix_chunk_size) ? end : j + FL(matrix_chunk_size));
        ptrdiff_t left = args->n - end;
        fl_parallel((left + FL(matrix_chunk_size) - 1) / FL(matrix_chunk_size),
                    0.5 * (double)(end - first) * (double)left, FL(matrix_chunk), &step);
    }
    for (ptrdiff_t i = 0; i < args->n; i++) {
        uint32_t index = s->order[i].index;
        real factor = args->gaussian ? FL(exp_minus)(s->fading[i]) : s->fading[i];
        faded[index] = ((const real *)args->scores)[index] * factor;
    }
}

static fl_status FL(matrix_nms)(fl_matrix_nms_args *args) {
    ptrdiff_t n = args->n;
    real *columns = malloc((FL(matrix_columns) *n + 1) * sizeof *columns);
    FL(ranked) *items = malloc((2 * n + 1) * sizeof *items);
    uint32_t *number = malloc((2 * n + 1) * sizeof *number);
    FL(word) *keys = malloc((n + 1) * sizeof *keys);
    fl_status status = columns && items && number && keys ? FL_OK : FL_NO_MEMORY;
    if (status == FL_OK && (args->bad = FL(keys_of_scores)((const real *)args->scores, n, keys)) >= 0)
        status = FL_BAD_LABEL;
    if (status == FL_OK && args->classes && fl_number_ids(args->classes, n, number) < 0)
        status = FL_NO_MEMORY;
    if (status == FL_OK) {
        for (ptrdiff_t i = 0; i < n; i++) items[i] = (FL(ranked)){keys[i], (uint32_t)i};
        FL(ranked) *order = FL(sort_ranked)(items, items + n, n);
        FL(matrix_space) s = {args->precomputed ? (const real *)args->boxes : NULL,
                              n,
                              order,
                              columns,
                              columns + n,
                              columns + 2 * n,
                              columns + 3 * n,
                              columns + 4 * n,
                              args->classes ? number + n : NULL,
                              columns + 5 * n,
                              columns + 6 * n};
        for (ptrdiff_t i = 0; i < n; i++) {
            uint32_t index = order[i].index;
            if (s.group) s.group[i] = number[index];
            if (s.overlaps) continue;
            FL(upright) b = FL(upright_at)((const real *)args->boxes, index);
            s.x1[i] = b.x1, s.y1[i] = b.y1, s.x2[i] = b.x2, s.y2[i] = b.y2, s.area[i] = b.area;
        }
        FL(matrix_fade)(args, &s, (real *)args->faded);
    }
    free(columns);
    free(items);
    free(number);
    free(keys);
    if (status != FL_OK) return status;
    real *faded = (real *)args->faded;
    args->n_kept = 0;
    for (ptrdiff_t i = 0; i < n; i++)
        if (faded[i] >= (real)args->least) {
            args->kept[args->n_kept] = i;
            faded[args->n_kept++] = faded[i];
        }
    return FL(by_faded_score)(args->kept, faded, args->n_kept);
}

/* ---- greedy selection by a matrix of overlaps ------------------------------------------------------- */

static FL_PASS void FL(strike)(const real *restrict row, ptrdiff_t n, real threshold,
                               unsigned char *restrict struck) {
    for (ptrdiff_t j = 0; j < n; j++) struck[j] |= row[j] > threshold;
}

static fl_status FL(overlaps_nms)(fl_nms_args *args) {
    ptrdiff_t n = args->n;
    FL(ranked) *items = malloc((2 * n + 1) * sizeof *items);
    FL(word) *keys = malloc((n + 1) * sizeof *keys);
    unsigned char *struck = calloc(n + 1, 1);
    fl_status status = items && keys && struck ? FL_OK : FL_NO_MEMORY;
    args->n_kept = 0;
    args->bad = -1;
    if (status == FL_OK) {
        if (args->ranks)
            for (ptrdiff_t i = 0; i < n; i++) keys[i] = args->ranks[i];
        else args->bad = FL(keys_of_scores)((const real *)args->scores, n, keys);
        if (args->bad >= 0) status = FL_BAD_LABEL;
    }
    if (status == FL_OK) {
        for (ptrdiff_t i = 0; i < n; i++) items[i] = (FL(ranked)){keys[i], (uint32_t)i};
        const FL(ranked) *order = FL(sort_ranked)(items, items + n, n);
        for (ptrdiff_t r = 0; r < n; r++) {
            uint32_t i = order[r].index;
            if (struck[i]) continue;
            args->kept[args->n_kept++] = i;
            FL(strike)((const real *)args->boxes + n * (ptrdiff_t)i, n, FL(nms_threshold)(args->threshold),
                       struck);
        }
    }
    free(items);
    free(keys);
    free(struck);
    return status;
}
