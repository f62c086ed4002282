/* dispatch.c -- which instruction set serves this process. */
#include "detection.h"
#include "registry.h"
#include "table.h"

#include <stdlib.h>
#include <string.h>

#define FL_DECLARE(isa) extern const fl_table fl_table_##isa;

/* setup.py says which levels are compiled: FL_HAVE_<isa>. */
#ifdef FL_HAVE_v2
FL_DECLARE(v2)
#endif
#ifdef FL_HAVE_v3
FL_DECLARE(v3)
#endif
#ifdef FL_HAVE_v4
FL_DECLARE(v4)
#endif
#ifdef FL_HAVE_aarch64
FL_DECLARE(aarch64)
#endif
#ifdef FL_HAVE_generic
FL_DECLARE(generic)
#endif

typedef struct {
    const char *name;
    const fl_table *table;
} level;

static level levels[4];      /* what this machine runs, best first */
static int n_levels;
static const level *active;

static void offer(const char *name, const fl_table *table, int supported) {
    if (supported) levels[n_levels++] = (level){name, table};
}

void fl_isa_init(void) {
    /* Whole levels: a machine with AVX-512F alone must not run v4 code. */
#ifdef __x86_64__
    __builtin_cpu_init();
#endif
#ifdef FL_HAVE_v4
    offer("x86-64-v4", &fl_table_v4, __builtin_cpu_supports("x86-64-v4"));
#endif
#ifdef FL_HAVE_v3
    offer("x86-64-v3", &fl_table_v3, __builtin_cpu_supports("x86-64-v3"));
#endif
#ifdef FL_HAVE_v2
    offer("x86-64-v2", &fl_table_v2, __builtin_cpu_supports("x86-64-v2"));
#endif
#ifdef FL_HAVE_aarch64
    offer("aarch64", &fl_table_aarch64, 1);
#endif
#ifdef FL_HAVE_generic
    offer("generic", &fl_table_generic, 1);
#endif
    active = levels;
}

int fl_isa_count(void) { return n_levels; }
const char *fl_isa_name(int index) { return levels[index].name; }
const char *fl_isa_active(void) { return active->name; }

int fl_isa_select(const char *name) {
    for (int i = 0; i < n_levels; i++)
        if (!strcmp(levels[i].name, name)) {
            active = &levels[i];
            return 0;
        }
    return -1;
}

double fl_pointwise_cost(const fl_pointwise_args *args) {
    return fl_loss_traits[args->loss].cost * (double)args->space.size * (1 + args->dtype);
}

fl_status fl_boost_pointwise(fl_pointwise_args *args, fl_boost *boost) {
    args->boost = boost;
    return active->table->pointwise[args->dtype](args);
}

fl_status fl_pointwise(fl_pointwise_args *args) { return fl_boost_pointwise(args, NULL); }

double fl_rowwise_cost(const fl_rowwise_args *args) {
    const fl_traits *traits = &fl_loss_traits[args->loss];
    double rows = (double)args->outer_count * (double)args->inner;
    /* Zeros of the gradient are written here or by the system, a page at a time. */
    double written = args->grad.data ? 0.1 * (double)args->classes * (1 + args->dtype) : 0;
    if (traits->flags & FL_PICKS) return (traits->cost + written) * rows;
    if (traits->flags & FL_MARGIN) return traits->cost * rows * (double)args->classes * (1 + args->dtype);
    return 0.5 * rows * (double)args->classes * (1 + args->dtype);
}

fl_status fl_boost_rowwise(fl_rowwise_args *args, fl_boost *boost) {
    int margin = fl_loss_traits[args->loss].flags & FL_MARGIN;
    args->boost = boost;
    return (margin ? active->table->margin : active->table->rowwise)[args->dtype](args);
}

fl_status fl_rowwise(fl_rowwise_args *args) { return fl_boost_rowwise(args, NULL); }

double fl_ratio_cost(const fl_ratio_args *args) {
    double elements = (double)args->images * (double)args->classes * (double)args->pixels;
    return fl_loss_traits[args->loss].cost * elements * (1 + args->dtype);
}

