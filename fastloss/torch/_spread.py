"""The upstream of reduction "none" and the gradient of the sum: how the one scales the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from torch import Tensor

from ._door import Door

# Rows along the last axis; those of other rowwise losses run along axis 1, as torch has them.
LAST_AXIS = frozenset({"distribution_focal_loss", "multilabel_soft_margin_loss"})


def align(door: Door, upstream: Tensor, gradient: Tensor) -> Tensor:
    """`upstream` with axes of length 1 where only `gradient` has some: classes, coordinates."""
    missing = gradient.ndim - upstream.ndim
    if not upstream.ndim or not missing:
        return upstream
    if door.kind == "rowwise":
        return upstream.unsqueeze(-1 if door.name in LAST_AXIS else 1)
    return upstream.reshape(upstream.shape + (1,) * missing)


def mixes(door: Door, arguments: Mapping[str, Any]) -> bool:
    """Whether values share elements, so that scaling the gradient of their sum is not enough."""
    if door.kind in ("pairs", "transform"):
        return True
    if arguments.get("reduction", door.defaults.get("reduction")) != "none":
        return False
    if door.kind == "pointwise" and len(door.differentiable) > 1:  # a variance for a whole row
        shapes = [getattr(arguments[name], "shape", None) for name in door.differentiable]
        return any(shape is not None and shape != shapes[0] for shape in shapes)
    return (
        door.kind == "ratio"
        and arguments.get("mode", "binary") != "binary"
        and arguments.get("average", "macro") == "macro"
    )


def recompute(
    door: Door, upstream: Any, arguments: dict[str, Any], wanted: Mapping[str, bool]
) -> dict[str, Any]:
    """The gradients of sum(upstream * value), as arrays, for the arguments that want one."""
    if door.kind == "ratio":
        return {"input": _classes(door, upstream, arguments)}
    if door.kind == "pairs":
        return _pairs(door, upstream, arguments, wanted)
    if door.kind == "pointwise":
        weight = upstream * np.asarray(
            1 if arguments.get("weight") is None else arguments["weight"]
        )
        options = {**arguments, "reduction": "sum", "weight": weight}
        return dict(zip(door.differentiable, door.public(**options, grad=True)[1], strict=True))
    if door.kind == "penalty":
        slopes = door.public(**arguments, grad=True)[1]
        return {"params": [slope * slope.dtype.type(upstream) for slope in slopes]}
    return {door.required[0]: _linear(door, upstream, arguments)}


def _classes(door: Door, upstream: Any, arguments: dict[str, Any]) -> Any:
    """Upstreams of classes are weights of classes, for every image anew where images are apart."""
    x, t = arguments["input"], arguments["target"]
    chosen = arguments.get("classes")
    weight = arguments.get("class_weight")
    weight = np.ones(x.shape[1]) if weight is None else np.asarray(weight, np.float64)
    index = np.arange(x.shape[1]) if chosen is None else np.asarray(list(chosen))
    options = {**arguments, "reduction": "sum"}
    gradient = np.empty_like(x)

    def fill(rows: slice, scale: Any) -> None:
        weights = np.zeros(x.shape[1])
        weights[index] = weight[index] * scale
        options.update(input=x[rows], target=t[rows], class_weight=weights)
        gradient[rows] = door.public(**options, grad=True)[1]

    if arguments.get("per_image"):
        for image in range(len(x)):
            fill(slice(image, image + 1), upstream[image])
    else:
        fill(slice(None), upstream)
    return gradient


def _pairs(
    door: Door, upstream: Any, arguments: dict[str, Any], wanted: Mapping[str, bool]
) -> dict[str, Any]:
    """A box meets every other. Overlaps are symmetric: the second side is the first, exchanged."""
    found = {}
    sides = (("boxes1", "boxes2", upstream), ("boxes2", "boxes1", np.swapaxes(upstream, -1, -2)))
    for mine, other, scale in sides:
        if wanted.get(mine):
            exchanged = {**arguments, "boxes1": arguments[mine], "boxes2": arguments[other]}
            slope = door.public(**exchanged, grad=True)[1]
            total = np.einsum("...nm,...nmk->...nk", scale, slope)
            shape = arguments[mine].shape
            lead = total.ndim - len(shape)
            axes = [i for i in range(total.ndim) if i < lead or shape[i - lead] < total.shape[i]]
            found[mine] = total.sum(axis=tuple(axes), keepdims=True).reshape(shape)
    return found


def _linear(door: Door, upstream: Any, arguments: dict[str, Any]) -> Any:
    """box_convert between boxes without rotation is a matrix: its rows are what the axes become."""
    axes = np.eye(4, dtype=upstream.dtype)
    options = {**arguments, door.required[0]: axes}
    return np.ascontiguousarray(upstream @ door.public(**options).T)
