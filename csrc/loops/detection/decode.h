/* decode.h -- distances of a tile of FL_LANES anchors from their logits: vectors run along the anchors. */

typedef struct {
    real d[4][FL_LANES];            /* left, top, right, bottom, in strides */
    real largest[4][FL_LANES];      /* of the logits */
    real sum[4][FL_LANES];          /* of the exponentials */
} FL(tile_distances);

/* Channel side * bins + bin is `apart` elements from the one before. `kept`, with FL_LANES from channel to
 * channel, gets the exponentials; it may be z. */
static FL_INLINE void FL(decode_bins)(const real *z, ptrdiff_t apart, ptrdiff_t bins, real *kept,
                                      FL(tile_distances) *t) {
    for (int side = 0; side < 4; side++) {
        real largest[FL_LANES], sum[FL_LANES] = {0}, mean[FL_LANES] = {0};
        for (int l = 0; l < FL_LANES; l++) largest[l] = -INFINITY;
        for (ptrdiff_t k = 0; k < bins; k++) {
            const real *row = z + (side * bins + k) * apart;
            FL_LANE_LOOP
            for (int l = 0; l < FL_LANES; l++) largest[l] = FL(max)(largest[l], row[l]);
        }
        for (ptrdiff_t k = 0; k < bins; k++) {
            const real *row = z + (side * bins + k) * apart;
            real *out = kept ? kept + (side * bins + k) * FL_LANES : NULL;
            real bin = (real)k;
            FL_LANE_LOOP
            for (int l = 0; l < FL_LANES; l++) {
                real e = FL(exp_nonpositive)(row[l] - largest[l]);
                sum[l] += e;
                mean[l] = FL(fma)(bin, e, mean[l]);
                if (kept) out[l] = e;
            }
        }
        for (int l = 0; l < FL_LANES; l++) {
            t->d[side][l] = mean[l] / sum[l];
            t->largest[side][l] = largest[l];
            t->sum[side][l] = sum[l];
        }
    }
}

/* Without bins the logits are the distances. */
static FL_INLINE void FL(decode_plain)(const real *z, ptrdiff_t apart, FL(tile_distances) *t) {
    for (int side = 0; side < 4; side++)
        for (int l = 0; l < FL_LANES; l++) t->d[side][l] = z[side * apart + l];
}

static void FL(decode_tile)(const real *z, ptrdiff_t apart, ptrdiff_t bins, FL(tile_distances) *t) {
    if (bins == 1) FL(decode_plain)(z, apart, t);
    else FL(decode_bins)(z, apart, bins, NULL, t);
}
