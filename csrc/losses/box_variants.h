/* box_variants.h -- what was made of IoU, GIoU, DIoU and CIoU, by the rules of detection training.
 *
 * The loss is 1 - overlap throughout. Symbols as in boxes.h; w1, h1 are the sizes of box 1, cw and ch
 * those of the enclosing box, and eps is added wherever something divides.
 *   EIoU     IoU - rho2/c2 - (w1 - w2)^2/cw^2 - (h1 - h2)^2/ch^2; focal: IoU^gamma times the loss (Zhang 2021)
 *   SIoU     IoU - (D + Om)/2, cut to [-1, 1]                               (Gevorgyan 2022, as YOLOv6 has it)
 *   WIoU     loss e^(rho2/c2) (1 - IoU), c2 a constant, times a focus        (Tong 2023)
 *   MPDIoU   IoU - (d1 + d2)/(W^2 + H^2), the squared distances of two corners (Ma and Xu 2023)
 *   NWD      e^(-sqrt(W2)/C), the Wasserstein distance of two Gaussians      (Wang 2021)
 *   alpha    IoU^a, and every penalty to the power a                         (He 2021)
 *   inner    the IoU of both boxes scaled about their centres in place of the IoU (Zhang 2023) */

/* The kind whose penalties a kind has, and whether these need the angle of a box. */
static FL_INLINE int FL(base_of)(int kind) {
    return kind >= FL_INNER_IOU ? kind - FL_INNER_IOU : kind >= FL_ALPHA_IOU ? kind - FL_ALPHA_IOU : kind;
}

static FL_INLINE int FL(needs_angle)(int kind) { return FL(base_of)(kind) == FL_CIOU; }

/* Rules with the parameters of a kind: p as in losses.def, a mean for WIoU. */
static FL(overlap_rules) FL(variant_rules)(int kind, int corners, const double *p, double mean) {
    FL(overlap_rules) rules = FL(training_rules)(corners && kind != FL_NWD, (real)p[0]);
    FL(read_parameters)(p, rules.p);
    if (kind == FL_MPDIOU) rules.p[1] = (real)(1 / (p[1] * p[1] + p[2] * p[2]));
    if (kind == FL_WIOU3) rules.p[2] = (real)log(p[2]);
    rules.focus = (real)(1 / (mean > 1e-30 ? mean : 1e-30));
    return rules;
}

/* A loss as the overlap 1 - loss. */
static FL_INLINE FL(overlap) FL(from_loss)(real loss) { return (FL(overlap)){.iou = 1, .penalty = loss}; }

/* ---- EIoU: p[1] gamma, p[2] whether IoU^gamma is a constant in the derivative ----------------- */

static FL_INLINE FL(overlap)
    FL(efficient)(int focal, int derive, FL(box) p, FL(box) t, const FL(overlap_rules) *rules) {
    FL(meeting) m = FL(meet)(p, t, rules);
    FL(slopes) d = {0};
    real per, distance = FL(distance_penalty)(&m, rules, &per), dw = p.w - t.w, dh = p.h - t.h;
    real per_w = 1 / FL(fma)(m.cw, m.cw, rules->p[0]), per_h = 1 / FL(fma)(m.ch, m.ch, rules->p[0]);
    real wide = dw * dw * per_w, high = dh * dh * per_h;
    real loss = 1 - m.iou + (distance + wide + high), factor = 1, gain = 1;
    if (focal) {
        real iou = FL(min)(1, FL(abs)(m.iou));
        factor = FL(pow_unit)(iou, rules->p[1]);
        /* At IoU = 0, where it would be infinite, the factor has no derivative. */
        real slope = iou > 0 ? rules->p[1] * factor / iou : 0 * iou;
        gain = factor - (1 - rules->p[2]) * slope * loss;
    }
    FL(overlap) r = FL(from_loss)(factor * loss);
    if (derive) {
        FL(iou_slopes)(&m, gain, &d);
        FL(distance_slopes)(&m, distance, per, factor, &d);
        d.cw = FL(fma)(2 * factor * wide * per_w, m.cw, d.cw);
        d.ch = FL(fma)(2 * factor * high * per_h, m.ch, d.ch);
        d.w = -2 * factor * dw * per_w, d.h = -2 * factor * dh * per_h;
        FL(spread)(1, p, t, &m, &d, rules, &r);
    }
    return r;
}

/* ---- SIoU -------------------------------------------------------------------------------------- */

/* (1 - e^-o)^4 with o = |a - b| / max(|a|, |b|), and its derivative by a. */
static FL_INLINE real FL(shape_cost)(real a, real b, real *slope) {
    real x = FL(abs)(a), y = FL(abs)(b), d = a - b;
    real per = 1 / FL(max)(FL_TINY, FL(max)(x, y)), o = FL(abs)(d) * per;
    real e = FL(exp_minus)(o), q = 1 - e, q2 = q * q;
    *slope = 4 * q2 * q * e * per * (FL(sign)(d) - o * FL(max_share)(x, y) * FL(sign)(a));
    return q2 * q2;
}

