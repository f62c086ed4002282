# margin.pxi -- losses of rows against a margin, and the row means of a pointwise loss.

cdef RowCall margin_call(int loss, object input, tuple parameters, object reduction):
    """One or more contiguous rows."""
    cdef RowCall call = RowCall()
    call.start(loss, input, 1, reduction)
    if cnp.PyArray_NDIM(call.x) > 2:
        raise ValueError(f"input has shape {shape_of(call.x)}; expected (N, C) or (C,)")
    if not call.rows:
        call.x = np.array(call.x, order="C", copy=True)
        as_rows(&call.args.input, call.x, call.axis)
        call.rows = True
    call.parameters(parameters)
    return call


def multi_margin_loss(int loss, input, target, tuple parameters, weight, reduction, grad, hess):
    """One right class per row."""
    cdef RowCall call = margin_call(loss, input, parameters, reduction)
    cdef cnp.ndarray t = as_operand("target", target)
    call.class_weights(weight)
    call.check_integers(t)
    # A single row takes its label with or without an axis.
    if cnp.PyArray_NDIM(t) > 1 or cnp.PyArray_SIZE(t) != call.args.outer_count:
        raise ValueError(f"target has shape {shape_of(t)}; expected ({call.args.outer_count},) for input's {shape_of(call.x)}")
    call.take_labels(t)
    call.outputs(input, target, weight, grad, hess)
    if call.v is not None:
        call.v = call.v.reshape(shape_of(t))
    return call.run()


def multilabel_margin_loss(int loss, input, target, reduction, grad, hess):
    """A list of right classes per row."""
    cdef RowCall call = margin_call(loss, input, (), reduction)
    cdef cnp.ndarray t = as_operand("target", target)
    call.check_integers(t)
    if not same_shape(t, call.x):
        raise ValueError(f"target has shape {shape_of(t)}, but input has shape {shape_of(call.x)}")
    call.lists = True
    call.take_labels(t)
    call.outputs(input, target, None, grad, hess)
    return call.run()


def multilabel_soft_margin_loss(int loss, input, target, weight, reduction, grad, hess):
    """A pointwise loss, averaged over the last axis."""
    cdef cnp.ndarray x = as_input("input", input), rows
    cdef int axis = cnp.PyArray_NDIM(x) - 1, kind = parse_reduction(reduction)
    if axis < 0:
        raise ValueError("input has shape (); expected at least one axis of classes")
    if cnp.PyArray_DIM(x, axis) == 0:
        raise ValueError(f"input has shape {shape_of(x)}: no classes along axis {axis}")
    result = pointwise_times(
        1 if kind == FL_REDUCE_MEAN else 1 / <double>cnp.PyArray_DIM(x, axis),
        loss, input, target, weight, None, (), reduction, grad, hess
    )
    if kind != FL_REDUCE_NONE:
        return result
    each = result[0] if isinstance(result, tuple) else result
    rows = np.asarray(np.add.reduce(each, axis))
    return (rows, *result[1:]) if isinstance(result, tuple) else rows
