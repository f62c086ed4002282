/* margin.h -- the formulas of the margin losses: how far a wrong class comes within the margin of a right one.
 *
 * z = margin + (score of the wrong class) - (score of the right one). A z that is NaN adds nothing, as in
 * torch. The wrong class gets the slope, the right one its negative; both get the curve. */

/* multilabel_margin, and multi_margin with p = 1
 *   value = max(0, z)    slope = [z > 0]    curve = 0 */
static FL_INLINE FL(row_point) FL(margin_linear)(real z) {
    FL(word) inside = FL(less)(0, z);
    return (FL(row_point)){FL(choose)(inside, z, 0), FL(choose)(inside, 1, 0), 0};
}

/* multi_margin with p = 2
 *   value = max(0, z)^2    slope = 2 max(0, z)    curve = 2 [z > 0] */
static FL_INLINE FL(row_point) FL(margin_square)(real z) {
    FL(word) inside = FL(less)(0, z);
    real positive = FL(choose)(inside, z, 0);
    return (FL(row_point)){positive * positive, 2 * positive, FL(choose)(inside, 2, 0)};
}
