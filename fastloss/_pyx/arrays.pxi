# arrays.pxi -- Python objects to operands: conversion, checks, outputs.

cdef int F32 = 0, F64 = 1

cdef inline int operand_type(cnp.ndarray a) noexcept:
    """The fl_type of an array's elements, -1 if the kernels cannot read them."""
    cdef int number = cnp.PyArray_TYPE(a)
    cdef Py_ssize_t size = cnp.PyArray_ITEMSIZE(a)
    if number == cnp.NPY_FLOAT:
        return F32
    if number == cnp.NPY_DOUBLE:
        return F64
    if number == cnp.NPY_BOOL:
        return FL_U8
    if cnp.PyTypeNum_ISSIGNED(number) and cnp.PyTypeNum_ISINTEGER(number):
        return FL_I8 if size == 1 else FL_I16 if size == 2 else FL_I32 if size == 4 else FL_I64
    if cnp.PyTypeNum_ISUNSIGNED(number):
        return FL_U8 if size == 1 else FL_U16 if size == 2 else FL_U32 if size == 4 else FL_U64
    return -1


cdef str shown(object value):
    """A value as messages show it: short, whatever it is."""
    try:
        text = repr(value)
    except Exception:      # a number of too many digits, an object that cannot be printed
        return f"<{type(value).__name__}>"
    return text if len(text) <= 200 else f"{text[:160]}... <{type(value).__name__}>"


cdef cnp.ndarray from_dlpack(str name, object x):
    try:
        return np.from_dlpack(x)
    except (TypeError, ValueError, RuntimeError, BufferError) as error:
        raise TypeError(f"{name} cannot be read as an array: {error}") from error


cdef inline cnp.ndarray as_array(str name, object x):
    """A plain, aligned, native-order array that shares memory where it can."""
    if cnp.PyArray_CheckExact(x) and cnp.PyArray_ISBEHAVED_RO(x):
        return x
    return converted(name, x)


cdef cnp.ndarray converted(str name, object x):
    cdef cnp.ndarray a
    if cnp.PyArray_CheckExact(x):
        a = x
    else:
        if x is None:
            raise TypeError(f"{name} is None; expected an array")
        try:
            a = np.asarray(x)
        except (TypeError, ValueError, RuntimeError, BufferError) as error:
            if hasattr(x, "__dlpack__"):
                a = from_dlpack(name, x)
            elif isinstance(error, (TypeError, ValueError)):
                raise type(error)(f"{name} cannot be read as an array: {error}") from error
            else:
                raise
        if cnp.PyArray_TYPE(a) == cnp.NPY_OBJECT and hasattr(x, "__dlpack__"):
            a = from_dlpack(name, x)
    if not cnp.PyArray_ISBEHAVED_RO(a):
        a = a.astype(a.dtype.newbyteorder("="), order="K", copy=True)
    return a


cdef cnp.ndarray as_input(str name, object x):
    """The array that fixes the working type: float32 or float64."""
    cdef cnp.ndarray a = as_array(name, x)
    cdef int number = cnp.PyArray_TYPE(a)
    if number == cnp.NPY_FLOAT or number == cnp.NPY_DOUBLE:
        return a
    raise wrong_dtype(name, a, "float32 or float64")


cdef cnp.ndarray as_operand(str name, object x):
    """An array of real numbers of any type the loops convert as they read."""
    cdef cnp.ndarray a = as_array(name, x)
    if operand_type(a) < 0:
        raise wrong_dtype(name, a, "a float32, float64, integer or bool array")
    return a


cdef object wrong_dtype(str name, cnp.ndarray a, str expected):
    if a.dtype.name in ("float16", "bfloat16"):
        return TypeError(
            f"{name} has dtype {a.dtype}, which is not supported yet; convert it with "
            f"{name}.astype(np.float32)"
        )
    return TypeError(f"{name} has dtype {a.dtype}; expected {expected}")


cdef object shape_of(cnp.ndarray a):
    return (<object>a).shape


cdef inline bint same_shape(cnp.ndarray a, cnp.ndarray b) noexcept:
    cdef int i, n = cnp.PyArray_NDIM(a)
    if n != cnp.PyArray_NDIM(b):
        return False
    for i in range(n):
        if cnp.PyArray_DIM(a, i) != cnp.PyArray_DIM(b, i):
            return False
    return True


