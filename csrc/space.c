/* space.c -- the index space of a call: merge axes, follow memory. */
#include "fastloss.h"

static const size_t type_sizes[] = {4, 8, 1, 2, 4, 8, 1, 2, 4, 8};

enum { N_OPERANDS = 9 };

static int collect(fl_pointwise_args *a, fl_operand *operands[N_OPERANDS]) {
    fl_operand *all[N_OPERANDS] = {&a->input, &a->target, &a->aux,      &a->weight,  &a->value,
                                   &a->grad,  &a->hess,   &a->aux_grad, &a->aux_hess};
    int n = 0;
    for (int i = 0; i < N_OPERANDS; i++)
        if (all[i]->data) operands[n++] = all[i];
    return n;
}

static void swap_axes(fl_space *s, fl_operand **operands, int n, int i, int j) {
    ptrdiff_t t = s->shape[i];
    s->shape[i] = s->shape[j], s->shape[j] = t;
    for (int k = 0; k < n; k++) {
        ptrdiff_t *strides = operands[k]->strides;
        t = strides[i], strides[i] = strides[j], strides[j] = t;
    }
}

static ptrdiff_t magnitude(ptrdiff_t x) { return x < 0 ? -x : x; }

void fl_space_prepare(fl_pointwise_args *a) {
    fl_space *s = &a->space;
    fl_operand *operands[N_OPERANDS];
    int n = collect(a, operands), ndim = 0;

    for (int i = 0; i < s->ndim; i++)           /* drop axes of length 1 */
        if (s->shape[i] != 1) swap_axes(s, operands, n, i, ndim++);
    s->ndim = ndim;

    /* Outer axes first, by the strides of the input (insertion sort, stable). */
    const ptrdiff_t *lead = a->input.strides;
    for (int i = 1; i < s->ndim; i++)
        for (int j = i; j > 0 && magnitude(lead[j - 1]) < magnitude(lead[j]); j--)
            swap_axes(s, operands, n, j - 1, j);

    ndim = 0;                                   /* merge axes that run on in memory */
    for (int i = 0; i < s->ndim; i++) {
        int joins = ndim > 0;
        for (int k = 0; joins && k < n; k++)
            joins = operands[k]->strides[ndim - 1] == operands[k]->strides[i] * s->shape[i];
        if (joins) {
            s->shape[ndim - 1] *= s->shape[i];
            for (int k = 0; k < n; k++) operands[k]->strides[ndim - 1] = operands[k]->strides[i];
        } else {
            swap_axes(s, operands, n, i, ndim++);
        }
    }
    s->ndim = ndim;

    for (int k = 0; k < n; k++) {
        fl_operand *o = operands[k];
        o->direct = o->type == a->dtype
            && (s->ndim == 0 || (s->ndim == 1 && o->strides[0] == (ptrdiff_t)type_sizes[o->type]));
    }
}
