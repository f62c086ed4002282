# detection.pxi -- the detection criterion: a head's output, the objects of a batch, the gradients.

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
        double gains[7]
        double factor
        const double *class_weight
        const char *keypoints
        const char *target_keypoints
        Py_ssize_t n_keypoints, per_keypoint, per_target
        const double *sigmas
        const char *coefficients
        const char *proto
        const char *masks
        int overlapping
        Py_ssize_t n_proto, proto_height, proto_width, mask_height, mask_width
        int64_t *object_index
        char *object_score
        char *grad_boxes
        char *grad_scores
        char *grad_angles
        char *grad_keypoints
        char *grad_coefficients
        char *grad_proto
        int zeroed
        double items[7]
        double total

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


cdef Py_ssize_t parse_count(str name, object value) except -1:
    """A number of things, at least one."""
    cdef object n
    if isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} is {shown(value)}; expected an integer")
    try:
        n = to_index(value)
    except TypeError:
        raise TypeError(f"{name} is {shown(value)}; expected an integer") from None
    if n < 1:
        raise ValueError(f"{name} is {shown(value)}; expected at least 1")
    return min(n, 2**31)


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


cdef class Detection:
    """One head's output with the objects it is trained on; keeps the arrays that `args` points to."""

    cdef fl_detection_args args
    cdef cnp.ndarray boxes, scores, image, label, targets, weights, points, sigmas, masks
    cdef list arguments      # (name, array) of the caller's, which no output may touch
    cdef list inputs         # (name, contiguous array) of those that have a gradient, boxes and scores first
    cdef list out, own       # the gradients, and where the kernels write them

    def __cinit__(self):
        cdef int i
        self.args.angles = self.args.keypoints = self.args.masks = NULL
        self.args.object_index = NULL
        self.args.object_score = NULL
        self.args.grad_boxes = self.args.grad_scores = self.args.grad_angles = NULL
        self.args.grad_keypoints = self.args.grad_coefficients = self.args.grad_proto = NULL
        self.args.class_weight = NULL
        self.args.zeroed = False
        self.args.factor = 1
        for i in range(FL_ITEMS):
            self.args.gains[i] = 0
        self.arguments, self.inputs, self.out, self.own = [], [], [], []

    cdef cnp.ndarray add_input(self, str name, object given_array, cnp.ndarray a):
        """An array with a gradient, contiguous."""
        cdef cnp.ndarray whole = contiguous(a, cnp.PyArray_TYPE(a))
        self.arguments.append((name, given(given_array)))
        self.inputs.append((name, whole))
        return whole

    cdef str name_of(self, int i):
        return self.inputs[i][0]

    cdef int set_head(self, object boxes, object scores, str boxes_name, str scores_name, object level_sizes,
                      object strides) except -1:
        cdef cnp.ndarray b = as_input(boxes_name, boxes), s = as_input(scores_name, scores)
        if cnp.PyArray_NDIM(b) != 3 or cnp.PyArray_DIM(b, 1) % 4 or not cnp.PyArray_DIM(b, 1):
            raise ValueError(
                f"{boxes_name} has shape {shape_of(b)}; expected (images, 4 * bins, anchors)"
            )
        if (
            cnp.PyArray_NDIM(s) != 3 or cnp.PyArray_DIM(s, 0) != cnp.PyArray_DIM(b, 0)
            or cnp.PyArray_DIM(s, 2) != cnp.PyArray_DIM(b, 2)
        ):
            raise ValueError(
                f"{scores_name} has shape {shape_of(s)}, but {boxes_name} has shape {shape_of(b)}; expected "
                f"({cnp.PyArray_DIM(b, 0)}, classes, {cnp.PyArray_DIM(b, 2)})"
            )
        if cnp.PyArray_TYPE(s) != cnp.PyArray_TYPE(b):
            raise TypeError(f"{scores_name} has dtype {s.dtype}, but {boxes_name} has dtype {b.dtype}")
        self.boxes = self.add_input(boxes_name, boxes, b)
        self.scores = self.add_input(scores_name, scores, s)
        self.args.dtype = dtype_of(b)
        self.args.batch = cnp.PyArray_DIM(b, 0)
        self.args.bins = cnp.PyArray_DIM(b, 1) // 4
        self.args.anchors = cnp.PyArray_DIM(b, 2)
        self.args.classes = cnp.PyArray_DIM(s, 1)
        self.args.boxes = <char *>cnp.PyArray_DATA(self.boxes)
        self.args.scores = <char *>cnp.PyArray_DATA(self.scores)
        return self.set_levels(level_sizes, strides)

    cdef int set_levels(self, object level_sizes, object strides) except -1:
        cdef tuple sizes = parse_several("level_sizes", level_sizes, -1, "(height, width) of every level")
        cdef tuple steps = parse_several("strides", strides, len(sizes), f"one number for each of {len(sizes)} levels")
        cdef object total = 0
        if not 1 <= len(sizes) <= FL_MAX_LEVELS:
            raise ValueError(f"level_sizes has {len(sizes)} levels; expected 1 to {FL_MAX_LEVELS}")
        for i, (size, step) in enumerate(zip(sizes, steps)):
            height, width = parse_several(f"level_sizes[{i}]", size, 2, "(height, width)")
            self.args.levels[i].height = parse_count(f"level_sizes[{i}]", height)
            self.args.levels[i].width = parse_count(f"level_sizes[{i}]", width)
            self.args.levels[i].stride = parse_in_domain(b"strides", step, FL_POSITIVE)
            total += <object>self.args.levels[i].height * self.args.levels[i].width
        self.args.n_levels = len(sizes)
        if total != self.args.anchors or total >= 2**31:
            raise ValueError(
                f"level_sizes is {shown(level_sizes)}, {total} anchors, but {self.name_of(0)} has {self.args.anchors}"
            )
        return 0

    cdef cnp.ndarray add_output(self, str name, object x, int ndim, str expected):
        """A further array of the head: (images, ..., anchors) of the boxes' type."""
        cdef cnp.ndarray a = as_input(name, x)
        if cnp.PyArray_NDIM(a) != ndim or cnp.PyArray_DIM(a, 0) != self.args.batch or (
            ndim == 3 and cnp.PyArray_DIM(a, 2) != self.args.anchors
        ):
            raise ValueError(f"{name} has shape {shape_of(a)}; expected {expected}")
        if cnp.PyArray_TYPE(a) != cnp.PyArray_TYPE(self.boxes):
            raise TypeError(f"{name} has dtype {a.dtype}, but {self.name_of(0)} has dtype {self.boxes.dtype}")
        return self.add_input(name, x, a)

    cdef int set_angles(self, object angles) except -1:
        expected = f"({self.args.batch}, 1, {self.args.anchors})"
        cdef cnp.ndarray a = self.add_output("angles", angles, 3, expected)
        if cnp.PyArray_DIM(a, 1) != 1:
            raise ValueError(f"angles has shape {shape_of(a)}; expected {expected}")
        self.args.angles = <char *>cnp.PyArray_DATA(a)
        return 0

    cdef int set_keypoints(self, object keypoints, object target_keypoints, object sigmas) except -1:
        cdef cnp.ndarray raw, t = as_operand("target_keypoints", target_keypoints)
        cdef Py_ssize_t channels
        raw = self.add_output("keypoints", keypoints, 3, f"({self.args.batch}, keypoints * (2 or 3), {self.args.anchors})")
        channels = cnp.PyArray_DIM(raw, 1)
        if cnp.PyArray_NDIM(t) == 1 and not cnp.PyArray_SIZE(t):      # [] as no objects
            t = t.reshape(0, channels // 3 if channels % 3 == 0 else channels // 2, 3)
        if (
            cnp.PyArray_NDIM(t) != 3 or cnp.PyArray_DIM(t, 0) != self.args.objects
            or cnp.PyArray_DIM(t, 2) not in (2, 3)
        ):
            raise ValueError(
                f"target_keypoints has shape {shape_of(t)}; expected ({self.args.objects}, keypoints, 2 or 3)"
            )
        self.args.n_keypoints = cnp.PyArray_DIM(t, 1)
        self.args.per_target = cnp.PyArray_DIM(t, 2)
        if not self.args.n_keypoints or channels not in (2 * self.args.n_keypoints, 3 * self.args.n_keypoints):
            raise ValueError(
                f"keypoints has shape {shape_of(raw)}, but target_keypoints has {self.args.n_keypoints} keypoints; "
                f"expected ({self.args.batch}, {self.args.n_keypoints} * (2 or 3), {self.args.anchors})"
            )
        self.args.per_keypoint = channels // self.args.n_keypoints
        self.points = contiguous(t, cnp.PyArray_TYPE(self.boxes))
        self.arguments.append(("target_keypoints", given(target_keypoints)))
        finite = np.isfinite(self.points).all(axis=(1, 2))
        if not finite.all():
            raise ValueError(f"target_keypoints[{np.argmin(finite)}] holds a number that is not finite")
        self.args.keypoints = <char *>cnp.PyArray_DATA(raw)
        self.args.target_keypoints = <char *>cnp.PyArray_DATA(self.points)
        return self.set_sigmas(sigmas)

    cdef int set_sigmas(self, object sigmas) except -1:
        cdef Py_ssize_t n = self.args.n_keypoints
        if sigmas is None:
            self.sigmas = np.array(COCO_SIGMAS) if n == len(COCO_SIGMAS) else np.full(n, 1.0 / n)
        else:
            self.sigmas = contiguous(as_operand("sigmas", sigmas), cnp.NPY_DOUBLE)
            self.arguments.append(("sigmas", given(sigmas)))
            if shape_of(self.sigmas) != (n,):
                raise ValueError(f"sigmas has shape {shape_of(self.sigmas)}, but there are {n} keypoints")
            if not (np.isfinite(self.sigmas) & (np.asarray(self.sigmas) > 0)).all():
                raise ValueError(f"sigmas is {shown(sigmas)}; expected finite numbers > 0")
        self.args.sigmas = <double *>cnp.PyArray_DATA(self.sigmas)
        return 0

    cdef int set_masks(self, object coefficients, object proto, object masks, object overlapping) except -1:
        cdef cnp.ndarray c, p, m = as_operand("masks", masks)
        cdef Py_ssize_t n
        self.args.overlapping = parse_flag("overlapping", overlapping)
        n = self.args.batch if self.args.overlapping else self.args.objects
        c = self.add_output("coefficients", coefficients, 3, f"({self.args.batch}, prototypes, {self.args.anchors})")
        p = self.add_output("proto", proto, 4, f"({self.args.batch}, prototypes, height, width)")
        if cnp.PyArray_DIM(p, 1) != cnp.PyArray_DIM(c, 1) or not cnp.PyArray_DIM(p, 2) or not cnp.PyArray_DIM(p, 3):
            raise ValueError(
                f"proto has shape {shape_of(p)}; expected ({self.args.batch}, {cnp.PyArray_DIM(c, 1)}, height, width)"
            )
        if cnp.PyArray_NDIM(m) == 1 and not cnp.PyArray_SIZE(m) and not n:      # [] as no masks
            m = m.reshape(0, cnp.PyArray_DIM(p, 2), cnp.PyArray_DIM(p, 3))
        if (
            cnp.PyArray_NDIM(m) != 3 or cnp.PyArray_DIM(m, 0) != n
            or not cnp.PyArray_DIM(m, 1) or not cnp.PyArray_DIM(m, 2)
        ):
            one = "one map per image" if self.args.overlapping else "one mask per object"
            raise ValueError(f"masks has shape {shape_of(m)}; expected ({n}, height, width), {one}")
        if cnp.PyArray_DIM(m, 1) < cnp.PyArray_DIM(p, 2) or cnp.PyArray_DIM(m, 2) < cnp.PyArray_DIM(p, 3):
            raise ValueError(f"masks has shape {shape_of(m)}, less than that of proto, {shape_of(p)}")
        self.masks = contiguous(m, cnp.PyArray_TYPE(self.boxes))
        self.arguments.append(("masks", given(masks)))
        self.args.coefficients = <char *>cnp.PyArray_DATA(c)
        self.args.proto = <char *>cnp.PyArray_DATA(p)
        self.args.masks = <char *>cnp.PyArray_DATA(self.masks)
        self.args.n_proto = cnp.PyArray_DIM(p, 1)
        self.args.proto_height, self.args.proto_width = cnp.PyArray_DIM(p, 2), cnp.PyArray_DIM(p, 3)
        self.args.mask_height, self.args.mask_width = cnp.PyArray_DIM(m, 1), cnp.PyArray_DIM(m, 2)
        return 0

    cdef int set_targets(self, object batch_idx, object cls, object bboxes) except -1:
        cdef cnp.ndarray t = as_operand("bboxes", bboxes)
        cdef Py_ssize_t n, width = 4 if self.args.angles == NULL else 5
        if cnp.PyArray_NDIM(t) == 1 and not cnp.PyArray_SIZE(t):      # [] as no boxes
            t = t.reshape(0, width)
        if cnp.PyArray_NDIM(t) != 2 or cnp.PyArray_DIM(t, 1) != width:
            raise ValueError(f"bboxes has shape {shape_of(t)}; expected (objects, {width})")
        n = cnp.PyArray_DIM(t, 0)
        if n >= 2**31:
            raise ValueError(f"bboxes has {n} rows; expected fewer than 2^31")
        self.arguments += [("batch_idx", given(batch_idx)), ("cls", given(cls)), ("bboxes", given(bboxes))]
        self.image = one_per_object("batch_idx", batch_idx, n)
        self.label = one_per_object("cls", cls, n)
        self.targets = contiguous(t, cnp.PyArray_TYPE(self.boxes))
        self.args.objects = n
        self.args.image = <double *>cnp.PyArray_DATA(self.image)
        self.args.class_ = <double *>cnp.PyArray_DATA(self.label)
        self.args.targets = <char *>cnp.PyArray_DATA(self.targets)
        return self.check_targets()

    cdef int check_targets(self) except -1:
        """Every row's image, class and box; the first bad one is named."""
        cdef Py_ssize_t i
        cdef double image, label
        for i in range(self.args.objects):
            image, label = self.args.image[i], self.args.class_[i]
            if image != floor(image):      # NaN too
                raise ValueError(f"batch_idx[{i}] is {image}; expected an integer")
            if not 0 <= image < self.args.batch:
                raise IndexError(
                    f"batch_idx[{i}] is {image:.0f}, but {self.name_of(0)} has {self.args.batch} images"
                    + (f" (0..{self.args.batch - 1})" if self.args.batch else "")
                )
            if isnan(label):
                raise ValueError(f"cls[{i}] is nan; expected a class")
            if not 0 <= label < self.args.classes:
                raise IndexError(
                    f"cls[{i}] is {label:g}, but {self.name_of(1)} has {self.args.classes} classes"
                    + (f" (0..{self.args.classes - 1})" if self.args.classes else "")
                )
        finite = np.isfinite(self.targets).all(axis=1)
        if not finite.all():
            i = np.argmin(finite)
            raise ValueError(f"bboxes[{i}] is {self.targets[i].tolist()}; expected finite numbers")
        return 0

    cdef int set_assignment(self, object topk, object topk2, object alpha, object beta, object min_side) except -1:
        trigger, least = parse_several("min_side", min_side, 2, "(trigger, floor) in pixels")
        self.args.topk = parse_count("topk", topk)
        self.args.topk2 = 0 if topk2 is None else parse_count("topk2", topk2)
        self.args.alpha = parse_in_domain(b"alpha", alpha, FL_NONNEGATIVE)
        self.args.beta = parse_in_domain(b"beta", beta, FL_POSITIVE)
        self.args.trigger = parse_in_domain(b"min_side", trigger, FL_NONNEGATIVE)
        self.args.floor = parse_in_domain(b"min_side", least, FL_NONNEGATIVE)
        return 0

    cdef int set_loss(self, object gains, tuple items, object class_weight) except -1:
        """`items` are the places of the parts that the gains belong to, and their names."""
        cdef tuple names = tuple([name for _, name in items])
        cdef tuple several = parse_several("gains", gains, len(items), f"({', '.join(names)})")
        cdef cnp.ndarray w
        for (i, _), gain in zip(items, several):
            self.args.gains[<int>i] = parse_in_domain(b"gains", gain, FL_NONNEGATIVE)
        if class_weight is not None:
            w = as_operand("class_weight", class_weight)
            if shape_of(w) != (self.args.classes,):
                raise ValueError(
                    f"class_weight has shape {shape_of(w)}, but {self.name_of(1)} has {self.args.classes} classes"
                )
            self.weights = contiguous(w, cnp.NPY_DOUBLE)
            self.arguments.append(("class_weight", given(class_weight)))
            self.args.class_weight = <double *>cnp.PyArray_DATA(self.weights)
        return 0

    cdef int set_grad(self, str name, object grad, list taken) except -1:
        """Buffers for the gradients, or new ones; `taken` collects what no buffer may touch."""
        cdef cnp.ndarray a, out
        cdef int i
        if grad is True or isinstance(grad, np.bool_):
            for i, (_, a) in enumerate(self.inputs):
                self.out.append(empty(a, cnp.PyArray_TYPE(a)) if i == 1 else zeros(a))
            self.own = self.out
            self.args.zeroed = True
        else:
            buffers = parse_several(name, grad, len(self.inputs), f"False, True or {len(self.inputs)} arrays")
            for i, (input_name, a) in enumerate(self.inputs):
                out = as_output(f"{name}[{i}]", buffers[i], a, input_name, tuple(self.arguments + taken))
                taken.append((f"{name}[{i}]", out))
                self.out.append(out)
                if not (cnp.PyArray_IS_C_CONTIGUOUS(out) and cnp.PyArray_ISALIGNED(out)):
                    out = cnp.PyArray_EMPTY(cnp.PyArray_NDIM(a), cnp.PyArray_DIMS(a), cnp.PyArray_TYPE(a), 0)
                self.own.append(out)
        self.args.grad_boxes = self.address(0)
        self.args.grad_scores = self.address(1)
        if self.args.angles != NULL:
            self.args.grad_angles = self.address(2)
        if self.args.keypoints != NULL:
            self.args.grad_keypoints = self.address(2)
        if self.args.masks != NULL:
            self.args.grad_coefficients = self.address(2)
            self.args.grad_proto = self.address(3)
        return 0

    cdef char *address(self, int i) except? NULL:
        return <char *>cnp.PyArray_DATA(<cnp.ndarray>self.own[i])

    cdef int run(self) except -1:
        cdef int status
        with nogil:
            status = fl_detection(&self.args)
        if status != FL_OK:
            raise MemoryError("no memory for the assignment of the objects")
        for out, own in zip(self.out, self.own):
            if out is not own:
                out[...] = own
        return 0

    cdef object loss(self, object result, tuple items, double total):
        """A named tuple of the total and the parts."""
        return result(total, *[self.args.items[<int>i] for i, _ in items])


cdef bint wants_several(str name, object grad) except -1:
    """`wants` for several outputs: False: no; True, a sequence: yes."""
    if grad is False or (isinstance(grad, np.bool_) and not grad):
        return False
    if grad is True or isinstance(grad, (np.bool_, tuple, list)):
        return True
    raise TypeError(f"{name} is {shown(grad)}; expected False, True or a tuple of writable arrays")


cdef tuple COCO_SIGMAS = (
    0.026, 0.025, 0.025, 0.035, 0.035, 0.079, 0.079, 0.072, 0.072, 0.062, 0.062, 0.107, 0.107, 0.087, 0.087,
    0.089, 0.089,
)
cdef tuple UPRIGHT_ITEMS = ((FL_ITEM_BOX, "box"), (FL_ITEM_CLS, "cls"), (FL_ITEM_DFL, "dfl"))
cdef tuple ROTATED_ITEMS = UPRIGHT_ITEMS + ((FL_ITEM_ANGLE, "angle"),)
cdef tuple POSE_ITEMS = (
    (FL_ITEM_BOX, "box"), (FL_ITEM_POSE, "pose"), (FL_ITEM_KOBJ, "kobj"), (FL_ITEM_CLS, "cls"), (FL_ITEM_DFL, "dfl"),
)
cdef tuple MASK_ITEMS = ((FL_ITEM_BOX, "box"), (FL_ITEM_SEG, "seg"), (FL_ITEM_CLS, "cls"), (FL_ITEM_DFL, "dfl"))


cdef object finish(Detection d, object result, tuple items, object gains, object class_weight, object grad):
    """Run a criterion whose arrays are set."""
    cdef bint derive
    d.set_loss(gains, items, class_weight)
    derive = wants_several("grad", grad)
    if derive:
        d.set_grad("grad", grad, [])
    d.run()
    loss = d.loss(result, items, d.args.total)
    return (loss, tuple(d.out)) if derive else loss


def detection(result, boxes, scores, batch_idx, cls, bboxes, level_sizes, strides, gains, topk, topk2,
              alpha, beta, class_weight, min_side, grad):
    """The criterion of one head, as a `result` (a named tuple), and where asked for its gradients."""
    cdef Detection d = Detection()
    d.set_head(boxes, scores, "boxes", "scores", level_sizes, strides)
    d.set_targets(batch_idx, cls, bboxes)
    d.set_assignment(topk, topk2, alpha, beta, min_side)
    return finish(d, result, UPRIGHT_ITEMS, gains, class_weight, grad)


def obb_detection(result, boxes, scores, angles, batch_idx, cls, bboxes, level_sizes, strides, gains, topk,
                  topk2, alpha, beta, class_weight, min_side, grad):
    """... of rotated boxes."""
    cdef Detection d = Detection()
    d.set_head(boxes, scores, "boxes", "scores", level_sizes, strides)
    d.set_angles(angles)
    d.set_targets(batch_idx, cls, bboxes)
    d.set_assignment(topk, topk2, alpha, beta, min_side)
    return finish(d, result, ROTATED_ITEMS, gains, class_weight, grad)


def pose(result, boxes, scores, keypoints, batch_idx, cls, bboxes, target_keypoints, level_sizes, strides,
         gains, sigmas, topk, topk2, alpha, beta, class_weight, min_side, grad):
    """... with keypoints."""
    cdef Detection d = Detection()
    d.set_head(boxes, scores, "boxes", "scores", level_sizes, strides)
    d.set_targets(batch_idx, cls, bboxes)
    d.set_keypoints(keypoints, target_keypoints, sigmas)
    d.set_assignment(topk, topk2, alpha, beta, min_side)
    return finish(d, result, POSE_ITEMS, gains, class_weight, grad)


def segmentation_detection(result, boxes, scores, coefficients, proto, batch_idx, cls, bboxes, masks,
                           level_sizes, strides, gains, overlapping, topk, topk2, alpha, beta, class_weight,
                           min_side, grad):
    """... with instance masks."""
    cdef Detection d = Detection()
    d.set_head(boxes, scores, "boxes", "scores", level_sizes, strides)
    d.set_targets(batch_idx, cls, bboxes)
    d.set_masks(coefficients, proto, masks, overlapping)
    d.set_assignment(topk, topk2, alpha, beta, min_side)
    return finish(d, result, MASK_ITEMS, gains, class_weight, grad)


def end_to_end_detection(result, one2many, one2one, batch_idx, cls, bboxes, weights, level_sizes, strides,
                         gains, topk, topk2, alpha, beta, class_weight, min_side, grad):
    """The criterion of a detector with two heads."""
    cdef Detection head
    cdef list heads = [], taken = []
    cdef tuple factors = parse_several("weights", weights, 2, "(one2many, one2one)")
    cdef tuple first = parse_several("topk", topk, 2, "a pair: (one2many, one2one)")
    cdef tuple second = parse_several("topk2", topk2, 2, "a pair: (one2many, one2one)")
    cdef bint derive = wants_several("grad", grad)
    buffers = grad
    if derive and isinstance(grad, (tuple, list)):
        buffers = parse_several("grad", grad, 2, "False, True or a pair of pairs of arrays")
    for i, (name, output) in enumerate((("one2many", one2many), ("one2one", one2one))):
        head = Detection()
        boxes, scores = parse_several(name, output, 2, "a pair of arrays: (boxes, scores)")
        head.set_head(boxes, scores, f"{name}[0]", f"{name}[1]", level_sizes, strides)
        head.set_targets(batch_idx, cls, bboxes)
        head.set_assignment(first[i], second[i], alpha, beta, min_side)
        head.set_loss(gains, UPRIGHT_ITEMS, class_weight)
        head.args.factor = parse_in_domain(b"weights", factors[i], FL_NONNEGATIVE)
        taken += head.arguments
        heads.append(head)
    if derive:
        for i in range(2):
            head = heads[i]
            own = isinstance(buffers, tuple)
            head.set_grad(f"grad[{i}]" if own else "grad", buffers[i] if own else True, taken)
    total = 0.0
    for head in heads:
        head.run()
        total += head.args.total
    loss = head.loss(result, UPRIGHT_ITEMS, total)
    return (loss, tuple([tuple((<Detection>h).out) for h in heads])) if derive else loss


def end_to_end_weights(epoch, epochs):
    cdef double weights[2]
    fl_end_to_end_weights(
        parse_in_domain(b"epoch", epoch, FL_NONNEGATIVE), parse_in_domain(b"epochs", epochs, FL_POSITIVE), weights
    )
    return weights[0], weights[1]


def task_aligned_assign(result, boxes, scores, batch_idx, cls, bboxes, level_sizes, strides, topk, topk2,
                        alpha, beta, min_side):
    """The object of every anchor and its score, as a `result` (a named tuple)."""
    cdef Detection d = Detection()
    cdef cnp.npy_intp shape[2]
    cdef cnp.ndarray index, score
    d.set_head(boxes, scores, "boxes", "scores", level_sizes, strides)
    d.set_targets(batch_idx, cls, bboxes)
    d.set_assignment(topk, topk2, alpha, beta, min_side)
    shape[0], shape[1] = d.args.batch, d.args.anchors
    index = cnp.PyArray_EMPTY(2, shape, cnp.NPY_INT64, 0)
    score = cnp.PyArray_EMPTY(2, shape, cnp.PyArray_TYPE(d.boxes), 0)
    d.args.object_index = <int64_t *>cnp.PyArray_DATA(index)
    d.args.object_score = <char *>cnp.PyArray_DATA(score)
    d.run()
    return result(index, score)
