# direct.pxi -- public functions without the Python frame in between, 7 to 20 % of a small call.
#
# A public function is a signature, a docstring and one call into this module. `direct` runs that body once, with
# a marker for each argument, and sees what the call is given: arguments, constants, tuples of arguments. From
# then on arguments go there from C. A call that does not fit the signature is left to the function itself,
# so that errors are Python's own.

from functools import update_wrapper
from sys import modules
from types import BuiltinFunctionType, FunctionType, MethodType

cdef extern from "Python.h":
    ctypedef struct PyObject
    ctypedef object (*vectorcallfunc)(object, PyObject *const *, size_t, PyObject *)
    ctypedef struct PyTypeObject:
        Py_ssize_t tp_vectorcall_offset
        unsigned long tp_flags
    unsigned long Py_TPFLAGS_HAVE_VECTORCALL
    Py_ssize_t PyVectorcall_NARGS(size_t)
    object PyObject_Vectorcall(object, PyObject *const *, size_t, PyObject *)
    Py_ssize_t PyTuple_GET_SIZE(PyObject *)
    PyObject *PyTuple_GET_ITEM(PyObject *, Py_ssize_t)

cdef enum:
    MOST_ARGUMENTS = 32

cdef struct Source:
    # What an argument of the inner call is: argument `first`; a tuple of `count` from there on; a constant.
    int first, count
    PyObject *constant              # of a tuple: of the defaults

cdef enum:
    CONSTANT = -1
    ITSELF = 0


class Recorder:
    """A function of this module, or the module, that notes what it is called with."""

    def __init__(self, inner, calls):
        self.inner, self.calls = inner, calls

    def __getattr__(self, name):
        return Recorder(getattr(self.inner, name), self.calls)

    def __call__(self, *arguments):
        self.calls.append((self.inner, arguments))


@cython.final
cdef class direct:
    """A function that goes straight to the call that is its body."""

    cdef vectorcallfunc vectorcall
    cdef dict __dict__
    cdef object __weakref__
    cdef object function, inner
    cdef tuple names
    cdef list kept                                  # what the pointers below refer to
    cdef int n, n_positional, n_required, n_inner   # required: those before the last without a default, and it
    cdef PyObject *defaults[MOST_ARGUMENTS]         # NULL: required
    cdef Source sources[MOST_ARGUMENTS]

    def __cinit__(self):
        self.vectorcall = call_directly

    def __init__(self, function):
        code, calls = function.__code__, []
        names = code.co_varnames[:code.co_argcount + code.co_kwonlyargcount]
        markers = [object() for _ in names]
        around = dict(function.__globals__)
        for name in code.co_names:
            if isinstance(around.get(name), BuiltinFunctionType) or around.get(name) is modules[__name__]:
                around[name] = Recorder(around[name], calls)
        FunctionType(code, around)(
            *markers[:code.co_argcount], **dict(zip(names[code.co_argcount:], markers[code.co_argcount:]))
        )
        if len(calls) != 1:
            raise TypeError(f"{function.__qualname__} makes {len(calls)} calls into {__name__}; expected 1")
        self.inner, arguments = calls[0]
        if len(names) > MOST_ARGUMENTS or len(arguments) > MOST_ARGUMENTS:
            raise TypeError(f"{function.__qualname__} has more than {MOST_ARGUMENTS} arguments")
        if self.function is not None:
            raise TypeError(f"{self.function.__qualname__} is made already")
        self.function, self.names = function, names
        self.n, self.n_positional, self.n_inner = len(names), code.co_argcount, len(arguments)
        defaults = dict(function.__kwdefaults__ or {})
        given = function.__defaults__ or ()
        defaults.update(zip(names[code.co_argcount - len(given):], given))
        self.kept = [defaults]
        for i, name in enumerate(names):
            self.defaults[i] = <PyObject *>defaults[name] if name in defaults else NULL
            if name not in defaults:
                self.n_required = i + 1
        for i, argument in enumerate(arguments):
            self.sources[i] = self.source(argument, markers, [defaults.get(name) for name in names])
        update_wrapper(self, function)

    cdef Source source(self, object argument, list markers, list defaults) except *:
        cdef Source s
        self.kept.append(argument)
        s.first, s.count, s.constant = 0, CONSTANT, <PyObject *>argument
        if argument in markers:
            s.first, s.count = markers.index(argument), ITSELF
        elif isinstance(argument, tuple) and argument:
            s.first, s.count = markers.index(argument[0]), len(argument)
            if markers[s.first:s.first + s.count] != list(argument):
                raise TypeError("a tuple in the call holds something else than arguments in their order")
            usual = tuple(defaults[s.first:s.first + s.count])
            self.kept.append(usual)
            s.constant = <PyObject *>usual
        return s

    def __getattr__(self, name):
        return getattr(self.function, name)

    def __call__(self, *arguments, **keywords):
        return self.function(*arguments, **keywords)

    def __get__(self, instance, owner):
        return self if instance is None else MethodType(self, instance)

    def __reduce__(self):
        return self.__qualname__

    def __repr__(self):
        return repr(self.function)


cdef inline int place(direct self, PyObject *keyword) noexcept:
    cdef int i
    for i in range(self.n):
        if keyword == PyTuple_GET_ITEM(<PyObject *>self.names, i):      # names are interned
            return i
    return -1


cdef object call_directly(object callable, PyObject *const *args, size_t flags, PyObject *keywords):
    cdef direct self = <direct>callable
    cdef PyObject *given[MOST_ARGUMENTS]
    cdef PyObject *inner[MOST_ARGUMENTS]
    cdef Py_ssize_t n = PyVectorcall_NARGS(flags), k
    cdef int i, at
    cdef Source *s
    cdef list tuples = None
    if n > self.n_positional:
        return PyObject_Vectorcall(self.function, args, flags, keywords)
    for i in range(n):
        given[i] = args[i]
    for i in range(n, self.n):
        given[i] = self.defaults[i]
    if keywords != NULL:
        for k in range(PyTuple_GET_SIZE(keywords)):
            at = place(self, PyTuple_GET_ITEM(keywords, k))
            if at < n:      # unknown, or given already
                return PyObject_Vectorcall(self.function, args, flags, keywords)
            given[at] = args[n + k]
    for i in range(n, self.n_required):
        if given[i] == NULL:
            return PyObject_Vectorcall(self.function, args, flags, keywords)
    for i in range(self.n_inner):
        s = &self.sources[i]
        if s.count == ITSELF:
            inner[i] = given[s.first]
        elif s.count == CONSTANT or unchanged(self, s, given):
            inner[i] = s.constant
        else:
            packed = tuple([<object>given[at] for at in range(s.first, s.first + s.count)])
            if tuples is None:
                tuples = []
            tuples.append(packed)
            inner[i] = <PyObject *>packed
    return PyObject_Vectorcall(self.inner, inner, self.n_inner, NULL)


cdef inline bint unchanged(direct self, Source *s, PyObject **given) noexcept:
    cdef int i
    for i in range(s.first, s.first + s.count):
        if given[i] != self.defaults[i]:
            return False
    return True


cdef direct _any = direct.__new__(direct)
(<PyTypeObject *>direct).tp_vectorcall_offset = <char *>&_any.vectorcall - <char *><PyObject *>_any
(<PyTypeObject *>direct).tp_flags |= Py_TPFLAGS_HAVE_VECTORCALL
