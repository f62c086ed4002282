# metrics.pxi -- accuracy, confusion and what follows from it.

cdef extern from "fastloss.h" nogil:
    ctypedef struct fl_confusion_args:
        Py_ssize_t n, classes
        const int64_t *input
        const int64_t *target
        const double *weight
        int has_ignore
        int64_t ignore_index
        int64_t *counts
        double *sums

    int64_t fl_largest_label(const int64_t *labels, Py_ssize_t n, int has_ignore, int64_t ignore_index)
    Py_ssize_t fl_find_label_outside(
        const int64_t *labels, Py_ssize_t n, int64_t classes, int has_ignore, int64_t ignore_index
    )
    void fl_confusion(fl_confusion_args *args)

    ctypedef struct fl_class_scores:
        int dtype
        Py_ssize_t outer, classes, inner
        Py_ssize_t outer_step, class_step, inner_step
        const char *scores
        const int64_t *target
        int64_t *out

    void fl_best_class(fl_class_scores *args)
    void fl_rank(fl_class_scores *args)

    enum:
        FL_BY_TARGET
        FL_BY_INPUT
        FL_BY_ALL

    void fl_normalize(double *matrix, Py_ssize_t classes, int by)

    enum:
        FL_AVERAGE_NONE
        FL_AVERAGE_MACRO
        FL_AVERAGE_MICRO
        FL_AVERAGE_WEIGHTED

    void fl_precision_recall_f1(
        const double *matrix, Py_ssize_t classes, int average, double zero_division, double *out
    )

    void fl_hits(
        const int64_t *rank, const int64_t *target, const double *weight, Py_ssize_t n, int has_ignore,
        int64_t ignore_index, const int64_t *k, Py_ssize_t n_k, double *out
    )


cdef cnp.ndarray as_labels(str name, object x):
    """Integers of any dtype as int64."""
    cdef cnp.ndarray a = as_array(name, x)
    cdef int kind = operand_type(a)
    if cnp.PyArray_SIZE(a) == 0 and cnp.PyArray_TYPE(a) == cnp.NPY_DOUBLE and not cnp.PyArray_Check(x):
        a = a.astype(np.int64)      # an empty list
    elif kind < FL_I8 or cnp.PyArray_TYPE(a) == cnp.NPY_BOOL:
        raise TypeError(f"{name} has dtype {a.dtype}; expected integer class indices")
    if kind == FL_U64:
        a = np.minimum(a, np.uint64(2**63 - 1))
    return contiguous(a, cnp.NPY_INT64)


cdef cnp.ndarray as_row_weight(object weight, cnp.ndarray target):
    """One factor per label in double, or None."""
    cdef cnp.ndarray w
    if weight is None:
        return None
    w = as_operand("weight", weight)
    if not same_shape(w, target):
        raise ValueError(f"weight has shape {shape_of(w)}; expected {shape_of(target)}, one per label of target")
    return contiguous(w, cnp.NPY_DOUBLE)


cdef str place_of(str name, cnp.ndarray a, Py_ssize_t i):
    position = np.unravel_index(i, shape_of(a)) if cnp.PyArray_NDIM(a) else ()
    return f"{name}[{', '.join(str(int(p)) for p in position)}]" if position else name


cdef int check_labels(str name, cnp.ndarray labels, int64_t classes, bint ignoring, int64_t ignore_index) except -1:
    cdef const int64_t *at = <const int64_t *>cnp.PyArray_DATA(labels)
    cdef Py_ssize_t i = fl_find_label_outside(at, cnp.PyArray_SIZE(labels), classes, ignoring, ignore_index)
    if i >= 0:
        hint = f"; ignore_index is {ignore_index}" if ignoring else ""
        raise IndexError(f"{place_of(name, labels, i)} is {at[i]}, but there are {classes} classes (0..{classes - 1}){hint}")
    return 0


