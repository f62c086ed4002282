/* segmentation.h -- the formulas of the overlap losses, from three sums over a
 * group of pixels to the value and its derivatives:
 *   overlap = sum p t    input = sum p (squared: p^2)    target = sum t (squared: t^2)
 * They run once per group, so they are plain double and serve every working type. */

typedef struct {
    double overlap, input, target;
    int soft;                /* of a sigmoid: there are targets other than 0 and 1 */
} fl_sums;

typedef struct {
    double value, by_overlap, by_input;
} fl_ratio_point;

/* dice -- one minus twice the overlap over both sizes (Dice 1945; Milletari 2016).
 *   s = input + target + smooth_dr       dice = (2 overlap + smooth_nr) / s
 *   value = 1 - dice    d/d overlap = -2 / s    d/d input = dice / s */
static inline fl_ratio_point fl_dice(fl_sums g, const double *p) {
    double s = g.input + g.target + p[1], dice = (2 * g.overlap + p[0]) / s;
    return (fl_ratio_point){1 - dice, -2 / s, dice / s};
}
