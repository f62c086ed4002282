"""The objectives: what each engine calls, and how its arrays are read and filled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, cast

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
        # Nothing changes an objective; scikit-learn's clone() asks CatBoost's estimators for the
        # same one.
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
        """Gradient and curvature. The arguments may also be (predictions, data set)."""
        if hasattr(y_pred, "get_label"):
            data = cast(Dataset, y_pred)
            scores, labels, weight = np.asarray(y_true), data.get_label(), data.get_weight()
        else:
            scores, labels, weight = np.asarray(y_pred), y_true, sample_weight
        if weight is not None and np.size(weight) == 0:  # how XGBoost says that there are none
            weight = None
        if self._plan.rowwise:
            scores = np.asarray(scores, order=self._order)
            pair: Pair = self._derivatives(scores, labels, weight, self._multiple(scores))
            return pair
        labels = np.asarray(labels)
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
        classes = int(scores.shape[-1])
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
    """An objective for XGBoost: gradient and curvature in one pass, on float32 in C order.

    It serves both interfaces: ``xgboost.train(..., obj=objective)`` calls it with predictions and a
    DMatrix, ``XGBRegressor(objective=objective)`` with labels, predictions and weights.

    Parameters
    ----------
    loss : function or str
        A pointwise loss of fastloss, `cross_entropy`, `softmax_focal_loss` or
        `poly1_cross_entropy`: the function, or its name with or without ``_loss``.
    **params
        The loss's parameters (``delta``, ``gamma`` ...), and `class_weight` for losses of several
        classes, which is their `weight`. The weights of rows are those of the data.

    Returns
    -------
    XGBoostObjective
        A callable that can be pickled, cloned and compared, with methods `initial_score` and
        `link`. ``objective(y_true, y_pred, sample_weight)`` and ``objective(predictions, dmatrix)``
        return gradient and curvature, of shape (n,), (n, targets) or (n, classes): the weighted
        derivative of the sum of the loss, and what ``docs/boosting.md`` gives as its curvature: the
        second derivative where that is positive, a bound above it elsewhere, never below 1e-16. The
        squared errors count half, as in XGBoost, and the curvature of losses of several classes
        twice.

    Raises
    ------
    ValueError
        A loss that cannot be boosted, a parameter outside its domain. When called: a prediction,
        label or weight that is not finite, a label outside the loss's domain, named by its row;
        shapes that do not fit.
    IndexError
        When called: a label that is no class.
    TypeError
        A parameter that the loss does not have, a dtype that cannot be used.

    References
    ----------
    T. Chen and C. Guestrin, XGBoost: a scalable tree boosting system (2016). XGBoost 3.2's custom
    objectives.

    Examples
    --------
    >>> import numpy as np
    >>> import fastloss as fl
    >>> from fastloss import boosting
    >>> objective = boosting.xgboost_objective(fl.huber_loss, delta=2.0)
    >>> objective
    xgboost_objective(huber_loss, delta=2.0)
    >>> objective([3.0, -0.5, 1.0], np.float32([2.5, 9.5, 1.0]))
    (array([-0.5,  2. ,  0. ], dtype=float32), array([1. , 0.2, 1. ], dtype=float32))
    """
    return XGBoostObjective(loss, **params)


def lightgbm_objective(loss: Loss, **params: Any) -> LightGBMObjective:
    """An objective for LightGBM: gradient and curvature in one pass, on float64 in Fortran's order.

    It serves both interfaces: ``lightgbm.train({"objective": objective}, ...)`` calls it with
    predictions and a Dataset, ``LGBMRegressor(objective=objective)`` with labels, predictions and
    weights. Derivatives are computed in double, as LightGBM's own, and handed over as float32.

    Parameters
    ----------
    loss, **params : as for `xgboost_objective`

    Returns
    -------
    LightGBMObjective
        As for `xgboost_objective`, but the curvature of losses of k classes counts k / (k - 1)
        times, as in LightGBM.

    Raises
    ------
    ValueError, IndexError, TypeError : as for `xgboost_objective`

    References
    ----------
    G. Ke et al., LightGBM: a highly efficient gradient boosting decision tree (2017). LightGBM
    4.7's custom objectives.

    Examples
    --------
    >>> import numpy as np
    >>> from fastloss import boosting
    >>> objective = boosting.lightgbm_objective("cross_entropy")
    >>> grad, hess = objective([0, 2], np.zeros((2, 3), order="F"))
    >>> grad.round(4)
    array([[-0.6667,  0.3333,  0.3333],
           [ 0.3333,  0.3333, -0.6667]], dtype=float32)
    """
    return LightGBMObjective(loss, **params)


def catboost_objective(
    loss: Loss, **params: Any
) -> CatBoostObjective | CatBoostMulticlassObjective:
    """An objective for CatBoost: ``CatBoostRegressor(loss_function=objective, eval_metric=...)``.

    CatBoost maximises, so derivatives are negative. It asks for blocks of rows, and with several
    classes for one row at a time, whose whole Hessian it gets.

    Parameters
    ----------
    loss, **params : as for `xgboost_objective`

    Returns
    -------
    CatBoostObjective or CatBoostMulticlassObjective
        An object with the method that CatBoost looks for: ``calc_ders_range(approxes, targets,
        weights)`` returns an array of shape (n, 2), negative gradient and negative curvature in its
        columns; ``calc_ders_multi(approx, target, weight)`` of losses of several classes the
        negative gradient and Hessian of a row as lists.

    Raises
    ------
    ValueError, IndexError, TypeError
        As for `xgboost_objective`. CatBoost shuffles rows and passes them in blocks: a message of
        the second method cannot name the row, that of the first names it within its block.

    References
    ----------
    L. Prokhorenkova et al., CatBoost: unbiased boosting with categorical features (2018). CatBoost
    1.2's user-defined loss functions.

    Examples
    --------
    >>> from fastloss import boosting
    >>> boosting.catboost_objective("mse").calc_ders_range([3.0, 5.0], [1.0, 5.0], [1.0, 2.0])
    array([[-2., -1.],
           [-0., -2.]])
    """
    rowwise = plan(loss, params).rowwise
    return (CatBoostMulticlassObjective if rowwise else CatBoostObjective)(loss, **params)
