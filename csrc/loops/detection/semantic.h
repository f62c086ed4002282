/* semantic.h -- the class of every pixel, beside the objects' own masks: half binary cross entropy, half Dice. */

/* One-hot by class, from the masks of the objects: where several cover a pixel, the first. */
static void FL(semantic_target)(const fl_detection_args *a, ptrdiff_t image, real *target) {
    const ptrdiff_t area = a->sem_height * a->sem_width;
    for (ptrdiff_t place = a->first[image + 1] - 1; place >= a->first[image]; place--) {
        const real label = FL(mask_label)(a, image, place), *mask = FL(mask_of)(a, image, place);
        real *own = target + (ptrdiff_t)a->class_[a->order[place]] * area;
        for (ptrdiff_t y = 0; y < a->sem_height; y++) {
            const real *row = mask + y * a->mask_height / a->sem_height * a->mask_width;
            for (ptrdiff_t x = 0; x < a->sem_width; x++) {
                if (!FL(in_mask)(row[x * a->mask_width / a->sem_width], label)) continue;
                ptrdiff_t at = y * a->sem_width + x;
                for (ptrdiff_t c = 0; c < a->classes && !a->overlapping; c++) target[c * area + at] = 0;
                own[at] = 1;
            }
        }
    }
}

/* A contiguous array as an operand of one axis. */
static fl_operand FL(whole)(const void *data, int dtype) {
    fl_operand o = {.data = (char *)data, .type = dtype, .direct = 1};
    o.strides[0] = sizeof(real);
    return o;
}

/* The sum of both halves, and its derivative in place of grad_sem. 0: no memory. */
static int FL(semantic)(const fl_detection_args *a, double *value) {
    const ptrdiff_t area = a->sem_height * a->sem_width, size = a->batch * a->classes * area;
    const double factor = a->gains[FL_ITEM_SEM] * (double)a->batch * a->factor / 2;
    real *target = calloc(size, sizeof(real)), *grad = a->grad_sem ? malloc(size * sizeof(real)) : NULL;
    fl_pointwise_args *bce = calloc(1, sizeof *bce);
    fl_ratio_args dice = {
        .loss = FL_LOSS_dice,
        .dtype = a->dtype,
        .reduction = FL_REDUCE_MEAN,
        .parameters = {1, 1},
        .activation = FL_SIGMOID,
        .per_image = 1,
        .images = a->batch,
        .classes = a->classes,
        .n_chosen = a->classes,
        .pixels = area,
        .input = a->sem,
        .input_image = a->classes * area,
        .input_class = area,
        .target = FL(whole)(target, a->dtype),
        .target_image = a->classes * area,
        .target_class = area,
        .grad = (char *)grad,
        .grad_image = a->classes * area,
        .grad_class = area,
    };
    int done = target && bce && (grad || !a->grad_sem);
    if (done) {
        for (ptrdiff_t image = 0; image < a->batch; image++)
            FL(semantic_target)(a, image, target + image * a->classes * area);
        bce->loss = FL_LOSS_binary_cross_entropy_with_logits, bce->dtype = a->dtype;
        bce->reduction = FL_REDUCE_MEAN, bce->factor = factor;
        bce->space = (fl_space){.ndim = 1, .size = size, .shape = {size}};
        bce->input = FL(whole)(a->sem, a->dtype), bce->target = FL(whole)(target, a->dtype);
        if (grad) bce->grad = FL(whole)(a->grad_sem, a->dtype);
        done = fl_pointwise(bce) == FL_OK && fl_ratio(&dice) == FL_OK;
    }
    if (done) {
        real *out = (real *)a->grad_sem;
        *value = factor > 0 ? (bce->result / factor + dice.result) / 2 : 0;
        for (ptrdiff_t i = 0; i < size && grad; i++) out[i] = FL(fma)((real)factor, grad[i], out[i]);
    }
    free(target), free(grad), free(bce);
    return done;
}
