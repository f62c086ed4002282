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
    fl_status (*rotated_boxes[2])(fl_boxes_args *args);
    fl_status (*rotated_pairs[2])(fl_pairs_args *args);
    fl_status (*convert[2])(fl_convert_args *args);
    fl_status (*clip_boxes[2])(fl_clip_args *args);
    fl_status (*keep_large[2])(fl_keep_args *args);
    fl_status (*decode[2])(fl_decode_args *args);
    fl_status (*nms[2])(fl_nms_args *args);
    fl_status (*overlaps_nms[2])(fl_nms_args *args);
    fl_status (*soft_nms[2])(fl_soft_nms_args *args);
    fl_status (*matrix_nms[2])(fl_matrix_nms_args *args);
    fl_status (*fuse[2])(fl_fusion_args *args);
    fl_status (*postprocess[2])(fl_postprocess_args *args);
    fl_status (*rescale[2])(fl_rescale_args *args);
    fl_status (*residual[2])(fl_residual_args *args);
    fl_status (*mask_iou)(fl_masks_args *args);
    fl_status (*mask_boxes)(fl_mask_boxes_args *args);
    fl_status (*detection[2])(fl_detection_args *args);
} fl_table;

#endif
