/* stream.h -- writes that go past the caches. */
#ifndef FL_STREAM_H
#define FL_STREAM_H

#include <stddef.h>

/* Outputs of at least this many bytes are streamed: they would push everything
 * else out of the caches and cost a read of every line before its write. */
enum { FL_STREAM_BYTES = 4 << 20 };

void fl_stream(void *to, const void *from, size_t bytes);

#endif
