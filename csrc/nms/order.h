/* order.h -- boxes in the order in which they are taken: by falling score, equal ones by position. */

/* A score as an integer that grows as the score falls; +0 and -0 are one score. */
static FL_INLINE FL(word) FL(falling)(real score) {
    FL(word) bits = FL(bits)(score + (real)0), sign = (FL(word))1 << (8 * sizeof bits - 1);
    return bits & sign ? bits : ~bits & ~sign;
}

typedef struct {
    FL(word) key;
    uint32_t index;
} FL(ranked);

/* Keys of n scores. Returns the position of the first NaN, or -1. */
static ptrdiff_t FL(keys_of_scores)(const real *restrict scores, ptrdiff_t n, FL(word) *restrict keys) {
    FL(word) bad = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        keys[i] = FL(falling)(scores[i]);
        bad |= -(FL(word))(scores[i] != scores[i]);
    }
    for (ptrdiff_t i = 0; bad && i < n; i++)
        if (scores[i] != scores[i]) return i;
    return -1;
}

/* Stable passes of a radix sort, by `digits` bytes of the key from bit `shift` on. Returns where the
 * result is: in `items` or in `other`. */
enum { FL(most_digits) = sizeof(FL(word)) };
static FL(ranked) *FL(radix_passes)(FL(ranked) *items, FL(ranked) *other, ptrdiff_t n, int shift,
                                    int digits) {
    uint32_t place[FL(most_digits)][256];
    memset(place, 0, digits * sizeof *place);
    for (ptrdiff_t i = 0; i < n; i++)
        for (int d = 0; d < digits; d++) place[d][items[i].key >> (shift + 8 * d) & 255]++;
    for (int d = 0; d < digits; d++) {
        uint32_t sum = 0;
        for (int k = 0; k < 256; k++) {
            uint32_t count = place[d][k];
            place[d][k] = sum;
            sum += count;
        }
        for (ptrdiff_t i = 0; i < n; i++) other[place[d][items[i].key >> (shift + 8 * d) & 255]++] = items[i];
        FL(ranked) *swap = items;
        items = other, other = swap;
    }
    return items;
}

/* Insertion sort, given up after `moves` moves. */
static int FL(insert_sorted)(FL(ranked) *items, ptrdiff_t n, ptrdiff_t moves) {
    for (ptrdiff_t i = 1; i < n; i++) {
        FL(ranked) one = items[i];
        ptrdiff_t j = i;
        for (; j > 0 && items[j - 1].key > one.key; j--) items[j] = items[j - 1];
        items[j] = one;
        moves -= i - j;
        if (moves < 0) return 0;
    }
    return 1;
}

/* Sort n items by their keys, stably; `other` is as much memory again, and may be where the result is. The
 * leading bits in which keys differ nearly always tell them apart: half of the passes. */
static FL(ranked) *FL(sort_ranked)(FL(ranked) *items, FL(ranked) *other, ptrdiff_t n) {
    if (n <= 24) {
        FL(insert_sorted)(items, n, n * n);
        return items;
    }
    enum { digits = REAL_IS_FLOAT ? 3 : 4 };
    FL(word) varies = 0;
    for (ptrdiff_t i = 0; i < n; i++) varies |= items[i].key ^ items[0].key;
    int bits = 0;
    while (bits < (int)(8 * sizeof varies) && varies >> bits) bits++;
    if (bits <= 8 * digits) return FL(radix_passes)(items, other, n, 0, (bits + 7) / 8);
    FL(ranked) *sorted = FL(radix_passes)(items, other, n, bits - 8 * digits, digits);
    if (FL(insert_sorted)(sorted, n, 2 * n)) return sorted;
    return FL(radix_passes)(sorted, sorted == items ? other : items, n, 0, (bits + 7) / 8);
}
