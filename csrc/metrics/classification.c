/* classification.c -- confusion, ranks of labels, precision and recall. */
#include "fastloss.h"
#include "parallel.h"

int64_t fl_largest_label(const int64_t *labels, ptrdiff_t n, int has_ignore, int64_t ignore_index) {
    int64_t largest = -1;
    for (ptrdiff_t i = 0; i < n; i++)
        if (labels[i] > largest && !(has_ignore && labels[i] == ignore_index)) largest = labels[i];
    return largest;
}

ptrdiff_t fl_find_label_outside(const int64_t *labels, ptrdiff_t n, int64_t classes, int has_ignore,
                                int64_t ignore_index) {
    int outside = 0;
    for (ptrdiff_t i = 0; i < n; i++) outside |= (uint64_t)labels[i] >= (uint64_t)classes;
    for (ptrdiff_t i = 0; outside && i < n; i++)
        if ((uint64_t)labels[i] >= (uint64_t)classes && !(has_ignore && labels[i] == ignore_index)) return i;
    return -1;
}

void fl_confusion(fl_confusion_args *given) {
    const fl_confusion_args args = *given; /* a copy, so that no count can be taken for a part of it */
    for (ptrdiff_t i = 0; i < args.n; i++) {
        int64_t t = args.target[i];
        if (args.has_ignore && t == args.ignore_index) continue;
        ptrdiff_t cell = (ptrdiff_t)(t * args.classes + args.input[i]);
        if (args.weight) args.sums[cell] += args.weight[i];
        else args.counts[cell]++;
    }
}

/* Divide `lines` lines of `n` numbers each by their sums. */
static void normalize(double *matrix, ptrdiff_t lines, ptrdiff_t line_step, ptrdiff_t n, ptrdiff_t step) {
    for (ptrdiff_t i = 0; i < lines; i++) {
        double *line = matrix + i * line_step, sum = 0;
        for (ptrdiff_t j = 0; j < n; j++) sum += line[j * step];
        for (ptrdiff_t j = 0; j < n; j++) line[j * step] = sum != 0 ? line[j * step] / sum : 0;
    }
}

void fl_normalize(double *matrix, ptrdiff_t classes, int by) {
    if (by == FL_BY_TARGET) normalize(matrix, classes, classes, classes, 1);
    if (by == FL_BY_INPUT) normalize(matrix, classes, 1, classes, classes);
    if (by == FL_BY_ALL) normalize(matrix, 1, 0, classes * classes, 1);
}

/* ---- rows of scores ---------------------------------------------------------- */

#define FL_PASTE3(a, b, c) a##b##c
#define FL_PASTE(a, b, c) FL_PASTE3(a, b, c)

#define real float
#define FL(name) FL_PASTE(fl_, name, _f32)
#include "metrics/rows.h"
#undef real
#undef FL

#define real double
#define FL(name) FL_PASTE(fl_, name, _f64)
#include "metrics/rows.h"
#undef real
#undef FL

typedef struct {
    const fl_class_scores *args;
    int ranked;
    ptrdiff_t rows;
} row_context;

static void row_chunk(void *context, ptrdiff_t chunk) {
    const row_context *c = context;
    ptrdiff_t all = c->args->outer * c->args->inner, first = chunk * c->rows;
    ptrdiff_t end = first + c->rows < all ? first + c->rows : all;
    if (c->args->dtype == FL_F32) fl_do_rows_f32(c->args, first, end, c->ranked);
    else fl_do_rows_f64(c->args, first, end, c->ranked);
}

static void over_rows(const fl_class_scores *args, int ranked) {
    ptrdiff_t rows = 16384 / args->classes + 1, all = args->outer * args->inner;
    row_context c = {args, ranked, rows};
    fl_parallel((all + rows - 1) / rows, 0.3 * (double)all * (double)args->classes, row_chunk, &c);
}

void fl_best_class(fl_class_scores *args) { over_rows(args, 0); }
void fl_rank(fl_class_scores *args) { over_rows(args, 1); }

void fl_hits(const int64_t *rank, const int64_t *target, const double *weight, ptrdiff_t n, int has_ignore,
             int64_t ignore_index, const int64_t *k, ptrdiff_t n_k, double *out) {
    for (ptrdiff_t j = 0; j < n_k; j++) {
        double hits = 0, all = 0;
        for (ptrdiff_t i = 0; i < n; i++) {
            if (has_ignore && target[i] == ignore_index) continue;
            double w = weight ? weight[i] : 1;
            hits += rank[i] < k[j] ? w : 0;
            all += w;
        }
        out[j] = hits / all;
    }
}

/* ---- precision, recall and F1 -------------------------------------------------- */

typedef struct {
    double hit, input, target;            /* of one class, or of all */
} tally;

static void scores_of(tally t, double zero_division, double *precision, double *recall, double *f1) {
    *precision = t.input != 0 ? t.hit / t.input : zero_division;
    *recall = t.target != 0 ? t.hit / t.target : zero_division;
    *f1 = t.input + t.target != 0 ? 2 * t.hit / (t.input + t.target) : zero_division;
}

/* A mean that leaves out NaN, which only a zero_division of NaN brings in. */
typedef struct {
    double sum, weights;
} mean;

static void add_to_mean(mean *m, double x, double weight) {
    if (x != x) return;
    m->sum += weight * x;
    m->weights += weight;
}

void fl_precision_recall_f1(const double *matrix, ptrdiff_t classes, int average, double zero_division,
                            double *out) {
    tally all = {0, 0, 0};
    mean means[3] = {{0, 0}, {0, 0}, {0, 0}};
    for (ptrdiff_t k = 0; k < classes; k++) {
        tally own = {matrix[k * classes + k], 0, 0};
        double scores[3];
        for (ptrdiff_t j = 0; j < classes; j++) {
            own.target += matrix[k * classes + j];
            own.input += matrix[j * classes + k];
        }
        all.hit += own.hit;
        all.input += own.input;
        all.target += own.target;
        scores_of(own, zero_division, &scores[0], &scores[1], &scores[2]);
        for (int s = 0; s < 3; s++) {
            if (average == FL_AVERAGE_NONE) out[s * classes + k] = scores[s];
            /* Classes that occur nowhere are no part of the mean. */
            else if (average == FL_AVERAGE_WEIGHTED) add_to_mean(&means[s], scores[s], own.target);
            else if (own.input != 0 || own.target != 0) add_to_mean(&means[s], scores[s], 1);
        }
    }
    if (average == FL_AVERAGE_MICRO) scores_of(all, zero_division, &out[0], &out[1], &out[2]);
    if (average == FL_AVERAGE_MACRO || average == FL_AVERAGE_WEIGHTED)
        for (int s = 0; s < 3; s++)
            out[s] = means[s].weights != 0 ? means[s].sum / means[s].weights : zero_division;
}
