"""JAX: the loss in jax.numpy, compiled together with its gradient."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from . import VALUE_ONLY, WRT, summarise
from ._boxes import KINDS, overlap


def version() -> str:
    return jax.__version__


def set_threads(n: int) -> None:
    """Set by the environment before the process began (see engines.environment)."""


def bce(x: Any, t: Any) -> Any:
    return jnp.maximum(x, 0) - x * t + jnp.log1p(jnp.exp(-jnp.abs(x)))


def smooth_l1(r: Any, beta: float = 1.0) -> Any:
    return jnp.where(jnp.abs(r) < beta, 0.5 * r * r / beta, jnp.abs(r) - 0.5 * beta)


def focal(x: Any, t: Any, alpha: float = 0.25, gamma: float = 2.0) -> Any:
    p = jax.nn.sigmoid(x)
    at = alpha * t + (1 - alpha) * (1 - t)
    return at * (1 - (p * t + (1 - p) * (1 - t))) ** gamma * bce(x, t)


def varifocal(x: Any, t: Any, alpha: float = 0.75, gamma: float = 2.0) -> Any:
    return jnp.where(t > 0, t, alpha * jax.nn.sigmoid(x) ** gamma) * bce(x, t)


def probabilities_bce(x: Any, t: Any) -> Any:
    clamped = jnp.maximum(jnp.log(x), -100), jnp.maximum(jnp.log1p(-x), -100)
    return -(t * clamped[0] + (1 - t) * clamped[1])


def picked(x: Any, index: Any) -> Any:
    return jnp.take_along_axis(x, index[..., None], axis=-1)[..., 0]


def distribution_focal(x: Any, t: Any) -> Any:
    d = jnp.clip(t, 0, x.shape[-1] - 1.01)
    low = d.astype(jnp.int32)
    right = d - low
    logs = jax.nn.log_softmax(x)
    return -(picked(logs, low) * (1 - right) + picked(logs, low + 1) * right)


def dice(x: Any, t: Any, smooth_nr: float = 1e-5, smooth_dr: float = 1e-5) -> Any:
    p = jax.nn.sigmoid(x)
    return 1 - (2 * (p * t).sum() + smooth_nr) / (p.sum() + t.sum() + smooth_dr)


def aligned(x: Any, t: Any, kind: str, eps: float = 1e-7) -> Any:
    return overlap(jnp, x, t, kind, eps, jax.lax.stop_gradient)


def soft_margin(x: Any, t: Any) -> Any:
    return jax.nn.softplus(-t * x)


def gaussian_nll(x: Any, t: Any, var: Any) -> Any:
    # not below eps, where the derivatives pass: the inputs have no such variances
    return 0.5 * (jnp.log(var) + (x - t) ** 2 / var)


def kl_div(x: Any, t: Any) -> Any:
    return jax.scipy.special.xlogy(t, t) - t * x


LOSSES: dict[str, Callable[..., Any]] = {
    "mse_loss": lambda x, t: (x - t) ** 2,
    "l1_loss": lambda x, t: jnp.abs(x - t),
    "smooth_l1_loss": lambda x, t, **o: smooth_l1(x - t, **o),
    "huber_loss": lambda x, t: smooth_l1(x - t),
    "log_cosh_loss": lambda x, t: jnp.logaddexp(x - t, t - x) - jnp.log(2.0),
    "quantile_loss": lambda x, t: 0.5 * jnp.abs(x - t),
    "expectile_loss": lambda x, t: 0.5 * (x - t) ** 2,
    "poisson_nll_loss": lambda x, t: jnp.exp(x) - t * x,
    "gaussian_nll_loss": gaussian_nll,
    "gamma_nll_loss": lambda x, t: x + t * jnp.exp(-x),
    "tweedie_loss": lambda x, t: 2 * jnp.exp(0.5 * x) + 2 * t * jnp.exp(-0.5 * x),
    "msle_loss": lambda x, t: (jnp.log1p(x) - jnp.log1p(t)) ** 2,
    "mape_loss": lambda x, t: jnp.abs(x - t) / jnp.maximum(jnp.abs(t), 2**-52),
    "kl_div": kl_div,
    "squared_hinge_loss": lambda x, t: jnp.maximum(1 - t * x, 0) ** 2,
    "exponential_loss": lambda x, t: jnp.exp(-t * x),
    "soft_margin_loss": soft_margin,
    "hinge_embedding_loss": lambda x, t: jnp.where(t == 1, x, jnp.maximum(1 - x, 0)),
    "quality_focal_loss": lambda x, t: (jax.nn.sigmoid(x) - t) ** 2 * bce(x, t),
    "binary_cross_entropy": probabilities_bce,
    "binary_cross_entropy_with_logits": bce,
    "hinge_loss": lambda x, t: jnp.maximum(1 - t * x, 0),
    "sigmoid_focal_loss": focal,
    "varifocal_loss": varifocal,
    "cross_entropy": lambda x, t: -picked(jax.nn.log_softmax(x), t),
    "nll_loss": lambda x, t: -picked(x, t),
    "distribution_focal_loss": distribution_focal,
    "box_iou_loss": lambda x, t: 1 - aligned(x, t, "iou"),
    "generalized_box_iou_loss": lambda x, t: 1 - aligned(x, t, "giou"),
    "distance_box_iou_loss": lambda x, t: 1 - aligned(x, t, "diou"),
    "complete_box_iou_loss": lambda x, t: 1 - aligned(x, t, "ciou"),
}
# The value of these is one number, or the sum of what the function returns.
SUMS: dict[str, Callable[..., Any]] = {
    "rmse_loss": lambda x, t: jnp.sqrt(((x - t) ** 2).mean()),
    "dice_loss": dice,
    "l1_penalty": lambda w: jnp.abs(w).sum(),
    "l2_penalty": lambda w: 0.5 * (w * w).sum(),
    "elastic_net_penalty": lambda w: 0.5 * jnp.abs(w).sum() + 0.25 * (w * w).sum(),
}


def box_area(boxes: Any) -> Any:
    return (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])


def corners_of_centres(boxes: Any) -> Any:
    centre, half = boxes[..., :2], boxes[..., 2:] / 2
    return jnp.concatenate([centre - half, centre + half], axis=-1)


def _value_function(name: str) -> Callable[..., Any]:
    if name in KINDS:
        eps = 0.0 if name in ("box_iou", "generalized_box_iou") else 1e-7
        return lambda a, b: overlap(
            jnp, a[..., :, None, :], b[..., None, :, :], KINDS[name], eps, lambda v: v
        )
    return CONVERSIONS[name]


CONVERSIONS = {"box_area": box_area, "box_convert": corners_of_centres}


def prepare(
    name: str, arrays: tuple, options: dict[str, Any]
) -> dict[str, Callable[[], Any]] | None:
    options = {k: v for k, v in options.items() if k not in ("reduction", "in_fmt", "out_fmt")}
    on_device = [jnp.asarray(a) for a in arrays]
    if name in VALUE_ONLY:
        if name not in KINDS and name not in CONVERSIONS:
            return None
        value = jax.jit(_value_function(name))
        return {"fresh": lambda: (jax.block_until_ready(value(*on_device)), None)}
    if name == "bbox_iou":
        each = jax.jit(partial(overlaps_and_gradient, **options))
        return {"fresh": lambda: jax.block_until_ready(each(*on_device))}
    if name in SUMS:
        total = SUMS[name]
    elif name in LOSSES:

        def total(x: Any, *rest: Any, **options: Any) -> Any:
            return LOSSES[name](x, *rest, **options).mean()
    else:
        return None
    by = WRT.get(name, 0)
    both = jax.jit(jax.value_and_grad(lambda *args: total(*args, **options), by))
    return {"fresh": lambda: jax.block_until_ready(both(*on_device))}


def overlaps_and_gradient(a: Any, b: Any, kind: str = "iou") -> tuple[Any, Any]:
    def both(a: Any) -> tuple[Any, Any]:
        each = aligned(a, b, kind)
        return each.sum(), each

    gradient, each = jax.grad(both, has_aux=True)(a)
    return each, gradient


def summary(result: Any) -> list[float]:
    return summarise(*result)
