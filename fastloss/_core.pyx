# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, binding=False, freethreading_compatible=True
"""The one compiled module: check arrays, fill arguments, call C without the GIL."""

cimport cython
cimport numpy as cnp
from cpython.object cimport PyObject
from cpython.pycapsule cimport PyCapsule_GetPointer, PyCapsule_New
from libc.math cimport INFINITY, isfinite
from libc.stdint cimport int64_t, uint8_t
from libc.stdlib cimport free
from libc.string cimport memcpy

from operator import index as to_index

import numpy as np

cnp.import_array()

cdef extern from "fastloss.h" nogil:
    enum:
        FL_MAX_DIMS
        FL_MAX_PARAMETERS
        FL_KNEE
    enum:
        FL_OK
        FL_NO_MEMORY
        FL_BAD_LABEL
    enum:
        FL_REDUCE_NONE
        FL_REDUCE_MEAN
        FL_REDUCE_SUM
    enum:
        FL_F32
        FL_F64
        FL_I8
        FL_I16
        FL_I32
        FL_I64
        FL_U8
        FL_U16
        FL_U32
        FL_U64
    enum:
        FL_KIND_POINTWISE
        FL_KIND_PENALTY
        FL_KIND_ROWWISE
        FL_KIND_RATIO
    enum:
        FL_ANY_FINITE
        FL_NONNEGATIVE
        FL_POSITIVE
        FL_UNIT
        FL_UNIT_OR_OFF
        FL_ONE_OR_TWO
        FL_TWEEDIE
        FL_FLAG

    ctypedef struct fl_operand:
        char *data
        int type
        int direct
        Py_ssize_t strides[64]

    ctypedef struct fl_space:
        int ndim
        Py_ssize_t size
        Py_ssize_t shape[64]

    ctypedef struct fl_parameter:
        const char *name
        int domain

    ctypedef struct fl_loss_info:
        const char *name
        int kind
        int n_parameters
        fl_parameter parameters[4]
        int unit_input
        int renamed
        int batch_mean

    void fl_registry_init()
    int fl_loss_count()
    const fl_loss_info *fl_loss_at(int loss)

    ctypedef struct fl_boost:
        double least, low, high
        int signs
        double floor, multiple
        const void *row_weight
        int narrow
        double *parts
        int bad

    ctypedef struct fl_pointwise_args:
        int loss, dtype, reduction
        double parameters[4]
        double factor
        fl_space space
        fl_operand input, target, aux, weight, value, grad, hess, aux_grad, aux_hess
        int reused
        double result
        int nan_seen

    int fl_pointwise(fl_pointwise_args *args)
    int fl_boost_pointwise(fl_pointwise_args *args, fl_boost *boost)
    void fl_space_prepare(fl_pointwise_args *args)
    double fl_pointwise_cost(const fl_pointwise_args *args)

    void fl_isa_init()
    int fl_isa_count()
    const char *fl_isa_name(int index)
    const char *fl_isa_active()
    int fl_isa_select(const char *name)

    void fl_threads_init()
    const char *fl_compiler()
    int fl_has_openmp()
    void fl_set_threads(int n)
    int fl_swap_local_threads(int n)
    int fl_get_threads()

# Below this, releasing and retaking the GIL (50 ns) is not worth its price.
cdef double RELEASE_GIL_NS = 10e3

fl_registry_init()
fl_threads_init()
fl_isa_init()
if not fl_isa_count():
    raise ImportError("fastloss was built without an instruction set that this processor has")

include "_pyx/direct.pxi"
include "_pyx/memory.pxi"
include "_pyx/arrays.pxi"
include "_pyx/pointwise.pxi"
include "_pyx/variance.pxi"
include "_pyx/rowwise.pxi"
include "_pyx/margin.pxi"
include "_pyx/penalties.pxi"
include "_pyx/ratio.pxi"
include "_pyx/process.pxi"
include "_pyx/boxes.pxi"
include "_pyx/boosting.pxi"
include "_pyx/exchange.pxi"
include "_pyx/nms.pxi"
include "_pyx/postprocess.pxi"
include "_pyx/masks.pxi"
include "_pyx/metrics.pxi"
include "_pyx/coco.pxi"
include "_pyx/detection_args.pxi"
include "_pyx/detection.pxi"
include "_pyx/criteria.pxi"
