/* rotated.h -- overlaps of rotated boxes and their derivative with respect to box 1.
 *
 * A box has the axes (c, s) and (-s, c), c and s being cosine and sine of its angle, and the measures p and q
 * along them: half of its sides for the IoU, the standard deviations of its Gaussian for ProbIoU. */

typedef struct {
    real x, y, w, h, c, s, p, q;
} FL(rotated);

/* A rotated box as a Gaussian, whose variances `extra` widens. */
static FL_INLINE real FL(deviation)(real side, real extra) {
    const real twelfth = (real)(1 / 12.0);
    return FL(sqrt)(FL(fma)(side * twelfth, side, extra));
}
static FL_INLINE FL(rotated) FL(gaussian_of)(real x, real y, real w, real h, real c, real s, real extra) {
    return (FL(rotated)){x, y, w, h, c, s, FL(deviation)(w, extra), FL(deviation)(h, extra)};
}

/* r: by the angle in radians. */
typedef struct {
    real value, x, y, w, h, r;
} FL(rotated_overlap);

/* ---- ProbIoU (Llerena et al. 2021): 1 - the Hellinger distance of two Gaussians ------------------------
 *
 * With S the sum of both covariances and d the way between the centres
 *   t1 + t2 = d^T adj(S) d / (4 det S)       N = 4 sqrt(det S1 det S2)
 *   bd = t1 + t2 + ln(det S / N)/2, in [eps, 100]       ProbIoU = 1 - sqrt(1 - e^-bd + eps)
 * The value is the distance, of which 1 - ProbIoU would lose digits; the derivative is that of ProbIoU.
 * All of them are sums of squares in the axes of the boxes: nothing cancels, however long a box is. */
static FL_INLINE FL(rotated_overlap)
    FL(probiou)(int derive, FL(rotated) b, FL(rotated) t, const real *parameters) {
    const real eps = parameters[0], largest = 100, half = (real)0.5, quarter = (real)0.25;
    FL(rotated_overlap) r = {0};
    real A = b.p * b.p, B = b.q * b.q, C = t.p * t.p, D = t.q * t.q;
    real root1 = b.p * b.q, root2 = t.p * t.q;                  /* of the determinants */
    real cos = FL(fma)(b.c, t.c, b.s * t.s), sin = FL(fma)(b.s, t.c, -(b.c * t.s));
    real cos2 = cos * cos, sin2 = sin * sin;

    /* det S - 4 root1 root2 >= 0: how much the shapes differ. */
    real e1 = root1 - root2, e2 = b.p * t.q - b.q * t.p, e3 = b.p * t.p - b.q * t.q;
    real excess = FL(fma)(e1, e1, FL(fma)(e2 * e2, cos2, e3 * e3 * sin2));
    real det = FL(fma)(4 * root1, root2, excess), safe = det + eps;
    real N = FL(fma)(4 * root1, root2, eps), per_N = 1 / N;

    real dx = b.x - t.x, dy = b.y - t.y;
    real u1 = FL(fma)(dx, b.c, dy * b.s), v1 = FL(fma)(dy, b.c, -(dx * b.s));
    real u2 = FL(fma)(dx, t.c, dy * t.s), v2 = FL(fma)(dy, t.c, -(dx * t.s));
    real form = FL(fma)(B * u1, u1, A * v1 * v1) + FL(fma)(D * u2, u2, C * v2 * v2);
    real per_safe = 1 / safe, apart = quarter * form * per_safe;
    real ratio = FL(max)(eps - 1, FL(fma)(excess - eps, per_N, eps)); /* det S / N + eps - 1 */
    real sum = FL(fma)(half, FL(log1p)(ratio), apart);
    real bd = FL(min)(largest, FL(max)(eps, sum)), inner, power = FL(exp_and_rest)(bd, &inner);
    real hd = FL(sqrt)(inner + eps);
    r.value = hd;

    if (derive) {
        FL(word) out = FL(less)(sum, eps) | FL(less)(largest, sum);
        real g = -half * power / hd;
        g = FL(from_bits)(FL(bits)(g) & ~out);
        real by_form = g * quarter * per_safe;
        real by_ratio = half / (1 + ratio);
        real by_det = g * (by_ratio * per_N - apart * per_safe);
        /* d N = 4 root2 d root1, which is taken as 0 where a box is flat. */
        real by_root = -g * by_ratio * det * per_N * per_N * 4 * root2;
        real by_A = by_det * FL(fma)(D, cos2, FL(fma)(C, sin2, B)) + by_form * v1 * v1;
        real by_B = by_det * FL(fma)(C, cos2, FL(fma)(D, sin2, A)) + by_form * u1 * u1;
        real per_root = root1 > 0 ? half / root1 : 0 * root1;
        by_A = FL(fma)(by_root * per_root, B, by_A), by_B = FL(fma)(by_root * per_root, A, by_B);
        real turn = 2 * (A - B), sixth = (real)(1 / 6.0);
        r.x = 2 * by_form * (FL(fma)(B * u1, b.c, -(A * v1 * b.s)) + FL(fma)(D * u2, t.c, -(C * v2 * t.s)));
        r.y = 2 * by_form * (FL(fma)(B * u1, b.s, A * v1 * b.c) + FL(fma)(D * u2, t.s, C * v2 * t.c));
        r.w = by_A * b.w * sixth, r.h = by_B * b.h * sixth;
        r.r = turn * FL(fma)(by_det * (C - D), sin * cos, -(by_form * u1 * v1));
    }
    return r;
}