cdef cnp.ndarray from_scores(cnp.ndarray x, cnp.ndarray target):
    """Of scores (N, C, ...) or (C,): the best class of every row, or with `target` the rank of its class."""
    cdef fl_class_scores args
    cdef cnp.ndarray out
    cdef int i, axis = 1 if cnp.PyArray_NDIM(x) > 1 else 0
    x = contiguous(x, cnp.PyArray_TYPE(x))
    args.classes = cnp.PyArray_DIM(x, axis)
    args.outer = cnp.PyArray_DIM(x, 0) if axis else 1
    args.inner = 1
    for i in range(axis + 1, cnp.PyArray_NDIM(x)):
        args.inner *= cnp.PyArray_DIM(x, i)
    args.dtype = dtype_of(x)
    args.outer_step = args.classes * args.inner
    args.class_step = args.inner
    args.inner_step = 1
    args.scores = <const char *>cnp.PyArray_DATA(x)
    args.target = NULL
    if target is not None:
        args.target = <const int64_t *>cnp.PyArray_DATA(target)
    shape = shape_of(x)
    out = np.empty(shape[:axis] + shape[axis + 1:], np.int64)
    args.out = <int64_t *>cnp.PyArray_DATA(out)
    if cnp.PyArray_SIZE(out):
        with nogil:
            if args.target == NULL:
                fl_best_class(&args)
            else:
                fl_rank(&args)
    return out


cdef cnp.ndarray as_scores(object input, cnp.ndarray target):
    """Scores of every class for every label of `target`, or None if `input` holds labels itself."""
    cdef cnp.ndarray x = as_operand("input", input)
    cdef int axis = 1 if cnp.PyArray_NDIM(x) > 1 else 0
    if operand_type(x) > F64 or (same_shape(x, target) and cnp.PyArray_SIZE(x) == 0 and not cnp.PyArray_Check(input)):
        return None
    if cnp.PyArray_NDIM(x) != cnp.PyArray_NDIM(target) + 1:
        raise ValueError(f"input has shape {shape_of(x)}, but target has shape {shape_of(target)}; scores have one axis more, of classes")
    shape = shape_of(x)
    if shape[:axis] + shape[axis + 1:] != shape_of(target):
        raise ValueError(f"input has shape {shape}, but target has shape {shape_of(target)}; expected {shape[:axis] + shape[axis + 1:]}")
    if shape[axis] == 0:
        raise ValueError(f"input has shape {shape}: no classes along axis {axis}")
    return x


def accuracy(input, target, topk, weight, ignore_index):
    """The share of labels among the `topk` best classes; a tuple for several."""
    cdef cnp.ndarray t = as_labels("target", target), x = as_scores(input, t), rank, w, ks, out
    cdef int64_t ignored = 0
    cdef bint ignoring = ignore_index is not None, several = isinstance(topk, (tuple, list))
    cdef const double *weights = NULL
    if ignoring:
        ignored = parse_index("ignore_index", ignore_index)
    ks = np.array([parse_index("topk", k) for k in (topk if several else (topk,))], np.int64)
    most = x.shape[1 if cnp.PyArray_NDIM(x) > 1 else 0] if x is not None else 1
    for k in ks:
        if not 1 <= k <= most:
            raise ValueError(f"topk is {shown(topk)}; expected 1 to {most}" + ("" if x is not None else ", since input holds labels"))
    if x is None:
        rank = as_labels("input", input)
        if not same_shape(rank, t):
            raise ValueError(f"input has shape {shape_of(rank)}, but target has shape {shape_of(t)}")
        rank = contiguous(np.asarray(np.not_equal(rank, t)), cnp.NPY_INT64)
    else:
        check_labels("target", t, most, ignoring, ignored)
        rank = from_scores(x, t)
    w = as_row_weight(weight, t)
    if w is not None:
        weights = <const double *>cnp.PyArray_DATA(w)
    out = np.empty(len(ks), np.float64)
    fl_hits(
        <const int64_t *>cnp.PyArray_DATA(rank), <const int64_t *>cnp.PyArray_DATA(t),
        weights, cnp.PyArray_SIZE(t), ignoring, ignored,
        <const int64_t *>cnp.PyArray_DATA(ks), len(ks), <double *>cnp.PyArray_DATA(out)
    )
    values = tuple(out.tolist())
    return values if several else values[0]


