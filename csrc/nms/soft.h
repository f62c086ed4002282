/* soft.h -- scores that fade instead of boxes that go.
 *
 * Soft-NMS (Bodla et al. 2017): take the box of the highest score, multiply the scores of the others by
 *   linear    1 - o where o >= threshold, else 1       gaussian    e^(-o^2 / sigma)
 * with o the IoU, drop what falls below the least score, and repeat. Of equal scores the first is taken. */

/* Boxes that are still in play, by position. Those taken or dropped have a score of -infinity until the
 * arrays are drawn together. */
typedef struct {
    real *x1, *y1, *x2, *y2, *area, *score;
    uint32_t *index;
} FL(soft_boxes);

enum { FL(soft_columns) = 6 };

/* IoU, where a NaN (0/0) is no overlap. */
static FL_INLINE real FL(plain_iou)(FL(upright) a, FL(upright) b) {
    real both = FL(intersection)(a, b), o = both / (a.area + b.area - both);
    return o > 0 ? o : 0;
}

static FL_INLINE FL(upright) FL(soft_at)(const FL(soft_boxes) *s, ptrdiff_t i) {
    return (FL(upright)){s->x1[i], s->y1[i], s->x2[i], s->y2[i], s->area[i]};
}

/* Fade the scores; returns the largest that is left. */
static FL_INLINE real FL(fade_with)(int gaussian, const FL(soft_boxes) *boxes, ptrdiff_t m, FL(upright) top,
                                    real threshold, real per_sigma, real least) {
    const FL(soft_boxes) s = *boxes;
    real best = -(real)INFINITY;
#pragma omp simd reduction(max : best)
    for (ptrdiff_t i = 0; i < m; i++) {
        real o = FL(plain_iou)(top, FL(soft_at)(&s, i));
        real factor = gaussian ? FL(exp_minus)(o * o * per_sigma) : o >= threshold ? 1 - o : 1;
        real score = s.score[i] * factor;
        score = score >= least ? score : -(real)INFINITY;
        s.score[i] = score;
        best = score > best ? score : best;
    }
    return best;
}

static FL_PASS real FL(fade)(const fl_soft_nms_args *args, const FL(soft_boxes) *s, ptrdiff_t m,
                             FL(upright) top) {
    real t = (real)args->threshold, least = (real)args->least;
    real q = FL(min)(FL_PICK(0x1p126, 0x1p1022), (real)(1 / args->sigma));
    return args->gaussian ? FL(fade_with)(1, s, m, top, t, q, least)
                          : FL(fade_with)(0, s, m, top, t, q, least);
}

/* Leave out what has a score of -infinity. */
static ptrdiff_t FL(draw_together)(const FL(soft_boxes) *s, ptrdiff_t m) {
    ptrdiff_t left = 0;
    for (ptrdiff_t i = 0; i < m; i++) {
        s->x1[left] = s->x1[i], s->y1[left] = s->y1[i], s->x2[left] = s->x2[i], s->y2[left] = s->y2[i];
        s->area[left] = s->area[i], s->score[left] = s->score[i], s->index[left] = s->index[i];
        left += s->score[i] > -(real)INFINITY;
    }
    return left;
}

