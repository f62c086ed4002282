"""The pointwise losses in numba: value and derivative of one element, as a user would write them.

`FAST` has the flags that let sums be vectorised but leave NaN and Inf alone; without them numba
would be several times slower.
"""

from __future__ import annotations

from math import exp, log, log1p

import numpy as np
from numba import njit

FAST = {"reassoc", "contract", "nsz", "arcp"}


@njit(fastmath=FAST)
def mse(x, t):
    r = x - t
    return r * r, 2 * r


@njit(fastmath=FAST)
def l1(x, t):
    r = x - t
    return abs(r), np.sign(r)


@njit(fastmath=FAST)
def huber(x, t):
    r = x - t
    clipped = min(max(r, -1), 1)
    return clipped * (r - clipped / 2), clipped


@njit(fastmath=FAST)
def hinge(x, t):
    margin = 1 - t * x
    return max(margin, 0), (-t if margin > 0 else 0 * t)


@njit(fastmath=FAST)
def bce_with_logits(x, t):
    e = exp(-abs(x))
    p = (1 if x >= 0 else e) / (1 + e)
    return max(x, 0) - x * t + log1p(e), p - t


@njit(fastmath=FAST)
def bce(x, t):
    value = -(t * max(log(x), -100) + (1 - t) * max(log1p(-x), -100))
    return value, (x - t) / max(x * (1 - x), 1e-12)


@njit(fastmath=FAST)
def focal(x, t):
    loss, _ = bce_with_logits(x, t)
    p = 1 / (1 + exp(-x))
    q = p + t - 2 * p * t
    a = 0.25 * t + 0.75 * (1 - t)
    return a * q * q * loss, a * q * (2 * loss * (1 - 2 * t) * p * (1 - p) + q * (p - t))


@njit(fastmath=FAST)
def varifocal(x, t):
    loss, slope = bce_with_logits(x, t)
    if t > 0:
        return t * loss, t * slope
    p = slope + t
    weight = 0.75 * p * p
    return weight * loss, weight * slope + 1.5 * p * p * (1 - p) * loss


@njit(fastmath=FAST)
def squared_hinge(x, t):
    margin = max(1 - t * x, 0 * x)
    return margin * margin, -2 * t * margin


@njit(fastmath=FAST)
def hinge_embedding(x, t):
    if t == 1:
        return x, 0 * x + 1
    return (1 - x, 0 * x - 1) if x <= 1 else (0 * x, 0 * x)


@njit(fastmath=FAST)
def soft_margin(x, t):
    e = exp(-abs(x))
    s = (e if t * x >= 0 else 1) / (1 + e)
    return max(-t * x, 0) + log1p(e), -t * s


@njit(fastmath=FAST)
def kl_div(x, t):
    return (t * log(t) if t > 0 else 0 * t) - t * x, -t


@njit(fastmath=FAST)
def quantile(x, t):
    r = x - t
    return abs(r) / 2, np.sign(r) / 2


@njit(fastmath=FAST)
def mape(x, t):
    r, size = x - t, max(abs(t), 2**-52)
    return abs(r) / size, np.sign(r) / size


@njit(fastmath=FAST)
def msle(x, t):
    d = log1p(x) - log1p(t)
    return d * d, 2 * d / (1 + x)


@njit(fastmath=FAST)
def poisson(x, t):
    e = exp(x)
    return e - t * x, e - t


@njit(fastmath=FAST)
def gamma(x, t):
    s = t * exp(-x)
    return s + x, 1 - s


POINTS = {
    "mse_loss": mse,
    "l1_loss": l1,
    "smooth_l1_loss": huber,
    "huber_loss": huber,
    "quantile_loss": quantile,
    "poisson_nll_loss": poisson,
    "gamma_nll_loss": gamma,
    "msle_loss": msle,
    "mape_loss": mape,
    "kl_div": kl_div,
    "hinge_loss": hinge,
    "squared_hinge_loss": squared_hinge,
    "soft_margin_loss": soft_margin,
    "hinge_embedding_loss": hinge_embedding,
    "binary_cross_entropy": bce,
    "binary_cross_entropy_with_logits": bce_with_logits,
    "sigmoid_focal_loss": focal,
    "varifocal_loss": varifocal,
}
