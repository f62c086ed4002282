/* fastloss.h -- the C interface: the only header the Python extension sees.
 *
 * Every entry point takes one struct of plain arguments, works without the
 * GIL and returns an fl_status. Nothing here knows of Python or of threads. */
#ifndef FASTLOSS_H
#define FASTLOSS_H

#include <stddef.h>
#include <stdint.h>

enum { FL_MAX_DIMS = 64, FL_MAX_PARAMETERS = 4 };

/* The parameter that is a residual's: within it the curvature of boosting does not grow any more. */
enum { FL_KNEE = FL_MAX_PARAMETERS - 1 };

typedef enum { FL_OK = 0, FL_NO_MEMORY = 1, FL_BAD_LABEL = 2 } fl_status;

typedef enum { FL_REDUCE_NONE = 0, FL_REDUCE_MEAN = 1, FL_REDUCE_SUM = 2 } fl_reduction;

/* Element types an operand may have. The first two are also the working types. */
typedef enum { FL_F32 = 0, FL_F64 = 1, FL_I8, FL_I16, FL_I32, FL_I64, FL_U8, FL_U16, FL_U32, FL_U64 } fl_type;

/* One array as the loops see it: strides in bytes, one per axis of the space it
 * is broadcast to. `direct` is set by fl_space_prepare when element i of the
 * flattened space is ((real *)data)[i]. data == NULL: operand absent. */
typedef struct {
    char *data;
    int type;
    int direct;
    ptrdiff_t strides[FL_MAX_DIMS];
} fl_operand;

/* The index space all operands share. */
typedef struct {
    int ndim;
    ptrdiff_t size;
    ptrdiff_t shape[FL_MAX_DIMS];
} fl_space;

/* ---- the registry, from losses.def ------------------------------------- */

typedef enum { FL_KIND_POINTWISE, FL_KIND_PENALTY, FL_KIND_ROWWISE, FL_KIND_RATIO, FL_KIND_BOXES } fl_kind;

/* Which values a parameter may take. */
typedef enum {
    FL_ANY_FINITE,       /* any finite number */
    FL_NONNEGATIVE,      /* >= 0 and finite */
    FL_POSITIVE,         /* > 0 and finite */
    FL_UNIT,             /* in [0, 1] */
    FL_UNIT_OR_OFF,      /* in [0, 1], or -1 = switched off */
    FL_ONE_OR_TWO,       /* 1 or 2 */
    FL_TWEEDIE,          /* 0, or >= 1 and finite */
    FL_FLAG              /* True or False */
} fl_domain;

typedef struct {
    const char *name;
    fl_domain domain;
} fl_parameter;

typedef struct {
    const char *name;
    fl_kind kind;
    int n_parameters;
    fl_parameter parameters[FL_MAX_PARAMETERS];
    int unit_input;      /* input must lie in [0, 1] */
    int renamed;         /* the arguments are not called input and target */
    int batch_mean;      /* has the reduction "batchmean" */
} fl_loss_info;

void fl_registry_init(void);               /* before anything else, once */
int fl_loss_count(void);
const fl_loss_info *fl_loss_at(int loss);

/* ---- boosting ------------------------------------------------------------ */

/* For a call that wants the curvature in the place of hess, and rows checked on the way. */
typedef struct {
    double least;                         /* predictions must not be less */
    double low, high;                     /* labels must lie between */
    int signs;                            /* labels are classes: 1, and -1 or 0, which count as -1 */
    double floor;                         /* of the curvature, before weights */
    double multiple;                      /* rowwise: of the curvature */
    const void *row_weight;               /* rowwise: optional, one per row */
    int narrow;                           /* rowwise, classes apart: doubles in, floats out */
    double *parts;                        /* rowwise: optional; share and curve of every row (row_hess.h) */
    int bad;                              /* out: a number that is not finite, or a label outside */
} fl_boost;

/* ---- pointwise losses --------------------------------------------------- */

