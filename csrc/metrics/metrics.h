/* metrics.h -- the C interface of fastloss.metrics, included by fastloss.h.
 *
 * Metrics have no gradient and no instruction set of their own: they count, sort and compare. */
#ifndef FL_METRICS_H
#define FL_METRICS_H

/* ---- polygons ---------------------------------------------------------------- */

/* Coordinates lie within +- this. */
#define FL_MAX_COORDINATE 1e7

/* The union of polygons as the runs of one mask, in memory to be freed. Part i has the points first[i] ..
 * first[i + 1] - 1, x and y in turn. */
fl_status fl_runs_of_polygons(const double *points, const int64_t *first, ptrdiff_t parts, ptrdiff_t height,
                              ptrdiff_t width, int64_t **counts, ptrdiff_t *n_counts);

/* ---- COCO mean average precision ------------------------------------------- */

typedef enum { FL_COCO_BOX, FL_COCO_MASK, FL_COCO_KEYPOINTS } fl_coco_kind;

/* What detections and objects have in common; arrays of n, or NULL where the kind does not need them. */
typedef struct {
    ptrdiff_t n;
    const int64_t *image, *category;      /* indices, all in range */
    const double *area;
    const double *boxes;                  /* x, y, width, height */
    fl_runs runs;
    const double *keypoints;              /* (n, n_keypoints, 3): x, y, visibility */
} fl_coco_side;

typedef struct {
    int kind;                             /* fl_coco_kind */
    ptrdiff_t n_images, n_categories;
    fl_coco_side dt, gt;
    const double *score;                  /* of every detection, no NaN */
    const uint8_t *crowd, *ignore;        /* of every object */
    const double *sigmas;                 /* of every keypoint */
    ptrdiff_t n_keypoints;
    const double *thresholds, *recalls;   /* T of IoU, R points of recall, ascending */
    ptrdiff_t n_thresholds, n_recalls;
    const double *ranges;                 /* (A, 2) of areas, both ends included */
    ptrdiff_t n_ranges;
    const int64_t *max_dets;              /* M, ascending */
    ptrdiff_t n_max_dets;
    double *precision, *scores;           /* (T, R, K, A, M), filled with -1 */
    double *recall;                       /* (T, K, A, M), filled with -1 */
} fl_coco_args;

fl_status fl_coco(fl_coco_args *args);

/* ---- classification ----------------------------------------------------------- */

/* The largest label that is not the one to ignore; -1 if all are negative. */
int64_t fl_largest_label(const int64_t *labels, ptrdiff_t n, int has_ignore, int64_t ignore_index);

/* The first label that is neither in [0, classes) nor the one to ignore; -1 if there is none. */
ptrdiff_t fl_find_label_outside(const int64_t *labels, ptrdiff_t n, int64_t classes, int has_ignore,
                                int64_t ignore_index);

/* matrix[t * classes + p] += weight (1 where absent) for every pair of labels; target labels equal to
 * ignore_index are skipped. Labels are in range but for those. */
typedef struct {
    ptrdiff_t n, classes;
    const int64_t *input, *target;
    const double *weight;
    int has_ignore;
    int64_t ignore_index;
    int64_t *counts;                      /* without weight */
    double *sums;                         /* with weight */
} fl_confusion_args;

void fl_confusion(fl_confusion_args *args);

/* Divide a matrix by the sums of its rows, of its columns, or by its sum; by 0 gives 0. */
typedef enum { FL_BY_TARGET, FL_BY_INPUT, FL_BY_ALL } fl_normalization;

void fl_normalize(double *matrix, ptrdiff_t classes, int by);

/* Scores (outer, classes, inner) with strides in elements. */
typedef struct {
    int dtype;
    ptrdiff_t outer, classes, inner;
    ptrdiff_t outer_step, class_step, inner_step;
    const char *scores;
    const int64_t *target;                /* fl_rank only; out of range: skipped */
    int64_t *out;                         /* (outer, inner) */
} fl_class_scores;

/* The first class of the largest score; a NaN is larger than every number. */
void fl_best_class(fl_class_scores *args);
/* How many classes come before the target's when sorted by descending score, ties by index; NaN first.
 * A target whose score is NaN comes last. -1 where the target is out of range. */
void fl_rank(fl_class_scores *args);

/* For every k the share of labels whose rank is below it; out is NaN where all weights are 0. */
void fl_hits(const int64_t *rank, const int64_t *target, const double *weight, ptrdiff_t n, int has_ignore,
             int64_t ignore_index, const int64_t *k, ptrdiff_t n_k, double *out);

typedef enum { FL_AVERAGE_NONE, FL_AVERAGE_MACRO, FL_AVERAGE_MICRO, FL_AVERAGE_WEIGHTED } fl_average;

/* Precision, recall and F1 of a confusion matrix: `out` has 3 numbers, or 3 rows of `classes`. */
void fl_precision_recall_f1(const double *matrix, ptrdiff_t classes, int average, double zero_division,
                            double *out);

#endif
