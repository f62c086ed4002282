# postprocess.pxi -- from a detector's raw output to boxes in the pixels of an image.

from libc.stdlib cimport calloc, free

cdef extern from "fastloss.h" nogil:
    ctypedef struct fl_decode_args:
        int dtype, format, channels_first
        Py_ssize_t batch, bins, anchors, levels
        const Py_ssize_t *heights
        const Py_ssize_t *widths
        const double *strides
        const char *boxes
        char *out

    int fl_decode(fl_decode_args *args)
    double fl_decode_cost(const fl_decode_args *args)

    ctypedef struct fl_detections:
        Py_ssize_t n
        void *rows
        int64_t *anchors
        Py_ssize_t candidates, survivors
        int status

    ctypedef struct fl_postprocess_args:
        int dtype, format, multi_label, agnostic
        double confidence, threshold
        Py_ssize_t batch, channels, classes, anchors
        const char *prediction
        const unsigned char *wanted
        Py_ssize_t max_candidates, max_det
        fl_detections *images
        Py_ssize_t bad

    int fl_postprocess(fl_postprocess_args *args)
    double fl_postprocess_cost(const fl_postprocess_args *args)

    ctypedef struct fl_letterbox_args:
        Py_ssize_t height, width, to_height, to_width
        int scale_up, center
        Py_ssize_t stride

    ctypedef struct fl_letterbox_geometry:
        double ratio
        Py_ssize_t height, width, top, bottom, left, right

    fl_letterbox_geometry fl_letterbox(const fl_letterbox_args *args)

    ctypedef struct fl_rescale_args:
        int dtype, clip
        Py_ssize_t n, width
        double shift[2]
        double gain[2]
        double most[2]
        const char *boxes
        char *out

    int fl_rescale(fl_rescale_args *args)
    double fl_rescale_cost(const fl_rescale_args *args)


cdef Py_ssize_t parse_limit(str name, object value) except? -2:
    """A whole number >= 0; -1 for None, which is no limit."""
    return -1 if value is None else parse_count(name, value, 0)


cdef tuple parse_shape(str name, object shape, Py_ssize_t least=1):
    """(height, width), of a longer shape its first two; a number is the side of a square."""
    if hasattr(shape, "__index__") and not cnp.PyArray_Check(shape):
        side = parse_count(name, shape, least)
        return side, side
    if not isinstance(shape, (tuple, list, np.ndarray)):
        raise TypeError(f"{name} is {shown(shape)}; expected (height, width)")
    if len(shape) < 2:
        raise ValueError(f"{name} is {shown(shape)}; expected (height, width)")
    return parse_count(name, shape[0], least), parse_count(name, shape[1], least)


# ---- decoding --------------------------------------------------------------------------

cdef tuple parse_levels(object level_sizes, object strides):
    """Heights, widths and strides of the levels as arrays."""
    try:
        sizes = [parse_shape("level_sizes", size, 0) for size in level_sizes]
    except (TypeError, ValueError) as error:
        if "level_sizes" in str(error):
            raise
        raise TypeError(f"level_sizes is {shown(level_sizes)}; expected (height, width) for each level") from None
    cdef cnp.ndarray s = as_operand("strides", strides).astype(np.float64)
    if cnp.PyArray_NDIM(s) != 1 or cnp.PyArray_DIM(s, 0) != len(sizes):
        raise ValueError(f"strides has shape {shape_of(s)}; expected {(len(sizes),)}, one for each of level_sizes")
    if not (np.isfinite(s).all() and (<object>s > 0).all()):
        raise ValueError(f"strides is {shown(strides)}; expected finite numbers > 0")
    grid = np.array(sizes, np.intp).reshape(-1, 2)
    return np.ascontiguousarray(grid[:, 0]), np.ascontiguousarray(grid[:, 1]), s


