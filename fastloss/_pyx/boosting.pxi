# boosting.pxi -- derivatives of raw predictions, as the boosting engines ask for them.

cdef extern from "fastloss.h" nogil:
    void fl_boost_row(const double *x, Py_ssize_t classes, Py_ssize_t label, const double *parts, double scale,
                      double *grad, double *matrix)

# The floor under every curvature, that of XGBoost's own logistic objective.
cdef double CURVATURE_FLOOR = 1e-16


def parameter_names(int loss):
    """The names of a loss's parameters, in the order of `pointwise`."""
    cdef const fl_loss_info *info = fl_loss_at(loss)
    return [info.parameters[i].name.decode() for i in range(info.n_parameters)]


cdef object bad_row(str what, cnp.ndarray a, object bad, str expected):
    """The error for the first element of `a` that is bad; None if there is none."""
    found = np.flatnonzero(bad)
    if not found.size:
        return None
    position = np.unravel_index(found[0], shape_of(a))
    column = f", column {int(position[1])}" if len(position) > 1 else ""
    return ValueError(f"row {int(position[0])}{column}: {what} is {a[position]}; expected {expected}")


cdef object report_rows(cnp.ndarray x, cnp.ndarray w):
    error = bad_row("prediction", x, ~np.isfinite(x), "a finite number")
    if error is None and w is not None:
        error = bad_row("weight", w, ~np.isfinite(w), "a finite number")
    return error


@cython.final
cdef class PointDerivatives:
    """Gradient and curvature of a pointwise loss, with its parameters and the labels it admits."""

    cdef int loss, l1
    cdef double values[4]
    cdef double factor, least, low, high, knee
    cdef bint signs
    cdef str expected
    cdef cnp.ndarray aux

    def __init__(self, int loss, tuple parameters, aux, double factor, double least, double low, double high,
                 str expected, bint signs, double knee):
        """`factor` scales the loss; `knee` > 0 is the share of the mean residual that is taken for the knee."""
        cdef const fl_loss_info *info = fl_loss_at(loss)
        cdef int i
        for i in range(FL_MAX_PARAMETERS):
            self.values[i] = 0
        for i in range(info.n_parameters):
            self.values[i] = parse_in_domain(info.parameters[i].name, parameters[i], info.parameters[i].domain)
        self.loss = loss
        self.l1 = losses()["l1"]
        self.aux = None if aux is None else as_operand("pos_weight", aux)
        self.factor, self.least, self.low, self.high, self.knee = factor, least, low, high, knee
        self.expected = expected
        self.signs = signs

    def __call__(self, predictions, labels, weight, double sign, cnp.ndarray grad not None, cnp.ndarray hess not None):
        """Fill grad and hess, both float32 or both float64, with `sign` times the derivatives."""
        cdef fl_pointwise_args args
        cdef fl_boost boost
        cdef cnp.ndarray x = as_operand("predictions", predictions), t = as_operand("labels", labels), w = None
        cdef int i, status

        if not same_shape(x, t):
            raise ValueError(f"labels have shape {shape_of(t)}, but predictions have shape {shape_of(x)}")
        if weight is not None:
            w = as_operand("weights", weight)
            if cnp.PyArray_NDIM(w) != 1 or cnp.PyArray_NDIM(x) < 1 or cnp.PyArray_DIM(w, 0) != cnp.PyArray_DIM(x, 0):
                raise ValueError(f"weights have shape {shape_of(w)}, but predictions have shape {shape_of(x)}")
            if cnp.PyArray_NDIM(x) > 1:
                w = w.reshape((-1,) + (1,) * (cnp.PyArray_NDIM(x) - 1))
        args.loss = self.loss
        args.factor = sign * self.factor
        args.reused = False
        args.reduction = FL_REDUCE_SUM
        args.dtype = F64 if operand_type(x) == F64 or operand_type(grad) == F64 else F32
        for i in range(FL_MAX_PARAMETERS):
            args.parameters[i] = self.values[i]
        args.space.size = cnp.PyArray_SIZE(x)
        args.space.ndim = cnp.PyArray_NDIM(x)
        for i in range(args.space.ndim):
            args.space.shape[i] = cnp.PyArray_DIM(x, i)
        broadcast(&args.input, "predictions", x, x, "predictions")
        broadcast(&args.target, "labels", t, x, "predictions")
        broadcast(&args.aux, "pos_weight", self.aux, x, "predictions")
        broadcast(&args.weight, "weights", w, x, "predictions")
        args.value.data = args.aux_grad.data = args.aux_hess.data = NULL
        broadcast(&args.grad, "grad", grad, x, "predictions")
        broadcast(&args.hess, "hess", hess, x, "predictions")
        fl_space_prepare(&args)
        boost.least, boost.low, boost.high, boost.signs = self.least, self.low, self.high, self.signs
        boost.floor = CURVATURE_FLOOR
        boost.bad = 0
        if self.knee > 0:
            args.parameters[FL_KNEE] = self.knee_of(&args)
        with nogil:
            status = fl_boost_pointwise(&args, &boost)
        if status != FL_OK:
            raise MemoryError("no memory for the partial sums")
        if boost.bad:
            raise self.report(x, t, w)

    cdef double knee_of(self, const fl_pointwise_args *whole):
        """A share of the mean residual; any other positive number where there is none."""
        cdef fl_pointwise_args args = whole[0]
        cdef double knee
        args.loss = self.l1
        args.factor = 1
        args.reduction = FL_REDUCE_MEAN
        args.aux.data = args.grad.data = args.hess.data = NULL
        with nogil:
            fl_pointwise(&args)
        knee = self.knee * args.result
        return knee if 1e-30 < knee < INFINITY else 1

    cdef object report(self, cnp.ndarray x, cnp.ndarray t, cnp.ndarray w):
        error = report_rows(x, None) or bad_row("prediction", x, x < self.least, f"a number >= {self.least:g}")
        if error is None:
            bad = ~((t >= self.low) & (t <= self.high) & np.isfinite(t))
            if self.signs:
                bad |= (t != 0) & (abs(t) != 1)
            error = bad_row("label", t, bad, self.expected)
        return error or report_rows(x, w)


