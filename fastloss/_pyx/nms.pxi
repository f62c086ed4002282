# nms.pxi -- non-maximum suppression: which boxes stay.

from libc.stdint cimport int32_t, uint32_t
from libc.string cimport memcpy

cdef extern from "fastloss.h" nogil:
    ctypedef struct fl_nms_args:
        int dtype, format
        double threshold
        Py_ssize_t n
        const char *boxes
        const char *scores
        const uint32_t *ranks
        const int64_t *classes
        int64_t *kept
        Py_ssize_t n_kept
        Py_ssize_t bad

    int fl_nms(fl_nms_args *args)
    double fl_nms_cost(Py_ssize_t n)
    int fl_overlaps_nms(fl_nms_args *args)
    double fl_overlaps_nms_cost(Py_ssize_t n)

    ctypedef struct fl_soft_nms_args:
        int dtype, gaussian
        double threshold, sigma, least
        Py_ssize_t n
        const char *boxes
        const char *scores
        const int64_t *classes
        int64_t *kept
        char *faded
        Py_ssize_t n_kept, bad

    int fl_soft_nms(fl_soft_nms_args *args)

    ctypedef struct fl_matrix_nms_args:
        int dtype, gaussian, precomputed
        double sigma, least
        Py_ssize_t n
        const char *boxes
        const char *scores
        const int64_t *classes
        int64_t *kept
        char *faded
        Py_ssize_t n_kept, bad

    int fl_matrix_nms(fl_matrix_nms_args *args)

    enum:
        FL_FUSE_AVG
        FL_FUSE_MAX
        FL_FUSE_BOX_AND_MODEL
        FL_FUSE_ABSENT

    ctypedef struct fl_fusion_args:
        int dtype, confidence, overflow
        double threshold, skip
        Py_ssize_t n, n_models
        const char *boxes
        const char *scores
        const int64_t *labels
        const int32_t *models
        const double *weights
        double weight_sum, weight_max
        char *fused_boxes
        char *fused_scores
        int64_t *first
        Py_ssize_t n_fused, bad

    int fl_fuse(fl_fusion_args *args)


cdef Py_ssize_t MOST_BOXES = 2**32 - 2


cdef cnp.ndarray flat_boxes_of(object boxes, int width=4):
    """(n, width), contiguous, float32 or float64."""
    cdef cnp.ndarray b = as_boxes("boxes", boxes)
    if cnp.PyArray_NDIM(b) != 2 or cnp.PyArray_DIM(b, 1) != width:
        if not cnp.PyArray_SIZE(b) and cnp.PyArray_NDIM(b) == 1:      # an empty list
            return np.empty((0, width), b.dtype)
        raise ValueError(f"boxes has shape {shape_of(b)}; expected (number of boxes, {width})")
    if cnp.PyArray_DIM(b, 0) > MOST_BOXES:
        raise ValueError(f"boxes has shape {shape_of(b)}; expected at most {MOST_BOXES} boxes")
    return contiguous(b, cnp.PyArray_TYPE(b))


cdef int check_length(str name, cnp.ndarray a, str of, Py_ssize_t n) except -1:
    if cnp.PyArray_NDIM(a) != 1 or cnp.PyArray_DIM(a, 0) != n:
        raise ValueError(f"{name} has shape {shape_of(a)}; expected {(n,)}, one for each of the {of}")
    return 0


cdef object nan_score(Py_ssize_t at):
    return ValueError(f"scores[{at}] is nan; scores must be numbers that can be put in order")


cdef bint fits(cnp.ndarray a, int number) noexcept:
    """Whether every number of the array's type is one of the working type."""
    cdef int type = operand_type(a)
    if type == F32 or type == FL_I8 or type == FL_U8 or type == FL_I16 or type == FL_U16:
        return True
    return number == cnp.NPY_DOUBLE and (type == F64 or type == FL_I32 or type == FL_U32)


