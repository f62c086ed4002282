"""The objectives: what each engine calls, and how its arrays are read and filled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastloss.boosting._losses import plan
from fastloss.boosting._scores import initial_score, link

Loss = str | Callable[..., Any]
Pair = tuple[NDArray[np.float32], NDArray[np.float32]]


class Dataset(Protocol):
    """What the native interfaces pass: xgboost.DMatrix, lightgbm.Dataset."""

    def get_label(self) -> Any: ...
    def get_weight(self) -> Any: ...


class _Objective:
    """A loss and its parameters; pickled and compared by them."""

    _factory: str

    def __init__(self, loss: Loss, **params: Any) -> None:
        self._plan = plan(loss, params)
        self._derivatives = self._plan.derivatives()
        self.loss = self._plan.name
        self.params = params

    def initial_score(self, y: ArrayLike, weight: ArrayLike | None = None) -> Any:
        """The constant that minimises the loss: see `fastloss.boosting.initial_score`."""
        return initial_score(self.loss, y, weight, **self.params)

    def link(self, scores: ArrayLike) -> NDArray[Any]:
        """Raw predictions as what they stand for: see `fastloss.boosting.link`."""
        return link(self.loss, scores, **self.params)

    def __repr__(self) -> str:
        arguments = "".join(f", {name}={value!r}" for name, value in self.params.items())
        return f"{self._factory}({self.loss}{arguments})"

    def __reduce__(self) -> Any:
        return _rebuild, (type(self), self.loss, self.params)

    def __deepcopy__(self, memo: Any) -> Any:
        # Nothing changes an objective; scikit-learn's clone() asks CatBoost's estimators for the same one.
        return self

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and repr(self) == repr(other)

    def __hash__(self) -> int:
        return hash(repr(self))


def _rebuild(kind: type[_Objective], loss: str, params: dict[str, Any]) -> _Objective:
    return kind(loss, **params)


class _ArrayObjective(_Objective):
    """For engines that hand over all rows at once and take two arrays of float32."""

    _order: Any

    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike | Dataset, sample_weight: ArrayLike | None = None
    ) -> Pair:
        """Gradient and curvature: of (y_true, y_pred, sample_weight), or of (predictions, data set)."""
        if hasattr(y_pred, "get_label"):
            scores, labels, weight = y_true, y_pred.get_label(), y_pred.get_weight()
        else:
            scores, labels, weight = y_pred, y_true, sample_weight
        if weight is not None and np.size(weight) == 0:  # how XGBoost says that there are none
            weight = None
        if self._plan.rowwise:
            scores = np.asarray(scores, order=self._order)
            return self._derivatives(scores, labels, weight, self._multiple(scores))
        scores, labels = np.asarray(scores), np.asarray(labels)
        if labels.shape != scores.shape and labels.size == scores.size:
            labels = labels.reshape(scores.shape)
        grad = np.empty(scores.shape, np.float32, self._order)
        hess = np.empty(scores.shape, np.float32, self._order)
        self._derivatives(scores, labels, weight, 1.0, grad, hess)
        return grad, hess

    def _multiple(self, scores: NDArray[Any]) -> float:
        """Of the Hessian's diagonal: the engine's own allowance for what is beside the diagonal."""
        raise NotImplementedError


class XGBoostObjective(_ArrayObjective):
    """An objective for XGBoost: see `xgboost_objective`."""

    _factory = "xgboost_objective"
    _order = "C"

    def _multiple(self, scores: NDArray[Any]) -> float:
        return 2.0


class LightGBMObjective(_ArrayObjective):
    """An objective for LightGBM: see `lightgbm_objective`."""

    _factory = "lightgbm_objective"
    _order = "F"

    def _multiple(self, scores: NDArray[Any]) -> float:
        classes = scores.shape[-1]
        return classes / max(classes - 1, 1)


class CatBoostObjective(_Objective):
    """An objective for CatBoost: see `catboost_objective`."""

    _factory = "catboost_objective"
    # CatBoost would try to compile the methods with Numba, which cannot see through them.
    no_jit = True

    def calc_ders_range(
        self, approxes: ArrayLike, targets: ArrayLike, weights: ArrayLike | None
    ) -> NDArray[np.float64]:
        """Negative first and second derivatives of a block of rows, as two columns."""
        scores = np.asarray(approxes, np.float64)
        both = np.empty((2, scores.size))
        try:
            self._derivatives(scores, targets, weights, -1.0, both[0], both[1])
        except ValueError as error:
            raise ValueError(
                f"{error} (in a block of {scores.size} rows in CatBoost's order)"
            ) from None
        return both.T


class CatBoostMulticlassObjective(_Objective):
    """An objective for CatBoost with several classes: see `catboost_objective`."""

    _factory = "catboost_objective"
    no_jit = True

    def calc_ders_multi(
        self, approxes: ArrayLike, target: float, weight: float | None
    ) -> tuple[list[float], list[list[float]]]:
        """Negative gradient and Hessian of one row."""
        result: tuple[list[float], list[list[float]]] = self._derivatives.row(
            approxes, target, 1.0 if weight is None else weight
        )
        return result


def xgboost_objective(loss: Loss, **params: Any) -> XGBoostObjective:
    return XGBoostObjective(loss, **params)


def lightgbm_objective(loss: Loss, **params: Any) -> LightGBMObjective:
    return LightGBMObjective(loss, **params)


def catboost_objective(
    loss: Loss, **params: Any
) -> CatBoostObjective | CatBoostMulticlassObjective:
    rowwise = plan(loss, params).rowwise
    return (CatBoostMulticlassObjective if rowwise else CatBoostObjective)(loss, **params)
