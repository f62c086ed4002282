"""Objectives for XGBoost, LightGBM and CatBoost from the losses of this package.

An objective gives an engine the gradient of a loss and a curvature that is safe to divide by, in
one pass, in the shape, order and type that the engine's native and scikit-learn interfaces expect:

>>> import fastloss as fl
>>> from fastloss import boosting
>>> objective = boosting.lightgbm_objective(fl.huber_loss, delta=2.0)
>>> objective([3.0, -0.5, 1.0], [2.5, 9.5, 1.0])                 # y_true, y_pred
(array([-0.5,  2. ,  0. ], dtype=float32), array([1. , 0.2, 1. ], dtype=float32))

None of the engines is imported here. ``docs/boosting.md`` has a table of the losses, with their
link, curvature and initial score, and says what each engine expects.
"""

from fastloss.boosting._objectives import (
    CatBoostMulticlassObjective,
    CatBoostObjective,
    LightGBMObjective,
    XGBoostObjective,
    catboost_objective,
    lightgbm_objective,
    xgboost_objective,
)
from fastloss.boosting._scores import initial_score, link

__all__ = [
    "CatBoostMulticlassObjective",
    "CatBoostObjective",
    "LightGBMObjective",
    "XGBoostObjective",
    "catboost_objective",
    "initial_score",
    "lightgbm_objective",
    "link",
    "xgboost_objective",
]
