/* boxes.h -- the overlaps of two boxes and their derivative with respect to box 1.
 *
 * IoU (Jaccard), GIoU (Rezatofighi et al. 2019), DIoU and CIoU (Zheng et al. 2020). With
 *   I, U     areas of intersection and union       E, c2  area and squared diagonal of the enclosing box
 *   rho2     squared distance of the centres       D      difference of the angles atan(w/h)
 *   IoU = I/U      GIoU = IoU - (E - U)/E      DIoU = IoU - rho2/c2
 *   CIoU = DIoU - alpha v,   v = 4/pi^2 D^2,   alpha = v/(1 - IoU + v), a constant in the derivative
 *
 * Libraries agree on these and differ in where they add a small number and in what a touching pair is.
 * Those differences are the rules below; there is one formula.
 *
 * Kinks: a tie of max or min passes half of the derivative to either side. */

/* A box as the formula wants it: corners, sizes, and for CIoU the angle atan(w/h). */
typedef struct {
    real x1, y1, x2, y2, w, h, angle;
} FL(box);

typedef struct {
    real height;      /* added to both heights */
    real inside;      /* part of U and E */
    real outside;     /* added to U and E where they divide */
    real diagonal;    /* part of c2 */
    real alpha;       /* added to alpha's denominator */
    real touching;    /* the least overlap of two sides through which the derivative passes */
    real enclosing;   /* the least side of the enclosing box */
} FL(overlap_rules);

/* overlap = iou - penalty. The derivative is taken as if corners and sizes were independent;
 * w and h hold the part that comes through the sizes. */
typedef struct {
    real iou, penalty;
    real x1, y1, x2, y2, w, h;
} FL(overlap);

/* torchvision's losses: small numbers only where something divides, a touching pair is a disjoint pair. */
static FL(overlap_rules) FL(loss_rules)(int kind, real eps) {
    /* complete_box_iou_loss hands its eps to alpha alone. */
    real e = kind == FL_CIOU ? (real)1e-7 : eps;
    return (FL(overlap_rules)){.outside = e,
                               .diagonal = e,
                               .alpha = eps,
                               .touching = REAL_IS_FLOAT ? (real)0x1p-149 : (real)0x1p-1074,
                               .enclosing = -(real)INFINITY};
}

/* The rules of detection training: part of the areas and, where boxes come as corners, of the heights. */
static FL(overlap_rules) FL(training_rules)(int corners, real eps) {
    return (FL(overlap_rules)){.height = corners ? eps : 0,
                               .inside = eps,
                               .diagonal = eps,
                               .alpha = eps,
                               .enclosing = -(real)INFINITY};
}

/* torchvision's matrices: nothing added to areas, the enclosing box has no negative side. */
static FL(overlap_rules) FL(pair_rules)(real eps) {
    return (FL(overlap_rules)){.diagonal = eps, .alpha = eps};
}

/* d max(p, t) / dp */
static FL_INLINE real FL(max_share)(real p, real t) {
    const real half = (real)0.5;
    return (p > t ? half : 0) + (p >= t ? half : 0);
}

/* Derivative that comes from `inner` where p makes the intersection, from `outer` where it makes
 * the enclosing box. */
static FL_INLINE real FL(share)(int kind, real inner_share, real inner, real outer) {
    return kind == FL_IOU ? inner_share * inner : FL(fma)(inner_share, inner, (1 - inner_share) * outer);
}

static FL_INLINE FL(overlap)
    FL(overlap_of)(int kind, int derive, FL(box) p, FL(box) t, const FL(overlap_rules) *rules) {
    const real aspect = (real)0.405284734569351085775517852838911; /* 4/pi^2 */
    FL(overlap) r = {0};
    real rx = FL(min)(t.x2, p.x2) - FL(max)(t.x1, p.x1), iw = FL(max)(0, rx);
    real ry = FL(min)(t.y2, p.y2) - FL(max)(t.y1, p.y1), ih = FL(max)(0, ry);
    real both = iw * ih, either = p.w * p.h + t.w * t.h - both + rules->inside;
    real divisor = either + rules->outside;
    r.iou = both / divisor;

    real per_union = 0, by_area = 0;          /* d overlap = (per_union - by_area) dI + by_area d(w h) */
    if (derive) {
        per_union = 1 / divisor;
        by_area = -r.iou * per_union;
    }

    real by_cw = 0, by_ch = 0;                /* ... + by_cw dcw + by_ch dch */
    real by_shift_x = 0, by_shift_y = 0;      /* ... and through the centre */
    if (kind != FL_IOU) {
        real sx = FL(max)(t.x2, p.x2) - FL(min)(t.x1, p.x1), cw = FL(max)(rules->enclosing, sx);
        real sy = FL(max)(t.y2, p.y2) - FL(min)(t.y1, p.y1), ch = FL(max)(rules->enclosing, sy);
        if (kind == FL_GIOU) {
            real hull = cw * ch + rules->inside, hull_divisor = hull + rules->outside;
            r.penalty = (hull - either) / hull_divisor;
            if (derive) {
                real per_hull = 1 / hull_divisor, e = (1 - r.penalty) * per_hull;
                by_area += per_hull;
                by_cw = sx >= rules->enclosing ? -e * ch : 0;
                by_ch = sy >= rules->enclosing ? -e * cw : 0;
            }
        } else {
            real c2 = FL(fma)(cw, cw, ch * ch) + rules->diagonal;
            real dx = (t.x1 - p.x1) + (t.x2 - p.x2), dy = (t.y1 - p.y1) + (t.y2 - p.y2);
            real rho2 = FL(fma)(dx, dx, dy * dy) * (real)0.25;
            real per_c2 = 1 / c2;
            r.penalty = rho2 * per_c2;
            if (derive) {
                real e = 2 * r.penalty * per_c2;
                by_cw = e * cw, by_ch = e * ch;
                by_shift_x = (real)0.5 * dx * per_c2, by_shift_y = (real)0.5 * dy * per_c2;
            }
        }
    }

    if (derive) {
        real by_both = per_union - by_area;
        real by_iw = rx >= rules->touching ? by_both * ih : 0;
        real by_ih = ry >= rules->touching ? by_both * iw : 0;
        r.x1 = by_shift_x - FL(share)(kind, FL(max_share)(p.x1, t.x1), by_iw, by_cw);
        r.y1 = by_shift_y - FL(share)(kind, FL(max_share)(p.y1, t.y1), by_ih, by_ch);
        r.x2 = by_shift_x + FL(share)(kind, FL(max_share)(t.x2, p.x2), by_iw, by_cw);
        r.y2 = by_shift_y + FL(share)(kind, FL(max_share)(t.y2, p.y2), by_ih, by_ch);
        r.w = by_area * p.h;
        r.h = by_area * p.w;
    }

    if (kind == FL_CIOU) {
        real d = t.angle - p.angle, v = aspect * d * d;
        real alpha = v / (1 - r.iou + v + rules->alpha);
        r.penalty = FL(fma)(alpha, v, r.penalty);
        if (derive) {
            /* A point has no angle, so v and the value are NaN; its derivative is defined as 0. */
            real q = FL(fma)(p.w, p.w, p.h * p.h), e = 2 * aspect * alpha * d / q;
            e = (q > 0) & (d == d) ? e : 0;
            r.w = FL(fma)(e, p.h, r.w);
            r.h = FL(fma)(-e, p.w, r.h);
        }
    }
    return r;
}