static FL_INLINE FL(overlap) FL(scylla)(int derive, FL(box) p, FL(box) t, const FL(overlap_rules) *rules) {
    const real half = (real)0.5;
    FL(meeting) m = FL(meet)(p, t, rules);
    FL(slopes) d = {0};
    FL(overlap) r = {0};
    real sx = half * m.dx, sy = half * m.dy, x2 = sx * sx, y2 = sy * sy, sum = x2 + y2;
    /* The angle cost 2 |sx sy| / sum = sin(2 asin(..)), without the arcsine and its singularity. */
    real per_sum = sum < FL_TINY ? 0 : 1 / sum, angle = 2 * FL(abs)(sx * sy) * per_sum, gamma = 2 - angle;
    real per_w = 1 / FL(fma)(m.cw, m.cw, rules->p[0]), per_h = 1 / FL(fma)(m.ch, m.ch, rules->p[0]);
    real rx = x2 * per_w, ry = y2 * per_h;
    real ex = FL(exp_minus)(gamma * rx), ey = FL(exp_minus)(gamma * ry), by_w, by_h;
    real wide = FL(shape_cost)(p.w, t.w, &by_w), high = FL(shape_cost)(p.h, t.h, &by_h);
    real cost = half * ((2 - ex - ey) + (wide + high)), raw = m.iou - cost;
    FL(word) out = FL(less)(raw, -1) | FL(less)(1, raw);
    r.iou = m.iou, r.penalty = cost;
    r.iou = FL(choose)(out, FL(with_sign)(1, raw), r.iou);
    r.penalty = FL(from_bits)(FL(bits)(cost) & ~out);
    if (derive) {
        real gain = FL(from_bits)(FL(bits)(half) & ~out), by_rx = gain * gamma * ex,
             by_ry = gain * gamma * ey;
        real by_angle = -gain * FL(fma)(rx, ex, ry * ey);
        real turn = 2 * by_angle * ((y2 - x2) * per_sum) * per_sum;
        FL(iou_slopes)(&m, 2 * gain, &d);
        /* half of d/dsx is d/d dx */
        d.dx = -(FL(fma)(by_rx * per_w, sx, half * turn * FL(abs)(sy) * FL(sign)(sx)));
        d.dy = -(FL(fma)(by_ry * per_h, sy, -half * turn * FL(abs)(sx) * FL(sign)(sy)));
        d.cw = 2 * by_rx * rx * per_w * m.cw, d.ch = 2 * by_ry * ry * per_h * m.ch;
        d.w = -gain * by_w, d.h = -gain * by_h;
        FL(spread)(1, p, t, &m, &d, rules, &r);
    }
    return r;
}

/* ---- WIoU: p[1] gamma, p[2] log alpha, p[3] delta; the versions 1, 2 and 3 of the focus ------------ */

static FL_INLINE FL(overlap)
    FL(wise)(int kind, int derive, FL(box) p, FL(box) t, const FL(overlap_rules) *rules) {
    FL(meeting) m = FL(meet)(p, t, rules);
    FL(slopes) d = {0};
    real per, distance = FL(distance_penalty)(&m, rules, &per), focus = 1;
    /* The centres of proper boxes lie inside of the enclosing one; e to a large power helps nobody. */
    real weight = FL(exp)(FL(min)(1, distance));
    real outlier = FL(max)(0, 1 - m.iou) * rules->focus;
    if (kind == FL_WIOU2) focus = FL(pow)(outlier, rules->p[1]);
    if (kind == FL_WIOU3) focus = outlier / rules->p[3] * FL(exp)((rules->p[3] - outlier) * rules->p[2]);
    weight *= focus;
    real loss = weight * (1 - m.iou);
    FL(overlap) r = FL(from_loss)(loss);
    if (derive) {
        real half = distance > 1 ? 0 : (real)0.5 * loss * per;
        FL(iou_slopes)(&m, weight, &d);
        d.dx = -half * m.dx, d.dy = -half * m.dy;
        FL(spread)(0, p, t, &m, &d, rules, &r);
    }
    return r;
}

/* ---- MPDIoU: p[1] one over the squared diagonal of the image ------------------------------------------ */

static FL_INLINE FL(overlap) FL(corner)(int derive, FL(box) p, FL(box) t, const FL(overlap_rules) *rules) {
    FL(overlap) r = FL(overlap_of)(FL_IOU, derive, p, t, rules);
    real s = rules->p[1], x1 = p.x1 - t.x1, y1 = p.y1 - t.y1, x2 = p.x2 - t.x2, y2 = p.y2 - t.y2;
    r.penalty = FL(fma)(x1, x1, y1 * y1) * s + FL(fma)(x2, x2, y2 * y2) * s;
    r.x1 = FL(fma)(-2 * s, x1, r.x1), r.y1 = FL(fma)(-2 * s, y1, r.y1);
    r.x2 = FL(fma)(-2 * s, x2, r.x2), r.y2 = FL(fma)(-2 * s, y2, r.y2);
    return r;
}