cdef object confusion(object input, object target, object num_classes, object weight, object ignore_index):
    """Counts (int64), or sums of weights (float64), of target's classes by input's."""
    cdef fl_confusion_args args
    cdef cnp.ndarray t = as_labels("target", target), x = as_scores(input, t), labels, w, matrix
    cdef int64_t largest
    cdef object classes
    args.has_ignore = ignore_index is not None
    args.ignore_index = parse_index("ignore_index", ignore_index) if args.has_ignore else 0
    if x is None:
        labels = as_labels("input", input)
        if not same_shape(labels, t):
            raise ValueError(f"input has shape {shape_of(labels)}, but target has shape {shape_of(t)}")
        largest = fl_largest_label(<const int64_t *>cnp.PyArray_DATA(labels), cnp.PyArray_SIZE(labels), False, 0)
        largest = max(largest, fl_largest_label(
            <const int64_t *>cnp.PyArray_DATA(t), cnp.PyArray_SIZE(t), args.has_ignore, args.ignore_index
        ))
        classes = <object>largest + 1       # as a Python number: it may be beyond 64 bits
    else:
        labels = from_scores(x, None)
        classes = x.shape[1 if cnp.PyArray_NDIM(x) > 1 else 0]
    if num_classes is not None:
        given_classes = parse_index("num_classes", num_classes)
        if given_classes < 1 or (x is not None and given_classes != classes):
            expected = f"{classes}, the classes of input" if x is not None else "at least 1"
            raise ValueError(f"num_classes is {shown(num_classes)}; expected {expected}")
        classes = given_classes
    if classes > 2**15:
        raise ValueError(f"num_classes is {classes}; a matrix of more than 32768 classes is not made")
    args.classes = classes
    check_labels("input", labels, args.classes, False, 0)
    check_labels("target", t, args.classes, args.has_ignore, args.ignore_index)
    w = as_row_weight(weight, t)
    matrix = np.zeros((classes, classes), np.int64 if w is None else np.float64)
    args.n = cnp.PyArray_SIZE(t)
    args.input = <const int64_t *>cnp.PyArray_DATA(labels)
    args.target = <const int64_t *>cnp.PyArray_DATA(t)
    args.weight = NULL
    if w is not None:
        args.weight = <const double *>cnp.PyArray_DATA(w)
    args.counts = <int64_t *>cnp.PyArray_DATA(matrix)
    args.sums = <double *>cnp.PyArray_DATA(matrix)
    with nogil:
        fl_confusion(&args)
    return matrix


def confusion_matrix(input, target, num_classes, weight, ignore_index, normalize):
    cdef cnp.ndarray matrix
    cdef int axis = 0
    axes = {"true": FL_BY_TARGET, "pred": FL_BY_INPUT, "all": FL_BY_ALL}
    if normalize is not None:
        if not isinstance(normalize, str) or normalize not in axes:
            raise ValueError(f"normalize is {shown(normalize)}; expected None, 'true', 'pred' or 'all'")
        axis = axes[normalize]
    matrix = confusion(input, target, num_classes, weight, ignore_index)
    if normalize is None:
        return matrix
    matrix = matrix.astype(np.float64)
    fl_normalize(<double *>cnp.PyArray_DATA(matrix), cnp.PyArray_DIM(matrix, 0), axis)
    return matrix


def precision_recall_f1(input, target, num_classes, average, zero_division, weight, ignore_index):
    cdef cnp.ndarray matrix, out
    cdef double otherwise
    averages = {"none": FL_AVERAGE_NONE, "macro": FL_AVERAGE_MACRO, "micro": FL_AVERAGE_MICRO, "weighted": FL_AVERAGE_WEIGHTED}
    if average is None:
        average = "none"
    if not isinstance(average, str) or average not in averages:
        raise ValueError(f"average is {shown(average)}; expected 'macro', 'micro', 'weighted' or 'none'")
    otherwise = parse_number("zero_division", zero_division)
    if not (otherwise == 0 or otherwise == 1 or otherwise != otherwise):
        raise ValueError(f"zero_division is {shown(zero_division)}; expected 0, 1 or NaN")
    matrix = contiguous(confusion(input, target, num_classes, weight, ignore_index), cnp.NPY_DOUBLE)
    columns = len(matrix) if average == "none" else 1
    out = np.empty((3, columns), np.float64)
    fl_precision_recall_f1(
        <const double *>cnp.PyArray_DATA(matrix), cnp.PyArray_DIM(matrix, 0), averages[average], otherwise,
        <double *>cnp.PyArray_DATA(out)
    )
    return tuple(out) if average == "none" else tuple(out.ravel().tolist())