cdef cnp.ndarray ranks_of(cnp.ndarray scores):
    """Places in the order of falling scores, for scores that the working type cannot hold."""
    cdef cnp.ndarray bad, order, ranks
    if cnp.PyTypeNum_ISFLOAT(cnp.PyArray_TYPE(scores)):
        bad = np.flatnonzero(np.isnan(scores))
        if cnp.PyArray_SIZE(bad):
            raise nan_score(bad[0])
    order = np.argsort(scores[::-1], kind="stable")[::-1]     # falling, equal ones by position
    ranks = np.empty(cnp.PyArray_SIZE(scores), np.uint32)
    ranks[cnp.PyArray_SIZE(scores) - 1 - order] = np.arange(cnp.PyArray_SIZE(scores), dtype=np.uint32)
    return ranks


cdef cnp.ndarray as_classes(str name, object idxs, Py_ssize_t n):
    """Class ids of any integer dtype as int64."""
    cdef cnp.ndarray c = as_array(name, idxs)
    if not cnp.PyArray_SIZE(c) and not n and not cnp.PyArray_CheckExact(idxs):
        return np.empty(0, np.int64)
    if not cnp.PyTypeNum_ISINTEGER(cnp.PyArray_TYPE(c)):
        raise TypeError(f"{name} has dtype {c.dtype}; expected an integer dtype")
    check_length(name, c, "boxes", n)
    return contiguous(c, cnp.NPY_INT64)


cdef cnp.ndarray taken(cnp.ndarray a, Py_ssize_t n):
    """The first n entries, in memory of their own."""
    cdef cnp.npy_intp length = n
    cdef cnp.ndarray out
    if n == cnp.PyArray_DIM(a, 0):
        return a
    out = cnp.PyArray_EMPTY(1, &length, cnp.PyArray_TYPE(a), 0)
    memcpy(cnp.PyArray_DATA(out), cnp.PyArray_DATA(a), n * cnp.PyArray_ITEMSIZE(a))
    return out


def nms(boxes, scores, iou_threshold):
    """Positions of the boxes that stay."""
    return selected(boxes, scores, None, iou_threshold, FL_XYXY)


def batched_nms(boxes, scores, idxs, iou_threshold):
    if idxs is None:        # elsewhere that means one class for all
        raise TypeError("idxs is None; expected the class of every box")
    return selected(boxes, scores, idxs, iou_threshold, FL_XYXY)


def nms_rotated(boxes, scores, idxs, iou_threshold, fmt):
    return selected(boxes, scores, idxs, iou_threshold, parse_format("fmt", fmt, ROTATED_FORMATS))


cdef cnp.ndarray selected(object boxes, object scores, object idxs, object iou_threshold, int format):
    cdef fl_nms_args args
    cdef cnp.ndarray b = flat_boxes_of(boxes, fl_box_width(format)), s = as_operand("scores", scores), c = None, out
    cdef cnp.npy_intp n = cnp.PyArray_DIM(b, 0)
    cdef int number = cnp.PyArray_TYPE(b), status
    check_length("scores", s, "boxes", n)
    args.dtype = dtype_of(b)
    args.format = format
    args.threshold = parse_in_domain("iou_threshold", iou_threshold, FL_UNIT)
    args.n = n
    args.boxes = <char *>cnp.PyArray_DATA(b)
    args.scores = NULL
    args.ranks = NULL
    args.classes = NULL
    if idxs is not None:
        c = as_classes("idxs", idxs, n)
        args.classes = <int64_t *>cnp.PyArray_DATA(c)
    if fits(s, number):
        s = contiguous(s, number)
        args.scores = <char *>cnp.PyArray_DATA(s)
    else:
        s = ranks_of(s)
        args.ranks = <uint32_t *>cnp.PyArray_DATA(s)
    out = cnp.PyArray_EMPTY(1, &n, cnp.NPY_INT64, 0)
    args.kept = <int64_t *>cnp.PyArray_DATA(out)
    if fl_nms_cost(n) > RELEASE_GIL_NS:
        with nogil:
            status = fl_nms(&args)
    else:
        status = fl_nms(&args)
    raise_status(status, args.bad)
    return taken(out, args.n_kept)


