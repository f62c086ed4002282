# memory.pxi -- new arrays. The memory of large ones is kept for the next call (csrc/keep.h) by a NumPy
# memory handler of our own, which those arrays carry with them; all else is left to NumPy's.


cdef extern from "keep.h" nogil:
    size_t FL_KEEP_FROM
    ctypedef void fl_drop(void *block, size_t bytes) noexcept nogil
    void fl_keep_limit(size_t bytes, fl_drop *drop)
    size_t fl_kept()
    void *fl_keep_take(size_t bytes)
    bint fl_keep_has(size_t bytes)
    void fl_keep(void *block, fl_drop *drop)

cdef extern from "numpy/arrayobject.h":
    ctypedef struct PyDataMemAllocator:
        void *ctx
        void *(*malloc)(void *ctx, size_t size) noexcept nogil
        void *(*calloc)(void *ctx, size_t nelem, size_t elsize) noexcept nogil
        void *(*realloc)(void *ctx, void *ptr, size_t new_size) noexcept nogil
        void (*free)(void *ctx, void *ptr, size_t size) noexcept nogil
    ctypedef struct PyDataMem_Handler:
        char name[127]
        uint8_t version
        PyDataMemAllocator allocator
    object PyDataMem_SetHandler(object handler)
    PyObject *PyDataMem_DefaultHandler

cdef PyDataMemAllocator *NUMPY = &(
    <PyDataMem_Handler *>PyCapsule_GetPointer(<object>PyDataMem_DefaultHandler, "mem_handler")).allocator


cdef void drop_block(void *block, size_t bytes) noexcept nogil:
    NUMPY.free(NUMPY.ctx, block, bytes)


cdef void *keeping_malloc(void *ctx, size_t size) noexcept nogil:
    cdef void *block = fl_keep_take(size) if size >= FL_KEEP_FROM else NULL
    return NUMPY.malloc(NUMPY.ctx, size) if block == NULL else block


cdef void *keeping_calloc(void *ctx, size_t nelem, size_t elsize) noexcept nogil:
    return NUMPY.calloc(NUMPY.ctx, nelem, elsize)


cdef void *keeping_realloc(void *ctx, void *ptr, size_t new_size) noexcept nogil:
    return NUMPY.realloc(NUMPY.ctx, ptr, new_size)


cdef void keeping_free(void *ctx, void *ptr, size_t size) noexcept nogil:
    if ptr != NULL and size >= FL_KEEP_FROM:
        fl_keep(ptr, drop_block)
    else:
        NUMPY.free(NUMPY.ctx, ptr, size)


cdef PyDataMem_Handler KEEPING_HANDLER
memcpy(KEEPING_HANDLER.name, b"fastloss", 9)
KEEPING_HANDLER.version = 1
KEEPING_HANDLER.allocator = PyDataMemAllocator(
    ctx=NULL, malloc=keeping_malloc, calloc=keeping_calloc, realloc=keeping_realloc, free=keeping_free)
cdef object KEEPING = PyCapsule_New(&KEEPING_HANDLER, "mem_handler", NULL)


cdef cnp.ndarray new(int ndim, cnp.npy_intp *shape, int number):
    """A new C-contiguous array, not initialised."""
    cdef size_t size = 4 if number == cnp.NPY_FLOAT32 else 8
    cdef int i
    for i in range(ndim):
        if size >= FL_KEEP_FROM:
            break
        size *= <size_t>shape[i]
    if size < FL_KEEP_FROM:
        return cnp.PyArray_EMPTY(ndim, shape, number, 0)
    numpys = PyDataMem_SetHandler(KEEPING)
    try:
        if <PyObject *>numpys is PyDataMem_DefaultHandler:
            return cnp.PyArray_EMPTY(ndim, shape, number, 0)
    finally:
        PyDataMem_SetHandler(numpys)
    return cnp.PyArray_EMPTY(ndim, shape, number, 0)         # by the user's own handler


cdef cnp.ndarray new_of(tuple shape, int number):
    """The same of a shape from Python."""
    cdef cnp.npy_intp lengths[64]
    cdef int i
    if len(shape) > 64:
        raise ValueError(f"the result would have {len(shape)} axes, and NumPy knows 64")
    for i in range(len(shape)):
        lengths[i] = shape[i]
    return new(<int>len(shape), lengths, number)


def keep_limit(size_t bytes):
    """Keep at most so many bytes of memory for new arrays."""
    fl_keep_limit(bytes, drop_block)


def kept():
    """How many bytes are kept."""
    return fl_kept()