cdef tuple REDUCTIONS = ("mean", "sum", "none")
cdef int[3] REDUCTION_CODES = [FL_REDUCE_MEAN, FL_REDUCE_SUM, FL_REDUCE_NONE]


cdef int parse_reduction(object reduction) except -1:
    return REDUCTION_CODES[parse_choice("reduction", reduction, REDUCTIONS)]


cdef int position_of(object value, tuple choices) except -2:
    """The position of a string among the choices, -1 if it is none of them."""
    cdef int i, n = len(choices)
    for i in range(n):      # a literal is the same object: no comparison of letters
        if value is choices[i]:
            return i
    if isinstance(value, str):
        for i in range(n):
            if value == <str>choices[i]:
                return i
    return -1


cdef int parse_choice(str name, object value, tuple choices) except -1:
    cdef int i = position_of(value, choices)
    if i >= 0:
        return i
    *others, last = map(repr, choices)
    raise ValueError(f"{name} is {shown(value)}; expected {', '.join(others)} or {last}")


cdef int parse_batch_reduction(object reduction, cnp.ndarray x, double *factor) except -1:
    """parse_reduction with "batchmean" besides: the sum over the length of the first axis."""
    if isinstance(reduction, str) and reduction == "batchmean":
        if cnp.PyArray_NDIM(x):
            factor[0] = 1.0 / cnp.PyArray_DIM(x, 0)
        return FL_REDUCE_SUM
    try:
        return parse_reduction(reduction)
    except ValueError as error:
        raise ValueError(f"reduction is {shown(reduction)}; expected 'batchmean', 'mean', 'sum' or 'none'") from None


cdef double parse_number(const char *c_name, object value) except? -1.25:
    if isinstance(value, float):
        return value
    if type(value) is int:
        try:
            return value
        except OverflowError:
            return INFINITY
    cdef str name = c_name.decode()
    if isinstance(value, (str, bytes, complex, np.complexfloating)) or not hasattr(value, "__float__") or (
        cnp.PyArray_Check(value) and value.dtype.kind not in "biuf"
    ):
        raise TypeError(f"{name} is {shown(value)}; expected a number")
    try:
        return float(value)
    except OverflowError:
        return INFINITY
    except (TypeError, ValueError):
        raise TypeError(f"{name} is {shown(value)}; expected a number") from None


cdef bint parse_flag(str name, object value) except -1:
    if value is True or value is False:
        return value is True
    if isinstance(value, np.bool_):
        return bool(value)
    raise TypeError(f"{name} is {shown(value)}; expected True or False")


cdef double parse_in_domain(const char *name, object value, int domain) except? -1.25:
    cdef double x
    if domain == FL_FLAG:      # a name is made for errors alone
        return value is True if value is True or value is False else parse_flag(name.decode(), value)
    x = <double>value if type(value) is float else parse_number(name, value)
    if domain == FL_ANY_FINITE and isfinite(x):
        return x
    if domain == FL_NONNEGATIVE and isfinite(x) and x >= 0:
        return x
    if domain == FL_POSITIVE and isfinite(x) and x > 0:
        return x
    if domain == FL_UNIT and 0 <= x <= 1:
        return x
    if domain == FL_UNIT_OR_OFF and (0 <= x <= 1 or x == -1):
        return x
    if domain == FL_ONE_OR_TWO and (x == 1 or x == 2):
        return x
    if domain == FL_TWEEDIE and isfinite(x) and (x == 0 or x >= 1):
        return x
    expected = {
        FL_ANY_FINITE: "a finite number",
        FL_NONNEGATIVE: "a finite number >= 0",
        FL_POSITIVE: "a finite number > 0",
        FL_UNIT: "a number in [0, 1]",
        FL_UNIT_OR_OFF: "a number in [0, 1], or -1 to switch it off",
        FL_ONE_OR_TWO: "1 or 2",
        FL_TWEEDIE: "0 or a finite number >= 1",
    }[domain]
    raise ValueError(f"{name.decode()} is {shown(value)}; expected {expected}")


cdef Py_ssize_t parse_count(str name, object value, Py_ssize_t least) except? -2:
    """A number of things; beyond 2^31 they are as good as all."""
    if isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} is {shown(value)}; expected an integer")
    try:
        count = to_index(value)
    except (TypeError, ValueError):
        raise TypeError(f"{name} is {shown(value)}; expected an integer") from None
    if count < least:
        raise ValueError(f"{name} is {shown(value)}; expected an integer >= {least}")
    return min(count, 2**31)