typedef struct {
    int loss;                             /* index into the registry */
    int dtype;                            /* FL_F32 or FL_F64 */
    int reduction;                        /* fl_reduction */
    double parameters[FL_MAX_PARAMETERS];
    double factor;                        /* of value and derivatives: mostly 1 */
    fl_space space;
    fl_operand input, target, aux, weight;
    fl_operand value;                     /* only for FL_REDUCE_NONE */
    fl_operand grad, hess;                /* optional outputs; hess needs grad */
    fl_boost *boost;                      /* set by the entry point; NULL: hess is the second derivative */
    fl_operand aux_grad, aux_hess;        /* the same by aux, for a loss that has them */
    int reused;                           /* grad is memory that was written before */
    double result;                        /* the loss, for mean and sum */
    int nan_seen;                         /* the sum of all values is NaN */
} fl_pointwise_args;

fl_status fl_pointwise(fl_pointwise_args *args);
fl_status fl_boost_pointwise(fl_pointwise_args *args, fl_boost *boost);

/* Drop and merge axes, choose an order that follows memory, mark direct
 * operands. Call it once the space and every operand are filled in. */
void fl_space_prepare(fl_pointwise_args *args);

/* About how long the call takes on one thread, in nanoseconds. */
double fl_pointwise_cost(const fl_pointwise_args *args);

/* ---- rowwise losses ------------------------------------------------------ */

/* Rows of class scores: (outer, classes, inner) in any of two layouts. Strides
 * are in elements; either the class stride or the inner stride is 1. */
typedef struct {
    char *data;
    ptrdiff_t outer, inner, class_;
} fl_rows;

typedef struct {
    int loss, dtype, reduction;
    double parameters[FL_MAX_PARAMETERS];
    ptrdiff_t outer_count, inner, classes;
    fl_rows input, grad, hess;   /* grad, hess optional; hess needs grad */
    fl_rows target;              /* class probabilities, or absent */
    const int64_t *index;        /* class of every row, for some losses a list of them; or absent */
    const void *position;        /* bin position of every row, or absent */
    const void *row_weight;      /* optional, one per row */
    const void *class_weight;    /* optional, one per class */
    int64_t ignore_index;
    double smoothing;            /* label smoothing */
    int reused;                  /* grad is memory that was written before */
    int blank;                   /* nll_loss: rows of grad to be zeroed first; contiguous classes */
    void *value;                 /* one per row, for FL_REDUCE_NONE */
    fl_boost *boost;             /* set by the entry point; NULL: hess is the second derivative */
    double result;
    ptrdiff_t bad_row;           /* with FL_BAD_LABEL: the first index at fault */
} fl_rowwise_args;

fl_status fl_rowwise(fl_rowwise_args *args);
fl_status fl_boost_rowwise(fl_rowwise_args *args, fl_boost *boost);
double fl_rowwise_cost(const fl_rowwise_args *args);

/* Scale the gradient of one row, and find its whole Hessian, scaled too, from its parts. */
void fl_boost_row(const double *x, ptrdiff_t classes, ptrdiff_t label, const double *parts, double scale,
                  double *grad, double *matrix);

/* ---- ratio losses: sums over groups of pixels ----------------------------- */

typedef enum { FL_NO_ACTIVATION, FL_SIGMOID, FL_SOFTMAX } fl_activation;

typedef struct {
    int loss, dtype, reduction;
    double parameters[FL_MAX_PARAMETERS];
    int activation;                       /* fl_activation: input to probabilities */
    int squared;                          /* sums of p^2 and t^2 instead of p and t */
    int per_image;                        /* groups of one image each */
    int pooled;                           /* the chosen classes are one group */
    int skip_absent;                      /* groups without target count as 0 */
    int indexed;                          /* target holds class indices, not masks */
    ptrdiff_t images, classes, pixels;
    const char *input;                    /* pixels are contiguous ... */
    ptrdiff_t input_image, input_class;   /* ... images and classes so many elements apart */
    fl_operand target;                    /* one axis; an index per pixel, or a mask ... */
    ptrdiff_t target_image, target_class; /* ... laid out by these, in elements */
    int has_ignore;                       /* pixels whose target equals the next are left out */
    int64_t ignore_index;
    double ignore_value;                  /* the same for masks */
    const ptrdiff_t *chosen;              /* classes that take part; NULL: all */
    ptrdiff_t n_chosen;
    const double *class_weight;           /* of every class; optional */
    char *value;                          /* a loss per group, only for FL_REDUCE_NONE */
    char *grad;                           /* optional */
    ptrdiff_t grad_image, grad_class;
    double result;
} fl_ratio_args;

