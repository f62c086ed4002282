/* kernels.h -- loops x losses for float and double, ending in one table.
 *
 * Every isa/<isa>.c defines FL_ISA and includes this text; the compiler flags
 * make the difference. Everything but the table is static. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "masks.h"
#include "parallel.h"
#include "ratio.h"
#include "registry.h"
#include "table.h"

/* Set for levels that hardly any machine runs: one loop per loss, which writes all outputs, some of them to no
 * avail. 0.7 of the code. */
#ifndef FL_LEAN
#define FL_LEAN 0
#endif

#define FL_INLINE inline __attribute__((always_inline))
#define FL_ALIGNED __attribute__((aligned(64)))
#define FL_PASTE3(a, b, c) a##b##c
#define FL_PASTE(a, b, c) FL_PASTE3(a, b, c)

/* Rows of 16 elements: a full vector of floats at the widest level, several at
 * the others. Chunks are cut by elements, never by threads. */
enum { FL_LANES = 16, FL_STRIP = 256, FL_CHUNK = 4096, FL_FEW_CHUNKS = 64 };

/* The widest vector of the level. */
#if defined(__AVX512F__)
enum { FL_VECTOR_BYTES = 64 };
#elif defined(__AVX2__)
enum { FL_VECTOR_BYTES = 32 };
#else
enum { FL_VECTOR_BYTES = 16 };
#endif

/* Rows: elements per chunk and handled together; how many rows are few; classes ... */
enum {
    FL_ROW_CHUNK = 16384,
    FL_GROUP_ELEMENTS = 8192,
    FL_FEW_ROWS = 4,
    FL_FEW_CLASSES = 8,      /* up to which pixels compare each of them with their targets, */
    FL_SHORT_ROW = 32,       /* up to which a row is turned over, */
    FL_NARROW_ROW = 64,      /* up to which a tile of them goes through each step together, */
    FL_WIDE_ROW = 256,       /* up to which its exponentials come into a tile, */
    FL_STREAM_CLASSES = 256  /* from which on it is streamed */
};

/* Pixels that a ratio loss takes at once, elements of all classes at once and per chunk,
 * and rows that a cache holds when they are a power of two apart. */
enum { FL_RATIO_TILE = 512, FL_RATIO_ELEMENTS = 8192, FL_RATIO_CHUNK = 32768, FL_RATIO_WAYS = 8 };

/* A pass over a block. Inlined it would lose `restrict`, and with it the vectors. */
#define FL_PASS __attribute__((noinline))

#define FL_LANE_LOOP _Pragma("omp simd simdlen(16)")
#define FL_PRAGMA(text) _Pragma(#text)
#define FL_LANE_LOOP_OR(any) FL_PRAGMA(omp simd simdlen(16) reduction(| : any))

#ifdef __has_builtin
#define FL_SHUFFLES __has_builtin(__builtin_shufflevector)
#else
#define FL_SHUFFLES 0
#endif

static double fl_sum_lanes(const double *lanes) {
    double s[FL_LANES / 2];
    for (int l = 0; l < 8; l++) s[l] = lanes[l] + lanes[l + 8];
    for (int l = 0; l < 4; l++) s[l] += s[l + 4];
    return (s[0] + s[2]) + (s[1] + s[3]);
}

#include "loops/labels.h"
#include "loops/stream.h"
#include "nms/groups.h"
#include "loops/masks.h"

#define real float
#define REAL_IS_FLOAT 1
#define FL(name) FL_PASTE(fl_, name, _f32)
#include "template.h"
#undef real
#undef REAL_IS_FLOAT
#undef FL

#define real double
#define REAL_IS_FLOAT 0
#define FL(name) FL_PASTE(fl_, name, _f64)
#include "template.h"
#undef real
#undef REAL_IS_FLOAT
#undef FL

const fl_table FL_PASTE(fl_table_, FL_ISA, ) = {
    .pointwise = {fl_pointwise_f32, fl_pointwise_f64},
    .rowwise = {fl_rowwise_f32, fl_rowwise_f64},
    .margin = {fl_margin_f32, fl_margin_f64},
    .ratio = {fl_ratio_f32, fl_ratio_f64},
    .boxes = {fl_boxes_f32, fl_boxes_f64},
    .pairs = {fl_pairs_f32, fl_pairs_f64},
    .rotated_boxes = {fl_rotated_boxes_f32, fl_rotated_boxes_f64},
    .rotated_pairs = {fl_rotated_pairs_f32, fl_rotated_pairs_f64},
    .convert = {fl_convert_f32, fl_convert_f64},
    .clip_boxes = {fl_clip_boxes_f32, fl_clip_boxes_f64},
    .keep_large = {fl_keep_large_f32, fl_keep_large_f64},
    .decode = {fl_decode_f32, fl_decode_f64},
    .nms = {fl_nms_f32, fl_nms_f64},
    .overlaps_nms = {fl_overlaps_nms_f32, fl_overlaps_nms_f64},
    .soft_nms = {fl_soft_nms_f32, fl_soft_nms_f64},
    .matrix_nms = {fl_matrix_nms_f32, fl_matrix_nms_f64},
    .fuse = {fl_fuse_f32, fl_fuse_f64},
    .postprocess = {fl_postprocess_f32, fl_postprocess_f64},
    .rescale = {fl_rescale_f32, fl_rescale_f64},
    .residual = {fl_residual_f32, fl_residual_f64},
    .mask_iou = fl_mask_matrix,
    .mask_boxes = fl_boxes_of_masks,
    .detection = {fl_detection_f32, fl_detection_f64},
};
