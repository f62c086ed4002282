/* parallel.h -- run a body over chunks, in parallel where that pays. */
#ifndef FL_PARALLEL_H
#define FL_PARALLEL_H

#include <stddef.h>

typedef void fl_chunk_body(void *context, ptrdiff_t chunk);

void fl_parallel(ptrdiff_t n_chunks, double cost_ns, fl_chunk_body *body, void *context);

#endif
