/* probiou.h -- overlap of rotated boxes as Gaussians (Llerena et al. 2021), and its derivative by box 1.
 *
 * A box is the normal distribution of its area: covariance ((a, k), (k, b)). With S sums over both boxes,
 *   D = Sa Sb - Sk^2       N = 4 sqrt(m1 m2) + eps, m = a b - k^2       r = D/N + eps
 *   bd = (Sa dy^2 + Sb dx^2) / (4 (D + eps)) - Sk dx dy / (2 (D + eps)) + ln(r)/2, within [eps, 100]
 *   ProbIoU = 1 - sqrt(1 - e^-bd + eps) */

typedef struct {
    real x, y, a, b, k;
} FL(gaussian);

typedef struct {
    real value;
    real x, y, a, b, k;
} FL(gaussian_overlap);

/* `floor` is added to both variances. */
static FL_INLINE FL(gaussian) FL(gaussian_of)(real x, real y, real w, real h, real c, real s, real floor) {
    real wide = w * w / 12 + floor, high = h * h / 12 + floor;
    return (FL(gaussian)){x, y, wide * c * c + high * s * s, wide * s * s + high * c * c,
                          (wide - high) * c * s};
}

static FL_INLINE FL(gaussian_overlap) FL(gaussian_overlap_of)(int derive, FL(gaussian) p, FL(gaussian) t) {
    const real eps = (real)1e-7, most = 100;
    FL(gaussian_overlap) r = {0};
    real sa = p.a + t.a, sb = p.b + t.b, sk = p.k + t.k, dx = p.x - t.x, dy = p.y - t.y;
    real d = sa * sb - sk * sk, divisor = d + eps;
    real apart = (sa * dy * dy + sb * dx * dx) / (4 * divisor) - sk * dx * dy / (2 * divisor);
    real own = p.a * p.b - p.k * p.k, m1 = FL(max)(own, 0), m2 = FL(max)(t.a * t.b - t.k * t.k, 0);
    real root = FL(sqrt)(m1 * m2), n = 4 * root + eps, ratio = d / n + eps;
    real sum = apart + (real)0.5 * FL(log)(ratio);
    real bd = FL(min)(most, FL(max)(eps, sum)), left = FL(exp_minus)(bd);
    real hd = FL(sqrt)(1 - left + eps);
    r.value = 1 - hd;
    if (!derive) return r;

    real g = (sum >= eps) & (sum <= most) ? -left / (2 * hd) : 0;
    real half = 1 / (2 * divisor), per_ratio = 1 / (ratio * n);
    real gsa = (real)0.5 * half * dy * dy - 2 * half * apart * sb + (real)0.5 * sb * per_ratio;
    real gsb = (real)0.5 * half * dx * dx - 2 * half * apart * sa + (real)0.5 * sa * per_ratio;
    real gsk = -half * dx * dy + 4 * half * apart * sk - sk * per_ratio;
    /* A box without area has no derivative through its own determinant: taken as 0. */
    real gm = (root > 0) & (own >= 0) ? -d * per_ratio / n * m2 / root : 0;
    r.a = g * (gsa + gm * p.b);
    r.b = g * (gsb + gm * p.a);
    r.k = g * (gsk - 2 * gm * p.k);
    r.x = g * half * (sb * dx - sk * dy);
    r.y = g * half * (sa * dy - sk * dx);
    return r;
}

/* Chain rule of gaussian_of: derivatives by w, h and the angle. */
typedef struct {
    real w, h, angle;
} FL(gaussian_slope);

static FL_INLINE FL(gaussian_slope)
    FL(gaussian_chain)(FL(gaussian_overlap) g, FL(gaussian) p, real w, real h, real c, real s) {
    real by_wide = g.a * c * c + g.b * s * s + g.k * c * s;
    real by_high = g.a * s * s + g.b * c * c - g.k * c * s;
    real skew = (w * w - h * h) / 12;
    return (FL(gaussian_slope)){by_wide * w / 6, by_high * h / 6,
                                2 * p.k * (g.b - g.a) + g.k * skew * (c * c - s * s)};
}
