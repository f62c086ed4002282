/* residual.h -- the mean over rows of residuals, and its gradients: rows that are not finite do not count. */

/* All bits set but for NaN and infinities. */
static FL_INLINE FL(word) FL(finite)(real x) { return FL(equal)(x - x, 0); }

/* Rows first .. first + n: which count, and what each amounts to. */
static void FL(residual_rows)(const fl_residual_args *a, ptrdiff_t first, int n, FL(word) *live,
                              real *value) {
    const real *error = (const real *)a->error + first * a->width,
               *sigma = (const real *)a->sigma + first * a->width;
    const real *density = (const real *)a->log_density + first;
    const real *weight = a->weight ? (const real *)a->weight + first : NULL;
    const ptrdiff_t width = a->width;
    FL_LANE_LOOP
    for (int r = 0; r < n; r++) live[r] = FL(finite)(density[r]), value[r] = 0;
    for (ptrdiff_t k = 0; k < width; k++) {
        FL_LANE_LOOP
        for (int r = 0; r < n; r++) {
            real e = error[r * width + k], s = sigma[r * width + k];
            live[r] &= FL(finite)(e) & FL(finite)(s);
            value[r] += FL(residual_of)(e, s, density[r]).value;
        }
    }
    FL_LANE_LOOP
    for (int r = 0; r < n; r++)
        value[r] = FL(from_bits)(FL(bits)(value[r] * (weight ? weight[r] : 1)) & live[r]);
}

static void FL(residual_grad)(const fl_residual_args *a, ptrdiff_t first, int n, const FL(word) *live,
                              real share) {
    const real *error = (const real *)a->error + first * a->width,
               *sigma = (const real *)a->sigma + first * a->width;
    const real *weight = a->weight ? (const real *)a->weight + first : NULL;
    real *by_error = (real *)a->grad_error + first * a->width,
         *by_sigma = (real *)a->grad_sigma + first * a->width;
    real *by_density = (real *)a->grad_log_density + first;
    for (int r = 0; r < n; r++) {
        real scale = live[r] ? share * (weight ? weight[r] : 1) : 0;
        by_density[r] = 0 - (real)a->width * scale;
        for (ptrdiff_t k = r * a->width; k < (r + 1) * a->width; k++) {
            FL(residual_point) f = FL(residual_of)(error[k], sigma[k], 0);
            by_error[k] = scale != 0 ? scale * f.by_error : 0;
            by_sigma[k] = scale != 0 ? scale * f.by_sigma : 0;
        }
    }
}

static fl_status FL(residual)(fl_residual_args *a) {
    enum { AT_ONCE = 64 };
    FL(word) live[AT_ONCE];
    real value[AT_ONCE];
    double lanes[FL_LANES] = {0}, rows = 0;
    for (ptrdiff_t i = 0; i < a->n * a->width; i++)
        if (((const real *)a->sigma)[i] < 0) {
            a->bad = i;
            return FL_BAD_LABEL;
        }
    for (ptrdiff_t first = 0; first < a->n; first += AT_ONCE) {
        int n = a->n - first < AT_ONCE ? (int)(a->n - first) : AT_ONCE;
        FL(residual_rows)(a, first, n, live, value);
        for (int r = 0; r < n; r++) lanes[r % FL_LANES] += value[r], rows += live[r] != 0;
    }
    double mean = rows > 0 ? fl_sum_lanes(lanes) / rows : 0;
    a->result = mean < 0 ? 0 : mean;
    if (!a->grad_error) return FL_OK;
    for (ptrdiff_t first = 0; first < a->n; first += AT_ONCE) {
        int n = a->n - first < AT_ONCE ? (int)(a->n - first) : AT_ONCE;
        FL(residual_rows)(a, first, n, live, value);
        FL(residual_grad)(a, first, n, live, mean < 0 ? 0 : (real)(1 / rows));
    }
    return FL_OK;
}
