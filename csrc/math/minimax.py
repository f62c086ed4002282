"""Print the polynomial coefficients and split constants that the headers beside this file hold.

Run with mpmath installed: ``python csrc/math/minimax.py [name ...]``. Each polynomial minimises the
largest weighted error over its interval (Remez exchange); the printed bits are -log2 of that error.
"""

import sys

import mpmath as mp

mp.mp.dps = 60


def remez(function, weight, degree, low, high):
    """Coefficients (constant first) and error of the polynomial that minimises |weight (f - p)|."""
    count = degree + 2
    low, high = mp.mpf(low), mp.mpf(high)

    def chebyshev(k, n):
        return (low + high) / 2 - (high - low) / 2 * mp.cos(mp.pi * k / n)

    grid = [chebyshev(k + mp.mpf(1) / 2, 40 * count) for k in range(40 * count)]
    values = [(x, function(x), weight(x)) for x in grid]
    nodes = [values[40 * k + 20] for k in range(count)]
    for _ in range(12):
        matrix = mp.matrix(count, count)
        right = mp.matrix(count, 1)
        for row, (x, y, w) in enumerate(nodes):
            for power in range(degree + 1):
                matrix[row, power] = x**power
            matrix[row, degree + 1] = (-1) ** row / w
            right[row] = y
        solution = mp.lu_solve(matrix, right)
        coefficients = list(solution)[: degree + 1]
        errors = [w * (y - mp.polyval(coefficients[::-1], x)) for x, y, w in values]
        nodes, best, worst = [], 0, 0
        for index, error in enumerate(errors):
            if index and mp.sign(error) != mp.sign(errors[index - 1]):
                nodes.append(values[best])
                best = index
            if abs(error) > abs(errors[best]):
                best = index
            worst = max(worst, abs(error))
        nodes.append(values[best])
        if len(nodes) < count:
            raise ArithmeticError("the error does not alternate: raise the precision")
        while len(nodes) > count:
            first, last = nodes[0], nodes[-1]
            size = [abs(w * (y - mp.polyval(coefficients[::-1], x))) for x, y, w in (first, last)]
            nodes.pop(0 if size[0] < size[1] else -1)
        if worst < abs(solution[degree + 1]) * (1 + mp.mpf("1e-3")):
            break
    return coefficients, worst


def series(function, order):
    """The function, by its Taylor series at 0 where the closed form would be 0/0."""
    terms = mp.taylor(function, 0, order + 24)[order:][::-1]
    return lambda x, closed: mp.polyval(terms, x) if abs(x) < mp.mpf("1e-3") else closed(x)


def exp_tail(degree):
    """exp(r) = 1 + r + r^2 p(r), |r| <= ln 2 / 2, relative to exp(r)."""
    near = series(mp.exp, 2)
    half = mp.log(2) / 2 * mp.mpf("1.0001")
    return remez(
        lambda r: near(r, lambda r: (mp.exp(r) - 1 - r) / r**2),
        lambda r: r**2 / mp.exp(r),
        degree,
        -half,
        half,
    )


def log_tail(degree):
    """log(1 + f) = f - f^2/2 + f^3 p(f), 1 + f in [sqrt 1/2, sqrt 2], relative to log(1 + f)."""
    near = series(mp.log1p, 3)
    return remez(
        lambda f: near(f, lambda f: (mp.log1p(f) - f + f**2 / 2) / f**3),
        lambda f: f**3 / mp.log1p(f) if f else 0,
        degree,
        mp.sqrt(0.5) - 1,
        mp.sqrt(2) - 1,
    )


def log_ratio(degree):
    """2 atanh(s) = 2 s + s w p(w), w = s^2, s = f/(2 + f), f as in log_tail, relative."""
    terms = [mp.mpf(2) / (2 * k + 3) for k in range(60)][::-1]
    return remez(
        lambda w: mp.polyval(terms, w),
        lambda w: w / 2,
        degree,
        0,
        (mp.sqrt(2) - 1) ** 4,
    )


def log1p_unit(degree):
    """log(1 + z) = z + z^2 p(z), z in [0, 1], relative."""
    near = series(mp.log1p, 2)
    return remez(
        lambda z: near(z, lambda z: (mp.log1p(z) - z) / z**2),
        lambda z: z**2 / mp.log1p(z) if z else 0,
        degree,
        0,
        1,
    )


