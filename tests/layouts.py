"""Arrays of given numbers in every memory layout that NumPy has."""

import numpy as np


def c_order(a):
    return np.array(a, order="C")


def f_order(a):
    return np.array(a, order="F")


def class_axis_last(a):
    """The second axis innermost in memory."""
    return np.moveaxis(c_order(np.moveaxis(a, 1, -1)), -1, 1) if a.ndim > 1 else c_order(a)


def reversed_axes(a):
    order = tuple(range(a.ndim))[::-1]
    return c_order(a.transpose(order)).transpose(order)


def sliced(a):
    wide = np.full(tuple(2 * n + 1 for n in a.shape), 7, a.dtype)
    view = wide[(*(slice(1, None, 2) for _ in a.shape), ...)]
    view[...] = a
    return view


def negative(a):
    flip = (*(slice(None, None, -1) for _ in a.shape), ...)
    return c_order(a[flip])[flip]


def last_gap(a):
    """Rows of a wider table."""
    if not a.ndim:
        return c_order(a)
    wide = np.full((*a.shape[:-1], a.shape[-1] + 3), 7, a.dtype)
    wide[..., 1 : a.shape[-1] + 1] = a
    return wide[..., 1 : a.shape[-1] + 1]


def misaligned(a):
    raw = np.zeros(a.size * a.itemsize + 1, np.uint8)
    view = raw[1 : 1 + a.size * a.itemsize].view(a.dtype).reshape(a.shape)
    view[...] = a
    return view


def big_endian(a):
    return np.array(a, a.dtype.newbyteorder(">"))


def read_only(a):
    a = c_order(a)
    a.flags.writeable = False
    return a


class Subclass(np.ndarray):
    pass


def subclass(a):
    return c_order(a).view(Subclass)


LAYOUTS = (
    c_order,
    f_order,
    class_axis_last,
    reversed_axes,
    sliced,
    negative,
    last_gap,
    misaligned,
    big_endian,
    read_only,
    subclass,
)

# Layouts that a caller's buffer may have.
WRITABLE = (
    c_order,
    f_order,
    class_axis_last,
    reversed_axes,
    sliced,
    negative,
    last_gap,
    misaligned,
)