/* ---- IoU, exactly ---------------------------------------------------------------------------------------
 *
 * In the axes of box 2, which there is |x| <= p, |y| <= q, the intersection is what Green's theorem makes of
 *   I = -(sum over the edges of box 1 of the integral of clip(y, -q, q) dx over |x| <= p).
 * Every term is continuous in both boxes, so nothing is decided that rounding could decide otherwise: edges
 * that coincide, touch or miss each other by an ulp are no cases at all. */

static FL_INLINE real FL(clip)(real low, real high, real x) { return FL(min)(high, FL(max)(low, x)); }

/* How far two boxes are apart along the sides of either, which decides whether they are: they touch at 0 and
 * overlap below. */
static FL_INLINE real FL(gap)(FL(rotated) b, FL(rotated) t) {
    real dx = b.x - t.x, dy = b.y - t.y;
    real cos = FL(abs)(FL(fma)(b.c, t.c, b.s * t.s)), sin = FL(abs)(FL(fma)(b.s, t.c, -(b.c * t.s)));
    real g1 = FL(abs)(FL(fma)(dx, t.c, dy * t.s)) - (t.p + FL(fma)(b.p, cos, b.q * sin));
    real g2 = FL(abs)(FL(fma)(dy, t.c, -(dx * t.s))) - (t.q + FL(fma)(b.p, sin, b.q * cos));
    real g3 = FL(abs)(FL(fma)(dx, b.c, dy * b.s)) - (b.p + FL(fma)(t.p, cos, t.q * sin));
    real g4 = FL(abs)(FL(fma)(dy, b.c, -(dx * b.s))) - (b.q + FL(fma)(t.p, sin, t.q * cos));
    return FL(max)(FL(max)(g1, g2), FL(max)(g3, g4));
}

/* One edge of box 1, from (x, y) by (dx, dy), in the axes of box 2: its part of I, and the stretch of it
 * that lies inside, in fractions of its length. */
typedef struct {
    real part, from, to;
} FL(edge);

static FL_INLINE FL(edge)
    FL(edge_inside)(int derive, real x, real y, real dx, real dy, real per_dx, real p, real q, real level) {
    FL(edge) e = {0};
    real a = FL(clip)(-p, p, x), b = FL(clip)(-p, p, x + dx);
    real from = FL(clip)(0, 1, (a - x) * per_dx), to = FL(clip)(0, 1, (b - x) * per_dx);
    real y0 = FL(fma)(from, dy, y), y1 = FL(fma)(to, dy, y);
    real c0 = FL(clip)(-q, q, y0), c1 = FL(clip)(-q, q, y1);
    real inside = FL(abs)(c1 - c0), above = FL(abs)(FL(max)(q, y1) - FL(max)(q, y0));
    real below = FL(abs)(FL(min)(-q, y1) - FL(min)(-q, y0)), all = inside + (above + below);
    real moment =
        (real)0.5 * inside * ((c0 - level) + (c1 - level)) + (above * (q - level) - below * (q + level));
    FL(word) level_edge = FL(equal)(all, 0);
    real per_all = 1 / FL(choose)(level_edge, 1, all);
    e.part = (a - b) * FL(choose)(level_edge, c0 - level, moment * per_all);
    if (derive) {
        /* An upright edge has no from and to: it is inside as a whole or not at all. */
        FL(word) upright = FL(equal)(per_dx, 0), hit = FL(equal)(a, x);
        from = FL(from_bits)(FL(bits)(from) & ~upright);
        to = FL(choose)(upright, FL(from_bits)(FL(bits)((real)1) & hit), to);
        y0 = FL(choose)(upright, y, y0), y1 = FL(choose)(upright, FL(fma)(to, dy, y), y1);
        c0 = FL(clip)(-q, q, y0), c1 = FL(clip)(-q, q, y1);
        all = FL(abs)(y1 - y0), level_edge = FL(equal)(all, 0);
        real reach = (to - from) / FL(choose)(level_edge, 1, all);
        FL(word) lost = level_edge & ~FL(equal)(c0, y0);
        e.from = FL(fma)(reach, FL(abs)(c0 - y0), from);
        e.to = FL(fma)(-reach, FL(abs)(y1 - c1), to);
        e.to = FL(choose)(lost | FL(less)(e.to, e.from), e.from, e.to);
    }
    return e;
}