# ---- outputs ---------------------------------------------------------------------

cdef cnp.ndarray empty(cnp.ndarray like, int number):
    """A new array of like's shape and memory order."""
    if cnp.PyArray_IS_C_CONTIGUOUS(like):
        return new(cnp.PyArray_NDIM(like), cnp.PyArray_DIMS(like), number)
    return np.empty_like(like, dtype=np.float32 if number == cnp.NPY_FLOAT else np.float64, order="K", subok=False)


cdef cnp.ndarray zeros(cnp.ndarray like):
    """A new array of zeros of like's type, shape and memory order."""
    if cnp.PyArray_IS_C_CONTIGUOUS(like):
        return new(cnp.PyArray_NDIM(like), cnp.PyArray_DIMS(like), cnp.PyArray_TYPE(like), True)
    return np.zeros_like(like, order="K", subok=False)


cdef inline void extent(cnp.ndarray a, char **low, char **high) noexcept:
    """The range of addresses an array may touch."""
    cdef int i
    cdef Py_ssize_t reach
    low[0] = high[0] = <char *>cnp.PyArray_DATA(a)
    for i in range(cnp.PyArray_NDIM(a)):
        reach = (cnp.PyArray_DIM(a, i) - 1) * cnp.PyArray_STRIDE(a, i)
        if reach < 0:
            low[0] += reach
        else:
            high[0] += reach
    high[0] += cnp.PyArray_ITEMSIZE(a)


cdef bint overlap(cnp.ndarray a, cnp.ndarray b) except -1:
    """Whether two arrays share an element; exact, but cheap for arrays that lie apart."""
    cdef char *low_a
    cdef char *high_a
    cdef char *low_b
    cdef char *high_b
    extent(a, &low_a, &high_a)
    extent(b, &low_b, &high_b)
    if high_a <= low_b or high_b <= low_a:
        return False
    return np.shares_memory(a, b)


cdef cnp.ndarray contiguous(cnp.ndarray a, int number):
    """C-contiguous and of one type; the array itself where it is both."""
    if cnp.PyArray_TYPE(a) == number and cnp.PyArray_IS_C_CONTIGUOUS(a):
        return a
    return cnp.PyArray_FROMANY(a, number, 0, 0, cnp.NPY_ARRAY_CARRAY_RO | cnp.NPY_ARRAY_FORCECAST)


cdef bint same_memory(cnp.ndarray a, cnp.ndarray b) noexcept:
    """Whether two arrays are the same view of the same memory."""
    cdef int i
    if a is b:
        return True
    if (
        cnp.PyArray_DATA(a) != cnp.PyArray_DATA(b)
        or cnp.PyArray_TYPE(a) != cnp.PyArray_TYPE(b)
        or not same_shape(a, b)
    ):
        return False
    for i in range(cnp.PyArray_NDIM(a)):
        if cnp.PyArray_STRIDE(a, i) != cnp.PyArray_STRIDE(b, i):
            return False
    return True


cdef bint repeats(cnp.ndarray a) noexcept:
    """Whether elements share memory, or lie between each other as only as_strided makes them."""
    cdef int i, j, n = cnp.PyArray_NDIM(a)
    cdef Py_ssize_t stride, extent
    for i in range(n):
        if cnp.PyArray_DIM(a, i) < 2:
            continue
        stride, extent = abs(cnp.PyArray_STRIDE(a, i)), cnp.PyArray_ITEMSIZE(a)
        for j in range(n):          # how far the axes inside this one reach
            if abs(cnp.PyArray_STRIDE(a, j)) < stride or (abs(cnp.PyArray_STRIDE(a, j)) == stride and j > i):
                extent += (cnp.PyArray_DIM(a, j) - 1) * abs(cnp.PyArray_STRIDE(a, j))
        if stride < extent:
            return True
    return False


