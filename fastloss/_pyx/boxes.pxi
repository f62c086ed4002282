# boxes.pxi -- overlaps of boxes, aligned and in pairs; areas and formats.

cdef extern from "fastloss.h" nogil:
    enum:
        FL_XYXY
        FL_XYWH
        FL_CXCYWH
        FL_XYWHR
        FL_CXCYWHR
        FL_XYXYXYXY
        FL_AREA

    ctypedef struct fl_boxes_args:
        int loss, dtype, reduction, as_loss, format
        double eps
        double parameters[4]
        double *running_mean
        double momentum
        fl_space space
        fl_operand boxes1, boxes2, grad, weight, value
        Py_ssize_t step1, step2, grad_step
        double result

    ctypedef struct fl_pairs_args:
        int loss, dtype, format, training
        double eps
        double parameters[4]
        Py_ssize_t batch, n, m
        const char *boxes1
        const char *boxes2
        char *value
        char *grad

    ctypedef struct fl_convert_args:
        int dtype
        int from_ "from"
        int to
        Py_ssize_t n
        const char *boxes
        char *out

    ctypedef struct fl_clip_args:
        int dtype
        double height, width
        Py_ssize_t n
        const char *boxes
        char *out

    ctypedef struct fl_keep_args:
        int dtype
        double least
        Py_ssize_t n, n_kept
        const char *boxes
        int64_t *kept

    int fl_clip_boxes(fl_clip_args *args)
    int fl_keep_large(fl_keep_args *args)
    int fl_boxes(fl_boxes_args *args)
    double fl_boxes_cost(const fl_boxes_args *args)
    int fl_pairs(fl_pairs_args *args)
    double fl_pairs_cost(const fl_pairs_args *args)
    int fl_box_width(int format)
    int fl_convert(fl_convert_args *args)
    double fl_convert_cost(const fl_convert_args *args)


# In the order of fl_format; which of them a function takes is a set of bits.
cdef tuple FORMATS = ("xyxy", "xywh", "cxcywh", "xywhr", "cxcywhr", "xyxyxyxy")
cdef enum:
    OVERLAP_FORMATS = 1 << FL_XYXY | 1 << FL_CXCYWH
    PLAIN_FORMATS = OVERLAP_FORMATS | 1 << FL_XYWH
    GAUSSIANS = 1 << FL_CXCYWHR          # in radians
    ROTATED_FORMATS = GAUSSIANS | 1 << FL_XYWHR | 1 << FL_XYXYXYXY
    ALL_FORMATS = PLAIN_FORMATS | ROTATED_FORMATS
cdef int IOU = losses()["box_iou"], PROBIOU = losses()["probiou"]


cdef int parse_format(str name, object fmt, int allowed) except -1:
    cdef int i = position_of(fmt, FORMATS)
    if i >= 0 and allowed >> i & 1:
        return i
    expected = ", ".join([repr(FORMATS[i]) for i in range(len(FORMATS)) if allowed >> i & 1])
    raise ValueError(f"{name} is {shown(fmt)}; expected one of {expected}")


cdef inline int dtype_of(cnp.ndarray a) noexcept:
    return F32 if cnp.PyArray_TYPE(a) == cnp.NPY_FLOAT else F64


cdef int check_coordinates(str name, cnp.ndarray a, int width) except -1:
    cdef int last = cnp.PyArray_NDIM(a) - 1
    if last < 0 or cnp.PyArray_DIM(a, last) != width:
        raise ValueError(f"{name} has shape {shape_of(a)}; its last axis must hold the {width} numbers of a box")
    return 0


cdef cnp.ndarray as_boxes(str name, object x):
    """Boxes that fix the working type: float32, float64, or integers as float64."""
    cdef cnp.ndarray a = as_operand(name, x)
    if operand_type(a) > F64:
        a = a.astype(np.float64)
    return a


# The kinds of overlap, in the order of the families that have a loss for each.
cdef tuple KINDS = ("iou", "giou", "diou", "ciou")
cdef int[4] OVERLAPS = [losses()[name] for name in (
    "box_iou", "generalized_box_iou", "distance_box_iou", "complete_box_iou",
)]


cdef tuple size_of(str name, object size):
    """(height, width) of an image, of which neither has been looked at."""
    if type(size) is tuple and len(<tuple>size) == 2:
        return size
    try:
        height, width = size
    except (TypeError, ValueError):
        raise TypeError(f"{name} is {shown(size)}; expected (height, width)") from None
    return height, width


