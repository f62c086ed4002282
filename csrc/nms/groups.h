/* groups.h -- boxes by class. Class ids are any integers; the groups are numbered as they first occur. */

typedef struct {
    ptrdiff_t count;
    uint32_t *members;     /* positions, group after group, each in rising order */
    ptrdiff_t *starts;     /* of the groups; starts[count] is the number of boxes */
} fl_groups;

static void fl_groups_free(fl_groups *g) {
    free(g->members);
    free(g->starts);
}

/* Number the ids from 0 on, with a hash table whose slots hold a position + 1 of each id; returns how many
 * there are, or -1 without memory. */
static ptrdiff_t fl_number_ids(const int64_t *ids, ptrdiff_t n, uint32_t *number) {
    int bits = 4;
    while (((ptrdiff_t)1 << bits) < 2 * n) bits++;
    size_t mask = ((size_t)1 << bits) - 1;
    uint32_t *slots = calloc(mask + 1, sizeof *slots);
    if (!slots) return -1;
    ptrdiff_t count = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        size_t at = (size_t)((uint64_t)ids[i] * UINT64_C(0x9E3779B97F4A7C15) >> (64 - bits));
        while (slots[at] && ids[slots[at] - 1] != ids[i]) at = (at + 1) & mask;
        if (slots[at]) {
            number[i] = number[slots[at] - 1];
        } else {
            slots[at] = (uint32_t)i + 1;
            number[i] = (uint32_t)count++;
        }
    }
    free(slots);
    return count;
}

static fl_status fl_group(const int64_t *ids, ptrdiff_t n, fl_groups *g) {
    uint32_t *number = malloc((n + 1) * sizeof *number);
    g->starts = NULL;
    g->members = malloc((n + 1) * sizeof *g->members);
    g->count = number && g->members ? fl_number_ids(ids, n, number) : -1;
    if (g->count >= 0) g->starts = calloc(g->count + 2, sizeof *g->starts);
    if (!g->starts) {
        free(number);
        fl_groups_free(g);
        return FL_NO_MEMORY;
    }
    for (ptrdiff_t i = 0; i < n; i++) g->starts[number[i] + 2]++;
    for (ptrdiff_t k = 2; k <= g->count + 1; k++) g->starts[k] += g->starts[k - 1];
    for (ptrdiff_t i = 0; i < n; i++) g->members[g->starts[number[i] + 1]++] = (uint32_t)i;
    free(number);
    return FL_OK;
}