/* ---- NWD: p[1] the constant C -------------------------------------------------------------------------- */

static FL_INLINE FL(overlap) FL(wasserstein)(FL(box) p, FL(box) t, const FL(overlap_rules) *rules) {
    FL(overlap) r = {0};
    real dx = (t.x1 - p.x1) + (t.x2 - p.x2), dy = (t.y1 - p.y1) + (t.y2 - p.y2);
    real dw = p.w - t.w, dh = p.h - t.h;
    real square = (FL(fma)(dx, dx, dy * dy) + FL(fma)(dw, dw, dh * dh)) * (real)0.25;
    real root = FL(sqrt)(square + rules->p[0]);
    r.iou = FL(exp_minus)(root / rules->p[1]);
    /* d sqrt = d square / (2 root), which is 0/0 for equal boxes without eps */
    real e = root > 0 ? r.iou / (rules->p[1] * root) * (real)0.25 : 0 * root;
    r.x1 = r.x2 = e * dx, r.y1 = r.y2 = e * dy;
    r.w = -e * dw, r.h = -e * dh;
    return r;
}

/* ---- alpha-IoU: p[1] the power; inner IoU: p[1] the ratio ------------------------------------------------- */

static FL_INLINE FL(overlap)
    FL(alpha_iou)(int kind, int power, int derive, FL(box) p, FL(box) t, const FL(overlap_rules) *rules) {
    FL(overlap) r = {0};
    FL(meeting) m = FL(meet)(p, t, rules);
    FL(slopes) d = {0};
    real gain;
    r.iou = FL(powered)(power, FL(abs)(m.iou), rules->p[1], &gain);
    if (derive) FL(iou_slopes)(&m, gain, &d);
    r.penalty = FL(penalties)(kind, derive, power, p, t, &m, rules, &d);
    if (derive) FL(spread)(kind != FL_IOU, p, t, &m, &d, rules, &r);
    return r;
}

/* A box scaled about its centre. */
static FL_INLINE FL(box) FL(scaled)(FL(box) b, real ratio) {
    real k = (real)0.5 * (1 - ratio), w = k * (b.x2 - b.x1), h = k * (b.y2 - b.y1);
    return FL(box_of)(b.x1 + w, b.y1 + h, b.x2 - w, b.y2 - h, ratio * b.w, ratio * b.h, b.angle);
}

static FL_INLINE FL(overlap)
    FL(inner_iou)(int kind, int derive, FL(box) p, FL(box) t, const FL(overlap_rules) *rules) {
    real ratio = rules->p[1], k = (real)0.5 * (1 - ratio);
    FL(overlap) r = {0},
                in = FL(overlap_of)(FL_IOU, derive, FL(scaled)(p, ratio), FL(scaled)(t, ratio), rules);
    FL(meeting) m = FL(meet)(p, t, rules);
    FL(slopes) d = {0};
    r.iou = in.iou;
    r.penalty = FL(penalties)(kind, derive, FL(plain), p, t, &m, rules, &d);
    if (derive) {
        if (kind != FL_IOU) FL(spread)(1, p, t, &m, &d, rules, &r);
        r.x1 += FL(fma)(k, in.x2 - in.x1, in.x1), r.x2 += FL(fma)(k, in.x1 - in.x2, in.x2);
        r.y1 += FL(fma)(k, in.y2 - in.y1, in.y1), r.y2 += FL(fma)(k, in.y1 - in.y2, in.y2);
        r.w = FL(fma)(ratio, in.w, r.w), r.h = FL(fma)(ratio, in.h, r.h);
    }
    return r;
}

/* ---- all of them ---------------------------------------------------------------------------------------------- */

static FL_INLINE FL(overlap)
    FL(overlap_any)(int kind, int derive, FL(box) p, FL(box) t, const FL(overlap_rules) *rules) {
    if (kind == FL_EIOU || kind == FL_FOCAL_EIOU)
        return FL(efficient)(kind == FL_FOCAL_EIOU, derive, p, t, rules);
    if (kind == FL_SIOU) return FL(scylla)(derive, p, t, rules);
    if (kind == FL_WIOU1 || kind == FL_WIOU2 || kind == FL_WIOU3) return FL(wise)(kind, derive, p, t, rules);
    if (kind == FL_MPDIOU) return FL(corner)(derive, p, t, rules);
    if (kind == FL_NWD) return FL(wasserstein)(p, t, rules);
    if (kind >= FL_INNER_IOU) return FL(inner_iou)(kind - FL_INNER_IOU, derive, p, t, rules);
    if (kind >= FL_ALPHA_IOU) return FL(alpha_iou)(kind - FL_ALPHA_IOU, FL(any_power), derive, p, t, rules);
    if (kind == FL_CUBED_IOU) return FL(alpha_iou)(FL_IOU, FL(cubed), derive, p, t, rules);
    return FL(overlap_of)(kind, derive, p, t, rules);
}
