/* rescale.h -- boxes from one image's pixels to another's: shifted, scaled, and clipped to it. */

static void FL(rescale_chunk)(void *context, ptrdiff_t chunk) {
    const fl_rescale_args *args = context;
    ptrdiff_t i = chunk * FL_CHUNK, end = i + FL_CHUNK < args->n ? i + FL_CHUNK : args->n;
    const real *b = (const real *)args->boxes + i * args->width;
    real *o = (real *)args->out + i * args->width;
    for (; i < end; i++, b += args->width, o += args->width)
        for (ptrdiff_t k = 0; k < args->width; k++) {
            if (k > 3) {
                o[k] = b[k];
                continue;
            }
            real x = (b[k] - (real)args->shift[k & 1]) / (real)args->gain[k & 1];
            o[k] = args->clip ? FL(max)(0, FL(min)((real)args->most[k & 1], x)) : x;
        }
}

static fl_status FL(rescale)(fl_rescale_args *args) {
    fl_parallel((args->n + FL_CHUNK - 1) / FL_CHUNK, fl_rescale_cost(args), FL(rescale_chunk), args);
    return FL_OK;
}
