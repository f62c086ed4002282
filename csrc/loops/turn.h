/* turn.h -- rows of numbers to columns and back, for loops whose vectors run across the rows.
 *
 * A block of four columns is turned over at a time, in 16-byte pieces: the piece of one row beside those of rows
 * 4, 8 and 12 further on, so that squares of four by four are exchanged in all of a wide register at once. 1.9x on
 * ProbIoU, up to 1.2x on short rows. */

#undef FL_PIECES
#undef FL_WIDE
#if !FL_SHUFFLES || !REAL_IS_FLOAT
#define FL_PIECES 1
#elif defined(__AVX512F__)
#define FL_PIECES 4
#define FL_WIDE(a, b, c, d) \
    a, b, c, d, a + 4, b + 4, c + 4, d + 4, a + 8, b + 8, c + 8, d + 8, a + 12, b + 12, c + 12, d + 12
#elif defined(__AVX2__)
#define FL_PIECES 2
#define FL_WIDE(a, b, c, d) a, b, c, d, a + 4, b + 4, c + 4, d + 4
#else
#define FL_PIECES 1
#endif
#ifndef FL_WIDE
#define FL_WIDE(a, b, c, d) a, b, c, d
#endif

enum { FL(turned_rows) = 4 * FL_PIECES };

#if FL_SHUFFLES
typedef real FL(piece) __attribute__((vector_size(4 * sizeof(real)), aligned(sizeof(real)), may_alias));
typedef real FL(pieces)
    __attribute__((vector_size(4 * FL_PIECES * sizeof(real)), aligned(sizeof(real)), may_alias));

/* Squares, of which p[k] are the rows, turned over: exchanges within 16 bytes first where registers are wider. */
static FL_INLINE void FL(exchange)(FL(pieces) *p) {
    enum { N = 4 * FL_PIECES };
#if REAL_IS_FLOAT
    const FL(pieces) a = __builtin_shufflevector(p[0], p[1], FL_WIDE(0, N, 1, N + 1));
    const FL(pieces) b = __builtin_shufflevector(p[2], p[3], FL_WIDE(0, N, 1, N + 1));
    const FL(pieces) c = __builtin_shufflevector(p[0], p[1], FL_WIDE(2, N + 2, 3, N + 3));
    const FL(pieces) d = __builtin_shufflevector(p[2], p[3], FL_WIDE(2, N + 2, 3, N + 3));
    p[0] = __builtin_shufflevector(a, b, FL_WIDE(0, 1, N, N + 1));
    p[1] = __builtin_shufflevector(a, b, FL_WIDE(2, 3, N + 2, N + 3));
    p[2] = __builtin_shufflevector(c, d, FL_WIDE(0, 1, N, N + 1));
    p[3] = __builtin_shufflevector(c, d, FL_WIDE(2, 3, N + 2, N + 3));
#else
    const FL(pieces) a = __builtin_shufflevector(p[0], p[1], 0, N, 2, N + 2);
    const FL(pieces) b = __builtin_shufflevector(p[2], p[3], 0, N, 2, N + 2);
    const FL(pieces) c = __builtin_shufflevector(p[0], p[1], 1, N + 1, 3, N + 3);
    const FL(pieces) d = __builtin_shufflevector(p[2], p[3], 1, N + 1, 3, N + 3);
    p[0] = __builtin_shufflevector(a, b, 0, 1, N, N + 1);
    p[1] = __builtin_shufflevector(c, d, 0, 1, N, N + 1);
    p[2] = __builtin_shufflevector(a, b, 2, 3, N + 2, N + 3);
    p[3] = __builtin_shufflevector(c, d, 2, 3, N + 2, N + 3);
#endif
}
#endif

/* Rows one step apart, or each where `each` says. */
typedef struct {
    real *first;
    ptrdiff_t step;
    real *const *each;
} FL(row_places);
static FL_INLINE real *FL(place_of)(FL(row_places) rows, int i) {
    return rows.each ? rows.each[i] : rows.first + i * rows.step;
}

/* Four numbers of each of turned_rows rows, from column `at` of them, to four columns. */
static FL_INLINE void FL(turn_rows)(FL(row_places) rows, ptrdiff_t at, real *const *columns) {
#if FL_SHUFFLES
    FL(pieces) p[4];
    for (int k = 0; k < 4; k++) {
#define FL_PIECE(i) (*(const FL(piece) *)(FL(place_of)(rows, 4 * i + k) + at))
#if FL_PIECES == 4
        /* Compilers make half as many shuffles more of what is written as below. */
        __m512 wide = _mm512_castps128_ps512(_mm_loadu_ps(FL(place_of)(rows, k) + at));
        wide = _mm512_insertf32x4(wide, _mm_loadu_ps(FL(place_of)(rows, 4 + k) + at), 1);
        wide = _mm512_insertf32x4(wide, _mm_loadu_ps(FL(place_of)(rows, 8 + k) + at), 2);
        p[k] = (FL(pieces))_mm512_insertf32x4(wide, _mm_loadu_ps(FL(place_of)(rows, 12 + k) + at), 3);
#elif FL_PIECES == 2
        p[k] = __builtin_shufflevector(FL_PIECE(0), FL_PIECE(1), 0, 1, 2, 3, 4, 5, 6, 7);
#else
        p[k] = FL_PIECE(0);
#endif
#undef FL_PIECE
    }
    FL(exchange)(p);
    for (int k = 0; k < 4; k++) *(FL(pieces) *)columns[k] = p[k];
#else
    for (int i = 0; i < FL(turned_rows); i++)
        for (int k = 0; k < 4; k++) columns[k][i] = FL(place_of)(rows, i)[at + k];
#endif
}

/* The other way round. */
static FL_INLINE void FL(turn_columns)(const real *const *columns, FL(row_places) rows, ptrdiff_t at) {
#if FL_SHUFFLES
    FL(pieces) p[4];
    for (int k = 0; k < 4; k++) p[k] = *(const FL(pieces) *)columns[k];
    FL(exchange)(p);
    for (int k = 0; k < 4; k++) {
#if FL_PIECES == 1
        *(FL(piece) *)(FL(place_of)(rows, k) + at) = p[k];
#else
        _Pragma("GCC unroll 4") for (int i = 0; i < FL_PIECES; i++)
            memcpy(FL(place_of)(rows, 4 * i + k) + at, (real *)&p[k] + 4 * i, 4 * sizeof(real));
#endif
    }
#else
    for (int i = 0; i < FL(turned_rows); i++)
        for (int k = 0; k < 4; k++) FL(place_of)(rows, i)[at + k] = columns[k][i];
#endif
}

/* n rows of four numbers, `step` apart, to four columns; lanes from n to a whole row of them become 0. Nothing is
 * written number by number: a vector that is read next would wait for it. */
static FL_INLINE void FL(turn_quads)(const real *from, ptrdiff_t step, int n, real *const *columns) {
    const int end = FL(whole_rows)(n);
    for (int r = 0; r < end; r += FL(turned_rows)) {
        real *to[] = {columns[0] + r, columns[1] + r, columns[2] + r, columns[3] + r};
        if (r + FL(turned_rows) <= n) {
            FL(turn_rows)((FL(row_places)){(real *)from + r * step, step, NULL}, 0, to);
        } else {
            real last[4 * FL(turned_rows)] = {0};
            for (int i = 0; i < n - r; i++) memcpy(last + 4 * i, from + (r + i) * step, 4 * sizeof(real));
            FL(turn_rows)((FL(row_places)){last, 4, NULL}, 0, to);
        }
    }
}
