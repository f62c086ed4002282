/* plain_nms.c -- the peer of `nms`: the plain quadratic algorithm of torchvision's CPU kernel, compiled as
 * that is (-O3 for the machine's baseline). Areas, a stable sort by falling score, then every box that still
 * stands against all that follow, with a division each. torchvision's own wheels need the very build of torch
 * that they were made for; this needs a C compiler. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifdef _WIN32
__declspec(dllexport)
#endif
int64_t plain_nms(const float *boxes, const float *scores, int64_t n, double threshold, int64_t *kept);

static void merge_sort(const float *scores, int64_t *order, int64_t *other, int64_t n) {
    if (n <= 16) {
        for (int64_t i = 1; i < n; i++) {
            int64_t one = order[i], j = i;
            for (; j > 0 && scores[order[j - 1]] < scores[one]; j--) order[j] = order[j - 1];
            order[j] = one;
        }
        return;
    }
    int64_t half = n / 2, i = 0, j = half, k = 0;
    merge_sort(scores, order, other, half);
    merge_sort(scores, order + half, other, n - half);
    memcpy(other, order, half * sizeof *order);
    while (i < half && j < n) order[k++] = scores[other[i]] >= scores[order[j]] ? other[i++] : order[j++];
    while (i < half) order[k++] = other[i++];
}

static float larger(float a, float b) { return a < b ? b : a; }
static float smaller(float a, float b) { return b < a ? b : a; }

int64_t plain_nms(const float *boxes, const float *scores, int64_t n, double threshold, int64_t *kept) {
    float *columns = malloc(5 * n * sizeof *columns);
    int64_t *order = malloc(2 * n * sizeof *order);
    unsigned char *suppressed = calloc(n, 1);
    float *x1 = columns, *y1 = x1 + n, *x2 = y1 + n, *y2 = x2 + n, *area = y2 + n;
    for (int64_t i = 0; i < n; i++) {
        x1[i] = boxes[4 * i], y1[i] = boxes[4 * i + 1], x2[i] = boxes[4 * i + 2], y2[i] = boxes[4 * i + 3];
        area[i] = (x2[i] - x1[i]) * (y2[i] - y1[i]);
        order[i] = i;
    }
    merge_sort(scores, order, order + n, n);
    int64_t count = 0;
    for (int64_t a = 0; a < n; a++) {
        int64_t i = order[a];
        if (suppressed[i]) continue;
        kept[count++] = i;
        float ix1 = x1[i], iy1 = y1[i], ix2 = x2[i], iy2 = y2[i], iarea = area[i];
        for (int64_t b = a + 1; b < n; b++) {
            int64_t j = order[b];
            if (suppressed[j]) continue;
            float w = larger(0, smaller(ix2, x2[j]) - larger(ix1, x1[j]));
            float h = larger(0, smaller(iy2, y2[j]) - larger(iy1, y1[j]));
            float inter = w * h;
            if (inter / (iarea + area[j] - inter) > threshold) suppressed[j] = 1;
        }
    }
    free(columns);
    free(order);
    free(suppressed);
    return count;
}
