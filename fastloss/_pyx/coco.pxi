# coco.pxi -- COCO's mean average precision and the run lengths of masks.

cdef extern from "fastloss.h" nogil:
    enum:
        FL_BAD_RUNS
        FL_COCO_BOX
        FL_COCO_MASK
        FL_COCO_KEYPOINTS
    double FL_MAX_COORDINATE
    int64_t FL_MAX_PIXELS

    ctypedef struct fl_runs:
        const uint32_t *counts
        const int64_t *first
        const int64_t *size

    ctypedef struct fl_run_list:
        uint32_t *counts
        Py_ssize_t n, room

    int fl_runs_from_text(fl_run_list *list, const char *text, Py_ssize_t length, uint64_t pixels)
    int fl_runs_from_mask(
        fl_run_list *list, const uint8_t *mask, Py_ssize_t height, Py_ssize_t width, Py_ssize_t row_step,
        Py_ssize_t column_step
    )
    int fl_runs_from_polygons(
        fl_run_list *list, const double *points, const int64_t *first, Py_ssize_t parts, Py_ssize_t height,
        Py_ssize_t width
    )
    int fl_runs_add(fl_run_list *list, int64_t count)
    void fl_runs_free(fl_run_list *list)
    void fl_runs_xywh(const uint32_t *counts, Py_ssize_t n, Py_ssize_t height, double *box)
    uint64_t fl_runs_area(const uint32_t *counts, Py_ssize_t n)

    ctypedef struct fl_coco_side:
        Py_ssize_t n
        const int64_t *image
        const int64_t *category
        const double *area
        const double *boxes
        fl_runs runs
        const double *keypoints

    ctypedef struct fl_coco_args:
        int kind
        Py_ssize_t n_images, n_categories
        fl_coco_side dt, gt
        const double *score
        const uint8_t *crowd
        const uint8_t *ignore
        const double *sigmas
        Py_ssize_t n_keypoints
        const double *thresholds
        const double *recalls
        Py_ssize_t n_thresholds, n_recalls
        const double *ranges
        Py_ssize_t n_ranges
        const int64_t *max_dets
        Py_ssize_t n_max_dets
        double *precision
        double *scores
        double *recall

    int fl_coco(fl_coco_args *args)


# ---- masks ------------------------------------------------------------------------------

