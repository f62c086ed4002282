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
        fl_space space
        fl_operand boxes1, boxes2, grad, weight, value
        Py_ssize_t step1, step2, grad_step
        double result

    ctypedef struct fl_pairs_args:
        int loss, dtype, format
        double eps
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

    int fl_boxes(fl_boxes_args *args)
    double fl_boxes_cost(const fl_boxes_args *args)
    int fl_pairs(fl_pairs_args *args)
    double fl_pairs_cost(const fl_pairs_args *args)
    int fl_box_width(int format)
    int fl_convert(fl_convert_args *args)
    double fl_convert_cost(const fl_convert_args *args)


cdef dict FORMATS = {
    "xyxy": FL_XYXY, "xywh": FL_XYWH, "cxcywh": FL_CXCYWH,
    "xywhr": FL_XYWHR, "cxcywhr": FL_CXCYWHR, "xyxyxyxy": FL_XYXYXYXY,
}
cdef tuple ALL_FORMATS = tuple(FORMATS)
cdef tuple PLAIN_FORMATS = ("xyxy", "xywh", "cxcywh")
cdef tuple OVERLAP_FORMATS = ("xyxy", "cxcywh")


cdef int parse_format(str name, object fmt, tuple allowed) except -1:
    if isinstance(fmt, str) and fmt in allowed:
        return FORMATS[fmt]
    raise ValueError(f"{name} is {shown(fmt)}; expected one of {', '.join(map(repr, allowed))}")


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


cdef dict OVERLAPS = {
    kind: losses()[name] for kind, name in (
        ("iou", "box_iou"), ("giou", "generalized_box_iou"), ("diou", "distance_box_iou"), ("ciou", "complete_box_iou"),
    )
}


def overlap_of(kind):
    """The registry's number of a kind of overlap."""
    if isinstance(kind, str) and kind in OVERLAPS:
        return OVERLAPS[kind]
    raise ValueError(f"kind is {shown(kind)}; expected 'iou', 'giou', 'diou' or 'ciou'")


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


cdef inline void flat_boxes(fl_operand *o, cnp.ndarray a, int type) noexcept:
    flat(o, a, type)
    if a is not None:
        o.strides[0] *= 4


def boxes(int loss, bint as_loss, boxes1, boxes2, weight, fmt, eps, reduction, grad):
    """Loss or overlap of box i with box i, and where asked for its derivative."""
    cdef fl_boxes_args args
    cdef cnp.ndarray p, t, w = None, v = None, g = None, g_out = None
    cdef int i, last, number, status

    p = as_boxes("boxes1", boxes1)
    t = as_operand("boxes2", boxes2)
    check_coordinates("boxes1", p, 4)
    check_coordinates("boxes2", t, 4)
    if not same_shape(p, t):
        raise ValueError(f"boxes2 has shape {shape_of(t)}, but boxes1 has shape {shape_of(p)}")
    args.loss = loss
    args.as_loss = as_loss
    args.format = FL_XYXY if fmt is "xyxy" else parse_format("fmt", fmt, OVERLAP_FORMATS)
    args.reduction = parse_reduction(reduction)
    args.eps = parse_in_domain("eps", eps, FL_NONNEGATIVE)
    args.dtype = dtype_of(p)
    number = cnp.PyArray_TYPE(p)
    last = cnp.PyArray_NDIM(p) - 1
    args.space.size = cnp.PyArray_SIZE(p) // 4
    args.weight.data = NULL
    if weight is not None:
        w = as_operand("weight", weight)
    if wants("grad", grad):
        if grad is not False and cnp.PyArray_Check(grad):
            g_out = as_output("grad", grad, p, "boxes1", (("boxes1", given(boxes1)), ("boxes2", given(boxes2)), ("weight", given(weight))))
            g = g_out if cnp.PyArray_ISALIGNED(g_out) else empty(g_out, number)
        else:
            g = empty(p, number)
    if args.reduction == FL_REDUCE_NONE:
        v = cnp.PyArray_EMPTY(last, cnp.PyArray_DIMS(p), number, 0)

    if (
        w is None and cnp.PyArray_TYPE(t) == number and cnp.PyArray_IS_C_CONTIGUOUS(p)
        and cnp.PyArray_IS_C_CONTIGUOUS(t) and (g is None or cnp.PyArray_IS_C_CONTIGUOUS(g))
    ):
        args.space.ndim = 1
        args.space.shape[0] = args.space.size
        flat_boxes(&args.boxes1, p, args.dtype)
        flat_boxes(&args.boxes2, t, args.dtype)
        flat_boxes(&args.grad, g, args.dtype)
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


# ---- pairs ----------------------------------------------------------------------------

cdef tuple pair_lead(cnp.ndarray p, cnp.ndarray t):
    """The axes before the last two, broadcast."""
    cdef cnp.ndarray a
    for name, a in (("boxes1", p), ("boxes2", t)):
        check_coordinates(name, a, 4)
        if cnp.PyArray_NDIM(a) < 2:
            raise ValueError(f"{name} has shape {shape_of(a)}; expected (..., number of boxes, 4)")
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
        a = np.broadcast_to(a, (*lead, cnp.PyArray_DIM(a, cnp.PyArray_NDIM(a) - 2), 4))
    return contiguous(a, number)


def pairs(int loss, boxes1, boxes2, fmt, eps, grad):
    """The matrix of overlaps, and where asked for its derivative with respect to boxes1."""
    cdef fl_pairs_args args
    cdef cnp.ndarray p, t, v, g = None, g_out = None
    cdef tuple lead, shape
    cdef int number
    cdef cnp.npy_intp matrix[3]

    p = as_boxes("boxes1", boxes1)
    t = as_operand("boxes2", boxes2)
    lead = pair_lead(p, t)
    args.loss = loss
    args.format = parse_format("fmt", fmt, PLAIN_FORMATS)
    args.eps = parse_in_domain("eps", eps, FL_NONNEGATIVE)
    args.dtype = dtype_of(p)
    args.n = cnp.PyArray_DIM(p, cnp.PyArray_NDIM(p) - 2)
    args.m = cnp.PyArray_DIM(t, cnp.PyArray_NDIM(t) - 2)
    number = cnp.PyArray_TYPE(p)
    p = side(p, lead, number)
    t = side(t, lead, number)
    args.batch = 1
    for length in lead:
        args.batch *= length
    shape = (*lead, args.n, args.m)
    if lead:
        v = np.empty(shape, p.dtype)
    else:
        matrix[0], matrix[1], matrix[2] = args.n, args.m, 4
        v = cnp.PyArray_EMPTY(2, matrix, number, 0)
    if wants("grad", grad):
        dtype = p.dtype
        if grad is not False and cnp.PyArray_Check(grad):
            g_out = as_pair_output(grad, (*shape, 4), dtype, (("boxes1", boxes1), ("boxes2", boxes2)))
            plain = cnp.PyArray_ISALIGNED(g_out) and cnp.PyArray_IS_C_CONTIGUOUS(g_out)
            g = g_out if plain else np.empty((*shape, 4), dtype)
        else:
            g = np.empty((*shape, 4), dtype)
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
    others = tuple((name, a if cnp.PyArray_Check(a) else None) for name, a in arguments)
    return as_output("grad", out, like, "boxes1", others)


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