cdef int parse_parameters(double *parameters, int loss, double eps, tuple values) except -1:
    """The parameters of a kind: eps and `values`, each in its domain."""
    cdef const fl_loss_info *info = fl_loss_at(loss)
    cdef int i
    for i in range(FL_MAX_PARAMETERS):
        parameters[i] = 0
    parameters[0] = eps
    for i in range(1, info.n_parameters):
        parameters[i] = parse_in_domain(info.parameters[i].name, values[i - 1], info.parameters[i].domain)
    return 0


# ---- aligned --------------------------------------------------------------------------

cdef Py_ssize_t box_operand(fl_operand *o, cnp.ndarray a) noexcept:
    """Leading axes of an array of boxes as an operand; returns the step between coordinates."""
    cdef int i, last = cnp.PyArray_NDIM(a) - 1
    o.data = <char *>cnp.PyArray_DATA(a)
    o.type = operand_type(a)
    o.direct = 0
    for i in range(last):
        o.strides[i] = cnp.PyArray_STRIDE(a, i)
    return cnp.PyArray_STRIDE(a, last)


cdef inline void flat_boxes(fl_operand *o, cnp.ndarray a, int type, int width) noexcept:
    flat(o, a, type)
    if a is not None:
        o.strides[0] *= width


cdef object aligned_boxes(
    int loss, int choice, bint as_loss, object boxes1, object boxes2, object weight, object fmt, object eps, object reduction,
    object grad, tuple parameters, double *running_mean, double momentum
):
    """Loss or overlap of box i with box i, and where asked for its derivative.

    With `parameters` by one of the FL_BOX_LOSS, of which a family lies side by side; a running mean is moved.
    """
    cdef fl_boxes_args args
    cdef cnp.ndarray p, t, w = None, v = None, g = None, g_out = None
    cdef int i, last, number, status, width = 4

    args.format = parse_format(
        "fmt", fmt, OVERLAP_FORMATS if parameters is None else PLAIN_FORMATS if loss != PROBIOU else GAUSSIANS
    )
    if args.format == FL_CXCYWHR:
        width = 5
    p = as_boxes("boxes1", boxes1)
    t = as_operand("boxes2", boxes2)
    check_coordinates("boxes1", p, width)
    check_coordinates("boxes2", t, width)
    if not same_shape(p, t):
        raise ValueError(f"boxes2 has shape {shape_of(t)}, but boxes1 has shape {shape_of(p)}")
    args.loss = loss + choice
    args.as_loss = as_loss
    args.reduction = parse_reduction(reduction)
    args.eps = parse_in_domain("eps", eps, FL_NONNEGATIVE)
    if parameters is not None:
        parse_parameters(args.parameters, loss, args.eps, parameters)
    args.running_mean = running_mean
    args.momentum = momentum
    args.dtype = dtype_of(p)
    number = cnp.PyArray_TYPE(p)
    last = cnp.PyArray_NDIM(p) - 1
    args.space.size = cnp.PyArray_SIZE(p) // width
    args.weight.data = NULL
    if weight is not None:
        w = as_operand("weight", weight)
    if wants("grad", grad):
        if is_buffer(grad):
            g_out = checked_output("grad", grad, p, "boxes1")
            keep_apart(g_out, "grad", boxes1, "boxes1")
            keep_apart(g_out, "grad", boxes2, "boxes2")
            keep_apart(g_out, "grad", weight, "weight")
            g = g_out if cnp.PyArray_ISALIGNED(g_out) else empty(g_out, number)
        else:
            g = empty(p, number)
    if args.reduction == FL_REDUCE_NONE:
        v = new(last, cnp.PyArray_DIMS(p), number)

    if (
        w is None and cnp.PyArray_TYPE(t) == number and cnp.PyArray_IS_C_CONTIGUOUS(p)
        and cnp.PyArray_IS_C_CONTIGUOUS(t) and (g is None or cnp.PyArray_IS_C_CONTIGUOUS(g))
    ):
        args.space.ndim = 1
        args.space.shape[0] = args.space.size
        flat_boxes(&args.boxes1, p, args.dtype, width)
        flat_boxes(&args.boxes2, t, args.dtype, width)
        flat_boxes(&args.grad, g, args.dtype, width)
        flat(&args.value, v, args.dtype)
    else:
        args.space.ndim = last
        for i in range(last):
            args.space.shape[i] = cnp.PyArray_DIM(p, i)
        args.step1 = box_operand(&args.boxes1, p)
        args.step2 = box_operand(&args.boxes2, t)
        args.grad.data = NULL
        if g is not None:
            args.grad_step = box_operand(&args.grad, g)
        args.value.data = NULL
        if v is not None:
            broadcast(&args.value, "value", v, v, "boxes1")
        if w is not None:
            broadcast(&args.weight, "weight", w, p[..., 0], "boxes1[..., 0]")

    if fl_boxes_cost(&args) > RELEASE_GIL_NS:
        with nogil:
            status = fl_boxes(&args)
    else:
        status = fl_boxes(&args)
    if status != FL_OK:
        raise MemoryError("no memory for the partial sums")

    if g_out is not None and g is not g_out:
        g_out[...] = g
        g = g_out
    value = v if v is not None else args.result
    return value if g is None else (value, g)