fl_status fl_ratio(fl_ratio_args *args);
double fl_ratio_cost(const fl_ratio_args *args);

/* ---- boxes ---------------------------------------------------------------- */

/* What the numbers of a box are. r is a rotation in degrees. FL_AREA is a result only. */
typedef enum { FL_XYXY, FL_XYWH, FL_CXCYWH, FL_XYWHR, FL_CXCYWHR, FL_XYXYXYXY, FL_AREA } fl_format;

/* Box i with box i. The space holds the axes before the last; an operand of boxes
 * points at first coordinates and is direct where boxes are contiguous. */
typedef struct {
    int loss;                             /* index into the registry */
    int dtype, reduction;
    int as_loss;                          /* 1 - overlap by the rules of losses, else the overlap */
    int format;                           /* without rotation, or FL_CXCYWHR in radians (ProbIoU) */
    double eps;
    double parameters[FL_MAX_PARAMETERS]; /* of an FL_BOX_LOSS, eps among them */
    double *running_mean;                 /* of 1 - IoU, for WIoU 2 and 3: read, moved, written ... */
    double momentum;                      /* ... so far towards the mean of this call */
    fl_space space;
    fl_operand boxes1, boxes2, grad;      /* grad: optional output */
    ptrdiff_t step1, step2, grad_step;    /* bytes between the coordinates of a box */
    fl_operand weight;                    /* per box */
    fl_operand value;                     /* only for FL_REDUCE_NONE */
    double result;                        /* the loss, for mean and sum */
} fl_boxes_args;

fl_status fl_boxes(fl_boxes_args *args);
double fl_boxes_cost(const fl_boxes_args *args);

/* Every box with every box: contiguous (batch, n, 4) and (batch, m, 4) to (batch, n, m)
 * and, where asked for, the derivative (batch, n, m, 4) with respect to boxes1. Rotated
 * boxes have 5 or 8 numbers instead of 4. */
typedef struct {
    int loss, dtype, format;
    int training;                         /* by the rules of training instead of torchvision's */
    double eps;
    double parameters[FL_MAX_PARAMETERS]; /* of an FL_BOX_LOSS, eps among them */
    ptrdiff_t batch, n, m;
    const char *boxes1, *boxes2;
    char *value, *grad;
} fl_pairs_args;

fl_status fl_pairs(fl_pairs_args *args);
double fl_pairs_cost(const fl_pairs_args *args);

/* n contiguous boxes from one format to another, or to their areas. Rotated formats
 * go to rotated formats only. */
typedef struct {
    int dtype, from, to;
    ptrdiff_t n;
    const char *boxes;
    char *out;
} fl_convert_args;

int fl_box_width(int format);              /* numbers per box */
fl_status fl_convert(fl_convert_args *args);
double fl_convert_cost(const fl_convert_args *args);

/* n contiguous boxes, given by corners, cut to x in [0, width] and y in [0, height]. */
typedef struct {
    int dtype;
    double height, width;
    ptrdiff_t n;
    const char *boxes;
    char *out;
} fl_clip_args;

fl_status fl_clip_boxes(fl_clip_args *args);

/* Which of n contiguous boxes, given by corners, have no side below `least`. */
typedef struct {
    int dtype;
    double least;
    ptrdiff_t n;
    const char *boxes;
    int64_t *kept;                         /* room for n */
    ptrdiff_t n_kept;
} fl_keep_args;

fl_status fl_keep_large(fl_keep_args *args);