def decode_boxes(boxes, level_sizes, strides, fmt, channels_first):
    """Raw boxes (batch, 4 bins, anchors) to pixels."""
    cdef fl_decode_args args
    cdef cnp.ndarray b = as_input("boxes", boxes), heights, widths, s, out
    cdef cnp.npy_intp shape[3]
    if cnp.PyArray_NDIM(b) != 3 or cnp.PyArray_DIM(b, 1) % 4 or not cnp.PyArray_DIM(b, 1):
        raise ValueError(f"boxes has shape {shape_of(b)}; expected (batch, 4 * bins, anchors)")
    heights, widths, s = parse_levels(level_sizes, strides)
    args.dtype = dtype_of(b)
    args.format = parse_format("fmt", fmt, PLAIN_FORMATS)
    args.channels_first = parse_flag("channels_first", channels_first)
    args.batch = shape[0] = cnp.PyArray_DIM(b, 0)
    args.bins = cnp.PyArray_DIM(b, 1) // 4
    args.anchors = cnp.PyArray_DIM(b, 2)
    cells = sum(int(h) * int(w) for h, w in zip(heights, widths))
    if cells != args.anchors:
        raise ValueError(f"level_sizes is {shown(level_sizes)}, which makes {cells} anchors, but boxes has {args.anchors}: its shape is {shape_of(b)}")
    b = contiguous(b, cnp.PyArray_TYPE(b))
    shape[1] = 4 if args.channels_first else args.anchors
    shape[2] = args.anchors if args.channels_first else 4
    out = cnp.PyArray_EMPTY(3, shape, cnp.PyArray_TYPE(b), 0)
    args.levels = cnp.PyArray_DIM(s, 0)
    args.heights = <Py_ssize_t *>cnp.PyArray_DATA(heights)
    args.widths = <Py_ssize_t *>cnp.PyArray_DATA(widths)
    args.strides = <double *>cnp.PyArray_DATA(s)
    args.boxes = <char *>cnp.PyArray_DATA(b)
    args.out = <char *>cnp.PyArray_DATA(out)
    with nogil:
        fl_decode(&args)
    return out


# ---- detections -------------------------------------------------------------------------

cdef cnp.ndarray wanted_classes(object classes, Py_ssize_t n):
    """A flag for each of n classes; None: all."""
    cdef cnp.ndarray c, flags
    if classes is None:
        return None
    c = as_array("classes", [classes] if hasattr(classes, "__index__") else classes)
    if not cnp.PyArray_SIZE(c):
        return np.zeros(n, np.uint8)
    if not cnp.PyTypeNum_ISINTEGER(cnp.PyArray_TYPE(c)):
        raise TypeError(f"classes has dtype {c.dtype}; expected whole numbers")
    if cnp.PyArray_NDIM(c) != 1:
        raise ValueError(f"classes has shape {shape_of(c)}; expected a list of class numbers")
    flags = np.zeros(n, np.uint8)
    for i, label in enumerate(c.tolist()):
        if not 0 <= label < n:
            raise IndexError(f"classes[{i}] is {label}, but prediction has {n} classes (0..{n - 1})")
        flags[label] = 1
    return flags


cdef object nan_prediction(Py_ssize_t at, Py_ssize_t classes, Py_ssize_t anchors):
    image, label, anchor = at // (classes * anchors), at // anchors % classes, at % anchors
    return ValueError(f"prediction[{image}, {4 + label}, {anchor}] is nan; scores must be numbers that can be put in order")


cdef tuple collected(fl_postprocess_args *args, int number):
    """Rows, anchors and counts of every image as arrays; what C holds is freed."""
    cdef list rows = [], anchors = []
    cdef cnp.ndarray row, anchor, counts = np.empty((args.batch, 3), np.int64)
    cdef cnp.npy_intp shape[2]
    cdef Py_ssize_t i
    shape[1] = 6
    for i in range(args.batch):
        shape[0] = args.images[i].n
        row = cnp.PyArray_EMPTY(2, shape, number, 0)
        anchor = cnp.PyArray_EMPTY(1, shape, cnp.NPY_INT64, 0)
        memcpy(cnp.PyArray_DATA(row), args.images[i].rows, cnp.PyArray_NBYTES(row))
        memcpy(cnp.PyArray_DATA(anchor), args.images[i].anchors, cnp.PyArray_NBYTES(anchor))
        rows.append(row)
        anchors.append(anchor)
        counts[i] = args.images[i].candidates, args.images[i].survivors, args.images[i].n
    return rows, anchors, counts


