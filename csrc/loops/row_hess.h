/* row_hess.h -- the diagonal of the second derivative of a row's loss.
 *
 * A log-probability log p_t has the derivatives [c = t] - p_c and -p_c (1 - p_c) by x_c, so that
 *     d2/dx_c^2 = share p_c (1 - p_c) + sum over targets t of curve_t ([c = t] - p_c)^2
 * with the share that the softmax has in the gradient, too. */

/* At a class that is no target; bend = sum of curves - share. */
static FL_INLINE real FL(hess_of)(real p, real share, real bend) { return p * FL(fma)(bend, p, share); }

/* At a target with a curve of its own and that of the other target. */
static FL_INLINE real FL(hess_at)(real p, real share, real own, real other) {
    real q = 1 - p;
    return FL(fma)(q, FL(fma)(share, p, own * q), other * p * p);
}

/* Row r of a batch, whose exponentials are contiguous. */
static void FL(row_hess)(const FL(row_call) *call, const FL(row_batch) *b, int r, ptrdiff_t row,
                         const real *e) {
    const fl_rowwise_args *a = call->args;
    real *h = (real *)a->hess.data + FL(row_offset)(row, a->inner, &a->hess);
    const real share = b->share[r] * call->scale, inverse = b->per_sum[r];
    const real curve0 = b->curve0[r], curve1 = b->curve1[r], bend = curve0 + curve1 - share;
    if (!b->live[r]) {
        memset(h, 0, a->classes * sizeof(real));
        return;
    }
    FL_LANE_LOOP
    for (ptrdiff_t c = 0; c < a->classes; c++) h[c] = FL(hess_of)(e[c] * inverse, share, bend);
    if (curve0 != 0) h[b->class0[r]] = FL(hess_at)(e[b->class0[r]] * inverse, share, curve0, curve1);
    if (curve1 != 0) h[b->class1[r]] = FL(hess_at)(e[b->class1[r]] * inverse, share, curve1, curve0);
}
