/* stream.h -- reads ahead of their turn, and writes that go past the caches: intrinsics, since no plain C says the latter.
 *
 * Past them only into a buffer of the caller's. New memory has just been zeroed by the system, so its lines are in a cache:
 * to stream into it took 1.2x to 2x as long (mse and cross entropy of 1e7 floats, Sapphire Rapids). */
#ifdef __SSE2__
#include <immintrin.h>
#endif

/* Outputs of at least this many bytes are streamed: they would push everything else out of the caches and
 * cost a read of every line before its write. Of rows and pixels of at least so many the next are fetched too. */
enum { FL_STREAM_BYTES = 32 << 20, FL_FAR_BYTES = 1 << 20 };

/* Loops that go through memory from front to back ask for what they read and write FL_AHEAD_BYTES before its turn, a few
 * cache lines at a time between the arithmetic: the processor's own prefetching begins anew in every page. A sum of two
 * arrays takes 0.6x to 0.75x of the time for 1e6 to 1e7 floats, 0.9x for 1e5 (Sapphire Rapids). Loops over elements ask for FL_NEAR_BYTES:
 * on Zen 3, the one machine with AVX2 alone where this was measured, mse_loss of 2e4 and 1e5 took 0.81x and 0.91x with 1 KiB,
 * but rows of 16 classes, 64 of which take each step together, 1.3x. */
enum { FL_AHEAD_BYTES = 4096 };
#if defined(__AVX2__) && !defined(__AVX512F__)
enum { FL_NEAR_BYTES = 1024 };
#else
enum { FL_NEAR_BYTES = FL_AHEAD_BYTES };
#endif

static FL_INLINE void fl_fetch(const void *row, int bytes, int ahead) {
    for (int i = 0; !FL_LEAN && i < bytes; i += 64) __builtin_prefetch((const char *)row + ahead + i, 0, 3);
}
static FL_INLINE void fl_fetch_output(void *row, int bytes, int ahead) {
    for (int i = 0; !FL_LEAN && i < bytes; i += 64) __builtin_prefetch((char *)row + ahead + i, 1, 3);
}

/* Where boxes are read and their gradients go, so far ahead of the loop that the next block of them is fetched. */
typedef struct {
    const char *boxes1, *boxes2;
    char *grad;
} fl_box_places;
static FL_INLINE void fl_fetch_boxes(const fl_box_places *places, ptrdiff_t at, int bytes, int derive) {
    fl_fetch(places->boxes1 + at, bytes, FL_AHEAD_BYTES);
    fl_fetch(places->boxes2 + at, bytes, FL_AHEAD_BYTES);
    if (derive) fl_fetch_output(places->grad + at, bytes, FL_AHEAD_BYTES);
}

#ifdef __SSE2__
/* One cache line to a 64-byte boundary. */
static FL_INLINE void fl_stream_line(char *out, const char *in) {
#if defined(__AVX512F__)
    _mm512_stream_si512((__m512i *)out, _mm512_loadu_si512((const __m512i *)in));
#elif defined(__AVX__)
    for (int i = 0; i < 64; i += 32)
        _mm256_stream_si256((__m256i *)(out + i), _mm256_loadu_si256((const __m256i *)(in + i)));
#else
    for (int i = 0; i < 64; i += 16)
        _mm_stream_si128((__m128i *)(out + i), _mm_loadu_si128((const __m128i *)(in + i)));
#endif
}

static void fl_stream(void *to, const void *from, size_t bytes) {
    char *out = to;
    const char *in = from;
    size_t head = -(uintptr_t)out & 63;
    if (head > bytes) head = bytes;
    memcpy(out, in, head);
    out += head, in += head, bytes -= head;
    for (; bytes >= 64; out += 64, in += 64, bytes -= 64) fl_stream_line(out, in);
    memcpy(out, in, bytes);
}

/* Once per chunk: what was streamed is in memory before another thread may look. */
static FL_INLINE void fl_stream_done(void) { _mm_sfence(); }
#else
static void fl_stream(void *to, const void *from, size_t bytes) { memcpy(to, from, bytes); }
static FL_INLINE void fl_stream_done(void) {}
#endif
