# detection.pxi -- a detection criterion: a head's output, the objects of a batch, the gradients.

cdef class Detection:
    """One head's output with the objects it is trained on; keeps the arrays that `args` points to."""

    cdef fl_detection_args args
    cdef cnp.ndarray boxes, scores, image, label, targets, weights, points, sigmas, masks
    cdef list arguments      # (name, array) of the caller's, which no output may touch
    cdef list inputs         # (name, contiguous array) of those that have a gradient, boxes and scores first
    cdef list out, own       # the gradients, and where the kernels write them

    def __cinit__(self):
        cdef int i
        self.args.angles = self.args.keypoints = self.args.masks = self.args.sem = NULL
        self.args.object_index = NULL
        self.args.object_score = NULL
        self.args.grad_boxes = self.args.grad_scores = self.args.grad_angles = NULL
        self.args.grad_keypoints = self.args.grad_coefficients = self.args.grad_proto = self.args.grad_sem = NULL
        self.args.class_weight = NULL
        self.args.narrow = self.args.wide = 0
        self.args.assign_keypoints = self.args.assign_masks = self.args.zeroed = False
        self.args.factor = 1
        for i in range(FL_ITEMS):
            self.args.gains[i] = 0
        self.arguments, self.inputs, self.out, self.own = [], [], [], []

    cdef cnp.ndarray add_input(self, str name, object given_array, cnp.ndarray a):
        """An array with a gradient, contiguous."""
        cdef cnp.ndarray whole = contiguous(a, cnp.PyArray_TYPE(a))
        self.arguments.append((name, given_array))
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
            self.args.levels[i].height = parse_count(f"level_sizes[{i}]", height, 1)
            self.args.levels[i].width = parse_count(f"level_sizes[{i}]", width, 1)
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

    cdef int set_keypoints(self, object keypoints, object target_keypoints, object sigmas, object decode,
                           object assignment) except -1:
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
        self.arguments.append(("target_keypoints", target_keypoints))
        finite = np.isfinite(self.points).all(axis=(1, 2))
        if not finite.all():
            raise ValueError(f"target_keypoints[{np.argmin(finite)}] holds a number that is not finite")
        self.args.keypoints = <char *>cnp.PyArray_DATA(raw)
        self.args.target_keypoints = <char *>cnp.PyArray_DATA(self.points)
        self.args.from_anchor = parse_choice("decode", decode, ("cell", "anchor"))
        self.args.assign_keypoints = parse_flag("keypoint_assignment", assignment)
        return self.set_sigmas(sigmas)

    cdef int set_sigmas(self, object sigmas) except -1:
        cdef Py_ssize_t n = self.args.n_keypoints
        if sigmas is None:
            self.sigmas = np.array(COCO_SIGMAS) if n == len(COCO_SIGMAS) else np.full(n, 1.0 / n)
        else:
            self.sigmas = contiguous(as_operand("sigmas", sigmas), cnp.NPY_DOUBLE)
            self.arguments.append(("sigmas", sigmas))
            if shape_of(self.sigmas) != (n,):
                raise ValueError(f"sigmas has shape {shape_of(self.sigmas)}, but there are {n} keypoints")
            if not (np.isfinite(self.sigmas) & (np.asarray(self.sigmas) > 0)).all():
                raise ValueError(f"sigmas is {shown(sigmas)}; expected finite numbers > 0")
        self.args.sigmas = <double *>cnp.PyArray_DATA(self.sigmas)
        return 0

    cdef int set_masks(self, object coefficients, object proto, object masks, object overlapping,
                       object assignment) except -1:
        cdef cnp.ndarray c, p, m = as_operand("masks", masks)
        cdef Py_ssize_t n
        self.args.overlapping = parse_flag("overlapping", overlapping)
        self.args.assign_masks = parse_flag("mask_assignment", assignment)
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
        self.arguments.append(("masks", masks))
        self.args.coefficients = <char *>cnp.PyArray_DATA(c)
        self.args.proto = <char *>cnp.PyArray_DATA(p)
        self.args.masks = <char *>cnp.PyArray_DATA(self.masks)
        self.args.n_proto = cnp.PyArray_DIM(p, 1)
        self.args.proto_height, self.args.proto_width = cnp.PyArray_DIM(p, 2), cnp.PyArray_DIM(p, 3)
        self.args.mask_height, self.args.mask_width = cnp.PyArray_DIM(m, 1), cnp.PyArray_DIM(m, 2)
        return 0

    cdef int set_semantic(self, object sem, object gain) except -1:
        cdef cnp.ndarray a
        self.args.gains[<int>FL_ITEM_SEM] = parse_in_domain(b"sem_gain", gain, FL_NONNEGATIVE)
        if sem is None:
            return 0
        a = self.add_output("sem", sem, 4, f"({self.args.batch}, {self.args.classes}, height, width)")
        if cnp.PyArray_DIM(a, 1) != self.args.classes or not cnp.PyArray_DIM(a, 2) or not cnp.PyArray_DIM(a, 3):
            raise ValueError(
                f"sem has shape {shape_of(a)}; expected ({self.args.batch}, {self.args.classes}, height, width)"
            )
        self.args.sem = <char *>cnp.PyArray_DATA(a)
        self.args.sem_height, self.args.sem_width = cnp.PyArray_DIM(a, 2), cnp.PyArray_DIM(a, 3)
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
        self.arguments += [("batch_idx", batch_idx), ("cls", cls), ("bboxes", bboxes)]
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
        self.args.topk = parse_count("topk", topk, 1)
        self.args.topk2 = 0 if topk2 is None else parse_count("topk2", topk2, 1)
        self.args.alpha = parse_in_domain(b"alpha", alpha, FL_NONNEGATIVE)
        self.args.beta = parse_in_domain(b"beta", beta, FL_POSITIVE)
        self.args.trigger = parse_in_domain(b"min_side", trigger, FL_NONNEGATIVE)
        self.args.floor = parse_in_domain(b"min_side", least, FL_NONNEGATIVE)
        return 0

    cdef int set_level_range(self, object level_range) except -1:
        if level_range is None:
            return 0
        narrow, wide = parse_several("level_range", level_range, 2, "None or (least, most) strides")
        self.args.narrow = parse_in_domain(b"level_range", narrow, FL_NONNEGATIVE)
        self.args.wide = parse_in_domain(b"level_range", wide, FL_POSITIVE)
        if self.args.narrow > self.args.wide:
            raise ValueError(f"level_range is {shown(level_range)}; expected (least, most), the lesser first")
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
            self.arguments.append(("class_weight", class_weight))
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
        if self.args.sem != NULL:
            self.args.grad_sem = self.address(4)
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
