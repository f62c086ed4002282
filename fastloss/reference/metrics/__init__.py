"""Metrics in NumPy: slow and obvious, to read and to compare with. They are no losses."""

from .classification import accuracy, confusion_matrix, precision_recall_f1
from .coco import coco_evaluate, rasterize

__all__ = [
    "accuracy",
    "coco_evaluate",
    "confusion_matrix",
    "precision_recall_f1",
    "rasterize",
]