/* Raw boxes (batch, 4 bins, anchors) of an anchor-free head to pixels: (batch, anchors, 4), or
 * (batch, 4, anchors). The anchors are the cells of all levels, row by row. */
typedef struct {
    int dtype, format, channels_first;
    ptrdiff_t batch, bins, anchors;
    ptrdiff_t levels;
    const ptrdiff_t *heights, *widths;
    const double *strides;
    const char *boxes;
    char *out;
} fl_decode_args;

fl_status fl_decode(fl_decode_args *args);
double fl_decode_cost(const fl_decode_args *args);

/* ---- non-maximum suppression ------------------------------------------------ */

/* n contiguous boxes, corners or rotated. Positions of those that stay go to `kept` (room for n), by falling
 * score. */
typedef struct {
    int dtype, format;
    double threshold;                     /* of the IoU */
    ptrdiff_t n;
    const char *boxes;
    const char *scores;                   /* of the working type ... */
    const uint32_t *ranks;                /* ... or the place of each box in the order of scores */
    const int64_t *classes;               /* optional: boxes suppress within their class alone */
    int64_t *kept;
    ptrdiff_t n_kept;
    ptrdiff_t bad;                        /* with FL_BAD_LABEL: the first score that is NaN */
} fl_nms_args;

fl_status fl_nms(fl_nms_args *args);
double fl_nms_cost(ptrdiff_t n);

/* The same by a contiguous n x n matrix of overlaps in the place of boxes; without classes. */
fl_status fl_overlaps_nms(fl_nms_args *args);
double fl_overlaps_nms_cost(ptrdiff_t n);

/* Scores that fade. Positions of what stays and the faded scores, both with room for n, by falling score. */
typedef struct {
    int dtype, gaussian;
    double threshold;                     /* of the linear form */
    double sigma;                         /* of the gaussian form */
    double least;                         /* faded scores below are dropped */
    ptrdiff_t n;
    const char *boxes, *scores;
    const int64_t *classes;               /* optional */
    int64_t *kept;
    char *faded;
    ptrdiff_t n_kept, bad;
} fl_soft_nms_args;

fl_status fl_soft_nms(fl_soft_nms_args *args);

typedef struct {
    int dtype, gaussian;
    int precomputed;                      /* boxes is an n x n matrix of overlaps */
    double sigma, least;
    ptrdiff_t n;
    const char *boxes, *scores;
    const int64_t *classes;               /* optional */
    int64_t *kept;
    char *faded;
    ptrdiff_t n_kept, bad;
} fl_matrix_nms_args;

fl_status fl_matrix_nms(fl_matrix_nms_args *args);

/* How the score of a fused box follows from those of its boxes. */
typedef enum { FL_FUSE_AVG, FL_FUSE_MAX, FL_FUSE_BOX_AND_MODEL, FL_FUSE_ABSENT } fl_confidence;

/* n boxes of several models, each with a label and the number of its model. */
typedef struct {
    int dtype, confidence, overflow;
    double threshold, skip;
    ptrdiff_t n, n_models;
    const char *boxes, *scores;
    const int64_t *labels;
    const int32_t *models;
    const double *weights;                /* of the models */
    double weight_sum, weight_max;
    char *fused_boxes, *fused_scores;     /* room for n */
    int64_t *first;                       /* the position of each one's best box */
    ptrdiff_t n_fused, bad;
} fl_fusion_args;

fl_status fl_fuse(fl_fusion_args *args);

/* ---- the raw output of a detector ---------------------------------------------- */

/* Of one image. rows and anchors are freed by the caller. */
typedef struct {
    ptrdiff_t n;
    void *rows;                           /* (n, 6): x1, y1, x2, y2, score, class */
    int64_t *anchors;
    ptrdiff_t candidates, survivors;      /* above the confidence; kept before max_det */
    int status;
} fl_detections;

