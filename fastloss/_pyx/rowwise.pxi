# rowwise.pxi -- losses over rows of class scores: (N, C, d1, ...), (C,) or (..., R).

cdef extern from "fastloss.h" nogil:
    ctypedef struct fl_rows:
        char *data
        Py_ssize_t outer, inner, class_

    ctypedef struct fl_rowwise_args:
        int loss, dtype, reduction
        double parameters[4]
        Py_ssize_t outer_count, inner, classes
        fl_rows input, grad, hess, target
        const int64_t *index
        const void *position
        const void *row_weight
        const void *class_weight
        int64_t ignore_index
        double smoothing
        int reused, blank
        void *value
        double result
        Py_ssize_t bad_row

    int fl_rowwise(fl_rowwise_args *args)
    int fl_boost_rowwise(fl_rowwise_args *args, fl_boost *boost)
    double fl_rowwise_cost(const fl_rowwise_args *args)


cdef Py_ssize_t merged_stride(cnp.ndarray a, int first, int last) noexcept:
    """The one stride in bytes that walks the axes first .. last - 1; -1 if there is none."""
    cdef Py_ssize_t stride = 0, extent = 0
    cdef bint found = False
    cdef int i
    for i in range(last - 1, first - 1, -1):
        if cnp.PyArray_DIM(a, i) == 1:
            continue
        if not found:
            found = True
            stride = cnp.PyArray_STRIDE(a, i)
            extent = stride * cnp.PyArray_DIM(a, i)
            if stride < 0:
                return -1
        elif cnp.PyArray_STRIDE(a, i) != extent:
            return -1
        else:
            extent *= cnp.PyArray_DIM(a, i)
    return stride


cdef bint as_rows(fl_rows *rows, cnp.ndarray a, int axis) noexcept:
    """Describe `a` as (outer, classes, inner); False if no single strides do."""
    cdef Py_ssize_t size = cnp.PyArray_ITEMSIZE(a)
    cdef Py_ssize_t outer = merged_stride(a, 0, axis), inner = merged_stride(a, axis + 1, cnp.PyArray_NDIM(a))
    cdef Py_ssize_t class_ = size if cnp.PyArray_DIM(a, axis) == 1 else cnp.PyArray_STRIDE(a, axis)
    cdef int shift = 2 if size == 4 else 3      # a division costs as much as a row
    if outer < 0 or inner < 0 or class_ < 0 or (outer | inner | class_) & (size - 1):
        return False
    rows.data = <char *>cnp.PyArray_DATA(a)
    rows.outer = outer >> shift
    rows.inner = inner >> shift
    rows.class_ = class_ >> shift
    return True


cdef bint by_rows(fl_rows *rows) noexcept:
    return rows.class_ == 1


cdef bint by_pixels(fl_rows *rows, Py_ssize_t inner) noexcept:
    return rows.inner == 1 or (inner == 1 and rows.outer == 1)


