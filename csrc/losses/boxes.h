/* boxes.h -- the overlaps of two boxes and their derivative with respect to box 1.
 *
 * IoU (Jaccard), GIoU (Rezatofighi et al. 2019), DIoU and CIoU (Zheng et al. 2020). With
 *   I, U     areas of intersection and union       E, c2  area and squared diagonal of the enclosing box
 *   rho2     squared distance of the centres       D      difference of the angles 2/pi atan(w/h)
 *   IoU = I/U      GIoU = IoU - (E - U)/E      DIoU = IoU - rho2/c2
 *   CIoU = DIoU - alpha v,   v = D^2,   alpha = v/(1 - IoU + v), a constant in the derivative
 * What was made of them later stands in box_variants.h.
 *
 * Libraries agree on these and differ in where they add a small number and in what a touching pair is.
 * Those differences are the rules below; there is one formula, and at the end the same rearranged for matrices.
 *
 * Kinks: a tie of max or min passes half of the derivative to either side. */

/* A box as the formula wants it: corners, sizes, area, and for CIoU the angle 2/pi atan(w/h). */
typedef struct {
    real x1, y1, x2, y2, w, h, angle, area;
} FL(box);
static FL_INLINE FL(box) FL(box_of)(real x1, real y1, real x2, real y2, real w, real h, real angle) {
    return (FL(box)){x1, y1, x2, y2, w, h, angle, w * h};
}

#undef FL_TWO_BY_PI
#define FL_TWO_BY_PI ((real)0.63661977236758134307553505349006)

/* Without the quotient. */
static FL_INLINE real FL(angle_of)(real w, real h) {
    return FL(with_sign)(FL_TWO_BY_PI * FL(atan_ratio)(FL(abs)(w), FL(abs)(h)), w * h);
}

typedef struct {
    real height;      /* added to both heights */
    real inside;      /* part of U and E */
    real outside;     /* added to U and E where they divide */
    real diagonal;    /* part of c2 */
    real alpha;       /* added to alpha's denominator */
    real touching;    /* the least overlap of two sides through which the derivative passes */
    real apart;       /* the least side of the intersection: 0, see FL(meet) */
    real enclosing;   /* the least side of the enclosing box */
    real p[FL_MAX_PARAMETERS]; /* what a kind takes besides, see FL(variant_rules); p[0] is eps */
    real focus;       /* for WIoU: one over the running mean of 1 - IoU */
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
                               .enclosing = -(real)INFINITY,
                               .p = {eps}};
}

/* torchvision's matrices: nothing added to areas, the enclosing box has no negative side. */
static FL(overlap_rules) FL(pair_rules)(real eps) {
    return (FL(overlap_rules)){.diagonal = eps, .alpha = eps};
}

/* ---- what all kinds are made of ----------------------------------------------------- */

typedef struct {
    real rx, ry, iw, ih;          /* how far the sides overlap, and the sides of the intersection */
    real both, either, divisor;   /* I, U, and what I is divided by */
    real sx, sy, cw, ch;          /* sides of the enclosing box, cw and ch at least as rules demand */
    real dx, dy;                  /* twice the way between the centres */
    real iou;
} FL(meeting);

static FL_INLINE FL(meeting) FL(meet)(FL(box) p, FL(box) t, const FL(overlap_rules) *rules) {
    FL(meeting) m;
    /* Of a 0 that compilers see they make a comparison and a mask, of the larger of two numbers one operation. */
    m.rx = FL(min)(t.x2, p.x2) - FL(max)(t.x1, p.x1), m.iw = FL(max)(rules->apart, m.rx);
    m.ry = FL(min)(t.y2, p.y2) - FL(max)(t.y1, p.y1), m.ih = FL(max)(rules->apart, m.ry);
    m.both = m.iw * m.ih, m.either = p.area + t.area - m.both + rules->inside;
    m.divisor = m.either + rules->outside;
    m.iou = m.both / m.divisor;
    m.sx = FL(max)(t.x2, p.x2) - FL(min)(t.x1, p.x1), m.cw = FL(max)(rules->enclosing, m.sx);
    m.sy = FL(max)(t.y2, p.y2) - FL(min)(t.y1, p.y1), m.ch = FL(max)(rules->enclosing, m.sy);
    m.dx = (t.x1 - p.x1) + (t.x2 - p.x2), m.dy = (t.y1 - p.y1) + (t.y2 - p.y2);
    return m;
}

/* The derivative of an overlap by what it is made of. `either` is U without I's part in it: its derivative
 * is that of w h of box 1, less dI. */
typedef struct {
    real both, either;
    real cw, ch;
    real dx, dy;
    real w, h;
} FL(slopes);

/* d max(p, t) / dp */
static FL_INLINE real FL(max_share)(real p, real t) {
    const real half = (real)0.5;
    return (p > t ? half : 0) + (p >= t ? half : 0);
}

