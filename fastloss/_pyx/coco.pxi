# coco.pxi -- COCO's mean average precision and the run lengths of masks.

cdef extern from "fastloss.h" nogil:
    enum:
        FL_COCO_BOX
        FL_COCO_MASK
        FL_COCO_KEYPOINTS
    double FL_MAX_COORDINATE

    int fl_runs_of_polygons(
        const double *points, const int64_t *first, Py_ssize_t parts, Py_ssize_t height, Py_ssize_t width,
        int64_t **counts, Py_ssize_t *n_counts
    )
    int fl_measure_runs(const fl_runs *runs, double *areas, double *boxes)

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

cdef cnp.ndarray runs_of_polygons(str name, object parts, Py_ssize_t height, Py_ssize_t width):
    """The runs of the union of polygons, each x and y in turn."""
    cdef cnp.ndarray points, first, counts
    cdef int64_t *found
    cdef Py_ssize_t n
    try:
        arrays = [np.asarray(part, dtype=np.float64) for part in parts]
    except (TypeError, ValueError):
        arrays = [np.empty(0)]
    for part in arrays:
        if part.ndim != 1 or part.size < 6 or part.size % 2:
            raise ValueError(f"{name} is {shown(parts)}; a polygon has x and y of at least three points in turn")
        if not (np.abs(part) <= FL_MAX_COORDINATE).all():
            raise ValueError(f"{name} is {shown(parts)}; coordinates are finite and at most {FL_MAX_COORDINATE:g}")
    points = np.concatenate(arrays) if arrays else np.empty(0)
    first = np.zeros(len(arrays) + 1, np.int64)
    first[1:] = np.cumsum([part.size // 2 for part in arrays])
    if fl_runs_of_polygons(
        <const double *>cnp.PyArray_DATA(points), <const int64_t *>cnp.PyArray_DATA(first), len(arrays),
        height, width, &found, &n
    ) != FL_OK:
        raise MemoryError("no memory for the outline of a polygon")
    counts = np.empty(n, np.int64)
    memcpy(cnp.PyArray_DATA(counts), found, n * sizeof(int64_t))
    free(found)
    return counts


cdef tuple mask_size(str name, object size):
    try:
        height, width = (to_index(side) for side in size)
    except (TypeError, ValueError):
        raise ValueError(f"{name} has size {shown(size)}; expected [height, width]") from None
    if height < 0 or width < 0 or height * width > MOST_PIXELS:
        raise ValueError(f"{name} has size {shown(size)}; expected [height, width] of at most 2^40 pixels")
    return height, width


def run_lengths(masks, sizes, place):
    """Masks of any form as run lengths; `sizes[i]` is [height, width] of polygons, `place(i)` a name."""
    cdef Py_ssize_t i, height, width
    cdef cnp.ndarray a, counts
    cdef Runs runs
    cdef list parts = [], shapes = []
    for i in range(len(masks)):
        mask, name = masks[i], place(i)
        if isinstance(mask, dict):
            counts = counts_of(name, mask, &height, &width)
            check_runs(name, counts, height, width)
        elif isinstance(mask, (list, tuple)) and sizes is not None:
            height, width = mask_size(name, sizes[i])
            counts = runs_of_polygons(name, mask, height, width)
        else:
            a = as_masks(name, mask, False, 2)
            if cnp.PyArray_NDIM(a) != 2:
                raise ValueError(f"{name} has shape {shape_of(a)}; expected (height, width)")
            height, width = cnp.PyArray_DIM(a, 0), cnp.PyArray_DIM(a, 1)
            counts = np.empty(height * width + 1, np.int64)
            counts = counts[:fl_runs_of_mask(
                <const uint8_t *>cnp.PyArray_DATA(a), height, width, <int64_t *>cnp.PyArray_DATA(counts)
            )].copy()
        parts.append(counts)
        shapes.append((height, width))
    runs = Runs("masks", parts, shapes)
    return {"counts": runs.counts, "start": runs.start, "height": runs.height, "width": runs.width}


def measure_runs(dict given):
    """Areas (n,) and boxes (n, 4), x, y, width, height, of masks as run lengths."""
    cdef fl_runs runs
    cdef list alive = []
    cdef cnp.ndarray areas, boxes
    fill_runs(&runs, alive, given)
    areas, boxes = np.empty(runs.n), np.empty((runs.n, 4))
    if fl_measure_runs(&runs, <double *>cnp.PyArray_DATA(areas), <double *>cnp.PyArray_DATA(boxes)) != FL_OK:
        raise MemoryError("no memory for the runs")
    return areas, boxes


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


cdef int fill_runs(fl_runs *runs, list alive, dict given) except -1:
    runs.n = len(given["height"])
    runs.counts = <const int64_t *>column(alive, given, "counts", cnp.NPY_INT64, len(given["counts"]))
    runs.start = <const int64_t *>column(alive, given, "start", cnp.NPY_INT64, runs.n + 1)
    runs.height = <const int64_t *>column(alive, given, "height", cnp.NPY_INT64, runs.n)
    runs.width = <const int64_t *>column(alive, given, "width", cnp.NPY_INT64, runs.n)
    return 0


cdef int fill_side(fl_coco_side *side, list alive, dict given, Py_ssize_t n_keypoints) except -1:
    side.n = len(given["image"])
    side.image = <const int64_t *>column(alive, given, "image", cnp.NPY_INT64, side.n)
    side.category = <const int64_t *>column(alive, given, "category", cnp.NPY_INT64, side.n)
    side.area = <const double *>column(alive, given, "area", cnp.NPY_DOUBLE, side.n)
    side.boxes = <const double *>column(alive, given, "boxes", cnp.NPY_DOUBLE, 4 * side.n)
    side.keypoints = <const double *>column(alive, given, "keypoints", cnp.NPY_DOUBLE, 3 * side.n * n_keypoints)
    if "start" in given:
        fill_runs(&side.runs, alive, given)
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
