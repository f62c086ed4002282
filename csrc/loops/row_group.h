/* row_group.h -- rows of contiguous classes, some at a time, since the steps of one are too short to fill
 * the machine: up to FL_WIDE_ROW classes in a tile, filled up to whole rows of lanes, more where they are. */

/* One number per row from its lanes: by max or by sum, halves onto each other. */
static FL_INLINE void FL(fold)(const real *lanes, int rows, int add, real *out) {
    real b[FL(group) * 8], c[FL(group) * 4];
    for (int r = 0; r < rows; r++) {
        FL_LANE_LOOP
        for (int l = 0; l < 8; l++) {
            real x = lanes[r * 16 + l], y = lanes[r * 16 + 8 + l];
            b[r * 8 + l] = add ? x + y : FL(max)(x, y);
        }
    }
    for (int r = 0; r < rows; r++) {
        FL_LANE_LOOP
        for (int l = 0; l < 4; l++) {
            real x = b[r * 8 + l], y = b[r * 8 + 4 + l];
            c[r * 4 + l] = add ? x + y : FL(max)(x, y);
        }
    }
    FL_LANE_LOOP
    for (int r = 0; r < rows; r++) {
        real x = c[r * 4], y = c[r * 4 + 1], z = c[r * 4 + 2], w = c[r * 4 + 3];
        out[r] = add ? (x + z) + (y + w) : FL(max)(FL(max)(x, z), FL(max)(y, w));
    }
}
static FL_INLINE void FL(fold_rows)(real *lanes, int n, int add, real *out) {
    const int rows = n <= FL_FEW_ROWS ? FL_FEW_ROWS : FL(group);
    for (int r = n; r < rows; r++) {
        real *at = lanes + r * FL_LANES;
        FL_LANE_LOOP
        for (int l = 0; l < FL_LANES; l++) at[l] = 1;
    }
    if (n <= FL_FEW_ROWS) FL(fold)(lanes, FL_FEW_ROWS, add, out);
    else FL(fold)(lanes, FL(group), add, out);
}

/* Copies a row into the tile, -inf behind it; returns the lanes of its maximum. */
static FL_INLINE void FL(take_row)(const real *x, ptrdiff_t classes, real *row, real *top) {
    ptrdiff_t k = 0;
    for (int l = 0; l < FL_LANES; l++) top[l] = -INFINITY;
    for (; k + FL_LANES <= classes; k += FL_LANES) {
        const real *from = x + k;
        real *to = row + k;
        fl_fetch(from, FL_LANES * sizeof(real));
        FL_LANE_LOOP
        for (int l = 0; l < FL_LANES; l++) {
            to[l] = from[l];
            top[l] = FL(max)(from[l], top[l]);
        }
    }
    int rest = (int)(classes - k);
    if (!rest) return;
    const real *from = x + k;
    real *to = row + k;
    FL_LANE_LOOP
    for (int l = 0; l < FL_LANES; l++) {
        real v = l < rest ? from[l] : -(real)INFINITY;
        to[l] = v;
        top[l] = FL(max)(v, top[l]);
    }
}

static FL_INLINE void FL(exp_row)(real *row, ptrdiff_t width, real most, real *sums) {
    for (int l = 0; l < FL_LANES; l++) sums[l] = 0;
    for (ptrdiff_t k = 0; k < width; k += FL_LANES) {
        real *at = row + k;
        FL_LANE_LOOP
        for (int l = 0; l < FL_LANES; l++) {
            real y = FL(exp_nonpositive)(at[l] - most);
            at[l] = y;
            sums[l] += y;
        }
    }
}

/* The lanes of n rows of up to FL_WIDE_ROW classes, in a tile that holds them padded with -inf; their
 * exponentials are left in its place. */