@cython.final
@cython.freelist(8)
@cython.no_gc          # what it holds are arrays, and it never outlives the call
cdef class RowCall:
    """The arguments of one rowwise call and the arrays that keep them alive."""

    cdef fl_rowwise_args *args          # on the caller's stack: an object is zeroed
    cdef cnp.ndarray x, g, g_out, h, h_out, v, target
    cdef cnp.ndarray read, weights      # as the loops read them: targets, and weights of classes or rows
    cdef fl_boost *boost
    cdef int axis
    cdef bint rows, ignores, lists, blank

    cdef int start(self, fl_rowwise_args *args, int loss, object input, int axis, object reduction) except -1:
        cdef cnp.ndarray x = as_input("input", input)
        cdef int i
        if cnp.PyArray_NDIM(x) == 0:
            raise ValueError("input has shape (); expected at least one axis of classes")
        self.args = args
        self.axis = axis if axis >= 0 else cnp.PyArray_NDIM(x) - 1
        if cnp.PyArray_NDIM(x) == 1:
            self.axis = 0
        args.classes = cnp.PyArray_DIM(x, self.axis)
        if args.classes == 0:
            raise ValueError(f"input has shape {shape_of(x)}: no classes along axis {self.axis}")
        args.outer_count = args.inner = 1
        for i in range(cnp.PyArray_NDIM(x)):
            if i < self.axis:
                args.outer_count *= cnp.PyArray_DIM(x, i)
            elif i > self.axis:
                args.inner *= cnp.PyArray_DIM(x, i)
        if not as_rows(&args.input, x, self.axis) or not (
            by_rows(&args.input) or by_pixels(&args.input, args.inner)
        ):
            x = np.array(x, order="C", copy=True)      # with strides of its own, for axes of length 1 too
            as_rows(&args.input, x, self.axis)
        self.rows = by_rows(&args.input)
        self.x = x
        args.loss = loss
        args.dtype = F32 if cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT else F64
        args.reduction = parse_reduction(reduction)
        args.index = NULL
        args.position = args.row_weight = args.class_weight = args.value = NULL
        args.grad.data = args.hess.data = args.target.data = NULL
        args.ignore_index = args.bad_row = 0
        args.smoothing = 0
        args.reused = args.blank = False
        for i in range(FL_MAX_PARAMETERS):
            args.parameters[i] = 0
        return 0

    cdef int parameter(self, int i, object value) except -1:
        cdef const fl_loss_info *info = fl_loss_at(self.args.loss)
        self.args.parameters[i] = parse_in_domain(info.parameters[i].name, value, info.parameters[i].domain)
        return 0

    cdef int parameters(self, tuple values) except -1:
        cdef int i
        for i in range(fl_loss_at(self.args.loss).n_parameters):
            self.parameter(i, values[i])
        return 0

    cdef bint one_per_row(self, cnp.ndarray t) noexcept:
        """Whether `t` has the shape of the rows: the input's without the class axis."""
        cdef int i, n = cnp.PyArray_NDIM(self.x) - 1
        if cnp.PyArray_NDIM(t) != n:
            return False
        for i in range(n):
            if cnp.PyArray_DIM(t, i) != cnp.PyArray_DIM(self.x, i if i < self.axis else i + 1):
                return False
        return True

    cdef tuple row_shape(self):
        shape = shape_of(self.x)
        return shape[: self.axis] + shape[self.axis + 1 :]

    cdef bint matches(self, fl_rows *rows, cnp.ndarray a) noexcept:
        """Whether `a` can be read or written along the same axis as the input."""
        if not as_rows(rows, a, self.axis):
            return False
        return by_rows(rows) if self.rows else by_pixels(rows, self.args.inner)

    cdef cnp.ndarray fresh(self, fl_rows *rows):
        """A new array of the input's shape and type, walked along the same axis as the input."""
        cdef cnp.ndarray a = zeros(self.x) if self.blank else empty(self.x, cnp.PyArray_TYPE(self.x))
        if cnp.PyArray_IS_C_CONTIGUOUS(self.x):
            rows[0] = self.args.input
            rows.data = <char *>cnp.PyArray_DATA(a)
            return a
        if self.matches(rows, a):
            return a
        # NumPy orders the axes of a broadcast input as it likes.
        shape, dtype, new = self.row_shape(), self.x.dtype, np.zeros if self.blank else np.empty
        if self.rows:
            a = np.moveaxis(new((*shape, self.args.classes), dtype), -1, self.axis)
        elif self.args.inner == 1:
            a = np.moveaxis(new((self.args.classes, *shape), dtype), 0, self.axis)
        else:
            a = new(shape_of(self.x), dtype)
        self.matches(rows, a)
        return a

    cdef int class_weights(self, object weight) except -1:
        cdef cnp.ndarray w
        if weight is None:
            return 0
        w = as_operand("weight", weight)
        if cnp.PyArray_NDIM(w) != 1 or cnp.PyArray_DIM(w, 0) != self.args.classes:
            raise ValueError(f"weight has shape {shape_of(w)}; expected ({self.args.classes},), one per class")
        self.weights = contiguous(w, cnp.PyArray_TYPE(self.x))
        self.args.class_weight = cnp.PyArray_DATA(self.weights)
        return 0

    cdef int check_rows(self, cnp.ndarray t) except -1:
        if not self.one_per_row(t):
            raise ValueError(f"target has shape {shape_of(t)}; expected {self.row_shape()} for input's {shape_of(self.x)}")
        return 0

    cdef int labels(self, cnp.ndarray t, object ignore_index) except -1:
        """Class indices, one per row."""
        self.check_integers(t)
        self.check_rows(t)
        self.take_labels(t)
        self.ignores = True
        self.args.ignore_index = parse_index("ignore_index", ignore_index)
        return 0

    cdef int check_integers(self, cnp.ndarray t) except -1:
        if operand_type(t) < FL_I8 or cnp.PyArray_TYPE(t) == cnp.NPY_BOOL:
            raise TypeError(f"target has dtype {t.dtype}; expected integer class indices"
                            + (f" of shape {self.row_shape()}" if cnp.PyArray_NDIM(t) else ""))
        return 0

    cdef int take_labels(self, cnp.ndarray t) except -1:
        self.target = t
        if operand_type(t) == FL_U64:
            t = np.minimum(t, np.uint64(2**63 - 1))      # no label, whichever way it is read
        self.read = contiguous(t, cnp.NPY_INT64)
        self.args.index = <const int64_t *>cnp.PyArray_DATA(self.read)
        return 0

    cdef int probabilities(self, cnp.ndarray t, object ignore_index) except -1:
        """Class probabilities, one per score."""
        if parse_index("ignore_index", ignore_index) >= 0:
            raise ValueError(f"ignore_index is {ignore_index}, but target holds class probabilities")
        self.target = t
        if cnp.PyArray_TYPE(t) != cnp.PyArray_TYPE(self.x):
            t = t.astype(self.x.dtype)
        if not self.matches(&self.args.target, t):
            copy = self.fresh(&self.args.target)
            copy[...] = t
            t = copy
        self.read = t
        return 0

    cdef int outputs(self, object input, object target, object weight, object grad, object hess) except -1:
        cdef bint curved = wants("hess", hess)
        if wants("grad", grad) or curved:
            if is_buffer(grad):
                self.g = self.g_out = checked_output("grad", grad, self.x, "input")
                keep_apart(self.g, "grad", target, "target")
                keep_apart(self.g, "grad", weight, "weight")
                if not in_place(self.g, input, self.x):
                    keep_apart(self.g, "grad", input, "input")
            if is_buffer(hess):
                self.h = self.h_out = checked_output("hess", hess, self.x, "input")
                keep_apart(self.h, "hess", input, "input")
                keep_apart(self.h, "hess", target, "target")
                keep_apart(self.h, "hess", weight, "weight")
                keep_apart(self.h, "hess", self.g_out, "grad")
            if self.g is None or not cnp.PyArray_ISALIGNED(self.g) or not self.matches(&self.args.grad, self.g):
                self.g = self.fresh(&self.args.grad)
            if curved and (
                self.h is None or not cnp.PyArray_ISALIGNED(self.h) or not self.matches(&self.args.hess, self.h)
            ):
                self.h = self.fresh(&self.args.hess)
        if self.args.reduction == FL_REDUCE_NONE:
            self.v = np.empty(self.row_shape(), dtype=self.x.dtype)
            self.args.value = cnp.PyArray_DATA(self.v)
        self.args.reused = self.g is not None and self.g is self.g_out
        return 0

    cdef int blank_derivatives(self) except -1:
        """For a loss that writes one entry a row: zeros elsewhere, and labels checked before any write."""
        cdef int status
        cdef bint new_hess = self.h is None or self.h is not self.h_out
        if self.g is None or (self.blank and self.g is not self.g_out and new_hess):
            return 0
        if self.rows and new_hess:
            self.args.blank = True
            if self.h is not None:
                self.h[...] = 0
            return 0
        data = self.args.grad.data
        self.args.grad.data = NULL
        status = fl_rowwise(self.args)
        self.args.grad.data = data
        if status == FL_BAD_LABEL:
            raise self.bad_label()
        if overlap(self.g, self.x):
            self.g = self.fresh(&self.args.grad)
        self.g[...] = 0
        if self.h is not None:
            self.h[...] = 0
        return 0

    cdef object run(self):
        cdef fl_rowwise_args *args = self.args
        cdef int status
        if not self.rows and args.inner == 1:
            # Rows whose classes lie apart but which are neighbours themselves: tiles of rows.
            args.inner = args.outer_count
            args.outer_count = 1
            args.input.inner = args.input.outer
            args.target.inner = args.target.outer
            args.grad.inner = args.grad.outer
            args.hess.inner = args.hess.outer
        if fl_rowwise_cost(args) > RELEASE_GIL_NS:
            with nogil:
                status = fl_boost_rowwise(args, self.boost)
        else:
            status = fl_boost_rowwise(args, self.boost)
        if status == FL_NO_MEMORY:
            raise MemoryError("no memory for a row of exponentials")
        if status == FL_BAD_LABEL:
            raise self.bad_label()
        value = self.v if self.v is not None else args.result
        if self.g is None:
            return value
        if self.g_out is not None and self.g is not self.g_out:
            self.g_out[...] = self.g
            self.g = self.g_out
        if self.h is None:
            return value, self.g
        if self.h_out is not None and self.h is not self.h_out:
            self.h_out[...] = self.h
            self.h = self.h_out
        return value, self.g, self.h

    cdef object bad_label(self):
        if self.boost != NULL:
            return IndexError(f"row {self.args.bad_row}: label is {self.target[self.args.bad_row]}; "
                              f"expected a class, 0..{self.args.classes - 1}")
        shape = shape_of(self.target)
        position = np.unravel_index(self.args.bad_row, shape) if shape else ()
        place = f"[{', '.join(str(int(i)) for i in position)}]" if position else ""
        beside = f"; ignore_index is {self.args.ignore_index}" if self.ignores else ""
        if self.lists:
            beside = "; -1 ends the classes of a row"
        return IndexError(
            f"target{place} is {self.target[position]}, but input has {self.args.classes} classes "
            f"(0..{self.args.classes - 1}){beside}"
        )


