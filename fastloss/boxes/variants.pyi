"""Types of fastloss.boxes.variants. Written by `make stubs`: do not edit."""

from typing import Literal, overload

from fastloss._typing import Array, Floats

__all__ = [
    "alpha_box_iou_loss",
    "efficient_box_iou_loss",
    "inner_box_iou_loss",
    "mpdiou_loss",
    "nwd_loss",
    "scylla_box_iou_loss",
    "wise_box_iou_loss",
]

@overload
def alpha_box_iou_loss(
    boxes1: Array,
    boxes2: Array,
    *,
    kind: Literal["iou", "giou", "diou", "ciou"] = ...,
    alpha: float = ...,
    fmt: str = ...,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    eps: float = ...,
    grad: Literal[False] = ...,
) -> float: ...
@overload
def alpha_box_iou_loss(
    boxes1: Array,
    boxes2: Array,
    *,
    kind: Literal["iou", "giou", "diou", "ciou"] = ...,
    alpha: float = ...,
    fmt: str = ...,
    reduction: Literal["none"],
    weight: Array | None = ...,
    eps: float = ...,
    grad: Literal[False] = ...,
) -> Floats: ...
@overload
def alpha_box_iou_loss(
    boxes1: Array,
    boxes2: Array,
    *,
    kind: Literal["iou", "giou", "diou", "ciou"] = ...,
    alpha: float = ...,
    fmt: str = ...,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    eps: float = ...,
    grad: Literal[True] | Floats,
) -> tuple[float, Floats]: ...
@overload
def alpha_box_iou_loss(
    boxes1: Array,
    boxes2: Array,
    *,
    kind: Literal["iou", "giou", "diou", "ciou"] = ...,
    alpha: float = ...,
    fmt: str = ...,
    reduction: Literal["none"],
    weight: Array | None = ...,
    eps: float = ...,
    grad: Literal[True] | Floats,
) -> tuple[Floats, Floats]: ...
@overload
def efficient_box_iou_loss(
    boxes1: Array,
    boxes2: Array,
    *,
    focal_gamma: float = ...,
    detach: bool = ...,
    fmt: str = ...,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    eps: float = ...,
    grad: Literal[False] = ...,
) -> float: ...
@overload
def efficient_box_iou_loss(
    boxes1: Array,
    boxes2: Array,
    *,
    focal_gamma: float = ...,
    detach: bool = ...,
    fmt: str = ...,
    reduction: Literal["none"],
    weight: Array | None = ...,
    eps: float = ...,
    grad: Literal[False] = ...,
) -> Floats: ...
@overload
def efficient_box_iou_loss(
    boxes1: Array,
    boxes2: Array,
    *,
    focal_gamma: float = ...,
    detach: bool = ...,
    fmt: str = ...,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    eps: float = ...,
    grad: Literal[True] | Floats,
) -> tuple[float, Floats]: ...
@overload
def efficient_box_iou_loss(
    boxes1: Array,
    boxes2: Array,
    *,
    focal_gamma: float = ...,
    detach: bool = ...,
    fmt: str = ...,
    reduction: Literal["none"],
    weight: Array | None = ...,
    eps: float = ...,
    grad: Literal[True] | Floats,
) -> tuple[Floats, Floats]: ...
@overload
def inner_box_iou_loss(
    boxes1: Array,
    boxes2: Array,
    *,
    kind: Literal["iou", "giou", "diou", "ciou"] = ...,
    ratio: float = ...,
    fmt: str = ...,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    eps: float = ...,
    grad: Literal[False] = ...,
) -> float: ...
@overload
def inner_box_iou_loss(
    boxes1: Array,
    boxes2: Array,
    *,
    kind: Literal["iou", "giou", "diou", "ciou"] = ...,
    ratio: float = ...,
    fmt: str = ...,
    reduction: Literal["none"],
    weight: Array | None = ...,
    eps: float = ...,
    grad: Literal[False] = ...,
) -> Floats: ...
@overload
def inner_box_iou_loss(
    boxes1: Array,
    boxes2: Array,
    *,
    kind: Literal["iou", "giou", "diou", "ciou"] = ...,
    ratio: float = ...,
    fmt: str = ...,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    eps: float = ...,
    grad: Literal[True] | Floats,
) -> tuple[float, Floats]: ...
@overload
def inner_box_iou_loss(
    boxes1: Array,
    boxes2: Array,
    *,
    kind: Literal["iou", "giou", "diou", "ciou"] = ...,
    ratio: float = ...,
    fmt: str = ...,
    reduction: Literal["none"],
    weight: Array | None = ...,
    eps: float = ...,
    grad: Literal[True] | Floats,
) -> tuple[Floats, Floats]: ...
@overload
def mpdiou_loss(
    boxes1: Array,
    boxes2: Array,
    *,
    image_size: tuple[float, float] | None,
    fmt: str = ...,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    eps: float = ...,
    grad: Literal[False] = ...,
) -> float: ...
@overload
def mpdiou_loss(
    boxes1: Array,
    boxes2: Array,
    *,
    image_size: tuple[float, float] | None,
    fmt: str = ...,
    reduction: Literal["none"],
    weight: Array | None = ...,
    eps: float = ...,
    grad: Literal[False] = ...,
) -> Floats: ...
@overload
def mpdiou_loss(
    boxes1: Array,
    boxes2: Array,
    *,
    image_size: tuple[float, float] | None,
    fmt: str = ...,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    eps: float = ...,
    grad: Literal[True] | Floats,
) -> tuple[float, Floats]: ...
@overload
def mpdiou_loss(
    boxes1: Array,
    boxes2: Array,
    *,
    image_size: tuple[float, float] | None,
    fmt: str = ...,
    reduction: Literal["none"],
    weight: Array | None = ...,
    eps: float = ...,
    grad: Literal[True] | Floats,
) -> tuple[Floats, Floats]: ...
@overload
def nwd_loss(
    boxes1: Array,
    boxes2: Array,
    *,
    constant: float | None = ...,
    fmt: str = ...,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    eps: float = ...,
    grad: Literal[False] = ...,
) -> float: ...
@overload
def nwd_loss(
    boxes1: Array,
    boxes2: Array,
    *,
    constant: float | None = ...,
    fmt: str = ...,
    reduction: Literal["none"],
    weight: Array | None = ...,
    eps: float = ...,
    grad: Literal[False] = ...,
) -> Floats: ...
@overload
def nwd_loss(
    boxes1: Array,
    boxes2: Array,
    *,
    constant: float | None = ...,
    fmt: str = ...,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    eps: float = ...,
    grad: Literal[True] | Floats,
) -> tuple[float, Floats]: ...
@overload
def nwd_loss(
    boxes1: Array,
    boxes2: Array,
    *,
    constant: float | None = ...,
    fmt: str = ...,
    reduction: Literal["none"],
    weight: Array | None = ...,
    eps: float = ...,
    grad: Literal[True] | Floats,
) -> tuple[Floats, Floats]: ...
@overload
def scylla_box_iou_loss(
    boxes1: Array,
    boxes2: Array,
    *,
    fmt: str = ...,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    eps: float = ...,
    grad: Literal[False] = ...,
) -> float: ...
@overload
def scylla_box_iou_loss(
    boxes1: Array,
    boxes2: Array,
    *,
    fmt: str = ...,
    reduction: Literal["none"],
    weight: Array | None = ...,
    eps: float = ...,
    grad: Literal[False] = ...,
) -> Floats: ...
@overload
def scylla_box_iou_loss(
    boxes1: Array,
    boxes2: Array,
    *,
    fmt: str = ...,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    eps: float = ...,
    grad: Literal[True] | Floats,
) -> tuple[float, Floats]: ...
@overload
def scylla_box_iou_loss(
    boxes1: Array,
    boxes2: Array,
    *,
    fmt: str = ...,
    reduction: Literal["none"],
    weight: Array | None = ...,
    eps: float = ...,
    grad: Literal[True] | Floats,
) -> tuple[Floats, Floats]: ...
@overload
def wise_box_iou_loss(
    boxes1: Array,
    boxes2: Array,
    *,
    version: int = ...,
    running_mean: None = ...,
    momentum: float = ...,
    gamma: float = ...,
    alpha: float = ...,
    delta: float = ...,
    fmt: str = ...,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    eps: float = ...,
    grad: Literal[False] = ...,
) -> float: ...
@overload
def wise_box_iou_loss(
    boxes1: Array,
    boxes2: Array,
    *,
    version: int = ...,
    running_mean: None = ...,
    momentum: float = ...,
    gamma: float = ...,
    alpha: float = ...,
    delta: float = ...,
    fmt: str = ...,
    reduction: Literal["none"],
    weight: Array | None = ...,
    eps: float = ...,
    grad: Literal[False] = ...,
) -> Floats: ...
@overload
def wise_box_iou_loss(
    boxes1: Array,
    boxes2: Array,
    *,
    version: int = ...,
    running_mean: float,
    momentum: float = ...,
    gamma: float = ...,
    alpha: float = ...,
    delta: float = ...,
    fmt: str = ...,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    eps: float = ...,
    grad: Literal[False] = ...,
) -> tuple[float, float]: ...
@overload
def wise_box_iou_loss(
    boxes1: Array,
    boxes2: Array,
    *,
    version: int = ...,
    running_mean: float,
    momentum: float = ...,
    gamma: float = ...,
    alpha: float = ...,
    delta: float = ...,
    fmt: str = ...,
    reduction: Literal["none"],
    weight: Array | None = ...,
    eps: float = ...,
    grad: Literal[False] = ...,
) -> tuple[Floats, float]: ...
@overload
def wise_box_iou_loss(
    boxes1: Array,
    boxes2: Array,
    *,
    version: int = ...,
    running_mean: None = ...,
    momentum: float = ...,
    gamma: float = ...,
    alpha: float = ...,
    delta: float = ...,
    fmt: str = ...,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    eps: float = ...,
    grad: Literal[True] | Floats,
) -> tuple[float, Floats]: ...
@overload
def wise_box_iou_loss(
    boxes1: Array,
    boxes2: Array,
    *,
    version: int = ...,
    running_mean: None = ...,
    momentum: float = ...,
    gamma: float = ...,
    alpha: float = ...,
    delta: float = ...,
    fmt: str = ...,
    reduction: Literal["none"],
    weight: Array | None = ...,
    eps: float = ...,
    grad: Literal[True] | Floats,
) -> tuple[Floats, Floats]: ...
@overload
def wise_box_iou_loss(
    boxes1: Array,
    boxes2: Array,
    *,
    version: int = ...,
    running_mean: float,
    momentum: float = ...,
    gamma: float = ...,
    alpha: float = ...,
    delta: float = ...,
    fmt: str = ...,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    eps: float = ...,
    grad: Literal[True] | Floats,
) -> tuple[float, Floats, float]: ...
@overload
def wise_box_iou_loss(
    boxes1: Array,
    boxes2: Array,
    *,
    version: int = ...,
    running_mean: float,
    momentum: float = ...,
    gamma: float = ...,
    alpha: float = ...,
    delta: float = ...,
    fmt: str = ...,
    reduction: Literal["none"],
    weight: Array | None = ...,
    eps: float = ...,
    grad: Literal[True] | Floats,
) -> tuple[Floats, Floats, float]: ...
