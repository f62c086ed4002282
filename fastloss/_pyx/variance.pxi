# variance.pxi -- the one pointwise loss that differentiates by a third array as well.

cdef void report_negative(str name, cnp.ndarray a) except *:
    """An error for the first negative element, if there is one: NaN may have come from elsewhere."""
    bad = np.flatnonzero(a < 0)
    if bad.size:
        position = np.unravel_index(bad[0], shape_of(a))
        index = f"[{', '.join(str(int(i)) for i in position)}]" if position else ""
        raise ValueError(f"{name}{index} is {a[position]}; expected values >= 0")


cdef int variance_axis(cnp.ndarray var, cnp.ndarray x) except -2:
    """The axis along which a variance serves for all elements; -1 if there is one for each."""
    cdef int i, axis = -1, n = cnp.PyArray_NDIM(x)
    cdef bint fits = cnp.PyArray_NDIM(var) == n
    if same_shape(var, x):
        return -1
    if cnp.PyArray_NDIM(var) == n - 1 and shape_of(var) == shape_of(x)[: n - 1]:
        return n - 1
    for i in range(n if fits else 0):
        if cnp.PyArray_DIM(var, i) != cnp.PyArray_DIM(x, i):
            fits = fits and axis < 0 and cnp.PyArray_DIM(var, i) == 1
            axis = i
    if not fits:
        raise ValueError(
            f"var has shape {shape_of(var)}, but input has shape {shape_of(x)}; expected the same shape, "
            "one axis of length 1 in it, or the last axis left out"
        )
    return axis


cdef tuple BOTH = (True, True), NEITHER = (False, False)


cdef tuple each_output(str name, object request):
    """What is asked for by input and by var: a flag serves both, a tuple has a buffer for each."""
    if request is True:
        return BOTH
    if request is False:
        return NEITHER
    if isinstance(request, (tuple, list)):
        if len(request) != 2:
            raise ValueError(f"{name} is {shown(request)}; expected 2 arrays, for input and var")
        return tuple(request)
    if cnp.PyArray_Check(request):
        raise TypeError(f"{name} is one array; expected False, True or 2 writable arrays, for input and var")
    return request, request


cdef object finish_variance(object request, cnp.ndarray each, cnp.ndarray var, int axis):
    """The derivative by the variances themselves, from that by every element's own."""
    if axis >= 0:
        total = np.add.reduce(each, axis=axis, dtype=np.float64, keepdims=True)
        each = total.astype(each.dtype).reshape(shape_of(var))
    if not cnp.PyArray_Check(request):
        return each
    if request is not each:
        request[...] = each
    return request


cdef int check_variance_buffer(str name, cnp.ndarray out, cnp.ndarray x, cnp.ndarray var, input, target, given,
                               weight, first_grad, first_hess, str last_name, last) except -1:
    """A buffer for a derivative by var has its shape and the dtype of input, and lies apart from all else."""
    cdef cnp.ndarray model = var
    if cnp.PyArray_TYPE(var) != cnp.PyArray_TYPE(x):
        model = np.broadcast_to(x.dtype.type(0), shape_of(var))
    checked_output(name, out, model, "var")
    keep_apart(out, name, input, "input")
    keep_apart(out, name, target, "target")
    keep_apart(out, name, given, "var")
    keep_apart(out, name, weight, "weight")
    keep_apart(out, name, first_grad, "the other grad")
    keep_apart(out, name, first_hess, "the other hess")
    keep_apart(out, name, last, last_name)
    return 0


def gaussian_nll(int loss, input, target, var, weight, tuple parameters, reduction, grad, hess):
    """gaussian_nll_loss: `var` is a number or an array, of which the derivatives are wanted too."""
    cdef cnp.ndarray x, a, view, each_grad = None, each_hess = None
    cdef tuple grads, hesses
    cdef int axis, nan_seen = 0
    cdef bint want_grad, want_hess
    if type(var) is float or (not cnp.PyArray_Check(var) and isinstance(var, (int, float, np.number))):
        return call_pointwise(1, loss, input, target, weight, None, "var", parameters + (var,), reduction, grad, hess,
                              None, None, NULL)
    x = as_input("input", input)
    a = as_operand("var", var)
    axis = variance_axis(a, x)
    view = a if cnp.PyArray_NDIM(a) == cnp.PyArray_NDIM(x) else a[..., None]
    grads = each_output("grad", grad)
    hesses = each_output("hess", hess)
    want_hess = hesses is not NEITHER and wants("hess", hesses[0]) | wants("hess", hesses[1])
    want_grad = grads is BOTH or want_hess or (
        grads is not NEITHER and wants("grad", grads[0]) | wants("grad", grads[1]))
    if is_buffer(grads[1]):
        check_variance_buffer("grad", grads[1], x, a, input, target, var, weight, grads[0], hesses[0],
                              "hess", hesses[1])
    if is_buffer(hesses[1]):
        check_variance_buffer("hess", hesses[1], x, a, input, target, var, weight, grads[0], hesses[0],
                              "grad", grads[1])
    if want_grad:
        each_grad = direct_buffer(grads[1], x)
    if want_hess:
        each_hess = direct_buffer(hesses[1], x)
    result = call_pointwise(1, loss, input, target, weight, view, "var", parameters, reduction,
                            grads[0] if is_buffer(grads[0]) else want_grad,
                            hesses[0] if is_buffer(hesses[0]) else want_hess, each_grad, each_hess, &nan_seen)
    if nan_seen:
        report_negative("var", a)
    if axis < 0 and grads is BOTH and hesses is NEITHER:
        return result
    if not want_grad:
        return result
    first = result[1][0], finish_variance(grads[1], each_grad, a, axis)
    if not want_hess:
        return result[0], first
    return result[0], first, (result[2][0], finish_variance(hesses[1], each_hess, a, axis))


cdef cnp.ndarray direct_buffer(object request, cnp.ndarray x):
    """The caller's buffer where the loop can fill it, else an array of its own."""
    if is_buffer(request) and same_shape(request, x) and cnp.PyArray_ISALIGNED(request):
        return request
    return empty(x, cnp.PyArray_TYPE(x))
