/* kept.h -- a box against the boxes that were kept before it.
 *
 * torchvision's rule, in the boxes' type: with sides clamped at 0 and area = (x2 - x1)(y2 - y1)
 *   IoU = I / (area_kept + area - I),   suppressed if IoU > threshold
 * A box that is inverted, has no area, an infinite one or a NaN in it has an IoU of 0 or NaN with every
 * other: it neither suppresses nor is suppressed, and never comes here. */

typedef struct {
    real x1, y1, x2, y2, area;
} FL(upright);

static FL_INLINE FL(upright) FL(upright_at)(const real *boxes, ptrdiff_t i) {
    const real *b = boxes + 4 * i;
    return (FL(upright)){b[0], b[1], b[2], b[3], (b[2] - b[0]) * (b[3] - b[1])};
}

static FL_INLINE int FL(may_overlap)(FL(upright) b) {
    return b.x2 > b.x1 && b.y2 > b.y1 && b.area > 0 && b.area < (real)INFINITY;
}

/* The largest number of this type that is no larger than the caller's threshold: what exceeds the one
 * exceeds the other. */
static real FL(nms_threshold)(double threshold) {
    real t = (real)threshold;
#if REAL_IS_FLOAT
    if (t > threshold) t = nextafterf(t, -INFINITY);
#endif
    return t;
}

static FL_INLINE real FL(intersection)(FL(upright) a, FL(upright) b) {
    real w = FL(min)(a.x2, b.x2) - FL(max)(a.x1, b.x1), h = FL(min)(a.y2, b.y2) - FL(max)(a.y1, b.y1);
    return FL(max)(0, w) * FL(max)(0, h);
}

/* I / U > t needs a division. It implies I >= t U, as rounding keeps the order of numbers, and that is the
 * screen that all pairs pass through. With w < 0, I may be as negative as it likes. */
static FL_INLINE int FL(near_hit)(FL(upright) kept, FL(upright) b, real threshold) {
    real w = FL(min)(kept.x2, b.x2) - FL(max)(kept.x1, b.x1);
    real h = FL(min)(kept.y2, b.y2) - FL(max)(kept.y1, b.y1);
    real both = w * FL(max)(0, h);
    return both >= threshold * (kept.area + b.area - both);
}

static FL_INLINE int FL(hit)(FL(upright) kept, FL(upright) b, real threshold) {
    real both = FL(intersection)(kept, b);
    return both / (kept.area + b.area - both) > threshold;
}

/* Kept boxes, one coordinate after the other; the last block is filled up with boxes that overlap nothing. */
typedef struct {
    real x1[FL_LANES], y1[FL_LANES], x2[FL_LANES], y2[FL_LANES], area[FL_LANES];
} FL(kept_block);

static FL_INLINE FL(upright) FL(kept_at)(const FL(kept_block) *b, int lane) {
    return (FL(upright)){b->x1[lane], b->y1[lane], b->x2[lane], b->y2[lane], b->area[lane]};
}

static FL_INLINE void FL(keep)(FL(kept_block) *blocks, ptrdiff_t count, FL(upright) box) {
    FL(kept_block) *b = blocks + count / FL_LANES;
    int lane = (int)(count % FL_LANES);
    if (!lane)
        for (int l = 0; l < FL_LANES; l++) {
            b->x1[l] = b->y1[l] = (real)INFINITY;
            b->x2[l] = b->y2[l] = -(real)INFINITY;
            b->area[l] = 0;
        }
    b->x1[lane] = box.x1, b->y1[lane] = box.y1, b->x2[lane] = box.x2, b->y2[lane] = box.y2;
    b->area[lane] = box.area;
}

static FL_INLINE int FL(any_near)(const FL(kept_block) *b, FL(upright) box, real threshold) {
    int near = 0;
    FL_LANE_LOOP_OR(near)
    for (int l = 0; l < FL_LANES; l++) near |= FL(near_hit)(FL(kept_at)(b, l), box, threshold);
    return near;
}

/* Four blocks: one reduction over the lanes for all of them. */
static FL_INLINE int FL(any_near_of_four)(const FL(kept_block) *b, FL(upright) box, real threshold) {
    int near = 0;
    FL_LANE_LOOP_OR(near)
    for (int l = 0; l < FL_LANES; l++)
        near |= FL(near_hit)(FL(kept_at)(b, l), box, threshold)
            | FL(near_hit)(FL(kept_at)(b + 1, l), box, threshold)
            | FL(near_hit)(FL(kept_at)(b + 2, l), box, threshold)
            | FL(near_hit)(FL(kept_at)(b + 3, l), box, threshold);
    return near;
}