cdef cnp.ndarray square(str name, object matrix):
    """(n, n) overlaps, contiguous, float32 or float64."""
    cdef cnp.ndarray a = as_input(name, matrix)
    if cnp.PyArray_NDIM(a) != 2 or cnp.PyArray_DIM(a, 0) != cnp.PyArray_DIM(a, 1):
        raise ValueError(f"{name} has shape {shape_of(a)}; expected (n, n), the overlap of each with each")
    return contiguous(a, cnp.PyArray_TYPE(a))


def nms_from_overlaps(overlaps, scores, threshold):
    """nms, with the overlaps given."""
    cdef fl_nms_args args
    cdef cnp.ndarray o = square("overlaps", overlaps), s = as_operand("scores", scores), out
    cdef cnp.npy_intp n = cnp.PyArray_DIM(o, 0)
    cdef int number = cnp.PyArray_TYPE(o), status
    check_length("scores", s, "rows of overlaps", n)
    args.dtype = dtype_of(o)
    args.threshold = parse_in_domain("threshold", threshold, FL_ANY_FINITE)
    args.n = n
    args.boxes = <char *>cnp.PyArray_DATA(o)
    args.scores = NULL
    args.ranks = NULL
    if fits(s, number):
        s = contiguous(s, number)
        args.scores = <char *>cnp.PyArray_DATA(s)
    else:
        s = ranks_of(s)
        args.ranks = <uint32_t *>cnp.PyArray_DATA(s)
    out = cnp.PyArray_EMPTY(1, &n, cnp.NPY_INT64, 0)
    args.kept = <int64_t *>cnp.PyArray_DATA(out)
    if fl_overlaps_nms_cost(n) > RELEASE_GIL_NS:
        with nogil:
            status = fl_overlaps_nms(&args)
    else:
        status = fl_overlaps_nms(&args)
    raise_status(status, args.bad)
    return taken(out, args.n_kept)


# ---- scores that fade -----------------------------------------------------------------

cdef int raise_status(int status, Py_ssize_t bad) except -1:
    if status == FL_NO_MEMORY:
        raise MemoryError("no memory to put the boxes in order")
    if status == FL_BAD_LABEL:
        raise nan_score(bad)
    return 0


cdef bint is_gaussian(object method) except -1:
    if isinstance(method, str) and method in ("gaussian", "linear"):
        return method == "gaussian"
    raise ValueError(f"method is {shown(method)}; expected 'gaussian' or 'linear'")


def soft_nms(boxes, scores, idxs, method, iou_threshold, sigma, score_threshold):
    """Positions of what stays, and the scores that are left."""
    cdef fl_soft_nms_args args
    cdef cnp.ndarray b = flat_boxes_of(boxes), s = as_operand("scores", scores), c = None, out, faded
    cdef cnp.npy_intp n = cnp.PyArray_DIM(b, 0)
    cdef int number = cnp.PyArray_TYPE(b), status
    check_length("scores", s, "boxes", n)
    s = contiguous(s, number)
    args.dtype = dtype_of(b)
    args.gaussian = is_gaussian(method)
    args.threshold = parse_in_domain("iou_threshold", iou_threshold, FL_UNIT)
    args.sigma = parse_in_domain("sigma", sigma, FL_POSITIVE)
    args.least = parse_in_domain("score_threshold", score_threshold, FL_NONNEGATIVE)
    args.classes = NULL
    if idxs is not None:
        c = as_classes("idxs", idxs, n)
        args.classes = <int64_t *>cnp.PyArray_DATA(c)
    out = cnp.PyArray_EMPTY(1, &n, cnp.NPY_INT64, 0)
    faded = cnp.PyArray_EMPTY(1, &n, number, 0)
    args.n = n
    args.boxes = <char *>cnp.PyArray_DATA(b)
    args.scores = <char *>cnp.PyArray_DATA(s)
    args.kept = <int64_t *>cnp.PyArray_DATA(out)
    args.faded = <char *>cnp.PyArray_DATA(faded)
    with nogil:
        status = fl_soft_nms(&args)
    raise_status(status, args.bad)
    return taken(out, args.n_kept), taken(faded, args.n_kept)