/* Derivative that comes from `inner` where the first of two sides is the larger and p makes the intersection,
 * from `outer` where p makes the enclosing box. */
static FL_INLINE real FL(share)(real first, real second, real inner, real outer) {
    const real tie = (real)0.5 * (inner + outer);
    return first > second ? inner : (first == second ? tie : outer);
}

/* The chain rule from there to corners and sizes. `enclosed`: the enclosing box takes part. */
static FL_INLINE void FL(spread)(int enclosed, FL(box) p, FL(box) t, const FL(meeting) *m,
                                 const FL(slopes) *d, const FL(overlap_rules) *rules, FL(overlap) *r) {
    real by_both = d->both - d->either;
    real by_iw = m->rx >= rules->touching ? by_both * m->ih : 0;
    real by_ih = m->ry >= rules->touching ? by_both * m->iw : 0;
    real by_cw = enclosed ? d->cw : 0, by_ch = enclosed ? d->ch : 0;
    r->x1 = -d->dx - FL(share)(p.x1, t.x1, by_iw, by_cw);
    r->y1 = -d->dy - FL(share)(p.y1, t.y1, by_ih, by_ch);
    r->x2 = -d->dx + FL(share)(t.x2, p.x2, by_iw, by_cw);
    r->y2 = -d->dy + FL(share)(t.y2, p.y2, by_ih, by_ch);
    r->w = FL(fma)(d->either, p.h, d->w);
    r->h = FL(fma)(d->either, p.w, d->h);
}

/* ---- the penalties ------------------------------------------------------------------------
 *
 * Each gives its value, and adds its derivative, times -gain, to the slopes of the overlap. */

/* (E - U)/E */
static FL_INLINE real FL(hull_penalty)(const FL(meeting) *m, const FL(overlap_rules) *rules, real *per_hull) {
    real hull = m->cw * m->ch + rules->inside, divisor = hull + rules->outside;
    *per_hull = 1 / divisor;
    return (hull - m->either) / divisor;
}

static FL_INLINE void FL(hull_slopes)(const FL(meeting) *m, const FL(overlap_rules) *rules, real penalty,
                                      real per_hull, real gain, FL(slopes) *d) {
    real e = gain * (1 - penalty) * per_hull;
    d->either += gain * per_hull;
    d->cw -= m->sx >= rules->enclosing ? e * m->ch : 0;
    d->ch -= m->sy >= rules->enclosing ? e * m->cw : 0;
}

/* rho2/c2 */
static FL_INLINE real FL(distance_penalty)(const FL(meeting) *m, const FL(overlap_rules) *rules,
                                           real *per_c2) {
    real c2 = FL(fma)(m->cw, m->cw, m->ch * m->ch) + rules->diagonal;
    *per_c2 = 1 / c2;
    return FL(fma)(m->dx, m->dx, m->dy * m->dy) * (real)0.25 * *per_c2;
}

static FL_INLINE void FL(distance_slopes)(const FL(meeting) *m, real penalty, real per_c2, real gain,
                                          FL(slopes) *d) {
    real e = 2 * gain * penalty * per_c2, half = (real)0.5 * gain * per_c2;
    d->cw += e * m->cw, d->ch += e * m->ch;
    d->dx -= half * m->dx, d->dy -= half * m->dy;
}

/* alpha v */
static FL_INLINE real FL(aspect_penalty)(FL(box) p, FL(box) t, real iou, const FL(overlap_rules) *rules,
                                         real *alpha) {
    real d = t.angle - p.angle, v = d * d;
    *alpha = v / (1 - iou + v + rules->alpha);
    return *alpha * v;
}

static FL_INLINE void FL(aspect_slopes)(FL(box) p, FL(box) t, real alpha, real gain, FL(slopes) *s) {
    /* A point has no angle, so v and the value are NaN; its derivative is defined as 0. */
    real d = t.angle - p.angle;
    real q = FL(fma)(p.w, p.w, p.h * p.h), e = 2 * FL_TWO_BY_PI * gain * alpha * d / q;
    e = (q > 0) & (d == d) ? e : 0;
    s->w = FL(fma)(e, p.h, s->w);
    s->h = FL(fma)(-e, p.w, s->h);
}

/* x, x^3, or x^a, and what d x counts in it. A power's x is held to [0, 1], beyond which only inverted boxes
 * lie (and 1 by rounding); the infinite derivative at 0 for a < 1 is 0. */