/* The members of one group; writes positions and scores, and returns their number; -1 without memory. */
static ptrdiff_t FL(soft_group)(const fl_soft_nms_args *args, const uint32_t *members, ptrdiff_t m,
                                int64_t *kept, real *faded) {
    real *memory = malloc(m * (FL(soft_columns) *sizeof(real) + sizeof(uint32_t)) + 64);
    if (!memory) return -1;
    FL(soft_boxes) s = {memory,
                        memory + m,
                        memory + 2 * m,
                        memory + 3 * m,
                        memory + 4 * m,
                        memory + 5 * m,
                        (uint32_t *)(memory + 6 * m)};
    real best = -(real)INFINITY, least = (real)args->least;
    for (ptrdiff_t i = 0; i < m; i++) {
        uint32_t index = members ? members[i] : (uint32_t)i;
        FL(upright) b = FL(upright_at)((const real *)args->boxes, index);
        real score = ((const real *)args->scores)[index];
        s.x1[i] = b.x1, s.y1[i] = b.y1, s.x2[i] = b.x2, s.y2[i] = b.y2, s.area[i] = b.area;
        s.score[i] = score = score >= least ? score : -(real)INFINITY;
        s.index[i] = index;
        best = score > best ? score : best;
    }
    ptrdiff_t n = 0, gone = m;
    while (best > -(real)INFINITY) {
        if (2 * gone > m) m = FL(draw_together)(&s, m), gone = 0;
        ptrdiff_t at = 0, alive = 0;
        while (s.score[at] != best) at++;
        FL(upright) top = FL(soft_at)(&s, at);
        kept[n] = s.index[at], faded[n++] = best;
        s.score[at] = -(real)INFINITY;
        best = FL(fade)(args, &s, m, top);
        if (n % 16 == 0) {
            for (ptrdiff_t i = 0; i < m; i++) alive += s.score[i] > -(real)INFINITY;
            gone = m - alive;
        }
    }
    free(memory);
    return n;
}

typedef struct {
    int64_t index;
    real score;
} FL(faded);

/* Groups one after the other in kept and faded, put in the order of falling scores. */
static fl_status FL(by_faded_score)(int64_t *kept, real *faded, ptrdiff_t n) {
    FL(ranked) *items = malloc((2 * n + 1) * sizeof *items);
    FL(faded) *copy = malloc((n + 1) * sizeof *copy);
    fl_status status = items && copy ? FL_OK : FL_NO_MEMORY;
    if (status == FL_OK) {
        /* By position first, as equal scores are taken in that order. */
        for (ptrdiff_t i = 0; i < n; i++) {
            items[i] = (FL(ranked)){(FL(word))kept[i], (uint32_t)i};
            copy[i] = (FL(faded)){kept[i], faded[i]};
        }
        FL(ranked) *sorted = FL(sort_ranked)(items, items + n, n);
        for (ptrdiff_t i = 0; i < n; i++) sorted[i].key = FL(falling)(copy[sorted[i].index].score);
        sorted = FL(sort_ranked)(sorted, sorted == items ? items + n : items, n);
        for (ptrdiff_t i = 0; i < n; i++)
            kept[i] = copy[sorted[i].index].index, faded[i] = copy[sorted[i].index].score;
    }
    free(items);
    free(copy);
    return status;
}

/* First NaN among n scores, or -1. */
static ptrdiff_t FL(first_nan)(const real *scores, ptrdiff_t n) {
    for (ptrdiff_t i = 0; i < n; i++)
        if (scores[i] != scores[i]) return i;
    return -1;
}

static fl_status FL(soft_nms)(fl_soft_nms_args *args) {
    fl_groups groups;
    real *faded = (real *)args->faded;
    args->n_kept = 0;
    args->bad = FL(first_nan)((const real *)args->scores, args->n);
    if (args->bad >= 0) return FL_BAD_LABEL;
    if (!args->classes) {
        args->n_kept = FL(soft_group)(args, NULL, args->n, args->kept, faded);
        return args->n_kept < 0 ? FL_NO_MEMORY : FL_OK;
    }
    if (fl_group(args->classes, args->n, &groups) != FL_OK) return FL_NO_MEMORY;
    for (ptrdiff_t k = 0; k < groups.count && args->n_kept >= 0; k++) {
        ptrdiff_t start = groups.starts[k], at = args->n_kept;
        ptrdiff_t n = FL(soft_group)(args, groups.members + start, groups.starts[k + 1] - start,
                                     args->kept + at, faded + at);
        args->n_kept = n < 0 ? -1 : at + n;
    }
    fl_groups_free(&groups);
    if (args->n_kept < 0) return FL_NO_MEMORY;
    return FL(by_faded_score)(args->kept, faded, args->n_kept);
}