typedef struct {
    int dtype, format, multi_label, agnostic;
    double confidence, threshold;
    ptrdiff_t batch, channels, classes, anchors;
    const char *prediction; /* contiguous (batch, channels, anchors): 4 of box, then classes */
    const unsigned char *wanted; /* a flag per class; NULL: all */
    ptrdiff_t max_candidates, max_det; /* -1: no limit */
    fl_detections *images; /* zeros; one for each of the batch */
    ptrdiff_t bad; /* with FL_BAD_LABEL: a NaN, in (batch, classes, anchors) */
} fl_postprocess_args;

fl_status fl_postprocess(fl_postprocess_args *args);
double fl_postprocess_cost(const fl_postprocess_args *args);

typedef struct {
    ptrdiff_t height, width, to_height, to_width;
    int scale_up, center;
    ptrdiff_t stride; /* pad to a multiple of it only; 0: to the whole shape */
} fl_letterbox_args;

typedef struct {
    double ratio;
    ptrdiff_t height, width, top, bottom, left, right;
} fl_letterbox_geometry;

fl_letterbox_geometry fl_letterbox(const fl_letterbox_args *args);

/* n rows of `width` numbers of which the first four are corners: (x - shift) / gain, clipped to [0, most]. */
typedef struct {
    int dtype, clip;
    ptrdiff_t n, width;
    double shift[2], gain[2], most[2];
    const char *boxes;
    char *out;
} fl_rescale_args;

fl_status fl_rescale(fl_rescale_args *args);
double fl_rescale_cost(const fl_rescale_args *args);

/* ---- masks ---------------------------------------------------------------- */

/* Every mask with every other: contiguous bytes, zero or not, (batch, n, pixels) and
 * (batch, m, pixels), to (batch, n, m). */
typedef struct {
    ptrdiff_t batch, n, m, pixels;
    const uint8_t *masks[2];
    const uint8_t *crowd;        /* per mask of the second: divide by the first area; optional */
    double *value;
} fl_masks_args;

fl_status fl_mask_iou(fl_masks_args *args);

/* The boxes x1, y1, x2, y2 around n contiguous masks, last pixels included. */
typedef struct {
    ptrdiff_t n, height, width;
    const uint8_t *masks;
    float *boxes;
    ptrdiff_t bad_mask;          /* with FL_BAD_LABEL: the first mask without a pixel */
} fl_mask_boxes_args;

fl_status fl_mask_boxes(fl_mask_boxes_args *args);

/* n masks as run lengths: columns of pixels one after another, runs of 0 and of 1 in turn,
 * 0 first. They add up to height width. */
typedef struct {
    ptrdiff_t n;
    const int64_t *counts;       /* of all masks */
    const int64_t *start;        /* n + 1: mask i has counts[start[i]] .. counts[start[i + 1] - 1] */
    const int64_t *height, *width;
} fl_runs;

/* Every mask with every other, to (n, m); -1 where their sizes differ. */
typedef struct {
    fl_runs masks[2];
    const uint8_t *crowd;
    double *value;
} fl_runs_args;

fl_status fl_run_iou(fl_runs_args *args);

/* COCO's compressed text; counts has room for one run per character. FL_BAD_LABEL: not such a text. */
fl_status fl_runs_of_text(const char *text, ptrdiff_t length, int64_t *counts, ptrdiff_t *n_counts);
ptrdiff_t fl_runs_of_mask(const uint8_t *mask, ptrdiff_t height, ptrdiff_t width, int64_t *counts);

/* Pixels of every mask, and the boxes x, y, width, height around them, zeros around none. */
fl_status fl_measure_runs(const fl_runs *runs, double *areas, double *boxes);

/* ---- metrics ------------------------------------------------------------- */

#include "metrics/metrics.h"
/* ---- detection criteria ---------------------------------------------------- */

enum { FL_MAX_LEVELS = 16 };

/* The parts of a criterion. */
enum {
    FL_ITEM_BOX,
    FL_ITEM_CLS,
    FL_ITEM_DFL,
    FL_ITEM_ANGLE,
    FL_ITEM_POSE,
    FL_ITEM_KOBJ,
    FL_ITEM_SEG,
    FL_ITEM_SEM,
    FL_ITEMS
};

