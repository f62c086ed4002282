/* masks.h -- masks of pixels: their overlaps, every mask with every other, and the boxes around them.
 *
 * A mask is packed into words of 64 pixels, so that an intersection is an `and` and a count of bits:
 * eight pixels a byte instead of one. Only words between the outermost pixels of both are looked at.
 * Nothing here depends on the working type. */

enum { FL_WORD_PIXELS = 64 };

/* 64 bytes, zero or not, to bits. */
static FL_INLINE uint64_t fl_pack_word(const uint8_t *pixels) {
    const uint64_t lowest = 0x0101010101010101u;
    uint64_t word = 0;
    for (int i = 0; i < 8; i++) {
        uint64_t eight;
        memcpy(&eight, pixels + 8 * i, 8);
        eight |= eight >> 4, eight |= eight >> 2, eight |= eight >> 1; /* any bit of a byte to its lowest */
        word |= ((eight & lowest) * 0x0102040810204080u >> 56) << 8 * i; /* the eight lowest side by side */
    }
    return word;
}

typedef struct {
    const fl_masks_args *args;
    ptrdiff_t words; /* per mask */
    uint64_t *bits[2];
    fl_mask_extent *extents[2];
    int side;
} fl_masks_call;

/* One mask to bits, its area and the range of its words. */
static void fl_pack_mask(void *context, ptrdiff_t i) {
    const fl_masks_call *call = context;
    ptrdiff_t pixels = call->args->pixels, words = call->words, whole = pixels / FL_WORD_PIXELS;
    const uint8_t *mask = call->args->masks[call->side] + i * pixels;
    uint64_t *bits = call->bits[call->side] + i * words;
    fl_mask_extent e = {.first = words};
    for (ptrdiff_t k = 0; k < words; k++) {
        uint8_t last[FL_WORD_PIXELS] = {0};
        if (k == whole) memcpy(last, mask + k * FL_WORD_PIXELS, pixels - whole * FL_WORD_PIXELS);
        bits[k] = fl_pack_word(k < whole ? mask + k * FL_WORD_PIXELS : last);
        if (!bits[k]) continue;
        e.area += __builtin_popcountll(bits[k]);
        if (e.first > k) e.first = k;
        e.end = k + 1;
    }
    call->extents[call->side][i] = e;
}

static ptrdiff_t fl_common_bits(const uint64_t *a, const uint64_t *b, ptrdiff_t from, ptrdiff_t to) {
    ptrdiff_t n = 0;
    for (ptrdiff_t k = from; k < to; k++) n += __builtin_popcountll(a[k] & b[k]);
    return n;
}

/* A row of the matrix: one mask of the first argument with all of the second. */
static void fl_mask_row(void *context, ptrdiff_t row) {
    const fl_masks_call *call = context;
    const fl_masks_args *args = call->args;
    ptrdiff_t other = row / args->n * args->m;
    const uint64_t *a = call->bits[0] + row * call->words, *b = call->bits[1] + other * call->words;
    fl_mask_extent e = call->extents[0][row];
    for (ptrdiff_t j = 0; j < args->m; j++, b += call->words) {
        fl_mask_extent f = call->extents[1][other + j];
        ptrdiff_t from = e.first > f.first ? e.first : f.first, to = e.end < f.end ? e.end : f.end;
        int crowd = args->crowd && args->crowd[other + j];
        args->value[row * args->m + j] =
            fl_mask_overlap(fl_common_bits(a, b, from, to), e.area, f.area, crowd);
    }
}

static fl_status fl_mask_matrix(fl_masks_args *args) {
    ptrdiff_t sizes[2] = {args->batch * args->n, args->batch * args->m};
    fl_masks_call call = {.args = args, .words = (args->pixels + FL_WORD_PIXELS - 1) / FL_WORD_PIXELS};
    fl_status status = FL_NO_MEMORY;
    for (int k = 0; k < 2; k++) {
        call.bits[k] = malloc((sizes[k] * call.words + 1) * sizeof(uint64_t));
        call.extents[k] = malloc((sizes[k] + 1) * sizeof(fl_mask_extent));
    }
    if (call.bits[0] && call.bits[1] && call.extents[0] && call.extents[1]) {
        for (call.side = 0; call.side < 2; call.side++)
            fl_parallel(sizes[call.side], 0.2 * (double)sizes[call.side] * (double)args->pixels, fl_pack_mask,
                        &call);
        fl_parallel(sizes[0], 0.3 * (double)sizes[0] * (double)args->m * (double)call.words, fl_mask_row,
                    &call);
        status = FL_OK;
    }
    for (int k = 0; k < 2; k++) free(call.bits[k]), free(call.extents[k]);
    return status;
}

/* ---- boxes around masks ------------------------------------------------------------ */

/* Whether one of n <= 64 pixels is set. */
static FL_INLINE int fl_any_pixel(const uint8_t *pixels, int n) {
    uint64_t each[8] = {0}, any = 0;
    memcpy(each, pixels, n);
    for (int i = 0; i < 8; i++) any |= each[i];
    return any != 0;
}

/* The first pixel that is set among n contiguous ones, or n; the last, or -1. By 64, by 8, one by one. */
static ptrdiff_t fl_first_pixel(const uint8_t *pixels, ptrdiff_t n) {
    ptrdiff_t i = 0;
    while (i + 64 <= n && !fl_any_pixel(pixels + i, 64)) i += 64;
    while (i + 8 <= n && !fl_any_pixel(pixels + i, 8)) i += 8;
    while (i < n && !pixels[i]) i++;
    return i;
}
static ptrdiff_t fl_last_pixel(const uint8_t *pixels, ptrdiff_t n) {
    while (n >= 64 && !fl_any_pixel(pixels + n - 64, 64)) n -= 64;
    while (n >= 8 && !fl_any_pixel(pixels + n - 8, 8)) n -= 8;
    while (n > 0 && !pixels[n - 1]) n--;
    return n - 1;
}

/* The rows from both ends of the mask; then of each row only what lies outside the box so far. */
static void fl_mask_box(void *context, ptrdiff_t i) {
    const fl_mask_boxes_args *args = context;
    ptrdiff_t width = args->width, size = args->height * width;
    const uint8_t *mask = args->masks + i * size;
    float *box = args->boxes + 4 * i;
    ptrdiff_t first = fl_first_pixel(mask, size), last = fl_last_pixel(mask, size);
    ptrdiff_t left = width, right = -1;
    for (ptrdiff_t row = size ? first - first % width : 0; row <= last; row += width) {
        left = fl_first_pixel(mask + row, left);
        right += 1 + fl_last_pixel(mask + row + right + 1, width - right - 1);
    }
    /* x1 > x2 says that there was no pixel. */
    box[0] = (float)left, box[2] = (float)right;
    if (left <= right) box[1] = (float)(first / width), box[3] = (float)(last / width);
}

static fl_status fl_boxes_of_masks(fl_mask_boxes_args *args) {
    double bytes = (double)args->n * (double)args->height * (double)args->width;
    fl_parallel(args->n, 0.1 * bytes, fl_mask_box, args);
    for (ptrdiff_t i = 0; i < args->n; i++)
        if (args->boxes[4 * i] > args->boxes[4 * i + 2]) {
            args->bad_mask = i;
            return FL_BAD_LABEL;
        }
    return FL_OK;
}
