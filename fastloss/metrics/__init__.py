"""Metrics: what a model is judged by, not trained on. They have no gradient.

>>> from fastloss import metrics
>>> metrics.accuracy([[2.0, 1.0], [0.5, 3.0]], [0, 0])
0.5

Detections are evaluated by COCO's rules: `coco_map` reads files, `CocoEvaluator` takes batches of
arrays. ``docs/metrics.md`` is the guide.
"""

from fastloss.metrics._evaluator import CocoEvaluator
from fastloss.metrics._result import CocoResult
from fastloss.metrics.classification import (
    PrecisionRecallF1,
    accuracy,
    confusion_matrix,
    precision_recall_f1,
)
from fastloss.metrics.coco import coco_map

__all__ = [
    "CocoEvaluator",
    "CocoResult",
    "PrecisionRecallF1",
    "accuracy",
    "coco_map",
    "confusion_matrix",
    "precision_recall_f1",
]