@cython.final
cdef class RowDerivatives:
    """Gradient and curvature of a rowwise loss of class scores, with its parameters."""

    cdef int loss
    cdef tuple parameters
    cdef object class_weight, ignore_index
    cdef double smoothing

    def __init__(self, int loss, tuple parameters, class_weight, ignore_index, label_smoothing):
        cdef fl_rowwise_args args
        cdef RowCall call = RowCall.__new__(RowCall)
        call.start(&args, loss, np.zeros((1, 2)), 1, "sum")
        call.parameters(parameters)
        self.loss = loss
        self.parameters = parameters
        self.class_weight = None if class_weight is None else as_operand("weight", class_weight)
        self.ignore_index = parse_index("ignore_index", ignore_index)
        self.smoothing = parse_in_domain("label_smoothing", label_smoothing, FL_UNIT)

    def __call__(self, predictions, labels, weight, double multiple):
        """Gradient and curvature of (rows, classes) as float32, in the order of the predictions.

        The curvature of a class is its diagonal entry of the Hessian times `multiple`.
        """
        cdef fl_rowwise_args args
        cdef RowCall call = RowCall.__new__(RowCall)
        cdef fl_boost boost
        cdef cnp.ndarray t = as_operand("labels", labels), w = None, row_weights
        call.start(&args, self.loss, predictions, 1, "sum")
        call.parameters(self.parameters)
        call.args.smoothing = self.smoothing
        call.class_weights(self.class_weight)
        if cnp.PyArray_NDIM(call.x) != 2:
            raise ValueError(f"predictions have shape {shape_of(call.x)}; expected (rows, classes)")
        if cnp.PyArray_NDIM(t) != 1 or cnp.PyArray_DIM(t, 0) != cnp.PyArray_DIM(call.x, 0):
            raise ValueError(f"labels have shape {shape_of(t)}, but predictions have shape {shape_of(call.x)}")
        call.target = t
        with np.errstate(invalid="ignore"):
            call.read = contiguous(t, cnp.NPY_INT64)
        if cnp.PyTypeNum_ISFLOAT(cnp.PyArray_TYPE(t)) and not np.array_equal(call.read, t):
            raise bad_row("label", t, np.asarray(call.read) != t, f"a class, 0..{call.args.classes - 1}")
        call.args.index = <const int64_t *>cnp.PyArray_DATA(call.read)
        call.args.ignore_index = self.ignore_index
        boost.low = boost.high = boost.signs = boost.bad = 0
        boost.floor = CURVATURE_FLOOR
        boost.multiple = multiple
        boost.row_weight = NULL
        boost.parts = NULL
        boost.narrow = 0
        if weight is not None:
            w = as_operand("weights", weight)
            if cnp.PyArray_NDIM(w) != 1 or cnp.PyArray_DIM(w, 0) != cnp.PyArray_DIM(call.x, 0):
                raise ValueError(f"weights have shape {shape_of(w)}, but predictions have shape {shape_of(call.x)}")
            row_weights = contiguous(w, cnp.PyArray_TYPE(call.x))
            boost.row_weight = cnp.PyArray_DATA(row_weights)
        if not call.rows and call.args.dtype == F64:
            boost.narrow = 1
            call.g = new_of(shape_of(call.x)[::-1], cnp.NPY_FLOAT32).T
            call.h = new_of(shape_of(call.x)[::-1], cnp.NPY_FLOAT32).T
            call.matches(&call.args.grad, call.g)
            call.matches(&call.args.hess, call.h)
        else:
            call.outputs(predictions, labels, None, True, True)
        call.boost = &boost
        call.run()
        call.boost = NULL
        if not isfinite(call.args.result) or (w is not None and not np.isfinite(w).all()):
            error = report_rows(call.x, w)
            if error is not None:
                raise error
        return call.g.astype(np.float32, copy=False), call.h.astype(np.float32, copy=False)

    def row(self, scores, label, double weight):
        """The gradient and the whole Hessian of one row, both negative, as lists."""
        cdef fl_rowwise_args args
        cdef RowCall call = RowCall.__new__(RowCall)
        cdef fl_boost boost
        cdef double parts[2]
        cdef double number = label
        cdef int64_t index = <int64_t>number if abs(number) < 1e15 else -1
        cdef cnp.ndarray x = contiguous(as_operand("scores", scores), cnp.NPY_DOUBLE), out
        cdef Py_ssize_t classes = cnp.PyArray_SIZE(x), i
        cdef double *at
        call.start(&args, self.loss, x, 0, "sum")
        call.parameters(self.parameters)
        call.args.smoothing = self.smoothing
        call.class_weights(self.class_weight)
        if index != number or not (0 <= index < classes or index == self.ignore_index):
            raise IndexError(f"label is {number:g}; expected a class, 0..{classes - 1}")
        call.args.index = &index
        call.args.ignore_index = self.ignore_index
        out = np.empty((classes + 2, classes))          # gradient, diagonal, Hessian
        at = <double *>cnp.PyArray_DATA(out)
        call.args.grad = call.args.hess = call.args.input
        call.args.grad.data = <char *>at
        call.args.hess.data = <char *>(at + classes)
        boost.low = boost.high = boost.signs = boost.bad = boost.narrow = 0
        boost.floor = CURVATURE_FLOOR
        boost.multiple = 1
        boost.row_weight = NULL
        boost.parts = parts
        parts[0] = parts[1] = 0
        if fl_boost_rowwise(&args, &boost) != FL_OK:
            raise MemoryError("no memory for a row of exponentials")
        if not isfinite(call.args.result) or not isfinite(weight):
            for i in range(classes):
                if not isfinite((<double *>cnp.PyArray_DATA(x))[i]):
                    raise ValueError(f"column {i}: prediction is {x[i]}; expected a finite number")
            if not isfinite(weight):
                raise ValueError(f"weight is {weight}; expected a finite number")
        fl_boost_row(<const double *>cnp.PyArray_DATA(x), classes, index, parts, -weight, at, at + 2 * classes)
        lists = out.tolist()
        return lists[0], lists[2:]