cdef class RunList:
    """Masks as run lengths, in the making: counts of all of them, where each begins, their sizes."""

    cdef fl_run_list list
    cdef object place        # i -> what messages call mask i

    def __dealloc__(self):
        fl_runs_free(&self.list)

    cdef int ok(self, int status, Py_ssize_t i) except -1:
        if status == FL_NO_MEMORY:
            raise MemoryError("no memory for the run lengths of masks")
        if status == FL_BAD_RUNS:
            raise ValueError(f"{self.place(i)} has counts that are no run lengths of its size")
        return 0

    cdef tuple size(self, Py_ssize_t i, object size):
        try:
            height, width = size
            height, width = to_index(height), to_index(width)
        except (TypeError, ValueError):
            raise ValueError(f"{self.place(i)} has size {shown(size)}; expected height and width") from None
        if height < 0 or width < 0 or height * width > FL_MAX_PIXELS:
            raise ValueError(f"{self.place(i)} has size {shown(size)}; expected at most 2^32 - 1 pixels")
        return height, width

    cdef tuple compressed(self, Py_ssize_t i, dict item):
        cdef bytes text
        cdef int64_t count, pixels, total = 0
        if "counts" not in item or "size" not in item:
            raise ValueError(f"{self.place(i)} has the keys {shown(list(item))}; run lengths have 'size' and 'counts'")
        size = self.size(i, item["size"])
        pixels = size[0] * size[1]
        counts = item["counts"]
        if isinstance(counts, (str, bytes)):
            text = counts.encode(errors="replace") if isinstance(counts, str) else counts
            self.ok(fl_runs_from_text(&self.list, text, len(text), <uint64_t>pixels), i)
            return size
        try:
            numbers = [to_index(c) for c in counts]
        except TypeError:
            raise ValueError(f"{self.place(i)} has counts {shown(counts)}; expected text or a list of integers") from None
        for number in numbers:
            if not 0 <= number <= pixels - total:
                self.ok(FL_BAD_RUNS, i)
            count = number
            total += count
            self.ok(fl_runs_add(&self.list, count), i)
        if total != pixels:
            self.ok(FL_BAD_RUNS, i)
        return size

    cdef tuple polygons(self, Py_ssize_t i, object parts, object size):
        cdef cnp.ndarray points, first
        cdef Py_ssize_t height, width
        height, width = self.size(i, size)
        try:
            arrays = [np.asarray(part, dtype=np.float64) for part in parts]
        except (TypeError, ValueError):
            arrays = [np.empty(0)]
        for part in arrays:
            if part.ndim != 1 or part.size < 6 or part.size % 2:
                raise ValueError(f"{self.place(i)} is {shown(parts)}; a polygon has x and y of at least three points in turn")
            if not (np.abs(part) <= FL_MAX_COORDINATE).all():
                raise ValueError(f"{self.place(i)} is {shown(parts)}; coordinates are finite and at most {FL_MAX_COORDINATE:g}")
        points = np.concatenate(arrays) if arrays else np.empty(0)
        first = np.zeros(len(arrays) + 1, np.int64)
        first[1:] = np.cumsum([part.size // 2 for part in arrays])
        self.ok(fl_runs_from_polygons(
            &self.list, <const double *>cnp.PyArray_DATA(points), <const int64_t *>cnp.PyArray_DATA(first),
            len(arrays), height, width
        ), i)
        return height, width

    cdef tuple pixels(self, Py_ssize_t i, object mask):
        cdef cnp.ndarray a = as_array(self.place(i), mask)
        if cnp.PyArray_NDIM(a) != 2 or operand_type(a) not in (FL_U8, FL_I8):
            raise ValueError(f"{self.place(i)} has shape {shape_of(a)} and dtype {a.dtype}; expected a mask (height, width) of bool or uint8")
        size = self.size(i, shape_of(a))
        self.ok(fl_runs_from_mask(
            &self.list, <const uint8_t *>cnp.PyArray_DATA(a), cnp.PyArray_DIM(a, 0), cnp.PyArray_DIM(a, 1),
            cnp.PyArray_STRIDE(a, 0), cnp.PyArray_STRIDE(a, 1)
        ), i)
        return size


def run_lengths(masks, sizes, place):
    """Masks of any form as (counts, first, size); `sizes[i]` is (height, width) of polygons."""
    cdef RunList runs = RunList()
    cdef Py_ssize_t i, n = len(masks)
    cdef cnp.ndarray first = np.zeros(n + 1, np.int64), size = np.empty((n, 2), np.int64), counts
    cdef int64_t *at = <int64_t *>cnp.PyArray_DATA(first)
    runs.place = place
    for i in range(n):
        mask = masks[i]
        if isinstance(mask, dict):
            shape = runs.compressed(i, mask)
        elif isinstance(mask, (list, tuple)):
            if sizes is None:
                raise ValueError(f"{place(i)} is a list; expected a mask (height, width) or run lengths")
            shape = runs.polygons(i, mask, sizes[i])
        else:
            shape = runs.pixels(i, mask)
        (<int64_t *>cnp.PyArray_DATA(size))[2 * i] = shape[0]
        (<int64_t *>cnp.PyArray_DATA(size))[2 * i + 1] = shape[1]
        at[i + 1] = runs.list.n
    counts = np.empty(runs.list.n, np.uint32)
    if runs.list.n:
        memcpy(cnp.PyArray_DATA(counts), runs.list.counts, runs.list.n * sizeof(uint32_t))
    return counts, first, size


def run_areas(cnp.ndarray counts, cnp.ndarray first):
    """The number of pixels of every mask, in double."""
    cdef Py_ssize_t i, n = cnp.PyArray_SIZE(first) - 1
    cdef cnp.ndarray areas = np.empty(n, np.float64)
    cdef const uint32_t *runs = <const uint32_t *>cnp.PyArray_DATA(counts)
    cdef const int64_t *at = <const int64_t *>cnp.PyArray_DATA(first)
    for i in range(n):
        (<double *>cnp.PyArray_DATA(areas))[i] = <double>fl_runs_area(runs + at[i], at[i + 1] - at[i])
    return areas


def run_boxes(cnp.ndarray counts, cnp.ndarray first, cnp.ndarray size):
    """The smallest boxes around the masks: x, y, width, height in double; zeros for an empty one."""
    cdef Py_ssize_t i, n = cnp.PyArray_SIZE(first) - 1
    cdef cnp.ndarray boxes = np.zeros((n, 4), np.float64)
    cdef const uint32_t *runs = <const uint32_t *>cnp.PyArray_DATA(counts)
    cdef const int64_t *at = <const int64_t *>cnp.PyArray_DATA(first)
    for i in range(n):
        fl_runs_xywh(
            runs + at[i], at[i + 1] - at[i], (<const int64_t *>cnp.PyArray_DATA(size))[2 * i],
            <double *>cnp.PyArray_DATA(boxes) + 4 * i
        )
    return boxes


# ---- mean average precision -----------------------------------------------------------------

cdef const void *column(list alive, dict side, str name, int number, Py_ssize_t size) except? NULL:
    """The memory of one array of a side; `alive` keeps it."""
    cdef cnp.ndarray a
    if name not in side:
        return NULL
    a = contiguous(side[name], number)
    if cnp.PyArray_SIZE(a) != size:
        raise ValueError(f"{name} has shape {shape_of(a)}; expected {size} numbers")
    alive.append(a)
    return cnp.PyArray_DATA(a)


cdef int fill_side(fl_coco_side *side, list alive, dict given, Py_ssize_t n_keypoints) except -1:
    side.n = len(given["image"])
    side.image = <const int64_t *>column(alive, given, "image", cnp.NPY_INT64, side.n)
    side.category = <const int64_t *>column(alive, given, "category", cnp.NPY_INT64, side.n)
    side.area = <const double *>column(alive, given, "area", cnp.NPY_DOUBLE, side.n)
    side.boxes = <const double *>column(alive, given, "boxes", cnp.NPY_DOUBLE, 4 * side.n)
    side.keypoints = <const double *>column(alive, given, "keypoints", cnp.NPY_DOUBLE, 3 * side.n * n_keypoints)
    if "first" in given:
        side.runs.counts = <const uint32_t *>column(alive, given, "counts", cnp.NPY_UINT32, len(given["counts"]))
        side.runs.first = <const int64_t *>column(alive, given, "first", cnp.NPY_INT64, side.n + 1)
        side.runs.size = <const int64_t *>column(alive, given, "size", cnp.NPY_INT64, 2 * side.n)
    return 0


def coco(str kind, n_images, n_categories, dict dt, dict gt, sigmas, thresholds, recalls, ranges, max_dets):
    """(precision, scores, recall) of detections `dt` against objects `gt`, dicts of arrays."""
    cdef fl_coco_args args
    cdef list alive = []
    cdef cnp.ndarray precision, scores, recall
    cdef int status
    args.kind = {"bbox": FL_COCO_BOX, "segm": FL_COCO_MASK, "keypoints": FL_COCO_KEYPOINTS}[kind]
    args.n_images, args.n_categories = n_images, n_categories
    args.n_keypoints = len(sigmas)
    fill_side(&args.dt, alive, dt, args.n_keypoints)
    fill_side(&args.gt, alive, gt, args.n_keypoints)
    args.score = <const double *>column(alive, dt, "score", cnp.NPY_DOUBLE, args.dt.n)
    args.crowd = <const uint8_t *>column(alive, gt, "crowd", cnp.NPY_UINT8, args.gt.n)
    args.ignore = <const uint8_t *>column(alive, gt, "ignore", cnp.NPY_UINT8, args.gt.n)
    args.n_thresholds, args.n_recalls = len(thresholds), len(recalls)
    args.n_ranges, args.n_max_dets = len(ranges), len(max_dets)
    settings = {"sigmas": sigmas, "thresholds": thresholds, "recalls": recalls, "ranges": ranges, "max_dets": max_dets}
    args.sigmas = <const double *>column(alive, settings, "sigmas", cnp.NPY_DOUBLE, args.n_keypoints)
    args.thresholds = <const double *>column(alive, settings, "thresholds", cnp.NPY_DOUBLE, args.n_thresholds)
    args.recalls = <const double *>column(alive, settings, "recalls", cnp.NPY_DOUBLE, args.n_recalls)
    args.ranges = <const double *>column(alive, settings, "ranges", cnp.NPY_DOUBLE, 2 * args.n_ranges)
    args.max_dets = <const int64_t *>column(alive, settings, "max_dets", cnp.NPY_INT64, args.n_max_dets)
    cells = (n_categories, args.n_ranges, args.n_max_dets)
    precision = np.full((args.n_thresholds, args.n_recalls, *cells), -1.0)
    scores = np.full((args.n_thresholds, args.n_recalls, *cells), -1.0)
    recall = np.full((args.n_thresholds, *cells), -1.0)
    args.precision = <double *>cnp.PyArray_DATA(precision)
    args.scores = <double *>cnp.PyArray_DATA(scores)
    args.recall = <double *>cnp.PyArray_DATA(recall)
    with nogil:
        status = fl_coco(&args)
    if status == FL_NO_MEMORY:
        raise MemoryError("no memory to match detections with objects")
    return precision, scores, recall
