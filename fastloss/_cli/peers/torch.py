"""PyTorch in eager mode: forward and backward by autograd; torchvision where it is installed."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F

from . import VALUE_ONLY, WRT, summarise
from . import _torch_boxes as boxes
from ._boxes import KINDS, overlap

try:
    import torchvision
    from torchvision import ops
except (ImportError, RuntimeError):  # RuntimeError: built for another torch
    torchvision = ops = None


def version() -> str:
    beside = f", torchvision {torchvision.__version__}" if torchvision else ""
    return torch.__version__ + beside


def set_threads(n: int) -> None:
    torch.set_num_threads(n)


def varifocal(x: Any, t: Any, alpha: float = 0.75, gamma: float = 2.0, **_: Any) -> Any:
    weight = torch.where(t > 0, t, alpha * torch.sigmoid(x) ** gamma)
    return (weight * F.binary_cross_entropy_with_logits(x, t, reduction="none")).mean()


def distribution_focal(x: Any, t: Any, **_: Any) -> Any:
    d = t.clamp(0, x.shape[-1] - 1.01)
    low = d.long()
    right = d - low
    left = F.cross_entropy(x, low, reduction="none") * (1 - right)
    return (left + F.cross_entropy(x, low + 1, reduction="none") * right).mean()


def softmax_focal(x: Any, t: Any, gamma: float = 2.0, **_: Any) -> Any:
    log_p = F.log_softmax(x, 1).gather(1, t.unsqueeze(1)).squeeze(1)
    return (-((1 - log_p.exp()) ** gamma) * log_p).mean()


def poly1(x: Any, t: Any, epsilon: float = 1.0, **_: Any) -> Any:
    p = F.softmax(x, 1).gather(1, t.unsqueeze(1)).squeeze(1)
    return (F.cross_entropy(x, t, reduction="none") + epsilon * (1 - p)).mean()


def dice(x: Any, t: Any, smooth_nr: float = 1e-5, smooth_dr: float = 1e-5, **_: Any) -> Any:
    p = torch.sigmoid(x)
    return 1 - (2 * (p * t).sum() + smooth_nr) / (p.sum() + t.sum() + smooth_dr)


def aligned(x: Any, t: Any, kind: str = "iou", eps: float = 1e-7, **_: Any) -> Any:
    return overlap(torch, x, t, kind, eps, torch.Tensor.detach)


def focal(x: Any, t: Any, alpha: float = 0.25, gamma: float = 2.0, **_: Any) -> Any:
    p = torch.sigmoid(x)
    pt = p * t + (1 - p) * (1 - t)
    weight = (alpha * t + (1 - alpha) * (1 - t)) * (1 - pt) ** gamma
    return (weight * F.binary_cross_entropy_with_logits(x, t, reduction="none")).mean()


def pairwise(kind: str) -> Callable[..., Any]:
    eps = 0.0 if kind in ("iou", "giou") else 1e-7
    return lambda a, b, **_: overlap(
        torch, a[..., :, None, :], b[..., None, :, :], kind, eps, torch.Tensor.detach
    )


def box_loss(kind: str) -> Callable[..., Any]:
    return lambda x, t, **_: (1 - aligned(x, t, kind)).mean()


def log_cosh(x: Any, t: Any, **_: Any) -> Any:
    r = x - t
    return (r + F.softplus(-2 * r) - math.log(2)).mean()


def pinball(x: Any, t: Any, quantile: float = 0.5, **_: Any) -> Any:
    r = t - x
    return torch.maximum(quantile * r, (quantile - 1) * r).mean()


def tweedie(x: Any, t: Any, power: float = 1.5, **_: Any) -> Any:
    a, b = 1 - power, 2 - power
    return (torch.exp(b * x) / b - t * torch.exp(a * x) / a).mean()


def quality_focal(x: Any, t: Any, beta: float = 2.0, **_: Any) -> Any:
    distance = (torch.sigmoid(x) - t).abs() ** beta
    return (distance * F.binary_cross_entropy_with_logits(x, t, reduction="none")).mean()


def asymmetric(x: Any, t: Any, clip: float = 0.05, eps: float = 1e-8, **_: Any) -> Any:
    """As its authors write it."""
    p = torch.sigmoid(x)
    n = (1 - p + clip).clamp(max=1)
    each = t * torch.log(p.clamp(min=eps)) + (1 - t) * torch.log(n.clamp(min=eps))
    right = p * t + n * (1 - t)
    return -(each * (1 - right) ** (t + 4 * (1 - t))).mean()


LOSSES: dict[str, Callable[..., Any]] = {
    "mse_loss": F.mse_loss,
    "rmse_loss": lambda x, t, **_: F.mse_loss(x, t).sqrt(),
    "l1_loss": F.l1_loss,
    "smooth_l1_loss": F.smooth_l1_loss,
    "huber_loss": F.huber_loss,
    "log_cosh_loss": log_cosh,
    "quantile_loss": pinball,
    "expectile_loss": lambda x, t, **_: 0.5 * F.mse_loss(x, t),
    "poisson_nll_loss": F.poisson_nll_loss,
    "gaussian_nll_loss": F.gaussian_nll_loss,
    "gamma_nll_loss": lambda x, t, **_: (x + t * torch.exp(-x)).mean(),
    "tweedie_loss": tweedie,
    "msle_loss": lambda x, t, **_: F.mse_loss(torch.log1p(x), torch.log1p(t)),
    "mape_loss": lambda x, t, **_: ((x - t).abs() / t.abs().clamp(min=2**-52)).mean(),
    "kl_div": F.kl_div,
    "squared_hinge_loss": lambda x, t, **_: (torch.relu(1 - t * x) ** 2).mean(),
    "exponential_loss": lambda x, t, **_: torch.exp(-t * x).mean(),
    "soft_margin_loss": F.soft_margin_loss,
    "hinge_embedding_loss": F.hinge_embedding_loss,
    "quality_focal_loss": quality_focal,
    "asymmetric_loss": asymmetric,
    "binary_cross_entropy": F.binary_cross_entropy,
    "binary_cross_entropy_with_logits": F.binary_cross_entropy_with_logits,
    "hinge_loss": lambda x, t, **_: torch.relu(1 - t * x).mean(),
    "varifocal_loss": varifocal,
    "cross_entropy": F.cross_entropy,
    "nll_loss": F.nll_loss,
    "distribution_focal_loss": distribution_focal,
    "softmax_focal_loss": softmax_focal,
    "poly1_cross_entropy": poly1,
    "multi_margin_loss": F.multi_margin_loss,
    "multilabel_margin_loss": F.multilabel_margin_loss,
    "multilabel_soft_margin_loss": F.multilabel_soft_margin_loss,
    "dice_loss": dice,
    "box_iou_loss": lambda x, t, **_: 1 - aligned(x, t).mean(),
    "bbox_iou": aligned,
    **boxes.LOSSES,
    "l1_penalty": lambda w, **_: w.abs().sum(),
    "l2_penalty": lambda w, **_: 0.5 * (w * w).sum(),
    "elastic_net_penalty": lambda w, **_: 0.5 * w.abs().sum() + 0.25 * (w * w).sum(),
}
# torchvision's own functions; the formula beside each stands in where it is not installed.
VISION: dict[str, Callable[..., Any] | None] = {
    "sigmoid_focal_loss": focal,
    "generalized_box_iou_loss": box_loss("giou"),
    "distance_box_iou_loss": box_loss("diou"),
    "complete_box_iou_loss": box_loss("ciou"),
    **{name: pairwise(kind) for name, kind in KINDS.items()},
    "box_area": None,
    "box_convert": None,
}


def prepare(
    name: str,
    arrays: tuple,
    options: dict[str, Any],
    transform: Callable[[Any], Any] = lambda loss: loss,
) -> dict[str, Callable[[], Any]] | None:
    loss = LOSSES.get(name) or VISION.get(name)
    if ops is not None and name in VISION:
        loss = getattr(ops, name)
    if loss is None:
        return None
    loss = transform(loss)
    x, *rest = (torch.from_numpy(a.copy()) for a in arrays)
    if name in VALUE_ONLY:
        return {"fresh": lambda: (loss(x, *rest, **options), None)}
    by = [(x, *rest)[at].requires_grad_() for at in WRT.get(name, (0,))]

    def call() -> tuple[Any, Any]:
        value = loss(x, *rest, **options)
        return value, torch.autograd.grad(value.sum() if value.ndim else value, by)

    return {"fresh": call}


def summary(result: Any) -> list[float]:
    value, gradient = result
    slopes = None if gradient is None else [slope.numpy() for slope in gradient]
    return summarise(value.detach().numpy(), slopes)