enum { FL(plain), FL(cubed), FL(any_power) };
static FL_INLINE real FL(powered)(int power, real x, real a, real *gain) {
    *gain = 1;
    if (power == FL(plain)) return x;
    real base = FL(min)(1, FL(max)(0, x)), rest = power == FL(cubed) ? base * base : FL(pow)(base, a - 1);
    rest = FL(from_bits)(FL(bits)(rest) & ~(FL(equal)(base, 0) & FL(less)(a, 1)));
    *gain = FL(from_bits)(FL(bits)(a * rest) & ~(FL(less)(x, 0) | FL(less)((real)1.0001, x)));
    return base * rest;
}

/* What is taken from the IoU: nothing, or the penalties of GIoU, DIoU and CIoU, each to a power. */
static FL_INLINE real FL(penalties)(int kind, int derive, int power, FL(box) p, FL(box) t,
                                    const FL(meeting) *m, const FL(overlap_rules) *rules, FL(slopes) *d) {
    real x, per, alpha, gain, sum = 0;
    if (kind == FL_GIOU) {
        x = FL(hull_penalty)(m, rules, &per);
        sum = FL(powered)(power, x, rules->p[1], &gain);
        if (derive) FL(hull_slopes)(m, rules, x, per, gain, d);
    }
    if (kind == FL_DIOU || kind == FL_CIOU) {
        x = FL(distance_penalty)(m, rules, &per);
        sum = FL(powered)(power, x, rules->p[1], &gain);
        if (derive) FL(distance_slopes)(m, x, per, gain, d);
    }
    if (kind == FL_CIOU) {
        x = FL(aspect_penalty)(p, t, m->iou, rules, &alpha);
        sum += FL(powered)(power, x, rules->p[1], &gain);
        if (derive) FL(aspect_slopes)(p, t, alpha, gain, d);
    }
    return sum;
}

/* gain times the IoU's derivative */
static FL_INLINE void FL(iou_slopes)(const FL(meeting) *m, real gain, FL(slopes) *d) {
    d->both = gain / m->divisor;
    d->either = -m->iou * d->both;
}

/* ---- IoU, GIoU, DIoU, CIoU -------------------------------------------------------------- */

static FL_INLINE FL(overlap)
    FL(overlap_of)(int kind, int derive, FL(box) p, FL(box) t, const FL(overlap_rules) *rules) {
    FL(overlap) r = {0};
    FL(meeting) m = FL(meet)(p, t, rules);
    FL(slopes) d = {0};
    r.iou = m.iou;
    if (derive) FL(iou_slopes)(&m, 1, &d);
    r.penalty = FL(penalties)(kind, derive, FL(plain), p, t, &m, rules, &d);
    if (derive) FL(spread)(kind != FL_IOU, p, t, &m, &d, rules, &r);
    return r;
}

/* ---- the same of torchvision's matrices, over a common divisor -----------------------------
 *
 * A loop over pairs waits for the divider. With one division for IoU and penalty
 *   GIoU = (I E - (E - U) U) / (U E)      DIoU = (I c2 - U rho2) / (U c2)
 *   alpha v = v^2 U / ((1 + eps + v) U - I)
 * whose products overflow sooner: for boxes that FL(moderate) finds so. */

static FL_INLINE real FL(merged_overlap)(int kind, FL(box) p, FL(box) t, const FL(overlap_rules) *rules) {
    real rx = FL(min)(t.x2, p.x2) - FL(max)(t.x1, p.x1), ry = FL(min)(t.y2, p.y2) - FL(max)(t.y1, p.y1);
    real both = FL(max)(rules->apart, rx) * FL(max)(rules->apart, ry), either = p.area + t.area - both;
    if (kind == FL_IOU) return both / either;
    real cw = p.w + t.w - rx, ch = p.h + t.h - ry;
    if (kind == FL_GIOU) {
        real hull = cw * ch;
        return FL(fma)(both, hull, -((hull - either) * either)) / (either * hull);
    }
    real c2 = FL(fma)(cw, cw, ch * ch) + rules->diagonal;
    real dx = (t.x1 - p.x1) + (t.x2 - p.x2), dy = (t.y1 - p.y1) + (t.y2 - p.y2);
    real rho2 = FL(fma)(dx, dx, dy * dy) * (real)0.25;
    real distance = FL(fma)(both, c2, -(either * rho2)) / (either * c2);
    if (kind == FL_DIOU) return distance;
    real d = t.angle - p.angle, v = d * d;
    return distance - v * v * either / FL(fma)(v + (1 + rules->alpha), either, -both);
}

/* No side is negative, none below 10^-6 without being 0, no corner beyond 10^9; NaN is moderate. */
static FL_INLINE int FL(moderate)(FL(box) b) {
    const real least = (real)0x1p-20, most = (real)0x1p30;
    real far = FL(max)(FL(max)(FL(abs)(b.x1), FL(abs)(b.x2)), FL(max)(FL(abs)(b.y1), FL(abs)(b.y2)));
    return !((b.w < least) & (b.w != 0)) & !((b.h < least) & (b.h != 0)) & !(far > most);
}
