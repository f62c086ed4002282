/* keep.c -- memory of large arrays, kept from one call to the next.
 *
 * Whoever trains gets a gradient, uses it, lets it go, and asks for as much again. New pages of zeros from the
 * system take half the time of a cheap loss. Kept blocks are lent to the system meanwhile (MADV_FREE): it takes
 * their pages when memory gets short, and leaves them mapped when it does not. Without that, on other systems
 * than Linux, nothing is kept. */
#define _GNU_SOURCE
#include "keep.h"

#ifdef __linux__
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#ifndef MADV_FREE
#define MADV_FREE 8 /* younger than the headers that wheels are built with */
#endif

enum { FL_KEPT_BLOCKS = 8 };
#define FL_HUGE_PAGE ((uintptr_t)2 << 20) /* lent whole: a part would split it */

static atomic_flag busy = ATOMIC_FLAG_INIT;
static fl_block kept[FL_KEPT_BLOCKS]; /* oldest first */
static int count;
static _Atomic size_t total, limit;

/* Whoever finds it taken goes without: nobody waits, not even a forked child whose parent was here. */
static int enter(void) { return !atomic_flag_test_and_set_explicit(&busy, memory_order_acquire); }
static void leave(void) { atomic_flag_clear_explicit(&busy, memory_order_release); }

static fl_block take(int i) {
    fl_block b = kept[i];
    total -= b.bytes;
    memmove(kept + i, kept + i + 1, (size_t)(--count - i) * sizeof *kept);
    return b;
}

/* The closest, the newest of several. */
static int find(size_t bytes) {
    int best = -1;
    for (int i = 0; i < count; i++)
        if (kept[i].bytes >= bytes && kept[i].bytes - bytes <= bytes / 4
            && (best < 0 || kept[i].bytes <= kept[best].bytes))
            best = i;
    return best;
}

/* Take the oldest out until another block and its bytes fit. */
static int make_room(int blocks, size_t bytes, fl_block gone[FL_KEPT_BLOCKS]) {
    int n = 0;
    while (count && (count + blocks > FL_KEPT_BLOCKS || total + bytes > limit)) gone[n++] = take(0);
    return n;
}

static int lend(fl_block b) {
    uintptr_t start = ((uintptr_t)b.start + FL_HUGE_PAGE - 1) & -FL_HUGE_PAGE;
    uintptr_t end = ((uintptr_t)b.start + b.bytes) & -FL_HUGE_PAGE;
    return start >= end || !madvise((void *)start, end - start, MADV_FREE);
}

void fl_keep_limit(size_t bytes, fl_drop *drop) {
    fl_block gone[FL_KEPT_BLOCKS];
    limit = bytes;
    if (!enter()) return; /* whoever is there, or comes next, makes room */
    int n = make_room(0, 0, gone);
    leave();
    for (int i = 0; i < n; i++) drop(gone[i]);
}

size_t fl_kept(void) { return total; }

int fl_keep_has(size_t bytes) {
    if (!enter()) return 0;
    int found = find(bytes) >= 0;
    leave();
    return found;
}

fl_block fl_keep_take(size_t bytes) {
    fl_block b = {0};
    if (!enter()) return b;
    int i = find(bytes);
    if (i >= 0) b = take(i);
    leave();
    return b;
}

void fl_keep(fl_block block, fl_drop *drop) {
    fl_block gone[FL_KEPT_BLOCKS + 1];
    if (block.bytes > limit || !lend(block) || !enter()) {
        drop(block);
        return;
    }
    int n = make_room(1, block.bytes, gone);
    if (block.bytes > limit) gone[n++] = block; /* it has been lowered meanwhile */
    else kept[count++] = block, total += block.bytes;
    leave();
    for (int i = 0; i < n; i++) drop(gone[i]);
}

#else
void fl_keep_limit(size_t bytes, fl_drop *drop) { (void)bytes, (void)drop; }
size_t fl_kept(void) { return 0; }
int fl_keep_has(size_t bytes) { return (void)bytes, 0; }
fl_block fl_keep_take(size_t bytes) { return (void)bytes, (fl_block){0}; }
void fl_keep(fl_block block, fl_drop *drop) { drop(block); }
#endif
