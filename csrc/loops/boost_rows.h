/* boost_rows.h -- what gradient boosting wants of rows of classes besides the loss, while they are in cache. */

/* Shares and curves as the Hessian of a row takes them, share (diag p - p p^T) + curve d d^T with
 * d_c = [c = t] - p_c: not negative, so that it is positive. The gradient has had its own by now. */
static void FL(boost_parts)(const fl_boost *boost, ptrdiff_t first, int n, FL(row_batch) *b) {
    for (int r = 0; r < n; r++) {
        b->share[r] = FL(max)(0, b->share[r]);
        b->curve0[r] = FL(max)(0, b->curve0[r]);
        b->curve1[r] = FL(max)(0, b->curve1[r]);
    }
    for (int r = 0; r < n && boost->parts; r++) {
        boost->parts[2 * (first + r)] = b->share[r];
        boost->parts[2 * (first + r) + 1] = b->curve0[r];
    }
}

/* Weights, the engine's multiple of the curvature, and the floor: of one class of n rows, ... */
static void FL(boost_rows)(const fl_boost *boost, const real *weight, ptrdiff_t n, real *g, real *h) {
    const real multiple = (real)boost->multiple, floor = (real)boost->floor;
    FL_LANE_LOOP
    for (ptrdiff_t i = 0; i < n; i++) h[i] = FL(max)(floor, multiple * h[i]);
    if (!weight) return;
    FL(weigh)(weight, n, g);
    FL(weigh)(weight, n, h);
}

/* ... or of one row. */
static void FL(boost_classes)(const fl_boost *boost, ptrdiff_t row, ptrdiff_t classes, real *g, real *h) {
    const real multiple = (real)boost->multiple, floor = (real)boost->floor;
    const real weight = boost->row_weight ? ((const real *)boost->row_weight)[row] : 1;
    FL_LANE_LOOP
    for (ptrdiff_t c = 0; c < classes; c++) {
        g[c] *= weight;
        h[c] = weight * FL(max)(floor, multiple * h[c]);
    }
}

/* A tile of classes x n to floats. */
static void FL(narrow)(const real *tile, ptrdiff_t classes, ptrdiff_t n, const fl_rows *to, ptrdiff_t first) {
    for (ptrdiff_t c = 0; c < classes; c++) {
        float *out = (float *)to->data + first + c * to->class_;
        for (ptrdiff_t i = 0; i < n; i++) out[i] = (float)tile[c * FL(tile) + i];
    }
}
