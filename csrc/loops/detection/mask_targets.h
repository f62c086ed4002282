/* mask_targets.h -- where the objects of an image are, by one map for all of them or one mask for each. */

/* The value of an object's cells in its map, by its place in the order of images; < 0: any but 0. */
static FL_INLINE real FL(mask_label)(const fl_detection_args *a, ptrdiff_t image, ptrdiff_t place) {
    return a->overlapping ? (real)(place - a->first[image] + 1) : -1;
}

static FL_INLINE const real *FL(mask_of)(const fl_detection_args *a, ptrdiff_t image, ptrdiff_t place) {
    return (const real *)a->masks
        + (a->overlapping ? image : a->order[place]) * a->mask_height * a->mask_width;
}

static FL_INLINE int FL(in_mask)(real cell, real label) { return label < 0 ? cell != 0 : cell == label; }

/* The first of `cells` whose index is not below a coordinate. */
static ptrdiff_t FL(first_cell)(real from, ptrdiff_t cells) {
    return from > 0 ? from < (real)cells ? (ptrdiff_t)ceil((double)from) : cells : 0;
}