def box_loss(int loss, boxes1, boxes2, weight, fmt, eps, reduction, grad, tuple parameters=None):
    return aligned_boxes(loss, 0, True, boxes1, boxes2, weight, fmt, eps, reduction, grad, parameters, NULL, 0)


def box_loss_of_kind(int loss, kind, boxes1, boxes2, weight, fmt, eps, reduction, grad, tuple parameters):
    """The loss of a family that has one for each kind; `loss` is the first."""
    cdef int choice = parse_choice("kind", kind, KINDS)
    return aligned_boxes(loss, choice, True, boxes1, boxes2, weight, fmt, eps, reduction, grad, parameters, NULL, 0)


def bbox_iou(kind, boxes1, boxes2, fmt, eps, grad):
    cdef int loss = OVERLAPS[parse_choice("kind", kind, KINDS)]
    return aligned_boxes(loss, 0, False, boxes1, boxes2, None, fmt, eps, "none", grad, None, NULL, 0)


def mpdiou_loss(int loss, boxes1, boxes2, image_size, weight, fmt, eps, reduction, grad):
    return aligned_boxes(loss, 0, True, boxes1, boxes2, weight, fmt, eps, reduction, grad,
                         size_of("image_size", image_size), NULL, 0)


def wise_boxes(int loss, boxes1, boxes2, version, running_mean, momentum, tuple parameters, weight, fmt, eps, reduction, grad):
    """WIoU in one of its versions, of which the first has no running mean."""
    cdef double mean = 0, rate = parse_in_domain("momentum", momentum, FL_UNIT)
    cdef Py_ssize_t number
    try:
        number = version
    except (TypeError, OverflowError):
        number = 0
    if number < 1 or number > 3:
        raise ValueError(f"version is {shown(version)}; expected 1, 2 or 3")
    if number == 1 and running_mean is not None:
        raise ValueError(f"running_mean is {shown(running_mean)}, but version 1 of the loss has none; expected None")
    if number > 1 and running_mean is None:
        raise ValueError(f"running_mean is None; version {number} needs that of 1 - IoU (to begin with, 1.0)")
    if number > 1:
        mean = parse_in_domain("running_mean", running_mean, FL_POSITIVE)
    result = aligned_boxes(
        loss, number - 1, True, boxes1, boxes2, weight, fmt, eps, reduction, grad, parameters,
        NULL if number == 1 else &mean, rate,
    )
    if number == 1:
        return result
    return (*result, mean) if isinstance(result, tuple) else (result, mean)


# ---- pairs ----------------------------------------------------------------------------

cdef tuple pair_lead(cnp.ndarray p, cnp.ndarray t, int width):
    """The axes before the last two, broadcast."""
    cdef cnp.ndarray a
    for name, a in (("boxes1", p), ("boxes2", t)):
        check_coordinates(name, a, width)
        if cnp.PyArray_NDIM(a) < 2:
            raise ValueError(f"{name} has shape {shape_of(a)}; expected (..., number of boxes, {width})")
    if cnp.PyArray_NDIM(p) == 2 and cnp.PyArray_NDIM(t) == 2:
        return ()
    if max(cnp.PyArray_NDIM(p), cnp.PyArray_NDIM(t)) > 32:      # as far as NumPy broadcasts
        raise ValueError(f"boxes1 has {cnp.PyArray_NDIM(p)} axes and boxes2 {cnp.PyArray_NDIM(t)}; expected at most 32")
    try:
        return np.broadcast_shapes(
            shape_of(p)[:cnp.PyArray_NDIM(p) - 2], shape_of(t)[:cnp.PyArray_NDIM(t) - 2]
        )
    except ValueError:
        raise ValueError(
            f"boxes2 has shape {shape_of(t)}, whose leading axes do not broadcast "
            f"with those of boxes1, {shape_of(p)}"
        ) from None