def non_max_suppression(prediction, conf_threshold, iou_threshold, classes, agnostic, multi_label, max_det, max_candidates,
                        num_classes, fmt, return_index, return_counts):
    """Detections of every image, and where asked for their anchors and the counts."""
    cdef fl_postprocess_args args
    cdef cnp.ndarray p = as_input("prediction", prediction), wanted
    cdef Py_ssize_t i
    cdef int status
    if cnp.PyArray_NDIM(p) != 3 or cnp.PyArray_DIM(p, 1) < 5:
        raise ValueError(f"prediction has shape {shape_of(p)}; expected (batch, 4 + classes, anchors)")
    args.dtype = dtype_of(p)
    args.confidence = parse_in_domain("conf_threshold", conf_threshold, FL_UNIT)
    args.threshold = parse_in_domain("iou_threshold", iou_threshold, FL_UNIT)
    args.batch = cnp.PyArray_DIM(p, 0)
    args.channels = cnp.PyArray_DIM(p, 1)
    args.anchors = cnp.PyArray_DIM(p, 2)
    args.classes = args.channels - 4
    if num_classes is not None:
        args.classes = parse_count("num_classes", num_classes, 1)
        if args.classes > args.channels - 4:
            raise ValueError(f"num_classes is {args.classes}, but prediction has shape {shape_of(p)}, room for {args.channels - 4}")
    if args.classes * args.anchors > MOST_BOXES:
        raise ValueError(f"prediction has shape {shape_of(p)}; expected at most {MOST_BOXES} scores in an image")
    wanted = wanted_classes(classes, args.classes)
    args.wanted = NULL if wanted is None else <unsigned char *>cnp.PyArray_DATA(wanted)
    args.agnostic = parse_flag("agnostic", agnostic)
    args.multi_label = parse_flag("multi_label", multi_label)
    args.max_det = parse_limit("max_det", max_det)
    args.max_candidates = parse_limit("max_candidates", max_candidates)
    args.format = parse_format("fmt", fmt, PLAIN_FORMATS)
    with_index = parse_flag("return_index", return_index)
    with_counts = parse_flag("return_counts", return_counts)
    p = contiguous(p, cnp.PyArray_TYPE(p))
    args.prediction = <char *>cnp.PyArray_DATA(p)
    args.images = <fl_detections *>calloc(args.batch + 1, sizeof(fl_detections))
    if args.images == NULL:
        raise MemoryError("no memory for the detections")
    try:
        if fl_postprocess_cost(&args) > RELEASE_GIL_NS:
            with nogil:
                status = fl_postprocess(&args)
        else:
            status = fl_postprocess(&args)
        if status == FL_NO_MEMORY:
            raise MemoryError("no memory for the detections")
        if status == FL_BAD_LABEL:
            raise nan_prediction(args.bad, args.classes, args.anchors)
        rows, anchors, counts = collected(&args, cnp.PyArray_TYPE(p))
    finally:
        for i in range(args.batch):
            free(args.images[i].rows)
            free(args.images[i].anchors)
        free(args.images)
    if not with_index and not with_counts:
        return rows
    return (rows, *((anchors,) if with_index else ()), *((counts,) if with_counts else ()))


# ---- geometry ------------------------------------------------------------------------------

cdef fl_letterbox_geometry geometry(tuple image, tuple target, bint scale_up, bint center, Py_ssize_t stride):
    cdef fl_letterbox_args args
    args.height, args.width = image
    args.to_height, args.to_width = target
    args.scale_up = scale_up
    args.center = center
    args.stride = stride
    return fl_letterbox(&args)


def letterbox(image_shape, new_shape, scale_up, center, stride):
    """(ratio, (height, width), (top, bottom, left, right))."""
    cdef fl_letterbox_geometry g = geometry(
        parse_shape("image_shape", image_shape), parse_shape("new_shape", new_shape), parse_flag("scale_up", scale_up),
        parse_flag("center", center), 0 if stride is None else parse_count("stride", stride, 1),
    )
    return g.ratio, (g.height, g.width), (g.top, g.bottom, g.left, g.right)


def scale_boxes(boxes, from_shape, to_shape, padded, scale_up, center, clip):
    """Corners from the pixels of one image to those of another; further columns as they are."""
    cdef fl_rescale_args args
    cdef cnp.ndarray b = as_boxes("boxes", boxes), out
    cdef fl_letterbox_geometry g
    cdef int last = cnp.PyArray_NDIM(b) - 1
    if last < 0 or cnp.PyArray_DIM(b, last) < 4:
        raise ValueError(f"boxes has shape {shape_of(b)}; its last axis must hold the 4 numbers of a box, and may hold more")
    before = parse_shape("from_shape", from_shape)
    after = parse_shape("to_shape", to_shape)
    g = geometry(after, before, parse_flag("scale_up", scale_up), parse_flag("center", center), 0)
    if parse_flag("padded", padded):
        args.gain[0] = args.gain[1] = g.ratio
        args.shift[0], args.shift[1] = g.left, g.top
    else:
        args.gain[0], args.gain[1] = before[1] / after[1], before[0] / after[0]
        args.shift[0] = args.shift[1] = 0
    args.clip = parse_flag("clip", clip)
    args.most[0], args.most[1] = after[1], after[0]
    b = contiguous(b, cnp.PyArray_TYPE(b))
    out = empty(b, cnp.PyArray_TYPE(b))
    args.dtype = dtype_of(b)
    args.width = cnp.PyArray_DIM(b, last)
    args.n = cnp.PyArray_SIZE(b) // args.width
    args.boxes = <char *>cnp.PyArray_DATA(b)
    args.out = <char *>cnp.PyArray_DATA(out)
    if fl_rescale_cost(&args) > RELEASE_GIL_NS:
        with nogil:
            fl_rescale(&args)
    else:
        fl_rescale(&args)
    return out