static FL_INLINE void FL(narrow_softmax)(const fl_rowwise_args *a, const real *const *x, int n, real *tile,
                                         FL(row_batch) *b) {
    const ptrdiff_t classes = a->classes, width = (classes + FL_LANES - 1) / FL_LANES * FL_LANES;
    FL_ALIGNED real lanes[FL(group) *FL_LANES];
    for (int r = 0; r < n; r++) FL(take_row)(x[r], classes, tile + r * width, lanes + r * FL_LANES);
    FL(fold_rows)(lanes, n, 0, b->most);
    for (int r = 0; r < n; r++) FL(exp_row)(tile + r * width, width, b->most[r], lanes + r * FL_LANES);
    FL(fold_rows)(lanes, n, 1, b->sum);
}

static FL_INLINE void FL(row_group)(const FL(row_call) *call, ptrdiff_t first, int n, real *scratch,
                                    double *lanes) {
    const fl_rowwise_args *a = call->args;
    const ptrdiff_t classes = a->classes;
    const int wide = classes > FL_WIDE_ROW, soft = a->target.data != NULL;
    const ptrdiff_t width = (classes + FL_LANES - 1) / FL_LANES * FL_LANES;
    const real *w = a->class_weight, *x[FL(group)], *t[FL(group)];
    const real smooth = call->smooth, keep = 1 - (real)a->smoothing;
    FL_ALIGNED real tile[FL(group) *FL_WIDE_ROW];
    FL(row_batch) b;
    real *e[FL(group)], *out[FL(group)];

    FL(plan_rows)(call, first, n, &b);
    for (int r = 0; r < n; r++) {
        ptrdiff_t row = first + r;
        x[r] = (const real *)a->input.data + FL(row_offset)(row, a->inner, &a->input);
        t[r] = soft ? (const real *)a->target.data + FL(row_offset)(row, a->inner, &a->target) : NULL;
        out[r] = a->grad.data ? (real *)a->grad.data + FL(row_offset)(row, a->inner, &a->grad) : NULL;
        e[r] = !wide ? tile + r * width : scratch ? scratch + r * classes : out[r];
        if (!soft) b.score0[r] = x[r][b.class0[r]], b.score1[r] = x[r][b.class1[r]];
    }
    if (!wide) FL(narrow_softmax)(a, x, n, tile, &b);
    for (int r = 0; r < n; r++) {
        if (wide) b.most[r] = FL(row_max)(x[r], classes);
        if (soft || smooth != 0) {
            double dot, total;
            FL(row_dot)(x[r], w, t[r], classes, b.most[r], soft ? keep : 1, soft ? smooth : 0, &dot, &total);
            b.dot[r] = (real)dot, b.total[r] = (real)total;
        }
        if (wide) b.sum[r] = (real)FL(row_exp)(x[r], classes, b.most[r], e[r], n * a->input.outer);
    }
    FL(end_rows)(call, n, &b);
    if (a->boost) FL(boost_parts)(a->boost, first, n, &b);

    for (int r = 0; r < n; r++) lanes[r] += b.value[r];
    if (a->value)
        for (int r = 0; r < n; r++) ((real *)a->value)[first + r] = b.value[r];
    if (!a->grad.data) return;
    for (int r = 0; r < n && a->hess.data; r++) FL(row_hess)(call, &b, r, first + r, e[r]);
    for (int r = 0; r < n; r++) {
        real *g = call->stream ? e[r] : out[r];
        if (!b.live[r]) memset(g, 0, classes * sizeof(real));
        else if (soft) FL(row_scale_soft)(e[r], w, t[r], classes, b.factor[r], call->scale, keep, smooth, g);
        else FL(row_scale)(e[r], w, classes, b.factor[r], smooth * call->scale, !wide, g);
    }
    for (int r = 0; r < n; r++) {
        real *g = call->stream ? e[r] : out[r];
        if (!soft && b.live[r]) g[b.class0[r]] += b.slope0[r];
        if (a->position) g[b.class1[r]] += b.slope1[r];
        if (a->boost)
            FL(boost_classes)(a->boost, first + r, classes, g,
                              (real *)a->hess.data + FL(row_offset)(first + r, a->inner, &a->hess));
        if (call->stream) fl_stream(out[r], g, classes * sizeof(real));
    }
}
