/* table.h -- what every instruction set provides. */
#ifndef FL_TABLE_H
#define FL_TABLE_H

#include "fastloss.h"

typedef struct {
    /* by working type */
    fl_status (*pointwise[2])(fl_pointwise_args *args);
    fl_status (*rowwise[2])(fl_rowwise_args *args);
    fl_status (*margin[2])(fl_rowwise_args *args);
    fl_status (*ratio[2])(fl_ratio_args *args);
    fl_status (*boxes[2])(fl_boxes_args *args);
    fl_status (*pairs[2])(fl_pairs_args *args);
    fl_status (*convert[2])(fl_convert_args *args);
    fl_status (*mask_iou)(fl_masks_args *args);
    fl_status (*mask_boxes)(fl_mask_boxes_args *args);
    fl_status (*detection[2])(fl_detection_args *args);
} fl_table;

#endif
