# detection_args.pxi -- the struct of the detection criteria, and the kinds of arguments that they share.

from libc.math cimport floor, isnan

cdef extern from "fastloss.h" nogil:
    enum:
        FL_MAX_LEVELS
    enum:
        FL_ITEM_BOX
        FL_ITEM_CLS
        FL_ITEM_DFL
        FL_ITEM_ANGLE
        FL_ITEM_POSE
        FL_ITEM_KOBJ
        FL_ITEM_SEG
        FL_ITEM_SEM
        FL_ITEMS

    ctypedef struct fl_level:
        Py_ssize_t height, width
        double stride

    ctypedef struct fl_detection_args:
        int dtype
        Py_ssize_t batch, classes, bins, anchors
        int n_levels
        fl_level levels[16]
        const char *boxes
        const char *scores
        const char *angles
        Py_ssize_t objects
        const double *image
        const double *class_
        const char *targets
        Py_ssize_t topk, topk2
        double alpha, beta, trigger, floor
        double narrow, wide
        double gains[8]
        double factor
        const double *class_weight
        const char *keypoints
        const char *target_keypoints
        Py_ssize_t n_keypoints, per_keypoint, per_target
        const double *sigmas
        int from_anchor, assign_keypoints
        const char *coefficients
        const char *proto
        const char *masks
        int overlapping
        Py_ssize_t n_proto, proto_height, proto_width, mask_height, mask_width
        int assign_masks
        const char *sem
        Py_ssize_t sem_height, sem_width
        int64_t *object_index
        char *object_score
        char *grad_boxes
        char *grad_scores
        char *grad_angles
        char *grad_keypoints
        char *grad_coefficients
        char *grad_proto
        char *grad_sem
        int zeroed
        double items[8]
        double total

    ctypedef struct fl_residual_args:
        int dtype
        Py_ssize_t n, width
        const char *error
        const char *sigma
        const char *log_density
        const char *weight
        char *grad_error
        char *grad_sigma
        char *grad_log_density
        double result
        Py_ssize_t bad

    int fl_residual(fl_residual_args *args)
    int fl_detection(fl_detection_args *args)
    void fl_end_to_end_weights(double epoch, double epochs, double *weights)


cdef tuple parse_several(str name, object value, Py_ssize_t n, str expected):
    """A sequence of n things."""
    if not isinstance(value, (str, bytes, dict, set)):
        try:
            several = tuple(value)
        except TypeError:
            several = None
        if several is not None and (n < 0 or len(several) == n):
            return several
    raise ValueError(f"{name} is {shown(value)}; expected {expected}")


cdef cnp.ndarray one_per_object(str name, object x, Py_ssize_t n):
    """Image or class of every object as float64, from (N,) or (N, 1)."""
    cdef cnp.ndarray a = as_operand(name, x)
    cdef bint fits = cnp.PyArray_NDIM(a) == 1 or (cnp.PyArray_NDIM(a) == 2 and cnp.PyArray_DIM(a, 1) == 1)
    if not fits or cnp.PyArray_SIZE(a) != n:
        raise ValueError(f"{name} has shape {shape_of(a)}, but bboxes has {n} rows; expected ({n},)")
    # A copy: another thread may not change an index between the check and its use.
    return cnp.PyArray_FROMANY(
        a, cnp.NPY_DOUBLE, 0, 0, cnp.NPY_ARRAY_CARRAY_RO | cnp.NPY_ARRAY_FORCECAST | cnp.NPY_ARRAY_ENSURECOPY
    )