cdef int64_t parse_index(str name, object value) except? -2:
    if type(value) is int:
        try:
            return value
        except OverflowError:
            raise ValueError(f"{name} is {shown(value)}, beyond 64 bits") from None
    if isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} is {value!r}; expected an integer")
    try:
        return parse_index(name, to_index(value))
    except TypeError:
        raise TypeError(f"{name} is {shown(value)}; expected an integer") from None


def cross_entropy(int loss, input, target, weight, ignore_index, reduction, label_smoothing, grad, hess):
    """Cross entropy against class indices or class probabilities."""
    cdef fl_rowwise_args args
    cdef RowCall call = RowCall.__new__(RowCall)
    cdef cnp.ndarray t
    call.start(&args, loss, input, 1, reduction)
    t = as_operand("target", target)
    call.args.smoothing = parse_in_domain("label_smoothing", label_smoothing, FL_UNIT)
    call.class_weights(weight)
    if same_shape(t, call.x):
        if operand_type(t) != F32 and operand_type(t) != F64:
            raise TypeError(f"target has dtype {t.dtype} and input's shape {shape_of(t)}; "
                            f"class probabilities are floats, class indices have shape {call.row_shape()}")
        call.probabilities(t, ignore_index)
    else:
        call.labels(t, ignore_index)
    call.outputs(input, target, weight, grad, hess)
    return call.run()


