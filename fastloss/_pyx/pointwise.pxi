# pointwise.pxi -- losses whose every element stands alone.

# Argument names where they are not (input, target).
cdef dict ARGUMENT_NAMES = {"sigmoid_focal": ("inputs", "targets")}


cdef object report_unit_input(str name, cnp.ndarray x):
    """An error for the first element outside [0, 1]; None if NaN came from elsewhere."""
    bad = np.flatnonzero((x < 0) | (x > 1))
    if not bad.size:
        return None
    position = np.unravel_index(bad[0], shape_of(x))
    index = f"[{', '.join(str(int(i)) for i in position)}]" if position else ""
    return ValueError(f"{name}{index} is {x[position]}; expected values in [0, 1]")


def pointwise(int loss, input, target, weight, aux, tuple parameters, reduction, grad, hess):
    """Value, and where asked for first and second derivative, of a pointwise loss."""
    return call_pointwise(1, loss, input, target, weight, aux, "pos_weight", parameters, reduction, grad, hess,
                          None, None, NULL)


cdef object call_pointwise(double factor, int loss, input, target, weight, aux, str aux_name, tuple parameters,
                           reduction, grad, hess, cnp.ndarray aux_grad, cnp.ndarray aux_hess, int *nan_seen):
    """The same times a factor, and for losses that differentiate by the third array too, into arrays that fit."""
    cdef fl_pointwise_args args
    cdef const fl_loss_info *info = fl_loss_at(loss)
    cdef cnp.ndarray x, t, w = None, a = None, v = None, g = None, h = None, g_out = None, h_out = None
    cdef int i, number, status
    cdef bint plain, want_grad = wants("grad", grad), want_hess = wants("hess", hess)
    cdef str input_name = "input", target_name = "target"

    if info.renamed:
        input_name, target_name = ARGUMENT_NAMES[info.name.decode()]
    x = as_input(input_name, input)
    t = as_operand(target_name, target)
    if not same_shape(x, t):
        raise ValueError(f"{target_name} has shape {shape_of(t)}, but {input_name} has shape {shape_of(x)}")
    args.loss = loss
    args.factor = factor
    if info.batch_mean:
        args.reduction = parse_batch_reduction(reduction, x, &args.factor)
    else:
        args.reduction = parse_reduction(reduction)
    for i in range(len(parameters), FL_MAX_PARAMETERS):
        args.parameters[i] = 0
    for i in range(len(parameters)):
        args.parameters[i] = parse_in_domain(
            info.parameters[i].name, parameters[i], info.parameters[i].domain
        )
    number = cnp.PyArray_TYPE(x)
    args.dtype = F32 if number == cnp.NPY_FLOAT else F64
    args.space.size = cnp.PyArray_SIZE(x)
    if weight is not None:
        w = as_operand("weight", weight)
    if aux is not None:
        a = as_operand(aux_name, aux)
    plain = cnp.PyArray_IS_C_CONTIGUOUS(x) and lies_as(t, x) and lies_as(w, x) and lies_as(a, x)

    if want_hess and not is_buffer(hess):
        h = empty(x, number)
    if (want_grad or want_hess) and not is_buffer(grad):
        g = empty(x, number)
    if (want_grad and g is None) or (want_hess and h is None):
        if g is None:
            g = g_out = checked_output("grad", grad, x, input_name)
            if not in_place(g_out, input, x):
                keep_apart(g_out, "grad", input, input_name)
            keep_apart(g_out, "grad", target, target_name)
            keep_apart(g_out, "grad", weight, "weight")
            keep_apart(g_out, "grad", aux, aux_name)
            # An input whose range is checked after the pass must outlive it.
            if not cnp.PyArray_ISALIGNED(g_out) or (info.unit_input and overlap(g_out, x)):
                g = empty(g_out, number)
        if h is None and want_hess:
            h = h_out = checked_output("hess", hess, x, input_name)
            keep_apart(h_out, "hess", input, input_name)
            keep_apart(h_out, "hess", target, target_name)
            keep_apart(h_out, "hess", weight, "weight")
            keep_apart(h_out, "hess", aux, aux_name)
            keep_apart(h_out, "hess", g if g_out is None else g_out, "grad")
            if not cnp.PyArray_ISALIGNED(h_out):
                h = empty(h_out, number)
        plain = plain and lies_as(g, x) and lies_as(h, x)
    args.reused = g is not None and g is g_out
    if args.reduction == FL_REDUCE_NONE:
        v = empty(x, number)

    if plain and lies_as(aux_grad, x) and lies_as(aux_hess, x):
        args.space.ndim = 1
        args.space.shape[0] = args.space.size
        flat(&args.input, x, args.dtype)
        flat(&args.target, t, args.dtype)
        flat(&args.aux, a, args.dtype)
        flat(&args.weight, w, args.dtype)
        flat(&args.value, v, args.dtype)
        flat(&args.grad, g, args.dtype)
        flat(&args.hess, h, args.dtype)
        flat(&args.aux_grad, aux_grad, args.dtype)
        flat(&args.aux_hess, aux_hess, args.dtype)
    else:
        args.space.ndim = cnp.PyArray_NDIM(x)
        for i in range(args.space.ndim):
            args.space.shape[i] = cnp.PyArray_DIM(x, i)
        broadcast(&args.input, input_name, x, x, input_name)
        broadcast(&args.target, target_name, t, x, input_name)
        broadcast(&args.aux, aux_name, a, x, input_name)
        broadcast(&args.weight, "weight", w, x, input_name)
        broadcast(&args.value, "value", v, x, input_name)
        broadcast(&args.grad, "grad", g, x, input_name)
        broadcast(&args.hess, "hess", h, x, input_name)
        broadcast(&args.aux_grad, aux_name, aux_grad, x, input_name)
        broadcast(&args.aux_hess, aux_name, aux_hess, x, input_name)
        fl_space_prepare(&args)

    if fl_pointwise_cost(&args) > RELEASE_GIL_NS:
        with nogil:
            status = fl_pointwise(&args)
    else:
        status = fl_pointwise(&args)
    if status != FL_OK:
        raise MemoryError("no memory for the partial sums")
    if nan_seen != NULL:
        nan_seen[0] = args.nan_seen
    if info.unit_input and args.nan_seen:
        error = report_unit_input(input_name, x)
        if error is not None:
            raise error

    if g_out is not None and g is not g_out:
        g_out[...] = g
        g = g_out
    if h_out is not None and h is not h_out:
        h_out[...] = h
        h = h_out
    value = v if v is not None else args.result
    if h is not None:
        return value, g if aux_grad is None else (g, aux_grad), h if aux_hess is None else (h, aux_hess)
    if g is not None:
        return value, g if aux_grad is None else (g, aux_grad)
    return value
