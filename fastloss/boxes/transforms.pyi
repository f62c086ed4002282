"""Types of fastloss.boxes.transforms. Written by `make stubs`: do not edit."""


from fastloss._typing import Array, Floats

__all__ = [
    "box_area",
    "box_convert",
]

def box_area(boxes: Array, fmt: str = ...) -> Floats: ...
def box_convert(boxes: Array, in_fmt: str, out_fmt: str) -> Floats: ...
