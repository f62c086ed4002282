# nms.pxi -- non-maximum suppression: which boxes stay.

from libc.stdint cimport uint32_t
from libc.string cimport memcpy

cdef extern from "fastloss.h" nogil:
    ctypedef struct fl_nms_args:
        int dtype
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


cdef Py_ssize_t MOST_BOXES = 2**32 - 2


cdef cnp.ndarray flat_boxes_of(object boxes):
    """(n, 4), contiguous, float32 or float64."""
    cdef cnp.ndarray b = as_boxes("boxes", boxes)
    if cnp.PyArray_NDIM(b) != 2 or cnp.PyArray_DIM(b, 1) != 4:
        if not cnp.PyArray_SIZE(b) and cnp.PyArray_NDIM(b) == 1:      # an empty list
            return np.empty((0, 4), b.dtype)
        raise ValueError(f"boxes has shape {shape_of(b)}; expected (number of boxes, 4)")
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


def nms(boxes, scores, idxs, iou_threshold):
    """Positions of the boxes that stay; idxs None: all of one class."""
    cdef fl_nms_args args
    cdef cnp.ndarray b = flat_boxes_of(boxes), s = as_operand("scores", scores), c = None, out
    cdef cnp.npy_intp n = cnp.PyArray_DIM(b, 0)
    cdef int number = cnp.PyArray_TYPE(b), status
    check_length("scores", s, "boxes", n)
    args.dtype = dtype_of(b)
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
    if status == FL_NO_MEMORY:
        raise MemoryError("no memory to put the boxes in order")
    if status == FL_BAD_LABEL:
        raise nan_score(args.bad)
    return taken(out, args.n_kept)
