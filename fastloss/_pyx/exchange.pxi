# exchange.pxi -- tensors of a framework as arrays, through DLPack's C functions. From Python the same
# takes 0.8 us for a tensor, and a small loss, all in all, less than that.

from cpython.ref cimport Py_DECREF, Py_INCREF
from libc.stdlib cimport free, malloc

cdef extern from "dlpack.h" nogil:
    enum:
        DL_CPU
        DL_INT
        DL_UINT
        DL_FLOAT
        DL_BOOL
    ctypedef struct dl_version:
        unsigned int major, minor
    ctypedef struct dl_device:
        int type, index
    ctypedef struct dl_type:
        unsigned char code, bits
        unsigned short lanes
    ctypedef struct dl_tensor:
        char *data
        dl_device device
        int ndim
        dl_type dtype
        int64_t *shape
        int64_t *strides
        size_t byte_offset
    ctypedef struct dl_managed:
        dl_version version
        void *owner
        void (*deleter)(dl_managed *) noexcept nogil
        size_t flags
        dl_tensor tensor
    ctypedef struct dl_exchange:
        dl_version version
        dl_exchange *older
        int (*to_object)(dl_managed *, void **) except -1
        int (*look)(void *, dl_tensor *) except -1

cdef extern from "numpy/arrayobject.h":
    cnp.ndarray PyArray_New(void *, int, cnp.npy_intp *, int, cnp.npy_intp *, void *, int, int, void *)
    void *ARRAY_TYPE "((void *)&PyArray_Type)"


cdef inline int number_of(dl_type t) noexcept:
    """NumPy's number of an element type; -1 for those that no kernel reads."""
    if t.lanes != 1:
        return -1
    if t.code == DL_FLOAT:
        return cnp.NPY_FLOAT if t.bits == 32 else cnp.NPY_DOUBLE if t.bits == 64 else -1
    if t.code == DL_INT:
        return cnp.NPY_INT64 if t.bits == 64 else cnp.NPY_INT32 if t.bits == 32 else -1
    if t.code == DL_BOOL and t.bits == 8:
        return cnp.NPY_BOOL
    return -1


cdef union Real:
    float single
    double full


ctypedef struct Number:
    dl_managed managed
    Real value


cdef void free_number(dl_managed *managed) noexcept nogil:
    free(managed)


@cython.final
cdef class Exchange:
    """The DLPack functions of one tensor type, from its `__dlpack_c_exchange_api__`."""

    cdef dl_exchange *api

    def __init__(self, capsule):
        self.api = <dl_exchange *>PyCapsule_GetPointer(capsule, "dlpack_exchange_api")
        while self.api != NULL and self.api.version.major != 1:
            self.api = self.api.older
        if self.api == NULL:
            raise ValueError("no version of the DLPack exchange that is known here")

    def borrow(self, tensor):
        """A read-only array over a tensor's memory, which it keeps alive; None where that takes more care:
        not on the CPU, a layout or type out of the ordinary. `tensor` must be of the exchange's type."""
        cdef dl_tensor t
        cdef cnp.ndarray a
        cdef Py_ssize_t expected
        cdef int i, number
        try:
            self.api.look(<void *>tensor, &t)
        except Exception:       # no memory on the CPU: sparse, on the meta device, under vmap ...
            return None
        number = number_of(t.dtype)
        if number < 0 or t.device.type != DL_CPU or t.ndim > 32:
            return None
        expected = 1
        for i in range(t.ndim - 1, -1, -1):
            if t.strides[i] != expected:
                return None
            expected *= t.shape[i]
        if expected < 2:        # one number may be the imaginary part of another, whose sign is kept aside
            return None
        a = PyArray_New(ARRAY_TYPE, t.ndim, <cnp.npy_intp *>t.shape, number, NULL, t.data + t.byte_offset, 0,
                        cnp.NPY_ARRAY_CARRAY_RO & ~cnp.NPY_ARRAY_ALIGNED, NULL)
        cnp.PyArray_UpdateFlags(a, cnp.NPY_ARRAY_ALIGNED)
        cnp.set_array_base(a, tensor)
        return a

    def number(self, double value, bint single):
        """A tensor without axes, of float32 (`single`) or float64."""
        cdef Number *n = <Number *>malloc(sizeof(Number))
        cdef void *made
        if n == NULL:
            raise MemoryError("no memory for the loss")
        n.managed.version.major = self.api.version.major
        n.managed.version.minor = self.api.version.minor
        n.managed.owner = NULL
        n.managed.deleter = free_number
        n.managed.flags = 0
        n.managed.tensor.data = <char *>&n.value
        n.managed.tensor.device.type = DL_CPU
        n.managed.tensor.device.index = 0
        n.managed.tensor.ndim = 0
        n.managed.tensor.dtype.code = DL_FLOAT
        n.managed.tensor.dtype.bits = 32 if single else 64
        n.managed.tensor.dtype.lanes = 1
        n.managed.tensor.shape = n.managed.tensor.strides = NULL
        n.managed.tensor.byte_offset = 0
        if single:
            n.value.single = <float>value
        else:
            n.value.full = value
        self.api.to_object(&n.managed, &made)
        tensor = <object>made
        Py_DECREF(tensor)       # the reference that was handed over
        return tensor
