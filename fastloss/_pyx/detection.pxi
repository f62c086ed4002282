# detection.pxi -- the detection criterion: a head's output, the objects of a batch, the gradients.

from libc.math cimport floor, isnan

cdef extern from "fastloss.h" nogil:
    enum:
        FL_MAX_LEVELS
        FL_MAX_ITEMS

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
        Py_ssize_t objects
        const double *image
        const double *class_
        const char *targets
        Py_ssize_t topk, topk2
        double alpha, beta, trigger, floor
        double gains[3]
        double factor
        const double *class_weight
        int64_t *object_index
        char *object_score
        char *grad_boxes
        char *grad_scores
        int zeroed
        double items[3]
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
    return contiguous(a, cnp.NPY_DOUBLE)


cdef class Detection:
    """One head's output with the objects it is trained on; keeps the arrays that `args` points to."""

    cdef fl_detection_args args
    cdef cnp.ndarray boxes, scores, image, label, targets, weights
    cdef cnp.ndarray grad_boxes, grad_scores, out_boxes, out_scores
    cdef list arguments
    cdef str boxes_name, scores_name

    def __cinit__(self):
        self.args.object_index = NULL
        self.args.object_score = NULL
        self.args.grad_boxes = NULL
        self.args.grad_scores = NULL
        self.args.class_weight = NULL
        self.args.zeroed = False
        self.args.factor = 1
        self.args.gains[0] = self.args.gains[1] = self.args.gains[2] = 1
        self.arguments = []

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
        self.arguments += [(boxes_name, given(boxes)), (scores_name, given(scores))]
        self.boxes_name, self.scores_name = boxes_name, scores_name
        self.boxes = contiguous(b, cnp.PyArray_TYPE(b))
        self.scores = contiguous(s, cnp.PyArray_TYPE(s))
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
                f"level_sizes is {shown(level_sizes)}, {total} anchors, but {self.boxes_name} has {self.args.anchors}"
            )
        return 0

    cdef int set_targets(self, object batch_idx, object cls, object bboxes) except -1:
        cdef cnp.ndarray t = as_operand("bboxes", bboxes)
        cdef Py_ssize_t n
        if cnp.PyArray_NDIM(t) == 1 and not cnp.PyArray_SIZE(t):      # [] as no boxes
            t = t.reshape(0, 4)
        if cnp.PyArray_NDIM(t) != 2 or cnp.PyArray_DIM(t, 1) != 4:
            raise ValueError(f"bboxes has shape {shape_of(t)}; expected (objects, 4)")
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
                    f"batch_idx[{i}] is {image:.0f}, but {self.boxes_name} has {self.args.batch} images"
                    + (f" (0..{self.args.batch - 1})" if self.args.batch else "")
                )
            if isnan(label):
                raise ValueError(f"cls[{i}] is nan; expected a class")
            if not 0 <= label < self.args.classes:
                raise IndexError(
                    f"cls[{i}] is {label:g}, but {self.scores_name} has {self.args.classes} classes"
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

    cdef int set_loss(self, object gains, object class_weight) except -1:
        for i, gain in enumerate(parse_several("gains", gains, 3, "(box, cls, dfl)")):
            self.args.gains[i] = parse_in_domain(b"gains", gain, FL_NONNEGATIVE)
        if class_weight is not None:
            self.weights = weights_of_classes(class_weight, self.args.classes, False, False)
            self.arguments.append(("class_weight", given(class_weight)))
            self.args.class_weight = <double *>cnp.PyArray_DATA(self.weights)
        return 0

    cdef int set_grad(self, str name, object grad, list taken) except -1:
        """Buffers for (boxes, scores), or new ones; `taken` collects what no buffer may touch."""
        if grad is True or isinstance(grad, np.bool_):
            self.grad_boxes = self.out_boxes = zeros(self.boxes)
            self.grad_scores = self.out_scores = empty(self.scores, cnp.PyArray_TYPE(self.scores))
            self.args.zeroed = True
        else:
            buffers = parse_several(name, grad, 2, "False, True or a pair of arrays for boxes and scores")
            self.out_boxes = as_output(f"{name}[0]", buffers[0], self.boxes, self.boxes_name, tuple(self.arguments + taken))
            taken.append((f"{name}[0]", self.out_boxes))
            self.out_scores = as_output(f"{name}[1]", buffers[1], self.scores, self.scores_name, tuple(self.arguments + taken))
            taken.append((f"{name}[1]", self.out_scores))
            self.grad_boxes = self.own(self.out_boxes)
            self.grad_scores = self.own(self.out_scores)
        self.args.grad_boxes = <char *>cnp.PyArray_DATA(self.grad_boxes)
        self.args.grad_scores = <char *>cnp.PyArray_DATA(self.grad_scores)
        return 0

    cdef cnp.ndarray own(self, cnp.ndarray out):
        """The caller's buffer where the kernels can write it."""
        if cnp.PyArray_IS_C_CONTIGUOUS(out) and cnp.PyArray_ISALIGNED(out):
            return out
        return cnp.PyArray_EMPTY(3, cnp.PyArray_DIMS(out), cnp.PyArray_TYPE(out), 0)

    cdef int run(self) except -1:
        cdef int status
        with nogil:
            status = fl_detection(&self.args)
        if status != FL_OK:
            raise MemoryError("no memory for the assignment of the objects")
        if self.out_boxes is not self.grad_boxes:
            self.out_boxes[...] = self.grad_boxes
        if self.out_scores is not self.grad_scores:
            self.out_scores[...] = self.grad_scores
        return 0

    cdef tuple grads(self):
        return self.out_boxes, self.out_scores


cdef bint wants_pair(str name, object grad) except -1:
    """`wants` for a pair of outputs: False: no; True, a sequence: yes."""
    if grad is False or (isinstance(grad, np.bool_) and not grad):
        return False
    if grad is True or isinstance(grad, (np.bool_, tuple, list)):
        return True
    raise TypeError(f"{name} is {shown(grad)}; expected False, True or a pair of writable arrays")


def detection(result, boxes, scores, batch_idx, cls, bboxes, level_sizes, strides, gains, topk, topk2,
              alpha, beta, class_weight, min_side, grad):
    """The criterion of one head, as a `result` (a named tuple), and where asked for its gradients."""
    cdef Detection d = Detection()
    d.set_head(boxes, scores, "boxes", "scores", level_sizes, strides)
    d.set_targets(batch_idx, cls, bboxes)
    d.set_assignment(topk, topk2, alpha, beta, min_side)
    d.set_loss(gains, class_weight)
    cdef bint derive = wants_pair("grad", grad)
    if derive:
        d.set_grad("grad", grad, [])
    d.run()
    loss = result(d.args.total, d.args.items[0], d.args.items[1], d.args.items[2])
    return (loss, d.grads()) if derive else loss


def end_to_end_detection(result, one2many, one2one, batch_idx, cls, bboxes, weights, level_sizes, strides,
                         gains, topk, topk2, alpha, beta, class_weight, min_side, grad):
    """The criterion of a detector with two heads."""
    cdef Detection head
    cdef list heads = [], taken = []
    cdef tuple factors = parse_several("weights", weights, 2, "(one2many, one2one)")
    cdef tuple first = parse_several("topk", topk, 2, "a pair: (one2many, one2one)")
    cdef tuple second = parse_several("topk2", topk2, 2, "a pair: (one2many, one2one)")
    cdef bint derive = wants_pair("grad", grad)
    buffers = grad
    if derive and isinstance(grad, (tuple, list)):
        buffers = parse_several("grad", grad, 2, "False, True or a pair of pairs of arrays")
    for i, (name, output) in enumerate((("one2many", one2many), ("one2one", one2one))):
        head = Detection()
        boxes, scores = parse_several(name, output, 2, "a pair of arrays: (boxes, scores)")
        head.set_head(boxes, scores, f"{name}[0]", f"{name}[1]", level_sizes, strides)
        head.set_targets(batch_idx, cls, bboxes)
        head.set_assignment(first[i], second[i], alpha, beta, min_side)
        head.set_loss(gains, class_weight)
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
    loss = result(total, head.args.items[0], head.args.items[1], head.args.items[2])
    return (loss, tuple([(<Detection>h).grads() for h in heads])) if derive else loss


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
