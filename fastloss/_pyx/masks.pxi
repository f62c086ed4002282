# masks.pxi -- masks of pixels, and masks as run lengths (COCO).

cdef extern from "fastloss.h" nogil:
    ctypedef struct fl_masks_args:
        Py_ssize_t batch, n, m, pixels
        const uint8_t *masks[2]
        const uint8_t *crowd
        double *value

    ctypedef struct fl_mask_boxes_args:
        Py_ssize_t n, height, width
        const uint8_t *masks
        float *boxes
        Py_ssize_t bad_mask

    ctypedef struct fl_runs:
        Py_ssize_t n
        const int64_t *counts
        const int64_t *start
        const int64_t *height
        const int64_t *width

    ctypedef struct fl_runs_args:
        fl_runs masks[2]
        const uint8_t *crowd
        double *value

    int fl_mask_iou(fl_masks_args *args)
    int fl_mask_boxes(fl_mask_boxes_args *args)
    int fl_run_iou(fl_runs_args *args)
    int fl_runs_of_text(const char *text, Py_ssize_t length, int64_t *counts, Py_ssize_t *n_counts)
    Py_ssize_t fl_runs_of_mask(const uint8_t *mask, Py_ssize_t height, Py_ssize_t width, int64_t *counts)


# Pixels of a mask given as runs: their sum fits an int64 many times over.
cdef int64_t MOST_PIXELS = <int64_t>1 << 40


cdef cnp.ndarray as_masks(str name, object x, bint floats, int least):
    """Masks as contiguous bytes, zero or not; at least so many axes, the last two of them pixels."""
    cdef cnp.ndarray a = as_array(name, x)
    cdef int type = operand_type(a)
    if type < 0 or (type < FL_I8 and not floats):
        raise TypeError(f"{name} has dtype {a.dtype}; expected bool{', a float' if floats else ''} or an integer type")
    if cnp.PyArray_NDIM(a) < least:
        expected = "(..., number of masks, height, width)" if least == 3 else "(..., height, width)"
        raise ValueError(f"{name} has shape {shape_of(a)}; expected {expected}")
    if cnp.PyArray_ITEMSIZE(a) > 1:
        a = a != 0
    return cnp.PyArray_GETCONTIGUOUS(a)


cdef cnp.ndarray as_crowd(object iscrowd, tuple shape):
    """A contiguous byte for every mask of the second argument, or None."""
    cdef cnp.ndarray a
    if iscrowd is None:
        return None
    a = as_array("iscrowd", iscrowd)
    if operand_type(a) < FL_I8 and cnp.PyArray_SIZE(a):
        raise TypeError(f"iscrowd has dtype {a.dtype}; expected bool or an integer type")
    try:
        return np.ascontiguousarray(np.broadcast_to(a != 0, shape))
    except ValueError:
        raise ValueError(f"iscrowd has shape {shape_of(a)}, which does not broadcast to masks2's {shape}") from None


# ---- runs ------------------------------------------------------------------------------

cdef bint are_runs(object masks) except -1:
    """Whether masks come as a sequence of {"size": ..., "counts": ...}."""
    return isinstance(masks, (list, tuple)) and (not masks or isinstance(masks[0], dict))


