"""Types of fastloss.boxes.transforms. Written by `make stubs`: do not edit."""


from fastloss._typing import Array, Floats

__all__ = [
    "box_area",
    "box_convert",
    "clip_boxes_to_image",
    "remove_small_boxes",
]

def box_area(boxes: Array, fmt: str = ...) -> Floats: ...
def box_convert(boxes: Array, in_fmt: str, out_fmt: str) -> Floats: ...
def clip_boxes_to_image(boxes: Array, size: tuple[float, float]) -> Floats: ...
def remove_small_boxes(boxes: Array, min_size: float) -> Floats: ...