def tanh_small(degree):
    """tanh(x) = x + x w p(w), w = x^2, |x| <= 0.55, relative."""

    def ratio(w):
        x = mp.sqrt(w)
        return (mp.tanh(x) / x - 1) / w

    return remez(ratio, lambda w: w, degree, "1e-30", mp.mpf("0.55") ** 2)


def log_cosh_small(degree):
    """log cosh x = w/2 + w^2 p(w), w = x^2, |x| <= 0.8, relative."""

    def ratio(w):
        return (mp.log(mp.cosh(mp.sqrt(w))) - w / 2) / w**2

    near = mp.mpf("1e-18")
    return remez(
        lambda w: ratio(max(w, near)), lambda w: 2 * w, degree, "1e-30", mp.mpf("0.8") ** 2
    )


def atan_small(degree):
    """atan(t) = t + t w p(w), w = t^2, |t| <= 1/2, relative."""

    def ratio(w):
        t = mp.sqrt(w)
        return (mp.atan(t) / t - 1) / w

    return remez(ratio, lambda w: w, degree, "1e-30", mp.mpf("0.25"))


def sin_small(degree):
    """sin(r) = r + r w p(w), w = r^2, |r| <= pi/4, relative."""

    def ratio(w):
        r = mp.sqrt(w)
        return (mp.sin(r) / r - 1) / w

    return remez(ratio, lambda w: w, degree, "1e-30", (mp.pi / 4) ** 2 * mp.mpf("1.0001"))


def cos_small(degree):
    """cos(r) = 1 - w/2 + w^2 p(w), w = r^2, |r| <= pi/4, relative to cos(r)."""

    def ratio(w):
        return (mp.cos(mp.sqrt(w)) - 1 + w / 2) / w**2

    high = (mp.pi / 4) ** 2 * mp.mpf("1.0001")
    return remez(ratio, lambda w: w**2 / mp.cos(mp.sqrt(w)), degree, "1e-15", high)


POLYNOMIALS = {
    "exp_tail": (exp_tail, 4, 9),
    "log_tail": (log_tail, 7, None),
    "log_ratio": (log_ratio, None, 6),
    "log1p_unit": (log1p_unit, 8, 19),
    "tanh_small": (tanh_small, 4, 9),
    "log_cosh_small": (log_cosh_small, 5, 11),
    "atan_small": (atan_small, 4, 11),
    "sin_small": (sin_small, 2, 5),
    "cos_small": (cos_small, 2, 5),
}


def split(value, bits):
    """value = high + low with `bits` significant bits in high."""
    shift = bits - 1 - int(mp.floor(mp.log(abs(value), 2)))
    high = mp.nint(value * mp.mpf(2) ** shift) / mp.mpf(2) ** shift
    return high, value - high


def main(names):
    for name, (build, *degrees) in POLYNOMIALS.items():
        if names and name not in names:
            continue
        for kind, digits, degree in zip(("float", "double"), (9, 17), degrees, strict=True):
            if degree is None:
                continue
            coefficients, worst = build(degree)
            print(f"{name} {kind}, degree {degree}: {float(-mp.log(worst, 2)):.1f} bits")
            for power, value in enumerate(coefficients):
                print(f"    {power:2d}  {mp.nstr(value, digits, strip_zeros=False)}")
    for name, value, sizes in (
        ("ln2", mp.log(2), (15, 40)),
        ("pi/2", mp.pi / 2, (24, 53)),
        ("pi/4", mp.pi / 4, (24, 53)),
    ):
        for kind, digits, bits in zip(("float", "double"), (9, 17), sizes, strict=True):
            high, low = split(value, bits)
            print(f"{name} {kind}: {mp.nstr(high, digits)} + {mp.nstr(low, digits)}")
    for kind, digits, bits in (("float", 9, 16), ("double", 17, 33)):
        parts, rest = [], mp.pi / 2
        for _ in range(3):
            high, rest = split(rest, bits)
            parts.append(mp.nstr(high, digits))
        print(f"pi/2 {kind}, for n pi/2: {' + '.join(parts)} + {mp.nstr(rest, digits)}")
    print("2/pi:", mp.nstr(2 / mp.pi, 18))
    print("log2 e:", mp.nstr(1 / mp.log(2), 18))


if __name__ == "__main__":
    main(sys.argv[1:])
