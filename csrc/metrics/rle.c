/* rle.c -- masks as run lengths: read, measure, intersect.
 *
 * Runs go down the columns; the first is of 0 and may be empty. */
#include "metrics/coco.h"

#include <stdlib.h>

int fl_runs_add(fl_run_list *list, int64_t count) {
    if (list->n == list->room) {
        ptrdiff_t room = list->room ? 2 * list->room : 1024;
        uint32_t *counts = realloc(list->counts, (size_t)room * sizeof *counts);
        if (!counts) return FL_NO_MEMORY;
        list->counts = counts;
        list->room = room;
    }
    list->counts[list->n++] = (uint32_t)count;
    return FL_OK;
}

void fl_runs_free(fl_run_list *list) { free(list->counts); }

/* One number of the text: five bits a character, low first, bit 5 for "more", the last bit 4 the sign.
 * Returns how many characters it has, 0 if it is none. */
static ptrdiff_t read_number(const char *text, ptrdiff_t length, int64_t *number) {
    enum { MOST = 7 };                    /* 35 bits: more than any difference of runs */
    uint64_t bits = 0;
    for (ptrdiff_t i = 0; i < length && i < MOST; i++) {
        unsigned c = (unsigned char)text[i] - 48u;
        if (c > 63) return 0;
        bits |= (uint64_t)(c & 31) << (5 * i);
        if (c & 32) continue;
        if (c & 16) bits |= ~(uint64_t)0 << (5 * (i + 1));
        *number = (int64_t)bits;
        return i + 1;
    }
    return 0;
}

/* From the fourth number on, each is the difference to the run two before. */
int fl_runs_from_text(fl_run_list *list, const char *text, ptrdiff_t length, uint64_t pixels) {
    ptrdiff_t before = list->n;
    uint64_t sum = 0;
    for (ptrdiff_t at = 0; at < length;) {
        int64_t count;
        ptrdiff_t read = read_number(text + at, length - at, &count);
        if (!read) return FL_BAD_RUNS;
        if (list->n - before > 2) count += list->counts[list->n - 2];
        if (count < 0 || (uint64_t)count > pixels - sum) return FL_BAD_RUNS;
        if (fl_runs_add(list, count)) return FL_NO_MEMORY;
        sum += (uint64_t)count;
        at += read;
    }
    return sum == pixels ? FL_OK : FL_BAD_RUNS;
}

int fl_runs_from_mask(fl_run_list *list, const uint8_t *mask, ptrdiff_t height, ptrdiff_t width,
                      ptrdiff_t row_step, ptrdiff_t column_step) {
    int64_t run = 0;
    int value = 0;
    for (ptrdiff_t x = 0; x < width; x++) {
        for (ptrdiff_t y = 0; y < height; y++) {
            if ((mask[y * row_step + x * column_step] != 0) != value) {
                if (fl_runs_add(list, run)) return FL_NO_MEMORY;
                run = 0;
                value = !value;
            }
            run++;
        }
    }
    return fl_runs_add(list, run);
}

uint64_t fl_runs_area(const uint32_t *counts, ptrdiff_t n) {
    uint64_t area = 0;
    for (ptrdiff_t i = 1; i < n; i += 2) area += counts[i];
    return area;
}

/* left, top, right, bottom; the latter two one beyond. A run that goes on in the next column has all rows. */
void fl_runs_box(const uint32_t *counts, ptrdiff_t n, ptrdiff_t height, int64_t *box) {
    int64_t at = 0, left = INT64_MAX, top = INT64_MAX, right = 0, bottom = 0;
    for (ptrdiff_t i = 0; i < n; at += counts[i++]) {
        if (i % 2 == 0 || !counts[i]) continue;
        int64_t last = at + counts[i] - 1, x = at / height, x_last = last / height;
        int64_t y = x == x_last ? at % height : 0, y_last = x == x_last ? last % height : height - 1;
        if (x < left) left = x;
        if (x_last >= right) right = x_last + 1;
        if (y < top) top = y;
        if (y_last >= bottom) bottom = y_last + 1;
    }
    box[0] = left;
    box[1] = top;
    box[2] = right;
    box[3] = bottom;
}

void fl_runs_xywh(const uint32_t *counts, ptrdiff_t n, ptrdiff_t height, double *box) {
    int64_t ends[4];
    fl_runs_box(counts, n, height, ends);
    if (ends[2] == 0) ends[0] = ends[1] = 0;
    for (int axis = 0; axis < 2; axis++) {
        box[axis] = (double)ends[axis];
        box[axis + 2] = (double)(ends[axis + 2] - ends[axis]);
    }
}

uint64_t fl_runs_intersection(const uint32_t *a, ptrdiff_t n_a, const uint32_t *b, ptrdiff_t n_b) {
    uint64_t a_end = 0, b_end = 0, both = 0, at = 0;
    for (ptrdiff_t i = 0, j = 0;;) {
        while (a_end == at && i < n_a) a_end += a[i++];
        while (b_end == at && j < n_b) b_end += b[j++];
        uint64_t next = a_end < b_end ? a_end : b_end;
        if (next == at) return both;
        if (i % 2 == 0 && j % 2 == 0) both += next - at;      /* the runs read last are of 1 */
        at = next;
    }
}
