/* row_group.h -- rows of contiguous classes, some at a time. */

/* Rows of up to FL_WIDE_ROW classes stand in a tile, filled up to whole rows of lanes; all rows of a group
 * take each step together, since the steps of one are too short to fill the machine. */

/* One number per row: its lanes folded by max or by sum, halves onto each other. */
static FL_INLINE void FL(fold_tile)(const real *tile, int width, int add, real *out) {
    real a[FL(group) * 16], b[FL(group) * 8], c[FL(group) * 4];
    for (int r = 0; r < FL(group); r++) {
        const real *row = tile + r * width;
        FL_LANE_LOOP
        for (int l = 0; l < 16; l++) a[r * 16 + l] = row[l];
        for (int k = 16; k < width; k += 16) {
            FL_LANE_LOOP
            for (int l = 0; l < 16; l++)
                a[r * 16 + l] = add ? a[r * 16 + l] + row[k + l] : FL(max)(row[k + l], a[r * 16 + l]);
        }
    }
    for (int r = 0; r < FL(group); r++) {
        FL_LANE_LOOP
        for (int l = 0; l < 8; l++) {
            real x = a[r * 16 + l], y = a[r * 16 + 8 + l];
            b[r * 8 + l] = add ? x + y : FL(max)(x, y);
        }
    }
    for (int r = 0; r < FL(group); r++) {
        FL_LANE_LOOP
        for (int l = 0; l < 4; l++) {
            real x = b[r * 8 + l], y = b[r * 8 + 4 + l];
            c[r * 4 + l] = add ? x + y : FL(max)(x, y);
        }
    }
    FL_LANE_LOOP
    for (int r = 0; r < FL(group); r++) {
        real x = c[r * 4], y = c[r * 4 + 1], z = c[r * 4 + 2], w = c[r * 4 + 3];
        out[r] = add ? (x + z) + (y + w) : FL(max)(FL(max)(x, z), FL(max)(y, w));
    }
}

static void FL(tile_max)(const real *tile, int width, real *m) { FL(fold_tile)(tile, width, 0, m); }
static void FL(tile_sum)(const real *tile, int width, real *s) { FL(fold_tile)(tile, width, 1, s); }

static void FL(tile_exp)(real *tile, int width, const real *m) {
    for (int r = 0; r < FL(group); r++) {
        const real most = m[r];
        for (int k = 0; k < width; k += FL_LANES) {
            real *row = tile + r * width + k;
            FL_LANE_LOOP
            for (int l = 0; l < FL_LANES; l++) row[l] = FL(exp_nonpositive)(row[l] - most);
        }
    }
}

static void FL(fill_tile)(const real *x, int classes, int width, real *row) {
    for (int c = 0; c < classes; c++) row[c] = x[c];
    for (int c = classes; c < width; c++) row[c] = -INFINITY;
}

static FL_INLINE void FL(row_group)(FL(row_point) (*formula)(real, const real *), const FL(row_call) *call,
                                    ptrdiff_t first, int n, real *scratch, double *lanes) {
    const fl_rowwise_args *a = call->args;
    const ptrdiff_t classes = a->classes;
    const int wide = classes > FL_WIDE_ROW,
              width = wide ? 0 : (int)(classes + FL_LANES - 1) / FL_LANES * FL_LANES;
    const real *w = a->class_weight, *x[FL(group)], *t[FL(group)];
    FL(row_plan) plans[FL(group)];
    FL_ALIGNED real tile[FL(group) *FL_WIDE_ROW], m[FL(group)], s[FL(group)], log_s[FL(group)];
    real u0[FL(group)], u1[FL(group)];
    double dot[FL(group)], total[FL(group)];
    real *e[FL(group)], *out[FL(group)];
    const real smooth = call->smooth, keep = 1 - (real)a->smoothing;
    const int soft = a->target.data != NULL;

    for (int r = 0; r < n; r++) {
        ptrdiff_t row = first + r;
        x[r] = (const real *)a->input.data + FL(row_offset)(row, a->inner, &a->input);
        t[r] = soft ? (const real *)a->target.data + FL(row_offset)(row, a->inner, &a->target) : NULL;
        out[r] = a->grad.data ? (real *)a->grad.data + FL(row_offset)(row, a->inner, &a->grad) : NULL;
        e[r] = !wide ? tile + r * width : scratch ? scratch + r * classes : out[r];
        if (!soft) plans[r] = FL(plan_row)(call, row);
        if (!wide) FL(fill_tile)(x[r], (int)classes, width, tile + r * width);
        dot[r] = total[r] = 0;
    }
    for (int r = n; r < FL(group); r++) {
        s[r] = 1;
        for (int c = 0; c < width; c++) tile[r * width + c] = 0;
    }
    if (!wide) FL(tile_max)(tile, width, m);
    for (int r = 0; r < n; r++) {
        if (wide) s[r] = 1;
        if (!soft && plans[r].class0 < 0) continue;
        if (wide) m[r] = FL(row_max)(x[r], classes);
        if (!soft) {
            u0[r] = x[r][plans[r].class0] - m[r];
            u1[r] = plans[r].class1 < 0 ? 0 : x[r][plans[r].class1] - m[r];
        }
        if (soft || smooth != 0)
            FL(row_dot)(x[r], w, t[r], classes, m[r], soft ? keep : 1, soft ? smooth : 0, &dot[r], &total[r]);
        if (wide) s[r] = (real)FL(row_exp)(x[r], classes, m[r], e[r]);
    }
    if (!wide) {
        FL(tile_exp)(tile, width, m);
        FL(tile_sum)(tile, width, s);
    }
    FL_LANE_LOOP
    for (int r = 0; r < FL(group); r++) log_s[r] = FL(log)(s[r]);

    for (int r = 0; r < n; r++) {
        FL(row_end) end = FL(end_row)(formula, call, soft ? NULL : &plans[r], u0[r], u1[r], log_s[r],
                                      (real)dot[r], (real)total[r]);
        lanes[r] += end.value;
        if (a->value) ((real *)a->value)[first + r] = end.value;
        if (!out[r]) continue;
        if (!soft && plans[r].class0 < 0) {
            for (ptrdiff_t c = 0; c < classes; c++) out[r][c] = 0;
            FL(blank_hess)(a, first + r);
            continue;
        }
        if (a->hess.data) FL(row_hess)(call, soft ? NULL : &plans[r], &end, first + r, e[r], 1 / s[r]);
        real factor = end.share * call->scale / s[r], *g = call->stream ? e[r] : out[r];
        if (soft) {
            FL(row_scale_soft)(e[r], w, t[r], classes, factor, call->scale, keep, smooth, g);
        } else {
            FL(row_scale)(e[r], w, classes, factor, smooth * call->scale, g);
            g[plans[r].class0] += end.slope0 * call->scale;
            if (plans[r].class1 >= 0) g[plans[r].class1] += end.slope1 * call->scale;
        }
        if (a->boost) {
            real *h = (real *)a->hess.data + FL(row_offset)(first + r, a->inner, &a->hess);
            FL(boost_parts)(a->boost, first + r, &end);
            FL(boost_classes)(a->boost, first + r, classes, g, h);
        }
        if (call->stream) fl_stream(out[r], g, classes * sizeof(real));
    }
}
