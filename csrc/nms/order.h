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

/* One stable pass of a radix sort: by the byte of the key that starts at bit `shift`. */
static void FL(radix_pass)(const FL(ranked) *restrict from, FL(ranked) *restrict to, ptrdiff_t n, int shift) {
    uint32_t place[256] = {0}, sum = 0;
    for (ptrdiff_t i = 0; i < n; i++) place[from[i].key >> shift & 255]++;
    for (int k = 0; k < 256; k++) {
        uint32_t count = place[k];
        place[k] = sum;
        sum += count;
    }
    for (ptrdiff_t i = 0; i < n; i++) to[place[from[i].key >> shift & 255]++] = from[i];
}

/* Sort n items by their keys, stably. `other` is as much memory again; returns where the result is. */
static FL(ranked) *FL(sort_ranked)(FL(ranked) *items, FL(ranked) *other, ptrdiff_t n) {
    if (n <= 32) {
        for (ptrdiff_t i = 1; i < n; i++) {
            FL(ranked) one = items[i];
            ptrdiff_t j = i;
            for (; j > 0 && items[j - 1].key > one.key; j--) items[j] = items[j - 1];
            items[j] = one;
        }
        return items;
    }
    FL(word) varies = 0;      /* bits in which the keys differ: other bytes need no pass */
    for (ptrdiff_t i = 0; i < n; i++) varies |= items[i].key ^ items[0].key;
    for (int shift = 0; shift < (int)(8 * sizeof(FL(word))); shift += 8) {
        if (!(varies >> shift & 255)) continue;
        FL(radix_pass)(items, other, n, shift);
        FL(ranked) *swap = items;
        items = other, other = swap;
    }
    return items;
}