cdef cnp.ndarray checked_output(str name, object out, cnp.ndarray like, str like_name):
    """The caller's buffer for a derivative by `like`; keep_apart says from what."""
    cdef cnp.ndarray a
    if not cnp.PyArray_Check(out):
        raise TypeError(f"{name} is {shown(out)}; expected False, True or a writable array")
    a = out
    if cnp.PyArray_TYPE(a) != cnp.PyArray_TYPE(like) or not cnp.PyArray_ISNOTSWAPPED(a):
        raise TypeError(f"{name} has dtype {a.dtype}, but {like_name} has dtype {like.dtype}")
    if not same_shape(a, like):
        raise ValueError(f"{name} has shape {shape_of(a)}, but {like_name} has shape {shape_of(like)}")
    if not cnp.PyArray_ISWRITEABLE(a):
        raise ValueError(f"{name} is read-only; expected a writable array")
    if not cnp.PyArray_IS_C_CONTIGUOUS(a) and cnp.PyArray_SIZE(a) and repeats(a):
        raise ValueError(f"{name} has several elements in one place (its strides are {(<object>a).strides})")
    return a


cdef int keep_apart(cnp.ndarray out, str name, object other, str other_name) except -1:
    """An error if the buffer shares memory with what the caller gave as another argument."""
    if not cnp.PyArray_Check(other):
        if other is None or isinstance(other, (bool, int, float, list, tuple)):
            return 0
        other = as_array(other_name, other)      # a tensor or a memoryview is read where it lies
    if overlap(out, other):
        raise ValueError(f"{name} shares memory with {other_name}")
    return 0


cdef bint in_place(cnp.ndarray out, object given, cnp.ndarray x) noexcept:
    """Whether the buffer is the input itself, as given or as read."""
    return same_memory(out, x) or (cnp.PyArray_Check(given) and same_memory(out, given))


cdef cnp.ndarray as_output(str name, object out, cnp.ndarray like, str like_name, tuple arguments):
    """Check the caller's buffer for a derivative by `like` against all (name, argument) pairs."""
    cdef cnp.ndarray a = checked_output(name, out, like, like_name)
    for argument, other in arguments:
        keep_apart(a, name, other, argument)
    return a


cdef inline bint is_buffer(object flag) noexcept:
    """Whether an output argument brings its own array."""
    return not (flag is True or flag is False) and cnp.PyArray_Check(flag)


cdef bint wants(str name, object flag) except -1:
    """Whether an output argument asks for anything (False: no; True, array: yes)."""
    if flag is False:
        return False
    if flag is True or cnp.PyArray_Check(flag):
        return True
    if isinstance(flag, np.bool_):
        return bool(flag)
    raise TypeError(f"{name} is {shown(flag)}; expected False, True or a writable array")


# ---- operands ---------------------------------------------------------------------

cdef inline bint lies_as(cnp.ndarray a, cnp.ndarray x) noexcept:
    """Whether an array, if there is one, can be read in one go with the contiguous x."""
    return a is None or (
        cnp.PyArray_TYPE(a) == cnp.PyArray_TYPE(x) and cnp.PyArray_IS_C_CONTIGUOUS(a) and same_shape(a, x)
    )


cdef inline void flat(fl_operand *o, cnp.ndarray a, int type) noexcept:
    """A contiguous array as a space of one axis; None is an absent operand."""
    if a is None:
        o.data = NULL
        return
    o.data = <char *>cnp.PyArray_DATA(a)
    o.type = type
    o.direct = 1
    o.strides[0] = cnp.PyArray_ITEMSIZE(a)


cdef int broadcast(fl_operand *o, str name, cnp.ndarray a, cnp.ndarray to, str to_name) except -1:
    """Strides of `a` broadcast to the shape of `to`; None is an absent operand."""
    cdef int i, n, lead
    if a is None:
        o.data = NULL
        return 0
    n = cnp.PyArray_NDIM(to)
    lead = n - cnp.PyArray_NDIM(a)
    if lead < 0:
        raise ValueError(f"{name} has shape {shape_of(a)}, which does not broadcast to {to_name}'s {shape_of(to)}")
    o.data = <char *>cnp.PyArray_DATA(a)
    o.type = operand_type(a)
    o.direct = 0
    for i in range(n):
        if i < lead:
            o.strides[i] = 0
        elif cnp.PyArray_DIM(a, i - lead) == cnp.PyArray_DIM(to, i):
            o.strides[i] = cnp.PyArray_STRIDE(a, i - lead)
        elif cnp.PyArray_DIM(a, i - lead) == 1:
            o.strides[i] = 0
        else:
            raise ValueError(f"{name} has shape {shape_of(a)}, which does not broadcast to {to_name}'s {shape_of(to)}")
    return 0
