"""Types of fastloss.boxes.masks. Written by `make stubs`: do not edit."""

from collections.abc import Mapping, Sequence

from fastloss._typing import Array, Floats

__all__ = [
    "mask_iou",
    "masks_to_boxes",
]

def mask_iou(
    masks1: Array | Sequence[Mapping[str, object]],
    masks2: Array | Sequence[Mapping[str, object]],
    *,
    iscrowd: Array | None = ...,
) -> Floats: ...
def masks_to_boxes(masks: Array) -> Floats: ...
