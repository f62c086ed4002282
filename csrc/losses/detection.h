/* detection.h -- the formulas of the detection criterion (YOLO11; YOLO26 with one bin per side).
 *
 * An anchor (ax, ay) predicts distances (l, t, r, b) to the sides of a box, in units of its level's stride,
 * each as the mean of a softmax over R bins (Li et al. 2020) or, for R = 1, as a number.
 * Task-aligned assignment (Feng et al. 2021) gives anchors to objects; CIoU is FL(overlap_of) of boxes.h. */

/* Where an object takes anchors from: its box, with sides below `trigger` widened to `floor`. The way through
 * centre and size is part of the definition: anchors on a side are decided by its rounding. */
static FL_INLINE void FL(candidate_side)(real low, real high, real trigger, real floor, real *from,
                                         real *to) {
    real centre = (low + high) / 2, size = high - low;
    if (size < trigger) size = floor;
    *from = centre - size / 2;
    *to = centre + size / 2;
}

/* An anchor inside an interval; both tests are monotone in `at`. */
#define FL_MARGIN ((real)1e-9)
static FL_INLINE int FL(beyond)(real at, real from) { return at - from > FL_MARGIN; }
static FL_INLINE int FL(before)(real at, real to) { return to - at > FL_MARGIN; }

/* How well an anchor suits an object: p^alpha o^beta, with `usual` for alpha = 1/2, beta = 6. */
static FL_INLINE real FL(alignment)(int usual, real logit, real overlap, real alpha, real beta) {
    real p = FL(logistic)(logit).p, cube = overlap * overlap * overlap;
    if (usual) return FL(sqrt)(p) * (cube * cube);
    return FL(pow_unit)(p, alpha) * FL(pow_unit)(FL(min)(1, overlap), beta);
}

#define FL_USUAL(a) ((a)->alpha == 0.5 && (a)->beta == 6)

/* The target of an anchor, from its metric, and the largest overlap and metric of its object. */
static FL_INLINE real FL(soft_score)(real metric, real most_overlap, real most_metric) {
    return metric * most_overlap / (most_metric + (real)1e-9);
}

/* Corners as a box for the overlap: with sizes and angle. */
static FL_INLINE FL(box) FL(corner_box)(real x1, real y1, real x2, real y2, real height_eps) {
    FL(box) b = FL(box_of)(x1, y1, x2, y2, x2 - x1, y2 - y1 + height_eps, 0);
    b.angle = FL(angle_of)(b.w, b.h);
    return b;
}

/* A distance that has a bin on either side. */
static FL_INLINE real FL(clamp_distance)(real d, ptrdiff_t bins) {
    real last = (real)((double)(bins - 1) - 0.01);
    d = FL(min)(last, d);
    return FL(max)(0, d);
}

/* dL/dz of a bin, from its probability: the softmax's own part of cross entropy, `share` in all, and what
 * comes through the mean d of the bins. */
static FL_INLINE real FL(bin_slope)(real p, real share, real by_distance, real bin, real d) {
    return p * FL(fma)(by_distance, bin - d, share);
}

/* One side without bins: |z - t| in units of the image. */
static FL_INLINE FL(row_point) FL(l1_side)(real z, real t, real unit) {
    real r = z * unit - t * unit;
    return (FL(row_point)){FL(abs)(r), FL(sign)(r) * unit, 0};
}

/* The angle of a rotated box: sin^2 of twice the difference, less for long boxes.
 *   q = ln(w/h) of the target       value = e^(-q^2/9) sin^2(2 d)       slope = e^(-q^2/9) 2 sin(4 d) */
static FL_INLINE FL(row_point) FL(angle_loss)(real difference, real w, real h) {
    const double pi = 3.14159265358979323846;
    double d = difference - pi * rint(difference / pi), q = log(((double)w + 1e-9) / ((double)h + 1e-9));
    double share = exp(-q * q / 9), s = sin(2 * d);
    return (FL(row_point)){(real)(share * s * s), (real)(share * 2 * sin(4 * d)), 0};
}

/* Where a keypoint lies along one axis, in strides: off the anchor by the raw value, or off the corner of the
 * anchor's cell by twice that. */
static FL_INLINE real FL(keypoint_at)(int from_anchor, real raw, real anchor) {
    return from_anchor ? raw + anchor : 2 * raw + anchor - (real)0.5;
}
static FL_INLINE real FL(keypoint_slope)(int from_anchor) { return from_anchor ? 1 : 2; }

/* Object keypoint similarity (COCO): near = e^-(d^2 / (8 sigma^2 area)). */
static FL_INLINE real FL(keypoint_scale)(real sigma, real area) {
    return 1 / (2 * (2 * sigma) * (2 * sigma) * (area + (real)1e-9));
}
static FL_INLINE real FL(keypoint_near)(real dx, real dy, real scale) {
    return FL(exp_minus)(FL(fma)(dx, dx, dy * dy) * scale);
}

/* Its loss: value = 1 - near, slope by x = that of y for dy. */
static FL_INLINE FL(row_point) FL(keypoint)(real dx, real dy, real sigma, real area) {
    real per = FL(keypoint_scale)(sigma, area), near = FL(keypoint_near)(dx, dy, per);
    return (FL(row_point)){1 - near, near * 2 * per, 0}; /* times dx, dy */
}

/* The similarity of an assignment takes this part of the box for the object's area. */
#define FL_BODY ((real)0.53)

/* Levels for objects of a side: those whose cells are neither too large for it nor too small. */
static FL_INLINE int FL(level_fits)(real side, real stride, real narrow, real wide, int finest,
                                    int coarsest) {
    return (finest || side >= narrow * stride) && (coarsest || side <= wide * stride);
}

/* residual -- a coordinate of a keypoint: Laplace, times a learned density (Li et al. 2021).
 *   e = clip(error, -100, 100)
 *   value = ln s + ln 2s + |e| - log_density    by error: sign(error), 0 where it is cut    by s: 2/s */
typedef struct {
    real value, by_error, by_sigma;
} FL(residual_point);
static FL_INLINE FL(residual_point) FL(residual_of)(real error, real sigma, real log_density) {
    const real most = 100;
    real size = FL(abs)(error);
    return (FL(residual_point)){FL(log)(sigma) + FL(log)(2 * sigma) - log_density + FL(min)(size, most),
                                size > 0 && size <= most ? FL(with_sign)(1, error) : 0, 2 / sigma};
}
