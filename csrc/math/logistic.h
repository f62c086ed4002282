/* logistic -- p = 1/(1 + e^-x), q = 1 - p and their logarithms, all to full relative accuracy, from one
 * exponential and one division. What a formula does not use, the compiler drops.
 */

typedef struct {
    real p, q;         /* p + q = 1; neither is rounded to 0 before the other could be */
    real minus_log_p;  /* softplus(-x) */
    real minus_log_q;  /* softplus(x) */
    real tail;         /* log(1 + e^-|x|): minus_log_q = max(x, 0) + tail */
} FL(logistic_parts);

static FL_INLINE FL(logistic_parts) FL(logistic)(real x) {
    FL(logistic_parts) parts;
    real z = FL(exp_minus)(FL(abs)(x));
    real large = 1 / (1 + z), small = z * large;
    FL(word) negative = FL(less)(x, 0);
    parts.p = FL(choose)(negative, small, large);
    parts.q = FL(choose)(negative, large, small);
    parts.tail = FL(log1p_unit)(z);
    parts.minus_log_p = FL(max)(0, -x) + parts.tail;
    parts.minus_log_q = FL(max)(0, x) + parts.tail;
    return parts;
}
