/* runs.c -- masks as run lengths, the form in which COCO keeps them: columns of pixels one after another,
 * runs of 0 and of 1 in turn, 0 first. */
#include <stdlib.h>

#include "fastloss.h"
#include "masks.h"
#include "parallel.h"
#include "runs.h"

/* ---- text and pixels to runs --------------------------------------------------------- */

/* A count is written in groups of five bits, lowest first, in the characters from '0' on; bit 32 says that
 * another group follows, bit 16 of the last one is the sign. From the fourth on it is the difference to the
 * count before the last. */
fl_status fl_runs_of_text(const char *text, ptrdiff_t length, int64_t *counts, ptrdiff_t *n_counts) {
    enum { FIRST = '0', MORE = 32, SIGN = 16, BITS = 5 };
    ptrdiff_t n = 0;
    for (ptrdiff_t i = 0; i < length; n++) {
        int64_t x = 0;
        int group = MORE, shift = 0;
        for (; group & MORE; i++, shift += BITS) {
            group = i < length ? text[i] - FIRST : -1;
            if (group < 0 || group >= 2 * MORE || shift > 7 * BITS) return FL_BAD_LABEL;
            x |= (int64_t)(group & (MORE - 1)) << shift;
        }
        if (group & SIGN) x -= (int64_t)1 << shift;
        counts[n] = n > 2 ? x + counts[n - 2] : x;
        if (counts[n] < 0 || counts[n] > (int64_t)1 << 40) return FL_BAD_LABEL;
    }
    *n_counts = n;
    return FL_OK;
}

/* A row-major mask; counts has room for height width + 1 runs. */
ptrdiff_t fl_runs_of_mask(const uint8_t *mask, ptrdiff_t height, ptrdiff_t width, int64_t *counts) {
    ptrdiff_t n = 0;
    int64_t run = 0;
    int inside = 0;
    for (ptrdiff_t x = 0; x < width; x++)
        for (ptrdiff_t y = 0; y < height; y++, run++)
            if ((mask[y * width + x] != 0) != inside) {
                counts[n++] = run;
                run = 0, inside = !inside;
            }
    counts[n++] = run;
    return n;
}

/* ---- overlaps ------------------------------------------------------------------------ */

typedef struct {
    fl_runs_args *args;
    fl_strips *strips[2];
} call;

fl_strips fl_strips_of(const fl_runs *runs, ptrdiff_t i, int64_t *room) {
    const int64_t *counts = runs->counts + runs->start[i];
    ptrdiff_t n = runs->start[i + 1] - runs->start[i];
    int64_t height = runs->height[i] > 0 ? runs->height[i] : 1, at = 0;
    fl_strips s = {.begin = room, .end = room + n / 2, .top = height};
    for (ptrdiff_t k = 0; k < n; at += counts[k++]) {
        if (!(k & 1) || !counts[k]) continue;
        int64_t last = at + counts[k] - 1, low = at % height, high = last % height;
        if (at / height != last / height) low = 0, high = height - 1;       /* goes on in another column */
        s.begin[s.n] = at, s.end[s.n++] = last + 1;
        s.extent.area += counts[k];
        if (low < s.top) s.top = low;
        if (high >= s.bottom) s.bottom = high + 1;
    }
    if (s.n) s.extent.first = s.begin[0], s.extent.end = s.end[s.n - 1];
    return s;
}

/* The first strip that ends after a pixel. */
static ptrdiff_t seek(const fl_strips *s, int64_t pixel) {
    ptrdiff_t low = 0, high = s->n;
    while (low < high) {
        ptrdiff_t middle = low + (high - low) / 2;
        if (s->end[middle] <= pixel) low = middle + 1;
        else high = middle;
    }
    return low;
}

int64_t fl_common_pixels(const fl_strips *a, const fl_strips *b) {
    if (a->extent.first >= b->extent.end || b->extent.first >= a->extent.end || a->top >= b->bottom
        || b->top >= a->bottom)
        return 0;
    ptrdiff_t i = seek(a, b->extent.first), j = seek(b, a->extent.first);
    int64_t both = 0;
    while (i < a->n && j < b->n) {
        int64_t from = a->begin[i] > b->begin[j] ? a->begin[i] : b->begin[j];
        int64_t to = a->end[i] < b->end[j] ? a->end[i] : b->end[j], step = to - from;
        int first_ends = a->end[i] <= b->end[j];        /* no branch: neither could be foreseen */
        both += step & ~(step >> 63);
        i += first_ends, j += !first_ends;
    }
    return both;
}

static void row(void *context, ptrdiff_t i) {
    const call *c = context;
    const fl_runs_args *args = c->args;
    const fl_runs *one = &args->masks[0], *others = &args->masks[1];
    const fl_strips *a = &c->strips[0][i], *b = c->strips[1];
    for (ptrdiff_t j = 0; j < others->n; j++, b++) {
        double *value = &args->value[i * others->n + j];
        if (one->height[i] != others->height[j] || one->width[i] != others->width[j]) *value = -1;
        else
            *value = fl_mask_overlap(fl_common_pixels(a, b), a->extent.area, b->extent.area,
                                     args->crowd && args->crowd[j]);
    }
}

fl_status fl_run_iou(fl_runs_args *args) {
    call c = {.args = args};
    int64_t *room[2];
    double steps = 0;
    fl_status status = FL_NO_MEMORY;
    for (int k = 0; k < 2; k++) {
        const fl_runs *runs = &args->masks[k];
        c.strips[k] = malloc((runs->n + 1) * sizeof(fl_strips));
        room[k] = malloc((runs->start[runs->n] + 1) * sizeof(int64_t));
        steps += (double)runs->start[runs->n] * (double)args->masks[1 - k].n;
    }
    if (c.strips[0] && c.strips[1] && room[0] && room[1]) {
        for (int k = 0; k < 2; k++)
            for (ptrdiff_t i = 0; i < args->masks[k].n; i++)
                c.strips[k][i] = fl_strips_of(&args->masks[k], i, room[k] + args->masks[k].start[i]);
        fl_parallel(args->masks[0].n, steps, row, &c);
        status = FL_OK;
    }
    for (int k = 0; k < 2; k++) free(c.strips[k]), free(room[k]);
    return status;
}

/* ---- sizes ----------------------------------------------------------------------------- */

fl_status fl_measure_runs(const fl_runs *runs, double *areas, double *boxes) {
    int64_t *room = malloc((runs->start[runs->n] + 1) * sizeof(int64_t));
    if (!room) return FL_NO_MEMORY;
    for (ptrdiff_t i = 0; i < runs->n; i++) {
        fl_strips s = fl_strips_of(runs, i, room);
        double *box = boxes + 4 * i;
        areas[i] = (double)s.extent.area;
        box[0] = box[1] = box[2] = box[3] = 0;
        if (!s.n) continue;
        int64_t left = s.extent.first / runs->height[i], right = (s.extent.end - 1) / runs->height[i];
        box[0] = (double)left, box[1] = (double)s.top;
        box[2] = (double)(right + 1 - left), box[3] = (double)(s.bottom - s.top);
    }
    free(room);
    return FL_OK;
}