def row_of_probability(int loss, input, target, weight, ignore_index, parameter, reduction, grad, hess):
    """A function of the probability of each row's class."""
    cdef fl_rowwise_args args
    cdef RowCall call = RowCall.__new__(RowCall)
    call.start(&args, loss, input, 1, reduction)
    call.parameter(0, parameter)
    call.class_weights(weight)
    call.labels(as_operand("target", target), ignore_index)
    call.outputs(input, target, weight, grad, hess)
    return call.run()


def nll_loss(int loss, input, target, weight, ignore_index, reduction, grad, hess):
    """The target's entry alone, of rows of log-probabilities."""
    cdef fl_rowwise_args args
    cdef RowCall call = RowCall.__new__(RowCall)
    call.start(&args, loss, input, 1, reduction)
    call.class_weights(weight)
    call.labels(as_operand("target", target), ignore_index)
    # From the system, zeros cost nothing where they are not touched; other memory the threads clear.
    call.blank = not call.rows or from_the_system(cnp.PyArray_NBYTES(call.x))
    call.outputs(input, target, weight, grad, hess)
    call.blank_derivatives()
    return call.run()


def distribution_focal_loss(int loss, input, target, weight, reduction, grad, hess):
    """The two bins around a position."""
    cdef fl_rowwise_args args
    cdef RowCall call = RowCall.__new__(RowCall)
    cdef cnp.ndarray t, w
    call.start(&args, loss, input, -1, reduction)
    if call.args.classes < 2:
        raise ValueError(f"input has shape {shape_of(call.x)}; expected at least 2 bins along the last axis")
    t = as_operand("target", target)
    call.check_rows(t)
    call.target = t
    call.read = contiguous(t, cnp.PyArray_TYPE(call.x))
    call.args.position = cnp.PyArray_DATA(call.read)
    if weight is not None:
        w = as_operand("weight", weight)
        try:
            w = np.broadcast_to(w, call.row_shape())
        except ValueError:
            raise ValueError(f"weight has shape {shape_of(w)}, which does not broadcast to target's {call.row_shape()}") from None
        call.weights = contiguous(w, cnp.PyArray_TYPE(call.x))
        call.args.row_weight = cnp.PyArray_DATA(call.weights)
    call.outputs(input, target, weight, grad, hess)
    return call.run()
