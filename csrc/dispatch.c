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

fl_status fl_pointwise(fl_pointwise_args *args) { return active->table->pointwise[args->dtype](args); }

double fl_rowwise_cost(const fl_rowwise_args *args) {
    const fl_traits *traits = &fl_loss_traits[args->loss];
    double rows = (double)args->outer_count * (double)args->inner;
    if (traits->flags & FL_PICKS) return traits->cost * rows;
    if (traits->flags & FL_MARGIN) return traits->cost * rows * (double)args->classes * (1 + args->dtype);
    return 0.5 * rows * (double)args->classes * (1 + args->dtype);
}

fl_status fl_rowwise(fl_rowwise_args *args) {
    int margin = fl_loss_traits[args->loss].flags & FL_MARGIN;
    return (margin ? active->table->margin : active->table->rowwise)[args->dtype](args);
}

double fl_ratio_cost(const fl_ratio_args *args) {
    double elements = (double)args->images * (double)args->classes * (double)args->pixels;
    return fl_loss_traits[args->loss].cost * elements * (1 + args->dtype);
}

fl_status fl_ratio(fl_ratio_args *args) { return active->table->ratio[args->dtype](args); }

double fl_boxes_cost(const fl_boxes_args *args) {
    return fl_loss_traits[args->loss].cost * (double)args->space.size * (1 + args->dtype);
}

fl_status fl_boxes(fl_boxes_args *args) { return active->table->boxes[args->dtype](args); }

double fl_pairs_cost(const fl_pairs_args *args) {
    const fl_traits *traits = &fl_loss_traits[args->loss];
    return (args->grad ? traits->cost : traits->pair_cost) * (double)args->batch * args->n * args->m
        * (1 + args->dtype);
}

fl_status fl_pairs(fl_pairs_args *args) { return active->table->pairs[args->dtype](args); }

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

fl_status fl_mask_iou(fl_masks_args *args) { return active->table->mask_iou(args); }

fl_status fl_mask_boxes(fl_mask_boxes_args *args) { return active->table->mask_boxes(args); }

fl_status fl_detection(fl_detection_args *args) {
    if (!fl_detection_sort(args)) return FL_NO_MEMORY;
    fl_status status = active->table->detection[args->dtype](args);
    free(args->first);
    return status;
}