def matrix_nms(boxes, scores, idxs, method, sigma, score_threshold, precomputed):
    """Positions of what stays, and the scores that are left."""
    cdef fl_matrix_nms_args args
    cdef cnp.ndarray b, s = as_operand("scores", scores), c = None, out, faded
    cdef cnp.npy_intp n
    cdef int number, status
    args.precomputed = parse_flag("precomputed", precomputed)
    b = square("boxes", boxes) if args.precomputed else flat_boxes_of(boxes)
    n = cnp.PyArray_DIM(b, 0)
    number = cnp.PyArray_TYPE(b)
    check_length("scores", s, "boxes", n)
    s = contiguous(s, number)
    args.dtype = dtype_of(b)
    args.gaussian = is_gaussian(method)
    args.sigma = parse_in_domain("sigma", sigma, FL_POSITIVE)
    args.least = parse_in_domain("score_threshold", score_threshold, FL_NONNEGATIVE)
    args.classes = NULL
    if idxs is not None:
        c = as_classes("idxs", idxs, n)
        args.classes = <int64_t *>cnp.PyArray_DATA(c)
    out = cnp.PyArray_EMPTY(1, &n, cnp.NPY_INT64, 0)
    faded = cnp.PyArray_EMPTY(1, &n, number, 0)
    args.n = n
    args.boxes = <char *>cnp.PyArray_DATA(b)
    args.scores = <char *>cnp.PyArray_DATA(s)
    args.kept = <int64_t *>cnp.PyArray_DATA(out)
    args.faded = <char *>cnp.PyArray_DATA(faded)
    with nogil:
        status = fl_matrix_nms(&args)
    raise_status(status, args.bad)
    return taken(out, args.n_kept), taken(faded, args.n_kept)


# ---- weighted boxes fusion -------------------------------------------------------------

cdef dict CONFIDENCES = {
    "avg": FL_FUSE_AVG, "max": FL_FUSE_MAX,
    "box_and_model_avg": FL_FUSE_BOX_AND_MODEL, "absent_model_aware_avg": FL_FUSE_ABSENT,
}


cdef list models_of(str name, object values, Py_ssize_t n):
    """What each model says, as a list."""
    if not isinstance(values, (list, tuple, np.ndarray)):
        raise TypeError(f"{name} is {shown(values)}; expected a list, one entry for each model")
    if n >= 0 and len(values) != n:
        raise ValueError(f"{name} has {len(values)} entries; expected {n}, one for each model in boxes_list")
    return list(values)


cdef cnp.ndarray model_weights(object weights, Py_ssize_t n):
    cdef cnp.ndarray w
    if weights is None:
        return np.ones(n)
    w = as_operand("weights", weights).astype(np.float64)
    check_length("weights", w, "models", n)
    if not (np.isfinite(w).all() and (<object>w >= 0).all() and w.any()):
        raise ValueError(f"weights is {shown(weights)}; expected finite numbers >= 0, not all of them 0")
    return w


