/* geometry.c -- how an image of one shape is fitted into another without distortion. */
#include "fastloss.h"

#include <math.h>

static ptrdiff_t scaled(ptrdiff_t side, double ratio) {
    ptrdiff_t size = (ptrdiff_t)floor((double)side * ratio + 0.5);
    return size > 0 ? size : 1;
}

fl_letterbox_geometry fl_letterbox(const fl_letterbox_args *args) {
    fl_letterbox_geometry g;
    double high = (double)args->to_height / (double)args->height;
    double wide = (double)args->to_width / (double)args->width;
    g.ratio = high < wide ? high : wide;
    if (!args->scale_up && g.ratio > 1) g.ratio = 1;
    g.height = scaled(args->height, g.ratio), g.width = scaled(args->width, g.ratio);
    ptrdiff_t y = args->to_height - g.height, x = args->to_width - g.width;
    if (args->stride) y %= args->stride, x %= args->stride;
    g.top = args->center ? y / 2 : 0, g.left = args->center ? x / 2 : 0;
    g.bottom = y - g.top, g.right = x - g.left;
    return g;
}
