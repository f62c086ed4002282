# margin.pxi -- losses of rows against a margin, and the row means of a pointwise loss.

cdef RowCall margin_call(fl_rowwise_args *args, int loss, cnp.ndarray x, tuple parameters, object reduction):
    """One or more contiguous rows."""
    cdef RowCall call = RowCall.__new__(RowCall)
    call.start(args, loss, x, 1, reduction)
    if cnp.PyArray_NDIM(x) > 2:
        raise ValueError(f"input has shape {shape_of(x)}; expected (N, C) or (C,)")
    if not call.rows:
        call.x = np.array(call.x, order="C", copy=True)
        as_rows(&call.args.input, call.x, call.axis)
        call.rows = True
    call.parameters(parameters)
    return call


cdef object as_row(str name, object buffer):
    """The buffer of a score without axes as a row of one class; flags as they are."""
    if not cnp.PyArray_Check(buffer):
        return buffer
    if cnp.PyArray_NDIM(buffer):
        raise ValueError(f"{name} has shape {shape_of(buffer)}, but input has shape ()")
    return buffer.reshape(1)


cdef object of_scalar(object function, int loss, cnp.ndarray x, tuple rest, object grad, object hess):
    """A score without axes is a row of one class."""
    result = function(loss, x.reshape(1), *rest, as_row("grad", grad), as_row("hess", hess))
    if not isinstance(result, tuple):
        return result
    asked = (grad, hess)
    return (result[0], *(
        buffer if cnp.PyArray_Check(buffer) else a.reshape(()) for a, buffer in zip(result[1:], asked)
    ))


def multi_margin_loss(int loss, input, target, tuple parameters, weight, reduction, grad, hess):
    """One right class per row."""
    cdef fl_rowwise_args args
    cdef RowCall call
    cdef cnp.ndarray x = as_input("input", input), t = as_operand("target", target)
    if cnp.PyArray_NDIM(x) == 0:
        return of_scalar(multi_margin_loss, loss, x, (t, parameters, weight, reduction), grad, hess)
    call = margin_call(&args, loss, x, parameters, reduction)
    call.class_weights(weight)
    call.check_integers(t)
    # A single row takes its label with or without an axis.
    if cnp.PyArray_NDIM(t) > 1 or cnp.PyArray_SIZE(t) != call.args.outer_count:
        raise ValueError(f"target has shape {shape_of(t)}; expected ({call.args.outer_count},) for input's {shape_of(x)}")
    call.take_labels(t)
    call.outputs(input, target, weight, grad, hess)
    if call.v is not None:
        call.v = call.v.reshape(shape_of(t))
    return call.run()


def multilabel_margin_loss(int loss, input, target, reduction, grad, hess):
    """A list of right classes per row."""
    cdef fl_rowwise_args args
    cdef RowCall call
    cdef cnp.ndarray x = as_input("input", input), t = as_operand("target", target)
    if cnp.PyArray_NDIM(x) == 0:
        if cnp.PyArray_NDIM(t) > 1 or cnp.PyArray_SIZE(t) != 1:
            raise ValueError(f"target has shape {shape_of(t)}, but input has shape ()")
        return of_scalar(multilabel_margin_loss, loss, x, (t.reshape(1), reduction), grad, hess)
    call = margin_call(&args, loss, x, (), reduction)
    call.check_integers(t)
    if not same_shape(t, x):
        raise ValueError(f"target has shape {shape_of(t)}, but input has shape {shape_of(x)}")
    call.lists = True
    call.take_labels(t)
    call.outputs(input, target, None, grad, hess)
    return call.run()


def multilabel_soft_margin_loss(int loss, input, target, weight, reduction, grad, hess):
    """A pointwise loss, averaged over the last axis."""
    cdef cnp.ndarray x = as_input("input", input)
    cdef int axis = cnp.PyArray_NDIM(x) - 1, kind = parse_reduction(reduction)
    if axis < 0:
        raise ValueError("input has shape (); expected at least one axis of classes")
    if cnp.PyArray_DIM(x, axis) == 0:
        raise ValueError(f"input has shape {shape_of(x)}: no classes along axis {axis}")
    result = call_pointwise(
        1 if kind == FL_REDUCE_MEAN else 1 / <double>cnp.PyArray_DIM(x, axis),
        loss, input, target, weight, None, "", (), reduction, grad, hess, None, None, NULL
    )
    if kind != FL_REDUCE_NONE:
        return result
    each = result[0] if isinstance(result, tuple) else result
    rows = np.asarray(np.add.reduce(each, axis))
    return (rows, *result[1:]) if isinstance(result, tuple) else rows