cdef tuple gathered(list boxes_list, list scores_list, list labels_list):
    """The boxes, scores, labels and model numbers of all models, one after the other."""
    cdef list boxes = [], scores = [], labels = [], models = []
    cdef cnp.ndarray b, s
    cdef Py_ssize_t i, n
    for i in range(len(boxes_list)):
        b = as_boxes(f"boxes_list[{i}]", boxes_list[i])
        if cnp.PyArray_NDIM(b) == 1 and not cnp.PyArray_SIZE(b):
            b = np.empty((0, 4), np.float32)
        if cnp.PyArray_NDIM(b) != 2 or cnp.PyArray_DIM(b, 1) != 4:
            raise ValueError(f"boxes_list[{i}] has shape {shape_of(b)}; expected (number of boxes, 4)")
        n = cnp.PyArray_DIM(b, 0)
        s = as_operand(f"scores_list[{i}]", scores_list[i])
        check_length(f"scores_list[{i}]", s, "boxes", n)
        boxes.append(b)
        scores.append(s)
        labels.append(as_classes(f"labels_list[{i}]", labels_list[i], n))
        models.append(np.full(n, i, np.int32))
    dtype = np.float32 if all(b.dtype == np.float32 for b in boxes) else np.float64
    return (
        np.concatenate(boxes, dtype=dtype), np.concatenate(scores, dtype=dtype, casting="unsafe"),
        np.concatenate(labels), np.concatenate(models),
    )


cdef object nan_of_model(list scores_list, Py_ssize_t at):
    """The error for the score at a position of all models' scores."""
    for i, scores in enumerate(scores_list):
        if at < len(scores):
            return ValueError(f"scores_list[{i}][{at}] is nan; scores must be numbers that can be put in order")
        at -= len(scores)


def weighted_boxes_fusion(boxes_list, scores_list, labels_list, weights, iou_thr, skip_box_thr, conf_type, allows_overflow):
    """Fused boxes, their scores and their labels."""
    cdef fl_fusion_args args
    cdef cnp.ndarray b, s, c, m, w, first, fused, confidence
    cdef cnp.npy_intp shape[2]
    cdef int number, status
    cdef list each = models_of("boxes_list", boxes_list, -1)
    if not each:
        raise ValueError("boxes_list is empty; expected an entry for each model")
    each_scores = models_of("scores_list", scores_list, len(each))
    b, s, c, m = gathered(each, each_scores, models_of("labels_list", labels_list, len(each)))
    w = model_weights(weights, len(each))
    number = cnp.PyArray_TYPE(b)
    if not isinstance(conf_type, str) or conf_type not in CONFIDENCES:
        raise ValueError(f"conf_type is {shown(conf_type)}; expected one of {', '.join(map(repr, CONFIDENCES))}")
    args.confidence = CONFIDENCES[conf_type]
    args.dtype = dtype_of(b)
    args.overflow = parse_flag("allows_overflow", allows_overflow)
    args.threshold = parse_in_domain("iou_thr", iou_thr, FL_UNIT)
    args.skip = parse_in_domain("skip_box_thr", skip_box_thr, FL_ANY_FINITE)
    args.n = shape[0] = cnp.PyArray_DIM(b, 0)
    shape[1] = 4
    args.n_models = len(each)
    args.boxes = <char *>cnp.PyArray_DATA(b)
    args.scores = <char *>cnp.PyArray_DATA(s)
    args.labels = <int64_t *>cnp.PyArray_DATA(c)
    args.models = <int32_t *>cnp.PyArray_DATA(m)
    args.weights = <double *>cnp.PyArray_DATA(w)
    args.weight_sum = w.sum()
    args.weight_max = w.max()
    fused = cnp.PyArray_EMPTY(2, shape, number, 0)
    confidence = cnp.PyArray_EMPTY(1, shape, number, 0)
    first = cnp.PyArray_EMPTY(1, shape, cnp.NPY_INT64, 0)
    args.fused_boxes = <char *>cnp.PyArray_DATA(fused)
    args.fused_scores = <char *>cnp.PyArray_DATA(confidence)
    args.first = <int64_t *>cnp.PyArray_DATA(first)
    with nogil:
        status = fl_fuse(&args)
    if status == FL_BAD_LABEL:
        raise nan_of_model(each_scores, args.bad)
    raise_status(status, args.bad)
    return fused[:args.n_fused].copy(), taken(confidence, args.n_fused), c[taken(first, args.n_fused)]
