/* keep.c -- memory of large arrays, kept from one call to the next.
 *
 * Whoever trains gets a gradient, uses it and lets it go, and asks for as much again. Kept blocks are
 * lent to the system meanwhile (MADV_FREE): it takes their pages when memory gets short, and leaves
 * them mapped when it does not. Without that, on other systems than Linux, nothing is kept. */
#define _DEFAULT_SOURCE
#include "keep.h"

#ifdef __linux__
#include <malloc.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

enum { FL_KEPT_BLOCKS = 8 };
#define FL_HUGE_PAGE ((uintptr_t)2 << 20) /* lent whole: a part would split it */

static atomic_flag busy = ATOMIC_FLAG_INIT;
static struct block {
    void *start;
    size_t bytes;
} kept[FL_KEPT_BLOCKS]; /* oldest first */
static int count;
static size_t total, limit;

/* Whoever finds it taken goes without: nobody waits, not even a forked child whose parent was here. */
static int enter(void) { return !atomic_flag_test_and_set_explicit(&busy, memory_order_acquire); }
static void leave(void) { atomic_flag_clear_explicit(&busy, memory_order_release); }

static struct block take(int i) {
    struct block b = kept[i];
    total -= b.bytes;
    memmove(kept + i, kept + i + 1, (size_t)(--count - i) * sizeof *kept);
    return b;
}

static int find(size_t bytes) {
    int best = -1;
    for (int i = 0; i < count; i++)
        if (kept[i].bytes >= bytes && kept[i].bytes - bytes <= bytes / 4
            && (best < 0 || kept[i].bytes <= kept[best].bytes))
            best = i;
    return best;
}

static int lend(struct block b) {
    uintptr_t start = ((uintptr_t)b.start + FL_HUGE_PAGE - 1) & -FL_HUGE_PAGE;
    uintptr_t end = ((uintptr_t)b.start + b.bytes) & -FL_HUGE_PAGE;
    return start < end && !madvise((void *)start, end - start, MADV_FREE);
}

/* Take the oldest out until another block and its bytes fit. */
static int make_room(size_t bytes, struct block gone[FL_KEPT_BLOCKS]) {
    int n = 0;
    while (count && (count == FL_KEPT_BLOCKS || total + bytes > limit)) gone[n++] = take(0);
    return n;
}

void fl_keep_limit(size_t bytes, fl_drop *drop) {
    struct block gone[FL_KEPT_BLOCKS];
    while (!enter());
    limit = bytes;
    int n = make_room(0, gone);
    leave();
    for (int i = 0; i < n; i++) drop(gone[i].start, gone[i].bytes);
}

size_t fl_kept(void) {
    while (!enter());
    size_t bytes = total;
    leave();
    return bytes;
}

int fl_keep_has(size_t bytes) {
    if (!enter()) return 0;
    int found = find(bytes) >= 0;
    leave();
    return found;
}

void *fl_keep_take(size_t bytes) {
    if (!enter()) return NULL;
    int i = find(bytes);
    void *start = i < 0 ? NULL : take(i).start;
    leave();
    return start;
}

void fl_keep(void *block, fl_drop *drop) {
    struct block gone[FL_KEPT_BLOCKS + 1], b = {block, malloc_usable_size(block)};
    if (b.bytes > limit || !enter()) {
        drop(block, b.bytes);
        return;
    }
    int n = make_room(b.bytes, gone);
    if (lend(b)) kept[count++] = b, total += b.bytes;
    else gone[n++] = b;
    leave();
    for (int i = 0; i < n; i++) drop(gone[i].start, gone[i].bytes);
}

#else
void fl_keep_limit(size_t bytes, fl_drop *drop) { (void)bytes, (void)drop; }
size_t fl_kept(void) { return 0; }
int fl_keep_has(size_t bytes) { return (void)bytes, 0; }
void *fl_keep_take(size_t bytes) { return (void)bytes, NULL; }
void fl_keep(void *block, fl_drop *drop) { drop(block, FL_KEEP_FROM); }
#endif
