/* short_rows.h -- rows of few classes. A vector along the classes would be mostly empty, or have to be summed across
 * its lanes, so a tile of rows is turned over, treated as pixels, and turned back. */

/* All columns of turned_rows rows to a tile, whose columns are a tile apart; or back. The last four columns of a
 * number that four does not divide are moved together with some of those before them. */
static FL_INLINE void FL(turn_block)(FL(row_places) rows, ptrdiff_t classes, int back, real *tile) {
    for (ptrdiff_t c = 0; c < classes && classes >= 4; c += 4) {
        ptrdiff_t at = c + 4 <= classes ? c : classes - 4;
        real *first = tile + at * FL(tile);
        real *columns[] = {first, first + FL(tile), first + 2 * FL(tile), first + 3 * FL(tile)};
        if (back) FL(turn_columns)((const real *const *)columns, rows, at);
        else FL(turn_rows)(rows, at, columns);
    }
    for (ptrdiff_t c = 0; c < classes && classes < 4; c++) {
        for (int i = 0; i < FL(turned_rows); i++) {
            real *number = FL(place_of)(rows, i) + c;
            if (back) *number = tile[c * FL(tile) + i];
            else tile[c * FL(tile) + i] = *number;
        }
    }
}

/* The last rows of all, n < turned_rows or none, or rows that are not one step apart. */
static FL_PASS void FL(turn_some)(const fl_rowwise_args *a, const fl_rows *rows, ptrdiff_t first, int n,
                                  int back, real *tile) {
    real *row[FL(turned_rows)], none[FL_SHORT_ROW];
    for (int i = 0; i < FL(turned_rows); i++) {
        ptrdiff_t at = first + (i < n ? i : n - 1);
        row[i] = back && i >= n ? none : (real *)rows->data + FL(row_offset)(at, a->inner, rows);
    }
    FL(turn_block)((FL(row_places)){.each = row}, a->classes, back, tile);
}

/* n rows to a tile, or back. Lanes from n to a whole row of them hold the last row again. */
static FL_INLINE void FL(turn)(const fl_rowwise_args *a, const fl_rows *rows, ptrdiff_t first, int n,
                               int back, real *tile) {
    const int end = back ? n : FL(whole_rows)(n);
    for (int r = 0; r < end; r += FL(turned_rows)) {
        if (r + FL(turned_rows) > n || a->inner != 1) {
            FL(turn_some)(a, rows, first + r, n - r, back, tile + r);
            continue;
        }
        FL(row_places) places = {(real *)rows->data + (first + r) * rows->outer, rows->outer, NULL};
        FL(turn_block)(places, a->classes, back, tile + r);
    }
}

static FL_INLINE void FL(short_rows)(const FL(row_call) *call, ptrdiff_t first, int n, double *lanes) {
    const fl_rowwise_args *a = call->args;
    FL_ALIGNED real x[FL_SHORT_ROW * FL(tile)], t[FL_SHORT_ROW * FL(tile)], h[FL_SHORT_ROW * FL(tile)];
    const int width = FL(whole_rows)(n);
    FL(turn)(a, &a->input, first, n, 0, x);
    if (a->target.data) FL(turn)(a, &a->target, first, n, 0, t);
    FL(pixels) at = {
        .x = x,
        .t = a->target.data ? t : NULL,
        .g = a->grad.data ? x : NULL,
        .x_class = FL(tile),
        .t_class = FL(tile),
        .g_class = FL(tile),
        .n = n,
        .width = width,
        .h = a->hess.data ? h : NULL,
        .h_class = FL(tile),
        .next_x_class = width,
        .next_g_class = width,
    };
    if (call->far && a->input.outer == a->classes)
        at.next_x = (const real *)a->input.data + (first + n) * a->classes;
    if (call->far && at.g && a->grad.outer == a->classes)
        at.next_g = (real *)a->grad.data + (first + n) * a->classes;
    FL(pixel_tile)(call, at, first, 1, lanes);
    if (at.g) FL(turn)(a, &a->grad, first, n, 1, x);
    if (at.h) FL(turn)(a, &a->hess, first, n, 1, h);
}