cdef cnp.ndarray counts_of(str name, object mask, Py_ssize_t *height, Py_ssize_t *width):
    """The runs of one mask."""
    cdef cnp.ndarray a
    cdef Py_ssize_t n
    if not isinstance(mask, dict) or "size" not in mask or "counts" not in mask:
        raise TypeError(f"{name} is {shown(mask)}; expected a dict with 'size' and 'counts'")
    size, counts = mask["size"], mask["counts"]
    try:
        height[0], width[0] = (to_index(side) for side in size)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{name} has size {shown(size)}; expected [height, width]") from None
    if height[0] < 0 or width[0] < 0 or (width[0] and height[0] > MOST_PIXELS // width[0]):
        raise ValueError(f"{name} has size {shown(size)}; expected [height, width] of at most 2^40 pixels")
    if isinstance(counts, str):
        counts = counts.encode()
    if isinstance(counts, bytes):
        a = np.empty(len(counts) + 1, np.int64)
        if fl_runs_of_text(counts, len(counts), <int64_t *>cnp.PyArray_DATA(a), &n) != FL_OK:
            raise ValueError(f"{name} has counts {shown(counts)}, which is no compressed list of runs")
        a = a[:n]
    else:
        a = as_array(f"{name}['counts']", counts)
        if cnp.PyArray_NDIM(a) != 1 or (operand_type(a) < FL_I8 and cnp.PyArray_SIZE(a)):
            raise TypeError(f"{name} has counts {shown(counts)}; expected a list of integers, or compressed text")
        a = contiguous(a, cnp.NPY_INT64)
    return a


cdef int check_runs(str name, cnp.ndarray counts, Py_ssize_t height, Py_ssize_t width) except -1:
    cdef const int64_t *c = <const int64_t *>cnp.PyArray_DATA(counts)
    cdef Py_ssize_t i
    cdef int64_t total = 0
    for i in range(cnp.PyArray_SIZE(counts)):
        if c[i] < 0 or c[i] > MOST_PIXELS:
            raise ValueError(f"{name} has a run of {c[i]} pixels; expected 0 to {height * width}")
        total += c[i]
        if total > MOST_PIXELS:
            break
    if total != height * width:
        raise ValueError(f"{name} has runs of {total} pixels together, but its size is {height} x {width}")
    return 0


cdef class Runs:
    """Masks as run lengths, checked and laid out for the kernel."""
    cdef cnp.ndarray counts, start, height, width
    cdef fl_runs c

    def __cinit__(self, str name, list parts, list sizes):
        cdef Py_ssize_t i, at = 0, n = len(parts)
        self.start = np.zeros(n + 1, np.int64)
        self.height = np.empty(n, np.int64)
        self.width = np.empty(n, np.int64)
        for i in range(n):
            (<int64_t *>cnp.PyArray_DATA(self.height))[i], (<int64_t *>cnp.PyArray_DATA(self.width))[i] = sizes[i]
            at += cnp.PyArray_SIZE(parts[i])
            (<int64_t *>cnp.PyArray_DATA(self.start))[i + 1] = at
        self.counts = np.concatenate(parts) if parts else np.empty(0, np.int64)
        self.c.n = n
        self.c.counts = <const int64_t *>cnp.PyArray_DATA(self.counts)
        self.c.start = <const int64_t *>cnp.PyArray_DATA(self.start)
        self.c.height = <const int64_t *>cnp.PyArray_DATA(self.height)
        self.c.width = <const int64_t *>cnp.PyArray_DATA(self.width)


cdef Runs as_runs(str name, object masks):
    """Run lengths as given, or of pixels."""
    cdef cnp.ndarray a, counts
    cdef Py_ssize_t i, n, height, width
    cdef const uint8_t *pixels
    cdef list parts = [], sizes = []
    if are_runs(masks):
        for i, mask in enumerate(masks):
            one = f"{name}[{i}]"
            counts = counts_of(one, mask, &height, &width)
            check_runs(one, counts, height, width)
            parts.append(counts)
            sizes.append((height, width))
        return Runs(name, parts, sizes)
    a = as_masks(name, masks, False, 3)
    if cnp.PyArray_NDIM(a) != 3:
        raise ValueError(f"{name} has shape {shape_of(a)}; beside run lengths expected (number of masks, height, width)")
    height, width = cnp.PyArray_DIM(a, 1), cnp.PyArray_DIM(a, 2)
    counts = np.empty(height * width + 1, np.int64)
    pixels = <const uint8_t *>cnp.PyArray_DATA(a)
    for i in range(cnp.PyArray_DIM(a, 0)):
        n = fl_runs_of_mask(pixels + i * height * width, height, width, <int64_t *>cnp.PyArray_DATA(counts))
        parts.append(counts[:n].copy())
        sizes.append((height, width))
    return Runs(name, parts, sizes)


cdef int check_sizes(Runs a, Runs b) except -1:
    """All masks have one size."""
    cdef Py_ssize_t i
    cdef Runs first = a if a.c.n else b
    for name, masks in (("masks1", a), ("masks2", b)):
        for i in range((<Runs>masks).c.n):
            if (<Runs>masks).c.height[i] != first.c.height[0] or (<Runs>masks).c.width[i] != first.c.width[0]:
                raise ValueError(
                    f"{name}[{i}] has size {(<Runs>masks).c.height[i]} x {(<Runs>masks).c.width[i]}, but "
                    f"{'masks1' if first is a else 'masks2'}[0] has size {first.c.height[0]} x {first.c.width[0]}"
                )
    return 0


cdef cnp.ndarray run_iou(object masks1, object masks2, object iscrowd):
    cdef Runs a = as_runs("masks1", masks1), b = as_runs("masks2", masks2)
    cdef fl_runs_args args
    cdef cnp.ndarray value, crowd = as_crowd(iscrowd, (b.c.n,))
    cdef int status
    check_sizes(a, b)
    value = np.empty((a.c.n, b.c.n))
    args.masks[0], args.masks[1] = a.c, b.c
    args.crowd = NULL
    if crowd is not None:
        args.crowd = <const uint8_t *>cnp.PyArray_DATA(crowd)
    args.value = <double *>cnp.PyArray_DATA(value)
    with nogil:
        status = fl_run_iou(&args)
    if status != FL_OK:
        raise MemoryError("no memory for the runs")
    return value


# ---- pixels ----------------------------------------------------------------------------

cdef cnp.ndarray pixel_iou(object masks1, object masks2, object iscrowd):
    cdef cnp.ndarray a = as_masks("masks1", masks1, False, 3), b = as_masks("masks2", masks2, False, 3)
    cdef cnp.ndarray value, crowd
    cdef fl_masks_args args
    cdef int i = cnp.PyArray_NDIM(a) - 3, j = cnp.PyArray_NDIM(b) - 3, status
    cdef object s = shape_of(a), t = shape_of(b), lead = ()
    args.n, args.m, args.batch = cnp.PyArray_DIM(a, i), cnp.PyArray_DIM(b, j), 1
    args.pixels = cnp.PyArray_DIM(a, i + 1) * cnp.PyArray_DIM(a, i + 2)
    if cnp.PyArray_DIM(a, i + 1) != cnp.PyArray_DIM(b, j + 1) or cnp.PyArray_DIM(a, i + 2) != cnp.PyArray_DIM(b, j + 2):
        raise ValueError(f"masks2 has shape {t}, but masks1 has shape {s}: height and width differ")
    if i or j:
        if max(i, j) > 29:      # as far as NumPy broadcasts
            raise ValueError(f"masks1 has {i + 3} axes and masks2 {j + 3}; expected at most 32")
        try:
            lead = np.broadcast_shapes(s[:i], t[:j])
        except ValueError:
            raise ValueError(
                f"masks2 has shape {t}, whose leading axes do not broadcast with those of masks1, {s}"
            ) from None
        a = np.ascontiguousarray(np.broadcast_to(a, (*lead, *s[i:])))
        b = np.ascontiguousarray(np.broadcast_to(b, (*lead, *t[j:])))
    for length in lead:
        args.batch *= length
    crowd = as_crowd(iscrowd, (*lead, args.m))
    value = np.empty((*lead, args.n, args.m))
    args.masks[0] = <const uint8_t *>cnp.PyArray_DATA(a)
    args.masks[1] = <const uint8_t *>cnp.PyArray_DATA(b)
    args.crowd = NULL
    if crowd is not None:
        args.crowd = <const uint8_t *>cnp.PyArray_DATA(crowd)
    args.value = <double *>cnp.PyArray_DATA(value)
    if cnp.PyArray_SIZE(value):
        with nogil:
            status = fl_mask_iou(&args)
        if status != FL_OK:
            raise MemoryError("no memory for the packed masks")
    return value


def mask_iou(masks1, masks2, iscrowd):
    """The matrix of overlaps of masks."""
    if are_runs(masks1) or are_runs(masks2):
        return run_iou(masks1, masks2, iscrowd)
    return pixel_iou(masks1, masks2, iscrowd)


def masks_to_boxes(masks):
    cdef cnp.ndarray a = as_masks("masks", masks, True, 2), boxes
    cdef fl_mask_boxes_args args
    cdef int last = cnp.PyArray_NDIM(a) - 2, status
    cdef object lead = shape_of(a)[:last]
    boxes = np.empty((*lead, 4), np.float32)
    args.n = cnp.PyArray_SIZE(boxes) // 4
    args.height, args.width = cnp.PyArray_DIM(a, last), cnp.PyArray_DIM(a, last + 1)
    args.masks = <const uint8_t *>cnp.PyArray_DATA(a)
    args.boxes = <float *>cnp.PyArray_DATA(boxes)
    with nogil:
        status = fl_mask_boxes(&args)
    if status != FL_OK:
        at = ", ".join(map(str, np.unravel_index(args.bad_mask, lead))) if lead else "..."
        raise ValueError(f"masks[{at}] has no pixel, so there is no box around it")
    return boxes
