# ratio.pxi -- losses made of sums over the pixels of a class.

cdef extern from "fastloss.h" nogil:
    enum:
        FL_NO_ACTIVATION
        FL_SIGMOID
        FL_SOFTMAX

    ctypedef struct fl_ratio_args:
        int loss, dtype, reduction
        double parameters[4]
        int activation, squared, per_image, pooled, skip_absent, indexed
        Py_ssize_t images, classes, pixels
        const char *input
        Py_ssize_t input_image, input_class
        fl_operand target
        Py_ssize_t target_image, target_class
        int has_ignore
        int64_t ignore_index
        double ignore_value
        const Py_ssize_t *chosen
        Py_ssize_t n_chosen
        const double *class_weight
        char *value
        char *grad
        Py_ssize_t grad_image, grad_class
        double result

    int fl_ratio(fl_ratio_args *args)
    double fl_ratio_cost(const fl_ratio_args *args)

# Images of fewer pixels are put end to end, class by class, where images do not matter.
cdef Py_ssize_t FEW_PIXELS = 64

cdef enum:
    BINARY
    MULTILABEL
    MULTICLASS
cdef tuple MODES = ("binary", "multilabel", "multiclass"), AVERAGES = ("macro", "micro")


cdef cnp.ndarray chosen_classes(object classes, Py_ssize_t n, bint binary):
    """The indices of the classes that take part; None: all."""
    cdef cnp.ndarray a
    if classes is None:
        return None
    if binary:
        raise ValueError(f"classes is {shown(classes)}, but mode 'binary' has one class")
    if not isinstance(classes, (np.ndarray, str)) and hasattr(classes, "__iter__"):
        classes = list(classes)
    a = as_array("classes", classes)
    if a.ndim != 1 or not a.size:
        raise ValueError(f"classes is {shown(classes)}; expected a sequence of class indices")
    if not cnp.PyArray_ISINTEGER(a):
        raise TypeError(f"classes is {shown(classes)}; expected integers")
    for c in a:
        if not 0 <= c < n:
            raise IndexError(f"classes has {c}, but input has {n} classes (0..{n - 1})")
    if len(set(a.tolist())) < a.size:
        raise ValueError(f"classes is {shown(classes)}; expected every class once")
    return np.ascontiguousarray(a, dtype=np.intp)


cdef cnp.ndarray weights_of_classes(object class_weight, Py_ssize_t n, bint binary, bint pooled):
    cdef cnp.ndarray a
    if class_weight is None:
        return None
    if binary or pooled:
        raise ValueError(
            "class_weight needs one group per class, but "
            + ("mode is 'binary'" if binary else "average is 'micro'")
        )
    a = as_operand("class_weight", class_weight)
    if cnp.PyArray_NDIM(a) != 1 or cnp.PyArray_DIM(a, 0) != n:
        raise ValueError(f"class_weight has shape {shape_of(a)}, but input has {n} classes")
    return np.ascontiguousarray(a, dtype=np.float64)


cdef int set_ignored(fl_ratio_args *args, object ignore_index) except -1:
    args.has_ignore = ignore_index is not None
    args.ignore_index = 0
    args.ignore_value = 0
    if ignore_index is None:
        return 0
    if args.indexed:
        args.ignore_index = parse_index("ignore_index", ignore_index)
    else:
        args.ignore_value = parse_in_domain(b"ignore_index", ignore_index, FL_ANY_FINITE)
    return 0


cdef object report_label(cnp.ndarray target, Py_ssize_t classes, object ignore_index):
    """The error for the first label that is neither a class nor ignore_index."""
    bad = (target < 0) | (target >= classes)
    if ignore_index is not None:
        bad &= target != ignore_index
    position = np.unravel_index(np.flatnonzero(bad)[0], shape_of(target))
    index = ", ".join(str(int(i)) for i in position)
    ignored = "" if ignore_index is None else f"; ignore_index is {ignore_index}"
    return IndexError(
        f"target[{index}] is {target[position]}, but input has {classes} "
        + (f"classes (0..{classes - 1})" if classes else "classes")
        + ignored
    )


cdef cnp.ndarray planes(cnp.ndarray a, bint by_class):
    """C-contiguous, with the classes outside the images where that is asked for."""
    if by_class:
        a = np.moveaxis(a, 1, 0)
    return a if cnp.PyArray_IS_C_CONTIGUOUS(a) else np.ascontiguousarray(a)


