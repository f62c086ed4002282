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

/* A share or a curve, scaled; for boosting not a negative one, so that the whole Hessian is positive. */
static FL_INLINE real FL(of_hess)(const FL(row_call) *call, real part) {
    return call->scale * (call->args->boost ? FL(max)(0, part) : part);
}

/* A contiguous row from its exponentials; plan: none for class probabilities. */
static void FL(row_hess)(const FL(row_call) *call, const FL(row_plan) *plan, const FL(row_end) *end,
                         ptrdiff_t row, const real *e, real inverse) {
    const fl_rowwise_args *a = call->args;
    real *h = (real *)a->hess.data + FL(row_offset)(row, a->inner, &a->hess);
    real share = FL(of_hess)(call, end->share), curve0 = FL(of_hess)(call, end->curve0);
    real curve1 = FL(of_hess)(call, end->curve1), bend = curve0 + curve1 - share;
    FL_LANE_LOOP
    for (ptrdiff_t c = 0; c < a->classes; c++) h[c] = FL(hess_of)(e[c] * inverse, share, bend);
    if (plan && curve0 != 0) h[plan->class0] = FL(hess_at)(e[plan->class0] * inverse, share, curve0, curve1);
    if (plan && curve1 != 0) h[plan->class1] = FL(hess_at)(e[plan->class1] * inverse, share, curve1, curve0);
}

/* Of an ignored row, whatever it holds. */
static void FL(blank_hess)(const fl_rowwise_args *a, ptrdiff_t row) {
    if (!a->hess.data) return;
    real *h = (real *)a->hess.data + FL(row_offset)(row, a->inner, &a->hess);
    for (ptrdiff_t c = 0; c < a->classes; c++) h[c] = 0;
}
