# memory.pxi -- new arrays. Large ones have a NumPy memory handler of our own, which places them and keeps what
# is released for the next call (csrc/keep.h). Memory comes from NumPy's handler all the same.

cdef extern from "keep.h" nogil:
    size_t FL_KEEP_FROM
    ctypedef struct fl_block:
        void *start
        size_t bytes
    ctypedef void fl_drop(fl_block block) noexcept nogil
    void fl_keep_limit(size_t bytes, fl_drop *drop)
    size_t fl_kept()
    fl_block fl_keep_take(size_t bytes)
    bint fl_keep_has(size_t bytes)
    void fl_keep(fl_block block, fl_drop *drop)

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

cdef enum:
    # NumPy's large arrays begin 16 bytes into a page. There every vector lies across two cache lines, and what is
    # written at the same place of another page looks to the processor like what is read: up to a fifth of a call.
    PAGE = 4096
    PLACE = 1024
    # From here on the 0.25 us that another handler takes are worth it.
    PLACED_FROM = 128 << 10

cdef PyDataMemAllocator *NUMPY = &(
    <PyDataMem_Handler *>PyCapsule_GetPointer(<object>PyDataMem_DefaultHandler, "mem_handler")).allocator


cdef inline fl_block *block_of(void *data) noexcept nogil:
    """The block that the data lies in, written down before it."""
    return <fl_block *>data - 1


cdef inline size_t whole(size_t size) noexcept nogil:
    """The bytes of a block for data of so many."""
    return size + PAGE + sizeof(fl_block)


cdef bint from_the_system(size_t size) noexcept:
    """Whether a new array of so many bytes is memory that the system has just cleared."""
    return size >= FL_KEEP_FROM and not fl_keep_has(whole(size))


cdef void *placed(fl_block block) noexcept nogil:
    cdef void *data
    if block.start == NULL:
        return NULL
    data = <void *>(((<size_t>block.start + sizeof(fl_block) - PLACE + PAGE - 1) & ~<size_t>(PAGE - 1)) + PLACE)
    block_of(data)[0] = block
    return data


cdef void drop_block(fl_block block) noexcept nogil:
    NUMPY.free(NUMPY.ctx, block.start, block.bytes)


cdef void *placing_malloc(void *ctx, size_t size) noexcept nogil:
    cdef fl_block block
    block.bytes = whole(size)
    if block.bytes < size:
        return NULL
    if size >= FL_KEEP_FROM:
        kept = fl_keep_take(block.bytes)
        if kept.start != NULL:
            return placed(kept)
    block.start = NUMPY.malloc(NUMPY.ctx, block.bytes)
    return placed(block)


cdef void *placing_calloc(void *ctx, size_t nelem, size_t elsize) noexcept nogil:
    cdef fl_block block
    block.bytes = whole(nelem * elsize)
    block.start = NUMPY.calloc(NUMPY.ctx, block.bytes, 1)
    return placed(block)


cdef void placing_free(void *ctx, void *data, size_t size) noexcept nogil:
    if data == NULL:
        return
    if size >= FL_KEEP_FROM:
        fl_keep(block_of(data)[0], drop_block)
    else:
        drop_block(block_of(data)[0])


cdef void *placing_realloc(void *ctx, void *data, size_t size) noexcept nogil:
    cdef void *new = placing_malloc(ctx, size)
    cdef size_t old
    if new != NULL and data != NULL:
        old = <size_t>block_of(data).start + block_of(data).bytes - <size_t>data
        memcpy(new, data, min(size, old))
        drop_block(block_of(data)[0])
    return new


cdef PyDataMem_Handler PLACING_HANDLER
memcpy(PLACING_HANDLER.name, b"fastloss", 9)
PLACING_HANDLER.version = 1
PLACING_HANDLER.allocator = PyDataMemAllocator(
    ctx=NULL, malloc=placing_malloc, calloc=placing_calloc, realloc=placing_realloc, free=placing_free)
cdef object PLACING = PyCapsule_New(&PLACING_HANDLER, "mem_handler", NULL)


cdef inline cnp.ndarray plain_new(int ndim, cnp.npy_intp *shape, int number, bint zeroed):
    if zeroed:
        return cnp.PyArray_ZEROS(ndim, shape, number, 0)
    return cnp.PyArray_EMPTY(ndim, shape, number, 0)


cdef cnp.ndarray placed_new(int ndim, cnp.npy_intp *shape, int number, bint zeroed):
    numpys = PyDataMem_SetHandler(PLACING)
    try:
        if <PyObject *>numpys is PyDataMem_DefaultHandler:
            return plain_new(ndim, shape, number, zeroed)
    finally:
        PyDataMem_SetHandler(numpys)
    return plain_new(ndim, shape, number, zeroed)            # by the user's own handler


cdef inline cnp.ndarray new(int ndim, cnp.npy_intp *shape, int number, bint zeroed=False):
    """A new C-contiguous array of floats."""
    cdef size_t size = 4 if number == cnp.NPY_FLOAT32 else 8
    cdef int i
    for i in range(ndim):
        if size >= PLACED_FROM:
            break
        size *= <size_t>shape[i]
    if size < PLACED_FROM:
        return plain_new(ndim, shape, number, zeroed)
    return placed_new(ndim, shape, number, zeroed)


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