cdef cnp.ndarray side(cnp.ndarray a, tuple lead, int number):
    """Contiguous boxes of the working type. The matrix is larger than its sides: they may be copied."""
    if lead:
        a = np.broadcast_to(a, (*lead, *shape_of(a)[cnp.PyArray_NDIM(a) - 2:]))
    return contiguous(a, number)


def pairs(int loss, boxes1, boxes2, fmt, eps, grad, tuple parameters=None):
    """The matrix of overlaps, and where asked for its derivative with respect to boxes1.

    With `parameters` by the rules of training instead of torchvision's.
    """
    cdef fl_pairs_args args
    cdef cnp.ndarray p, t, v, g = None, g_out = None
    cdef tuple lead
    cdef int number, width
    cdef cnp.npy_intp matrix[2]

    args.format = parse_format(
        "fmt", fmt, GAUSSIANS if loss == PROBIOU else ALL_FORMATS if loss == IOU and parameters is None else PLAIN_FORMATS
    )
    width = fl_box_width(args.format)
    p = as_boxes("boxes1", boxes1)
    t = as_operand("boxes2", boxes2)
    lead = pair_lead(p, t, width)
    args.loss = loss
    args.eps = parse_in_domain("eps", eps, FL_NONNEGATIVE)
    args.training = parameters is not None
    if parameters is not None:
        parse_parameters(args.parameters, loss, args.eps, parameters)
    args.dtype = dtype_of(p)
    args.n = cnp.PyArray_DIM(p, cnp.PyArray_NDIM(p) - 2)
    args.m = cnp.PyArray_DIM(t, cnp.PyArray_NDIM(t) - 2)
    number = cnp.PyArray_TYPE(p)
    p = side(p, lead, number)
    t = side(t, lead, number)
    args.batch = 1
    for length in lead:
        args.batch *= length
    if lead:
        v = new_of((*lead, args.n, args.m), number)
    else:
        matrix[0], matrix[1] = args.n, args.m
        v = new(2, matrix, number)
    if wants("grad", grad):
        shape = (*lead, args.n, args.m, width)
        if is_buffer(grad):
            g_out = as_pair_output(grad, shape, p.dtype, (("boxes1", boxes1), ("boxes2", boxes2)))
            plain = cnp.PyArray_ISALIGNED(g_out) and cnp.PyArray_IS_C_CONTIGUOUS(g_out)
            g = g_out if plain else new_of(shape, number)
        else:
            g = new_of(shape, number)
    args.boxes1 = <char *>cnp.PyArray_DATA(p)
    args.boxes2 = <char *>cnp.PyArray_DATA(t)
    args.value = <char *>cnp.PyArray_DATA(v)
    args.grad = NULL if g is None else <char *>cnp.PyArray_DATA(g)

    if cnp.PyArray_SIZE(v):
        if fl_pairs_cost(&args) > RELEASE_GIL_NS:
            with nogil:
                fl_pairs(&args)
        else:
            fl_pairs(&args)
    if g_out is not None and g is not g_out:
        g_out[...] = g
        g = g_out
    return v if g is None else (v, g)


cdef cnp.ndarray as_pair_output(object out, tuple shape, object dtype, tuple arguments):
    """The caller's buffer for the derivative of a matrix: as_output, for another shape."""
    cdef cnp.ndarray like = np.broadcast_to(np.zeros((), dtype), shape)
    if cnp.PyArray_Check(out) and out.shape != shape:
        raise ValueError(f"grad has shape {out.shape}, but the derivative of the matrix has shape {shape}")
    return as_output("grad", out, like, "boxes1", arguments)


cdef dict PAIR_KINDS = {
    **dict(zip(KINDS, OVERLAPS)), "eiou": losses()["efficient_box_iou"], "siou": losses()["scylla_box_iou"],
    "mpdiou": losses()["mpdiou"], "nwd": losses()["nwd"],
}