fl_status fl_ratio(fl_ratio_args *args) { return active->table->ratio[args->dtype](args); }

double fl_boxes_cost(const fl_boxes_args *args) {
    return fl_loss_traits[args->loss].cost * (double)args->space.size * (1 + args->dtype);
}

fl_status fl_boxes(fl_boxes_args *args) {
    int rotated = fl_box_width(args->format) != 4;
    return (rotated ? active->table->rotated_boxes : active->table->boxes)[args->dtype](args);
}

double fl_pairs_cost(const fl_pairs_args *args) {
    const fl_traits *traits = &fl_loss_traits[args->loss];
    double pair = fl_box_width(args->format) != 4 ? 12 : traits->pair_cost;
    return (args->grad ? traits->cost + pair : pair) * (double)args->batch * args->n * args->m
        * (1 + args->dtype);
}

fl_status fl_pairs(fl_pairs_args *args) {
    int rotated = fl_box_width(args->format) != 4;
    return (rotated ? active->table->rotated_pairs : active->table->pairs)[args->dtype](args);
}

int fl_box_width(int format) {
    return format == FL_AREA                         ? 1
        : format == FL_XYXYXYXY                      ? 8
        : format == FL_XYWHR || format == FL_CXCYWHR ? 5
                                                     : 4;
}

double fl_convert_cost(const fl_convert_args *args) {
    return (fl_box_width(args->from) == 4 ? 1 : 50) * (double)args->n;
}

fl_status fl_convert(fl_convert_args *args) { return active->table->convert[args->dtype](args); }

fl_status fl_clip_boxes(fl_clip_args *args) { return active->table->clip_boxes[args->dtype](args); }

fl_status fl_keep_large(fl_keep_args *args) { return active->table->keep_large[args->dtype](args); }

double fl_decode_cost(const fl_decode_args *args) {
    return (args->bins > 1 ? 4.0 * (double)args->bins : 4) * (double)args->batch * (double)args->anchors
        * (1 + args->dtype);
}

fl_status fl_decode(fl_decode_args *args) { return active->table->decode[args->dtype](args); }

/* From a few comparisons of each box to many: a guess, as it depends on what the boxes are. */
double fl_nms_cost(ptrdiff_t n) { return (double)n * (15 + 0.02 * (double)(n < 2000 ? n : 2000)); }

fl_status fl_nms(fl_nms_args *args) { return active->table->nms[args->dtype](args); }

double fl_overlaps_nms_cost(ptrdiff_t n) { return 20 * (double)n + 0.05 * (double)n * (double)n; }

fl_status fl_overlaps_nms(fl_nms_args *args) { return active->table->overlaps_nms[args->dtype](args); }

fl_status fl_soft_nms(fl_soft_nms_args *args) { return active->table->soft_nms[args->dtype](args); }

fl_status fl_matrix_nms(fl_matrix_nms_args *args) { return active->table->matrix_nms[args->dtype](args); }

fl_status fl_fuse(fl_fusion_args *args) { return active->table->fuse[args->dtype](args); }

double fl_postprocess_cost(const fl_postprocess_args *args) {
    return 0.15 * (1 + args->dtype) * (double)args->batch * (double)(args->classes + 1)
        * (double)args->anchors;
}

fl_status fl_postprocess(fl_postprocess_args *args) { return active->table->postprocess[args->dtype](args); }

double fl_rescale_cost(const fl_rescale_args *args) { return 5 * (double)args->n; }

fl_status fl_rescale(fl_rescale_args *args) { return active->table->rescale[args->dtype](args); }

fl_status fl_residual(fl_residual_args *args) { return active->table->residual[args->dtype](args); }

fl_status fl_mask_iou(fl_masks_args *args) { return active->table->mask_iou(args); }

fl_status fl_mask_boxes(fl_mask_boxes_args *args) { return active->table->mask_boxes(args); }

fl_status fl_detection(fl_detection_args *args) {
    if (!fl_detection_sort(args)) return FL_NO_MEMORY;
    fl_status status = active->table->detection[args->dtype](args);
    free(args->first);
    return status;
}
