/* keep.h -- memory of large arrays, kept from one call to the next. */
#ifndef FL_KEEP_H
#define FL_KEEP_H

#include <stddef.h>

/* From here on the C library asks the system for memory at every allocation, and gives it back at every
 * release; smaller blocks it keeps by itself. */
#define FL_KEEP_FROM ((size_t)32 << 20)

typedef struct {
    void *start;
    size_t bytes;
} fl_block;

/* What there is no room for is handed to this. */
typedef void fl_drop(fl_block block);

/* Keep at most this many bytes: what is above goes now, or with the next fl_keep if another thread is at it. */
void fl_keep_limit(size_t bytes, fl_drop *drop);
size_t fl_kept(void);

/* A kept block that is large enough and not wastefully larger; none starts at NULL. */
fl_block fl_keep_take(size_t bytes);
int fl_keep_has(size_t bytes);

/* Keep a block; the oldest make room for it. */
void fl_keep(fl_block block, fl_drop *drop);

#endif