def pairs_of_kind(kind, boxes1, boxes2, fmt, eps, image_size, constant, grad):
    """The matrix of one kind of overlap, by the rules of training."""
    if not isinstance(kind, str) or kind not in PAIR_KINDS:
        raise ValueError(f"kind is {shown(kind)}; expected one of {', '.join(map(repr, PAIR_KINDS))}")
    parameters = ()
    if kind == "mpdiou":
        parameters = size_of("image_size", image_size)
    elif image_size is not None:
        raise ValueError(f"image_size is {shown(image_size)}, but only kind 'mpdiou' has one; expected None")
    if kind == "nwd":
        parameters = (constant,)
    elif constant is not None:
        raise ValueError(f"constant is {shown(constant)}, but only kind 'nwd' has one; expected None")
    if kind == "eiou":
        parameters = (0.0, True)
    return pairs(PAIR_KINDS[kind], boxes1, boxes2, fmt, eps, grad, parameters)


# ---- areas and formats ---------------------------------------------------------------

cdef cnp.ndarray transformed(object boxes, int before, int after):
    cdef fl_convert_args args
    cdef cnp.ndarray b = as_boxes("boxes", boxes), out
    cdef int width = fl_box_width(before)
    check_coordinates("boxes", b, width)
    b = contiguous(b, cnp.PyArray_TYPE(b))
    if after == FL_AREA:
        out = cnp.PyArray_EMPTY(cnp.PyArray_NDIM(b) - 1, cnp.PyArray_DIMS(b), cnp.PyArray_TYPE(b), 0)
    elif fl_box_width(after) == width:
        out = empty(b, cnp.PyArray_TYPE(b))
    else:
        out = np.empty((*shape_of(b)[:cnp.PyArray_NDIM(b) - 1], fl_box_width(after)), b.dtype)
    args.dtype = dtype_of(b)
    args.from_ = before
    args.to = after
    args.n = cnp.PyArray_SIZE(b) // width
    args.boxes = <char *>cnp.PyArray_DATA(b)
    args.out = <char *>cnp.PyArray_DATA(out)
    if fl_convert_cost(&args) > RELEASE_GIL_NS:
        with nogil:
            fl_convert(&args)
    else:
        fl_convert(&args)
    return out


def box_area(boxes, fmt):
    return transformed(boxes, parse_format("fmt", fmt, PLAIN_FORMATS), FL_AREA)


def box_convert(boxes, in_fmt, out_fmt):
    cdef int before = parse_format("in_fmt", in_fmt, ALL_FORMATS)
    cdef int after = parse_format("out_fmt", out_fmt, ALL_FORMATS)
    if (before >= FL_XYWHR) != (after >= FL_XYWHR):
        raise ValueError(
            f"in_fmt is {in_fmt!r} and out_fmt is {out_fmt!r}; boxes with and without rotation do not convert into each other"
        )
    if before == after:
        check_coordinates("boxes", as_array("boxes", boxes), fl_box_width(before))
        return as_boxes("boxes", boxes).copy()
    return transformed(boxes, before, after)


def clip_boxes(boxes, size):
    cdef fl_clip_args args
    cdef cnp.ndarray b = as_boxes("boxes", boxes), out
    check_coordinates("boxes", b, 4)
    height, width = size_of("size", size)
    args.height = parse_in_domain("size", height, FL_NONNEGATIVE)
    args.width = parse_in_domain("size", width, FL_NONNEGATIVE)
    b = contiguous(b, cnp.PyArray_TYPE(b))
    out = empty(b, cnp.PyArray_TYPE(b))
    args.dtype = dtype_of(b)
    args.n = cnp.PyArray_SIZE(b) // 4
    args.boxes = <char *>cnp.PyArray_DATA(b)
    args.out = <char *>cnp.PyArray_DATA(out)
    if args.n > RELEASE_GIL_NS:
        with nogil:
            fl_clip_boxes(&args)
    else:
        fl_clip_boxes(&args)
    return out


def keep_large(boxes, min_size):
    cdef fl_keep_args args
    cdef cnp.ndarray b = as_boxes("boxes", boxes), kept
    check_coordinates("boxes", b, 4)
    if cnp.PyArray_NDIM(b) != 2:
        raise ValueError(f"boxes has shape {shape_of(b)}; expected (number of boxes, 4)")
    args.least = parse_in_domain("min_size", min_size, FL_ANY_FINITE)
    b = contiguous(b, cnp.PyArray_TYPE(b))
    args.dtype = dtype_of(b)
    args.n = cnp.PyArray_DIM(b, 0)
    args.boxes = <char *>cnp.PyArray_DATA(b)
    kept = np.empty(args.n, np.int64)
    args.kept = <int64_t *>cnp.PyArray_DATA(kept)
    fl_keep_large(&args)
    return kept if args.n_kept == args.n else kept[:args.n_kept].copy()
