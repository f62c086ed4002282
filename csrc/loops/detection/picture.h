/* picture.h -- an image while its anchors are assigned: what they predict, who overlaps them most. */

enum { FL(stretch) = 256 };         /* candidates of one row of cells taken at once */

/* An object as its candidates see it, in pixels. */
typedef struct {
    int32_t place;
    int seen;                             /* keypoints that decide on its overlap; 0: its box does */
    real area;                            /* for their similarity */
    FL(box) box;                          /* upright boxes ... */
    FL(rotated) gaussian;                 /* ... and rotated ones, with the region of their candidates: */
    real x, y;                            /* a corner of it, */
    real ab_x, ab_y, ab, ad_x, ad_y, ad;  /* the sides from there and their squares */
} FL(object);

/* Cells of every level that may be candidates: all of them are, if the box is upright. */
typedef struct {
    real left, top, right, bottom;
} FL(reach);

/* The best claims so far, with the one to give up at the root. */
typedef struct {
    FL(claim) *claims;
    ptrdiff_t n, most;
} FL(heap);

/* For objects with masks, see covered.h; of size anchors or of one mask. */
typedef struct {
    real *overlap, *share;                /* of an object with every candidate: by the box, by the mask */
    real *row;
    unsigned char *mask;                  /* the object's, as large as the prototypes */
    ptrdiff_t area;
    FL(heap) best;
} FL(cover);

typedef struct FL(scene) FL(scene);

/* Overlaps and metrics of an object with n <= FL(stretch) anchors; whole rows are written. */
typedef void FL(align)(const FL(scene) *s, const FL(object) *object, ptrdiff_t first, int n,
                       const real *logits, real *overlap, real *metric);

struct FL(scene) {
    const FL(detection_call) *call;
    ptrdiff_t image;
    real *p[6];                           /* predicted boxes in pixels: x1 y1 x2 y2 angle, or x y c s p q */
    unsigned char *decoded;               /* per tile */
    real *spill;                          /* the logits of an incomplete tile */
    real *overlap, *metric;               /* of the object that overlaps an anchor most ... */
    int32_t *object;                      /* ... and which one it is */
    int32_t *slot;                        /* an anchor's place among the claims */
    FL(claim) *claims;
    ptrdiff_t n;
    FL(align) *align;
    FL(cover) cover;
};