/* A grid of anchors; stride in pixels. */
typedef struct {
    ptrdiff_t height, width;
    double stride;
} fl_level;

/* Contiguous arrays of the working type unless another type is named. */
typedef struct {
    int dtype;
    ptrdiff_t batch, classes, bins, anchors;      /* anchors of all levels */
    int n_levels;
    fl_level levels[FL_MAX_LEVELS];
    const char *boxes, *scores;                   /* (batch, 4 bins, anchors), (batch, classes, anchors) */
    const char *angles;                           /* (batch, anchors): boxes are rotated; or absent */

    ptrdiff_t objects;
    const double *image, *class_;                 /* of every object, in any order; checked */
    const char *targets; /* (objects, 4): centre and size over the image's, or with angle: 5 */
    ptrdiff_t *first, *order; /* objects by image: set by the call */

    ptrdiff_t topk, topk2; /* topk2 = 0: no second selection */
    double alpha, beta, trigger, floor; /* of the assignment */
    double narrow, wide; /* strides of a level that objects between them may have anchors of; 0, 0: of any */
    double gains[FL_ITEMS];
    double factor; /* of the total and the gradients */
    const double *class_weight; /* optional */

    const char *keypoints; /* (batch, n_keypoints per_keypoint, anchors); optional */
    const char *target_keypoints; /* (objects, n_keypoints, per_target) over the image's size */
    ptrdiff_t n_keypoints, per_keypoint, per_target;
    const double *sigmas; /* per keypoint */
    int from_anchor; /* where raw keypoints count from: the anchor, or twice from the cell's corner */
    int assign_keypoints; /* objects with a visible keypoint overlap by keypoints */

    const char *coefficients, *proto; /* (batch, n_proto, anchors), (batch, n_proto, h, w); optional */
    const char *masks; /* (batch or objects, h, w) */
    int overlapping; /* one map per image: object i of it has the value i + 1 */
    ptrdiff_t n_proto, proto_height, proto_width, mask_height, mask_width;
    int assign_masks; /* the overlap of an object with its best candidates is half that of its mask */
    const char *sem; /* class logits of every pixel (batch, classes, h, w); optional */
    ptrdiff_t sem_height, sem_width;

    int64_t *object_index; /* the assignment alone: (batch, anchors), -1 = background */
    char *object_score;
    char *grad_boxes, *grad_scores, *grad_angles; /* of the arrays that are there, all or none */
    char *grad_keypoints, *grad_coefficients, *grad_proto, *grad_sem;
    int zeroed; /* all but grad_scores hold zeros */
    double items[FL_ITEMS], total;
} fl_detection_args;

fl_status fl_detection(fl_detection_args *args);

/* Residuals of n keypoints against a density: contiguous rows of `width`, one log-density and weight for each. */
typedef struct {
    int dtype;
    ptrdiff_t n, width;
    const char *error, *sigma, *log_density;
    const char *weight; /* optional */
    char *grad_error, *grad_sigma, *grad_log_density; /* all or none */
    double result;
    ptrdiff_t bad; /* with FL_BAD_LABEL: the first sigma below 0 */
} fl_residual_args;

fl_status fl_residual(fl_residual_args *args);

/* Of the two heads' losses, after `epoch` of `epochs`. */
void fl_end_to_end_weights(double epoch, double epochs, double weights[2]);

/* ---- instruction sets --------------------------------------------------- */

void fl_isa_init(void); /* detect and choose the best */
int fl_isa_count(void); /* levels this build holds and this machine runs */
const char *fl_isa_name(int index); /* best first */
const char *fl_isa_active(void);
int fl_isa_select(const char *name); /* 0, or -1: unknown or not supported here */

/* ---- threads ------------------------------------------------------------- */

void fl_threads_init(void);
const char *fl_compiler(void);
int fl_has_openmp(void);
void fl_set_threads(int n); /* this process; 0: back to OpenMP's choice */
int fl_swap_local_threads(int n); /* this thread; 0: none; returns the old one */
int fl_get_threads(void); /* what a large call would use now */

#endif
