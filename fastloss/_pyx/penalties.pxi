# penalties.pxi -- functions of one array of parameters, or of a collection of them.

cdef double add_penalty(fl_pointwise_args *args, str name, object given, cnp.ndarray w, object grad,
                        list grads) except? -1.25:
    """The penalty of one array, read as `w`; its gradient is appended to `grads` where asked for."""
    cdef cnp.ndarray g = None, out = None
    cdef int status, i
    if wants("grad", grad):
        if is_buffer(grad):
            out = as_output("grad", grad, w, name, ((name, given),))
        g = out if out is not None and cnp.PyArray_ISALIGNED(out) else empty(w, cnp.PyArray_TYPE(w))
    args.reused = out is not None
    args.dtype = F32 if cnp.PyArray_TYPE(w) == cnp.NPY_FLOAT else F64
    args.space.size = cnp.PyArray_SIZE(w)
    args.space.ndim = cnp.PyArray_NDIM(w)
    for i in range(args.space.ndim):
        args.space.shape[i] = cnp.PyArray_DIM(w, i)
    broadcast(&args.input, name, w, w, name)
    broadcast(&args.target, name, w, w, name)
    broadcast(&args.grad, name, g, w, name)
    args.aux.data = args.weight.data = args.value.data = args.hess.data = NULL
    args.aux_grad.data = args.aux_hess.data = NULL
    fl_space_prepare(args)
    if fl_pointwise_cost(args) > RELEASE_GIL_NS:
        with nogil:
            status = fl_pointwise(args)
    else:
        status = fl_pointwise(args)
    if status != FL_OK:
        raise MemoryError("no memory for the partial sums")
    if out is not None and g is not out:
        out[...] = g
        g = out
    if g is not None:
        grads.append(g)
    return args.result


def penalty(int loss, params, strength, tuple parameters, grad):
    """The sum of a penalty over one array, a sequence or a dict of arrays."""
    cdef fl_pointwise_args args
    cdef const fl_loss_info *info = fl_loss_at(loss)
    cdef int i
    cdef double total
    cdef list grads = []
    args.loss = loss
    args.reduction = FL_REDUCE_SUM
    args.factor = parse_in_domain("strength", strength, FL_NONNEGATIVE)
    for i in range(info.n_parameters):
        args.parameters[i] = parse_in_domain(
            info.parameters[i].name, parameters[i], info.parameters[i].domain
        )
    if not isinstance(params, (dict, list, tuple)) or is_numbers(params):
        total = add_penalty(&args, "params", params, as_input("params", params), grad, grads)
        return (total, grads[0]) if grads else total
    return penalty_of_many(&args, params, grad)


cdef object penalty_of_many(fl_pointwise_args *args, object params, object grad):
    """The penalty of a dict, list or tuple of arrays; the gradients come as a dict or list."""
    cdef double total = 0
    cdef list grads = [], keys = list(params) if isinstance(params, dict) else list(range(len(params)))
    cdef list names = [f"params[{key!r}]" for key in keys]
    cdef list given = [params[key] for key in keys]
    cdef bint whole = isinstance(grad, (bool, np.bool_))
    cdef list arrays = [as_input(name, each) for name, each in zip(names, given)]
    if whole:
        buffers = [grad] * len(keys)
    elif isinstance(params, dict):
        if not isinstance(grad, dict) or grad.keys() != params.keys():
            raise TypeError(f"grad is {shown(grad)}; expected False, True or a dict with the keys of params")
        buffers = [grad[key] for key in keys]
    else:
        if not isinstance(grad, (list, tuple)) or len(grad) != len(keys):
            raise TypeError(f"grad is {shown(grad)}; expected False, True or a list of {len(keys)} arrays")
        buffers = list(grad)
    taken = list(zip(names, given))
    if not whole:      # every check before any write
        for key, name, w, buffer in zip(keys, names, arrays, buffers):
            if not cnp.PyArray_Check(buffer):
                raise TypeError(f"grad[{key!r}] is {shown(buffer)}; expected a writable array")
            as_output("grad", buffer, w, name, tuple(taken))
            taken.append((f"the gradient of {name}", buffer))
    for name, each, w, buffer in zip(names, given, arrays, buffers):
        total += add_penalty(args, name, each, w, buffer, grads)
    if whole and not grad:
        return total
    return total, dict(zip(keys, grads)) if isinstance(params, dict) else grads


cdef bint is_numbers(object sequence):
    """Whether a sequence is one array written out, not a list of arrays."""
    return bool(sequence) and all(isinstance(item, (int, float)) for item in sequence)
