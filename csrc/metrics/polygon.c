/* polygon.c -- polygons to run lengths, pixel for pixel as the COCO mask API draws them.
 *
 * Corners are rounded to a grid five times finer than the pixels. The outline is walked on that grid,
 * one step at a time along the longer axis of an edge; wherever it passes from one column of the fine
 * grid to the next in the middle of a pixel's column, the fill changes at the height it has there. All
 * changes, sorted, are the run lengths. */
#include "metrics/coco.h"

#include <stdlib.h>
#include <string.h>

enum { FINE = 5 };

/* Positions in column order at which the fill changes. */
typedef struct {
    int64_t *at;
    ptrdiff_t n, room;
    ptrdiff_t height, width;
} changes;

typedef struct {
    int x, y;
} point;

static int add_change(changes *c, int64_t at) {
    if (c->n == c->room) {
        ptrdiff_t room = c->room ? 2 * c->room : 256;
        int64_t *grown = realloc(c->at, (size_t)room * sizeof *grown);
        if (!grown) return FL_NO_MEMORY;
        c->at = grown;
        c->room = room;
    }
    c->at[c->n++] = at;
    return FL_OK;
}

/* The walk went from column to column of the fine grid. */
static int cross(changes *c, point from, point to) {
    int x = from.x < to.x ? from.x : to.x, y = from.y < to.y ? from.y : to.y;
    double column = (x + .5) / FINE - .5, row = (y + .5) / FINE - .5;
    ptrdiff_t whole = (ptrdiff_t)column;
    if (column < 0 || (double)whole != column || whole > c->width - 1) return FL_OK;
    if (row < 0) row = 0;
    if (row > (double)c->height) row = (double)c->height;
    ptrdiff_t above = (ptrdiff_t)row;
    return add_change(c, whole * c->height + above + ((double)above < row));
}

/* From corner to corner, from the left (or the top, where steep) whichever way the walk goes. */
static int walk_edge(changes *c, point from, point to, point *before) {
    int dx = abs(to.x - from.x), dy = abs(to.y - from.y), flat = dx >= dy;
    int backward = flat ? from.x > to.x : from.y > to.y, length = flat ? dx : dy;
    point start = backward ? to : from, end = backward ? from : to;
    double slope = !length ? 0 : flat ? (double)(end.y - start.y) / dx : (double)(end.x - start.x) / dy;
    for (int i = 0; i <= length; i++) {
        int along = backward ? length - i : i;
        point now;
        if (flat) now = (point){start.x + along, (int)(start.y + slope * along + .5)};
        else now = (point){(int)(start.x + slope * along + .5), start.y + along};
        if (now.x != before->x && cross(c, *before, now)) return FL_NO_MEMORY;
        *before = now;
    }
    return FL_OK;
}

static point corner(const double *p) { return (point){(int)(FINE * p[0] + .5), (int)(FINE * p[1] + .5)}; }

static int walk(changes *c, const double *points, ptrdiff_t n) {
    point before = corner(points);
    for (ptrdiff_t i = 0; i < n; i++) {
        point from = corner(points + 2 * i), to = corner(points + 2 * (i + 1 < n ? i + 1 : 0));
        if (walk_edge(c, from, to, &before)) return FL_NO_MEMORY;
    }
    return FL_OK;
}

static int ascending(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Two changes in one place are none. */
static void sort_changes(changes *c) {
    ptrdiff_t n = 0;
    if (c->n) qsort(c->at, (size_t)c->n, sizeof *c->at, ascending); /* none have no array either */
    for (ptrdiff_t i = 0; i < c->n; i++) {
        if (n && c->at[n - 1] == c->at[i]) n--;
        else c->at[n++] = c->at[i];
    }
    c->n = n;
}

/* The changes of the union of two masks, into `a`. */
static int unite(changes *a, const changes *b) {
    changes both = {.n = 0};
    int filled = 0;
    for (ptrdiff_t i = 0, j = 0; i < a->n || j < b->n;) {
        int64_t at = i < a->n && (j == b->n || a->at[i] <= b->at[j]) ? a->at[i] : b->at[j];
        while (i < a->n && a->at[i] == at) i++;
        while (j < b->n && b->at[j] == at) j++;
        int now = (i | j) & 1;
        if (now != filled && add_change(&both, at)) {
            free(both.at);
            return FL_NO_MEMORY;
        }
        filled = now;
    }
    free(a->at);
    a->at = both.at;
    a->n = both.n;
    a->room = both.room;
    return FL_OK;
}

/* Changes to the runs between them, in place: there is one more. */
static int to_runs(changes *c) {
    int64_t before = 0, pixels = (int64_t)c->height * c->width;
    if (add_change(c, pixels)) return FL_NO_MEMORY;
    for (ptrdiff_t i = 0; i < c->n; i++) {
        int64_t at = c->at[i];
        c->at[i] = at - before;
        before = at;
    }
    return FL_OK;
}

fl_status fl_runs_of_polygons(const double *points, const int64_t *first, ptrdiff_t parts, ptrdiff_t height,
                              ptrdiff_t width, int64_t **counts, ptrdiff_t *n_counts) {
    changes all = {.height = height, .width = width}, part = all;
    int status = FL_OK;
    for (ptrdiff_t i = 0; i < parts && !status; i++) {
        part.n = 0;
        status = walk(&part, points + 2 * first[i], (ptrdiff_t)(first[i + 1] - first[i]));
        if (status) break;
        sort_changes(&part);
        status = unite(&all, &part);
    }
    if (!status) status = to_runs(&all);
    free(part.at);
    if (status) free(all.at);
    *counts = all.at;
    *n_counts = all.n;
    return status;
}
