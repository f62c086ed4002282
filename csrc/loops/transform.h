/* transform.h -- areas of boxes, conversions between their formats, boxes cut to an image or left out.
 *
 * A rotated box is turned by r degrees, counter-clockwise on a page whose y axis points down; its
 * corner (x, y) is the one that is at the top left for r = 0. Directions are taken in double, so a
 * large angle loses no digits to the conversion to radians. */

/* Rotated boxes pass through this form on their way from any format to any other. */
typedef struct {
    real x, y, w, h, r;
} FL(turned);

static const double FL(degree) = 0.017453292519943295769;

static FL(turned) FL(turned_from)(const real *b, int format) {
    if (format == FL_XYXYXYXY)
        return (FL(turned)){b[0], b[1], (real)hypot(b[2] - b[0], b[1] - b[3]),
                            (real)hypot(b[4] - b[2], b[5] - b[3]),
                            (real)(atan2((double)b[1] - b[3], (double)b[2] - b[0]) / FL(degree))};
    FL(turned) t = {b[0], b[1], b[2], b[3], b[4]};
    if (format == FL_CXCYWHR) {
        double c = cos(t.r * FL(degree)) / 2, s = sin(t.r * FL(degree)) / 2;
        t.x = (real)(t.x - t.w * c - t.h * s);
        t.y = (real)(t.y - t.h * c + t.w * s);
    }
    return t;
}

static void FL(turned_to)(FL(turned) t, int format, real *b) {
    double c = cos(t.r * FL(degree)), s = sin(t.r * FL(degree));
    if (format == FL_XYXYXYXY) {
        b[0] = t.x, b[1] = t.y;
        b[2] = (real)(t.x + t.w * c), b[3] = (real)(t.y - t.w * s);
        b[4] = (real)(t.x + t.w * c + t.h * s), b[5] = (real)(t.y - t.w * s + t.h * c);
        b[6] = (real)(t.x + t.h * s), b[7] = (real)(t.y + t.h * c);
        return;
    }
    if (format == FL_CXCYWHR) {
        t.x = (real)(t.x + (t.w * c + t.h * s) / 2);
        t.y = (real)(t.y + (t.h * c - t.w * s) / 2);
    }
    b[0] = t.x, b[1] = t.y, b[2] = t.w, b[3] = t.h, b[4] = t.r;
}

/* Boxes without rotation: from corners, sizes or centres to the same. */
static void FL(convert_plain)(const real *b, int from, int to, real *o) {
    real x1 = b[0], y1 = b[1], x2 = b[2], y2 = b[3];
    const real half = (real)0.5;
    if (from == FL_XYWH) x2 = x1 + b[2], y2 = y1 + b[3];
    if (from == FL_CXCYWH) {
        x1 = b[0] - half * b[2], y1 = b[1] - half * b[3];
        x2 = b[0] + half * b[2], y2 = b[1] + half * b[3];
    }
    o[0] = x1, o[1] = y1, o[2] = x2, o[3] = y2;
    if (to == FL_XYXY) return;
    if (to == FL_CXCYWH) o[0] = (x1 + x2) * half, o[1] = (y1 + y2) * half;
    o[2] = x2 - x1, o[3] = y2 - y1;
}

static void FL(convert_chunk)(void *context, ptrdiff_t chunk) {
    const fl_convert_args *args = context;
    ptrdiff_t i = chunk * FL_CHUNK, end = i + FL_CHUNK < args->n ? i + FL_CHUNK : args->n;
    int from = args->from, to = args->to, wide = fl_box_width(from), out_wide = fl_box_width(to);
    const real *b = (const real *)args->boxes + i * wide;
    real *o = (real *)args->out + i * out_wide;
    if (to == FL_AREA)
        for (; i < end; i++, b += 4) *o++ = from == FL_XYXY ? (b[2] - b[0]) * (b[3] - b[1]) : b[2] * b[3];
    else if (wide == 4)
        for (; i < end; i++, b += 4, o += 4) FL(convert_plain)(b, from, to, o);
    else
        for (; i < end; i++, b += wide, o += out_wide) FL(turned_to)(FL(turned_from)(b, from), to, o);
}

static fl_status FL(convert)(fl_convert_args *args) {
    fl_parallel((args->n + FL_CHUNK - 1) / FL_CHUNK, fl_convert_cost(args), FL(convert_chunk), args);
    return FL_OK;
}

static void FL(clip_chunk)(void *context, ptrdiff_t chunk) {
    const fl_clip_args *args = context;
    ptrdiff_t i = chunk * FL_CHUNK, end = i + FL_CHUNK < args->n ? i + FL_CHUNK : args->n;
    const real *restrict b = (const real *)args->boxes;
    real *restrict o = (real *)args->out;
    real width = (real)args->width, height = (real)args->height;
    for (i *= 4, end *= 4; i < end; i += 2) {      /* min and max let NaN through */
        o[i] = FL(min)(width, FL(max)(0, b[i]));
        o[i + 1] = FL(min)(height, FL(max)(0, b[i + 1]));
    }
}

static fl_status FL(clip_boxes)(fl_clip_args *args) {
    fl_parallel((args->n + FL_CHUNK - 1) / FL_CHUNK, (double)args->n, FL(clip_chunk), args);
    return FL_OK;
}

static fl_status FL(keep_large)(fl_keep_args *args) {
    const real *b = (const real *)args->boxes;
    real least = (real)args->least;
    ptrdiff_t n = 0;
    for (ptrdiff_t i = 0; i < args->n; i++, b += 4) {
        args->kept[n] = i;
        n += (b[2] - b[0] >= least) & (b[3] - b[1] >= least);
    }
    args->n_kept = n;
    return FL_OK;
}