def ratio(int loss, input, target, tuple parameters, mode, from_logits, per_image, average,
          squared, classes, class_weight, skip_absent, ignore_index, reduction, grad):
    """Value, and where asked for the gradient, of a ratio of sums over pixels."""
    cdef fl_ratio_args args
    cdef const fl_loss_info *info = fl_loss_at(loss)
    cdef cnp.ndarray x, t, chosen, weights, v = None, g = None, g_out = None
    cdef int i, number, status, chosen_mode
    cdef bint binary, multiclass, by_class

    x = as_input("input", input)
    t = as_operand("target", target)
    number = cnp.PyArray_TYPE(x)
    args.loss = loss
    args.dtype = F32 if number == cnp.NPY_FLOAT else F64
    args.reduction = parse_reduction(reduction)
    chosen_mode = parse_choice("mode", mode, MODES)
    binary, multiclass = chosen_mode == BINARY, chosen_mode == MULTICLASS
    args.pooled = parse_choice("average", average, AVERAGES)
    for i in range(info.n_parameters):
        args.parameters[i] = parse_in_domain(
            info.parameters[i].name, parameters[i], info.parameters[i].domain
        )
    args.activation = FL_NO_ACTIVATION
    if parse_flag("from_logits", from_logits):
        args.activation = FL_SOFTMAX if multiclass else FL_SIGMOID
    args.per_image = parse_flag("per_image", per_image)
    args.squared = parse_flag("squared", squared)
    args.skip_absent = parse_flag("skip_absent", skip_absent)

    if cnp.PyArray_NDIM(x) < (1 if binary else 2):
        raise ValueError(
            f"input has shape {shape_of(x)}; mode {mode!r} expects "
            + ("(N, ...)" if binary else "(N, C, ...)")
        )
    args.images = cnp.PyArray_DIM(x, 0)
    args.classes = 1 if binary else cnp.PyArray_DIM(x, 1)
    args.pixels = 1
    for i in range(1 if binary else 2, cnp.PyArray_NDIM(x)):
        args.pixels *= cnp.PyArray_DIM(x, i)
    args.indexed = multiclass and cnp.PyArray_NDIM(t) == cnp.PyArray_NDIM(x) - 1
    if args.indexed:
        check_indices(x, t)
    elif not same_shape(x, t):
        needs = f", which takes a target of shape {index_shape(x)}" if multiclass else ""
        raise ValueError(f"target has shape {shape_of(t)}, but input has shape {shape_of(x)}{needs}")
    elif multiclass and ignore_index is not None:
        raise ValueError(
            f"ignore_index is {ignore_index!r}, which needs class indices, but target holds probabilities"
        )
    set_ignored(&args, ignore_index)
    chosen = chosen_classes(classes, args.classes, binary)
    weights = weights_of_classes(class_weight, args.classes, binary, args.pooled)

    if wants("grad", grad):
        if is_buffer(grad):
            g_out = checked_output("grad", grad, x, "input")
            keep_apart(g_out, "grad", input, "input")
            keep_apart(g_out, "grad", target, "target")
            keep_apart(g_out, "grad", class_weight, "class_weight")
        else:
            g_out = empty(x, number)
    by_class = not args.per_image and not binary and args.images > 1 and args.pixels < FEW_PIXELS
    labels = t
    x = planes(x, by_class)
    t = planes(t, by_class and not args.indexed)
    if g_out is not None:
        g = g_out
        if by_class or not cnp.PyArray_IS_C_CONTIGUOUS(g) or not cnp.PyArray_ISALIGNED(g):
            g = new(cnp.PyArray_NDIM(x), cnp.PyArray_DIMS(x), number)
    if not args.per_image and (by_class or args.classes == 1):
        args.pixels *= args.images
        args.images = 1
    args.chosen = NULL
    args.n_chosen = args.classes
    if chosen is not None:
        args.chosen = <const Py_ssize_t *>cnp.PyArray_DATA(chosen)
        args.n_chosen = cnp.PyArray_SIZE(chosen)
    args.class_weight = NULL
    if weights is not None:
        args.class_weight = <const double *>cnp.PyArray_DATA(weights)
    args.input = <const char *>cnp.PyArray_DATA(x)
    args.grad = NULL if g is None else <char *>cnp.PyArray_DATA(g)
    flat(&args.target, t, operand_type(t))
    args.target.direct = args.target.type == args.dtype
    args.input_class = args.target_class = args.grad_class = args.pixels
    args.input_image = args.target_image = args.grad_image = args.pixels * args.classes
    args.value = NULL
    if args.reduction == FL_REDUCE_NONE:
        groups = () if binary or args.pooled else (args.n_chosen,)
        if args.per_image:
            groups = (args.images, *groups)
        v = np.empty(groups, np.float32 if args.dtype == F32 else np.float64)
        args.value = <char *>cnp.PyArray_DATA(v)

    if fl_ratio_cost(&args) > RELEASE_GIL_NS:
        with nogil:
            status = fl_ratio(&args)
    else:
        status = fl_ratio(&args)
    if status == FL_BAD_LABEL:
        raise report_label(labels, args.classes, ignore_index)
    if status != FL_OK:
        raise MemoryError("no memory for the sums of the classes")

    value = v if v is not None else args.result
    if g_out is None:
        return value
    if g is not g_out:
        g_out[...] = np.moveaxis(g, 0, 1) if by_class else g
    return value, g_out


cdef tuple index_shape(cnp.ndarray x):
    return shape_of(x)[:1] + shape_of(x)[2:]


cdef int check_indices(cnp.ndarray x, cnp.ndarray t) except -1:
    if not cnp.PyArray_ISINTEGER(t):
        raise TypeError(
            f"target has dtype {t.dtype}; expected class indices of an integer dtype, "
            f"or probabilities of input's shape {shape_of(x)}"
        )
    if shape_of(t) != index_shape(x):
        raise ValueError(
            f"target has shape {shape_of(t)}, but input of shape {shape_of(x)} takes {index_shape(x)}"
        )
    return 0