static FL_INLINE int FL(any_hit)(const FL(kept_block) *b, FL(upright) box, real threshold) {
    int hit = 0;
    FL_LANE_LOOP_OR(hit)
    for (int l = 0; l < FL_LANES; l++) hit |= FL(hit)(FL(kept_at)(b, l), box, threshold);
    return hit;
}

/* ---- rotated boxes ----------------------------------------------------------------------------------- */

/* Of a rotated box, `upright` is the box around it, but for the area, which is its own. The kept ones stand
 * beside their blocks: what the exact overlap needs, and 0 in the lanes that are not filled. */
typedef struct {
    real x[FL_LANES], y[FL_LANES], c[FL_LANES], s[FL_LANES], p[FL_LANES], q[FL_LANES];
} FL(turned_block);

static FL_INLINE void FL(keep_turned)(FL(turned_block) *blocks, ptrdiff_t count, const FL(rotated) *box) {
    FL(turned_block) *b = blocks + count / FL_LANES;
    int lane = (int)(count % FL_LANES);
    if (!lane) memset(b, 0, sizeof *b);
    b->x[lane] = box->x, b->y[lane] = box->y, b->c[lane] = box->c, b->s[lane] = box->s;
    b->p[lane] = box->p, b->q[lane] = box->q;
}

/* IoU > t needs an intersection of more than t / (1 + t) of both areas together, and the boxes around the
 * boxes share no less; half of that is asked for, as the overlap of thin boxes loses digits. */
static FL_INLINE int FL(any_around_near)(const FL(kept_block) *b, FL(upright) box, real share) {
    int near = 0;
    FL_LANE_LOOP_OR(near)
    for (int l = 0; l < FL_LANES; l++) {
        real w = FL(min)(b->x2[l], box.x2) - FL(max)(b->x1[l], box.x1);
        real h = FL(min)(b->y2[l], box.y2) - FL(max)(b->y1[l], box.y1);
        near |= w * FL(max)(0, h) > share * (b->area[l] + box.area);
    }
    return near;
}

static FL_PASS int FL(any_turned_hit)(const FL(turned_block) *b, const FL(rotated) *box, real threshold) {
    const FL(rotated) own = *box;
    int hit = 0;
    FL_LANE_LOOP_OR(hit)
    for (int l = 0; l < FL_LANES; l++) {
        FL(rotated) kept = {b->x[l], b->y[l], 0, 0, b->c[l], b->s[l], b->p[l], b->q[l]};
        hit |= FL(rotated_iou)(0, kept, own, NULL).value > threshold;
    }
    return hit;
}

/* ---- a box against all kept ones ------------------------------------------------------------------------ */

/* What is asked of a box: `turned` where it is a rotated one. */
typedef struct {
    FL(upright) box;
    const FL(rotated) *turned;
    real threshold, share;
} FL(question);

static FL_INLINE int FL(block_suppresses)(int rotated, const FL(kept_block) *b,
                                          const FL(turned_block) *turned, const FL(question) *ask) {
    if (rotated)
        return FL(any_around_near)(b, ask->box, ask->share)
            && FL(any_turned_hit)(turned, ask->turned, ask->threshold);
    return FL(any_near)(b, ask->box, ask->threshold) && FL(any_hit)(b, ask->box, ask->threshold);
}

/* Whether one of `count` kept boxes suppresses the box. Four blocks at a time, the division on a near hit. */
static FL_PASS int FL(suppressed)(const FL(kept_block) *blocks, ptrdiff_t count, FL(question) ask) {
    ptrdiff_t n = (count + FL_LANES - 1) / FL_LANES, i = 0;
    for (; i + 4 <= n; i += 4)
        if (FL(any_near_of_four)(blocks + i, ask.box, ask.threshold))
            for (int k = 0; k < 4; k++)
                if (FL(any_hit)(blocks + i + k, ask.box, ask.threshold)) return 1;
    for (; i < n; i++)
        if (FL(block_suppresses)(0, blocks + i, NULL, &ask)) return 1;
    return 0;
}

static FL_PASS int FL(turned_suppressed)(const FL(kept_block) *blocks, const FL(turned_block) *turned,
                                         ptrdiff_t count, FL(question) ask) {
    for (ptrdiff_t i = 0; i * FL_LANES < count; i++)
        if (FL(block_suppresses)(1, blocks + i, turned + i, &ask)) return 1;
    return 0;
}