/* One over twice a half width; 0 for an upright edge, where it would be infinite. */
static FL_INLINE real FL(per_width)(real u) {
    const real least = FL_PICK(0x1p-120, 0x1p-1000);
    FL(word) upright = FL(less)(FL(abs)(u), least);
    return FL(from_bits)(FL(bits)((real)0.5 / FL(choose)(upright, 1, u)) & ~upright);
}

static FL_INLINE FL(rotated_overlap)
    FL(rotated_iou)(int derive, FL(rotated) b, FL(rotated) t, const real *parameters) {
    (void)parameters;
    FL(rotated_overlap) r = {0};
    real dx = b.x - t.x, dy = b.y - t.y;
    real x = FL(fma)(dx, t.c, dy * t.s), y = FL(fma)(dy, t.c, -(dx * t.s));
    real cos = FL(fma)(b.c, t.c, b.s * t.s), sin = FL(fma)(b.s, t.c, -(b.c * t.s));
    real ux = b.p * cos, uy = b.p * sin, vx = -b.q * sin, vy = b.q * cos; /* half sides of box 1 */
    real level = FL(clip)(-t.q, t.q, y);
    real per_u = FL(per_width)(ux), per_v = FL(per_width)(vx);
    FL(edge) low = FL(edge_inside)(derive, x - ux - vx, y - uy - vy, 2 * ux, 2 * uy, per_u, t.p, t.q, level);
    FL(edge) right =
        FL(edge_inside)(derive, x + ux - vx, y + uy - vy, 2 * vx, 2 * vy, per_v, t.p, t.q, level);
    FL(edge) high =
        FL(edge_inside)(derive, x + ux + vx, y + uy + vy, -2 * ux, -2 * uy, -per_u, t.p, t.q, level);
    FL(edge) left =
        FL(edge_inside)(derive, x - ux + vx, y - uy + vy, -2 * vx, -2 * vy, -per_v, t.p, t.q, level);
    real area1 = 4 * b.p * b.q, area2 = 4 * t.p * t.q;
    real both = FL(clip)(0, FL(min)(area1, area2), (low.part + high.part) + (right.part + left.part));
    real gap = FL(gap)(b, t);
    FL(word) apart = FL(less)(0, gap);
    both = FL(from_bits)(FL(bits)(both) & ~(apart | FL(equal)(gap, 0)));
    real either = area1 + area2 - both, per = 1 / either;
    r.value = both / either;

    if (derive) {
        /* I grows by what the edges inside sweep: length times the way along the outward normal. */
        real n_low = 2 * b.p * (low.to - low.from), n_high = 2 * b.p * (high.to - high.from);
        real n_left = 2 * b.q * (left.to - left.from), n_right = 2 * b.q * (right.to - right.from);
        /* A turn moves the points of an edge by their distance from its middle: fractions of `from` and `to`
         * from the middle, times the length on either side. */
        real turn = b.p * (n_low * (1 - low.from - low.to) + n_high * (1 - high.from - high.to))
            + b.q * (n_right * (1 - right.from - right.to) + n_left * (1 - left.from - left.to));
        real along = n_right - n_left, across = n_high - n_low;
        real gain = FL(from_bits)(FL(bits)((1 + r.value) * per) & ~apart), loss = r.value * per;
        r.x = gain * (along * b.c - across * b.s), r.y = gain * (along * b.s + across * b.c);
        r.w = FL(with_sign)(1, b.w) * ((real)0.5 * gain * (n_left + n_right) - loss * 2 * b.q);
        r.h = FL(with_sign)(1, b.h) * ((real)0.5 * gain * (n_low + n_high) - loss * 2 * b.p);
        r.r = gain * turn;
    }
    return r;
}
