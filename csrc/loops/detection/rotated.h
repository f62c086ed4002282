/* rotated.h -- boxes (cx, cy, w, h, angle): prediction, candidates, ProbIoU. */

/* A predicted box in strides, and what its chain rule needs. */
typedef struct {
    real xf, yf, c, s; /* centre from the anchor in the box's own axes; cos and sin of the angle */
    real x, y, w, h;
} FL(oriented);

static FL_INLINE FL(oriented)
    FL(oriented_of)(real ax, real ay, real l, real t, real r, real b, real c, real s) {
    FL(oriented) p = {.xf = (r - l) / 2, .yf = (b - t) / 2, .c = c, .s = s, .w = l + r, .h = t + b};
    p.x = ax + p.xf * c - p.yf * s;
    p.y = ay + p.xf * s + p.yf * c;
    return p;
}

/* Cosines and sines of a few angles, by the library's exact functions. */
static void FL(turn_angles)(const real *angle, int n, real *c, real *s) {
    for (int i = 0; i < n; i++) c[i] = (real)cos((double)angle[i]), s[i] = (real)sin((double)angle[i]);
}

static void FL(place_rotated_tile)(const FL(scene) *s, ptrdiff_t at, const FL(tile_distances) *t) {
    const FL(detection_call) *call = s->call;
    const fl_detection_args *a = call->args;
    const real *angles = (const real *)a->angles + s->image * a->anchors + at;
    real cosines[FL_LANES] = {0}, sines[FL_LANES] = {0};
    FL(turn_angles)(angles, a->anchors - at < FL_LANES ? (int)(a->anchors - at) : FL_LANES, cosines, sines);
    FL_LANE_LOOP
    for (int l = 0; l < FL_LANES; l++) {
        real stride = call->stride[at + l];
        FL(oriented)
        p = FL(oriented_of)(call->x[at + l], call->y[at + l], t->d[0][l], t->d[1][l], t->d[2][l], t->d[3][l],
                            cosines[l], sines[l]);
        FL(rotated)
        g = FL(gaussian_of)(p.x * stride, p.y * stride, p.w * stride, p.h * stride, p.c, p.s, 0);
        s->p[0][at + l] = g.x, s->p[1][at + l] = g.y;
        s->p[2][at + l] = g.c, s->p[3][at + l] = g.s, s->p[4][at + l] = g.p, s->p[5][at + l] = g.q;
    }
}

/* Nothing for anchors beyond the rotated region, whose sides belong to it. */
static void FL(align_rotated)(const FL(scene) *s, const FL(object) *object, ptrdiff_t first, int n,
                              const real *logits, real *restrict overlap, real *restrict metric) {
    const FL(object) o = *object;
    const real *stride = s->call->stride + first, *ax = s->call->x + first, *ay = s->call->y + first;
    const real *x = s->p[0] + first, *y = s->p[1] + first, *cosine = s->p[2] + first, *sine = s->p[3] + first;
    const real *p = s->p[4] + first, *q = s->p[5] + first, eps = (real)1e-7,
               alpha = (real)s->call->args->alpha, beta = (real)s->call->args->beta;
    for (int i = 0; i < n; i++) {
        real dx = ax[i] * stride[i] - o.x, dy = ay[i] * stride[i] - o.y;
        real ab = dx * o.ab_x + dy * o.ab_y, ad = dx * o.ad_x + dy * o.ad_y;
        int inside = (ab >= 0) & (ab <= o.ab) & (ad >= 0) & (ad <= o.ad);
        FL(rotated) own = {x[i], y[i], 0, 0, cosine[i], sine[i], p[i], q[i]};
        real value = 1 - FL(probiou)(0, o.gaussian, own, &eps).value;
        real each = inside ? FL(max)(value, 0) : 0;
        overlap[i] = each;
        metric[i] = inside ? FL(alignment)(0, logits[i], each, alpha, beta) : 0;
    }
}

/* False for padding and for objects of less than two pixels, which are not learned. */
static int FL(rotated_object)(const FL(detection_call) *call, const real *t, FL(object) *o, FL(reach) *r) {
    const fl_detection_args *a = call->args;
    const real trigger = (real)a->trigger, floor = (real)a->floor;
    if (!(t[0] + t[1] + t[2] + t[3] + t[4] > 0) || t[2] < 2 || t[3] < 2) return 0;
    real c, s, w = (t[2] < trigger ? floor : t[2]) / 2, h = (t[3] < trigger ? floor : t[3]) / 2;
    FL(turn_angles)(t + 4, 1, &c, &s);
    real v1x = w * c, v1y = w * s, v2x = -h * s, v2y = h * c;
    real across = FL(abs)(v1x) + FL(abs)(v2x), down = FL(abs)(v1y) + FL(abs)(v2y);
    o->x = t[0] + v1x + v2x, o->y = t[1] + v1y + v2y;
    o->ab_x = -2 * v2x, o->ab_y = -2 * v2y, o->ad_x = -2 * v1x, o->ad_y = -2 * v1y;
    o->ab = o->ab_x * o->ab_x + o->ab_y * o->ab_y;
    o->ad = o->ad_x * o->ad_x + o->ad_y * o->ad_y;
    o->gaussian = FL(gaussian_of)(t[0], t[1], t[2], t[3], c, s, 0);
    *r = (FL(reach)){t[0] - across, t[1] - down, t[0] + across, t[1] + down};
    return 1;
}
