"""Where boosting starts, and what its raw predictions stand for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastloss.boosting._losses import Plan, plan

Floats = NDArray[np.float64]

# Probabilities and means closer to the edge than this count as this (LightGBM's limit). A score
# that a search does not find stops at its logarithm.
LEAST = 1e-15
FARTHEST = -np.log(LEAST)


def initial_score(
    loss: str | Callable[..., Any],
    y: ArrayLike,
    weight: ArrayLike | None = None,
    *,
    n_classes: int | None = None,
    **params: Any,
) -> Any:
    """The constant raw prediction that minimises a loss: where boosting had best start.

    Engines start a custom objective from 0 or 0.5, whatever the labels are. Closed forms serve
    where there are some (means, weighted quantiles, log-odds, logarithms of means, logarithms of
    the classes' shares), a search for the root of the gradient elsewhere.

    Parameters
    ----------
    loss : function or str
        A loss of fastloss or its name, as for `xgboost_objective`.
    y : array_like, shape (n,) or (n, m)
        Labels, of m outputs or tasks each for itself if there are two axes.
    weight : array_like, shape (n,), optional
        Weights of the rows, >= 0.
    n_classes : int, optional
        Of losses of several classes; the greatest label and one without it.
    **params
        The loss's parameters.

    Returns
    -------
    float, or ndarray of shape (m,) or (n_classes,)
        A raw prediction, in float64: `link` makes a probability or a mean of it. Finite even where
        the minimum is at infinity, since all labels are of one class or 0: a share below 1e-15
        counts as 1e-15.

    Raises
    ------
    ValueError, IndexError, TypeError
        As for the objectives; no labels, weights that are negative or sum to 0.

    Examples
    --------
    >>> from fastloss import boosting
    >>> boosting.initial_score("l1", [1.0, 2.0, 9.0])
    2.0
    >>> round(boosting.initial_score("binary_cross_entropy_with_logits", [0, 0, 0, 1]), 4)
    -1.0986
    >>> boosting.initial_score("cross_entropy", [0, 1, 1, 2]).round(4)
    array([-1.3863, -0.6931, -1.3863])
    """
    chosen, labels = plan(loss, params), np.asarray(y)
    w = np.ones(labels.shape[:1]) if weight is None else np.asarray(weight, np.float64)
    if labels.ndim not in (1, 2) or w.shape != labels.shape[:1]:
        raise ValueError(
            f"y has shape {labels.shape} and weight {w.shape}; expected (n,) or (n, m) and (n,)"
        )
    if not (w >= 0).all() or not 0 < w.sum() < np.inf:
        raise ValueError("the weights of y are none, negative, not finite or sum to 0")
    if chosen.rowwise:
        return _class_scores(chosen, labels, w, n_classes)
    if labels.ndim == 1:
        return _score(chosen, labels, w)
    columns = [chosen.column(i, labels.shape[1]) for i in range(labels.shape[1])]
    return np.array([_score(columns[i], labels[:, i], w) for i in range(len(columns))])


def link(loss: str | Callable[..., Any], scores: ArrayLike, **params: Any) -> NDArray[Any]:
    """What raw predictions of a model stand for: probabilities, means, or they themselves.

    Models of custom objectives predict raw scores; this is what the engine would do with them if
    the loss were built in.

    Parameters
    ----------
    loss : function or str
        A loss of fastloss or its name, as for `xgboost_objective`.
    scores : array_like, shape (n,), (n, m) or, with several classes, (n, n_classes)
        Raw predictions.
    **params
        The loss's parameters.

    Returns
    -------
    ndarray of the same shape
        The logistic function or the softmax of the scores for losses on logits, their exponential
        for losses on a logarithm, the scores for all others.

    Raises
    ------
    ValueError, TypeError
        An unknown loss or parameter.

    Examples
    --------
    >>> from fastloss import boosting
    >>> boosting.link("sigmoid_focal_loss", [-2.0, 0.0, 2.0]).round(4)
    array([0.1192, 0.5   , 0.8808])
    """
    return _LINKS[plan(loss, params).traits.link](np.asarray(scores))


# ---- one score --------------------------------------------------------------------------


def _score(chosen: Plan, labels: NDArray[Any], w: Floats) -> float:
    derivatives = chosen.derivatives()

    def slope(score: float) -> tuple[float, float]:
        """Gradient and curvature of the whole at a constant; labels are checked on the way."""
        grad, hess = np.empty((2, len(labels)))
        derivatives(np.broadcast_to(np.float64(score), labels.shape), labels, w, 1.0, grad, hess)
        return float(grad.sum()), float(hess.sum())

    slope(0.0)
    if chosen.traits.start:
        return float(_CLOSED[chosen.traits.start](labels.astype(np.float64), w, chosen.params))
    labels, inverse = np.unique(labels, return_inverse=True)
    w = np.bincount(inverse, w).astype(np.float64)
    if chosen.traits.link == "identity" and not chosen.traits.labels.signs:
        return float(_root(slope, float(labels.min()), float(labels.max())))
    return float(_root(slope, -FARTHEST, FARTHEST))


def _root(slope: Callable[[float], tuple[float, float]], low: float, high: float) -> float:
    """Where the gradient turns positive: Newton's steps and halvings of the bracket in turns."""
    if slope(low)[0] >= 0:
        return low
    if slope(high)[0] <= 0:
        return high
    tolerance = 1e-13 * max(abs(low), abs(high))
    score, halve = (low + high) / 2, False
    while high - low > tolerance:
        gradient, curvature = slope(score)
        if gradient == 0:
            break
        low, high = (score, high) if gradient < 0 else (low, score)
        newton = score - gradient / curvature
        if abs(newton - score) <= tolerance:
            break
        halve = not halve or not low < newton < high
        score = (low + high) / 2 if halve else newton
    return score


def _mean(y: Floats, w: Floats, params: Mapping[str, Any]) -> float:
    return float(np.average(y, weights=w))


def _quantile(y: Floats, w: Floats, share: float) -> float:
    """Between the labels below which a share of the weights lies; their middle if there are two."""
    order = np.argsort(y[w > 0], kind="stable")
    sorted_y, sums = y[w > 0][order], np.cumsum(w[w > 0][order])
    sums /= sums[-1]
    first, last = np.searchsorted(sums, (share - 1e-12, share + 1e-12))
    return float(sorted_y[[first, min(last, len(sorted_y) - 1)]].mean())


def _median(y: Floats, w: Floats, params: Mapping[str, Any]) -> float:
    return _quantile(y, w, 0.5)


def _inside(share: Any) -> Any:
    return np.clip(share, LEAST, 1 - LEAST)


def _log_odds(y: Floats, w: Floats, params: Mapping[str, Any]) -> float:
    positive = params["pos_weight"]
    ones, zeros = np.sum(w * y) * (1 if positive is None else positive), np.sum(w * (1 - y))
    share = float(_inside(ones / (ones + zeros)))
    return float(np.log(share) - np.log1p(-share))


def _log_mean(y: Floats, w: Floats, params: Mapping[str, Any]) -> float:
    return float(np.log(max(np.average(y, weights=w), LEAST)))


def _log1p_mean(y: Floats, w: Floats, params: Mapping[str, Any]) -> float:
    return float(np.expm1(np.average(np.log1p(y), weights=w)))


def _own_quantile(y: Floats, w: Floats, params: Mapping[str, Any]) -> float:
    return _quantile(y, w, params["quantile"])


def _relative_median(y: Floats, w: Floats, params: Mapping[str, Any]) -> float:
    return _quantile(y, w / np.maximum(np.abs(y), params["eps"]), 0.5)


_CLOSED: dict[str, Callable[[Floats, Floats, Mapping[str, Any]], float]] = {
    "mean": _mean,
    "median": _median,
    "quantile": _own_quantile,
    "relative_median": _relative_median,
    "log_odds": _log_odds,
    "log_mean": _log_mean,
    "log1p_mean": _log1p_mean,
}


# ---- one score for each class -----------------------------------------------------------


def _class_scores(chosen: Plan, labels: NDArray[Any], w: Floats, n_classes: int | None) -> Floats:
    derivatives = chosen.derivatives()
    ignored = labels == chosen.params["ignore_index"]
    found = int(labels[~ignored].max(initial=0)) + 1 if labels.ndim == 1 else 1
    classes = max(found, 2) if n_classes is None else n_classes
    derivatives(np.broadcast_to(0.0, (len(labels), classes)), labels, None, 1.0)
    total = np.bincount(labels[~ignored].astype(np.intp), w[~ignored], classes)
    if not total.sum() > 0:
        raise ValueError("y has no label but ignore_index")
    each = chosen.params["class_weight"]
    each = np.ones(classes) if each is None else np.asarray(each, np.float64)
    smoothing = chosen.params.get("label_smoothing", 0.0)
    mass = (1 - smoothing) * total * each + smoothing * total.sum() * each / classes
    if chosen.traits.start == "log_priors":
        return np.asarray(np.log(_inside(mass / mass.sum())))
    return _shares(chosen, mass)


def _shares(chosen: Plan, mass: Floats) -> Floats:
    """The logarithms of the shares p_c that minimise the sum of mass_c F(log p_c).

    With Lagrange's multiplier, mass_c S(p_c)/p_c is the same for all classes, where S = -F'. It
    falls with p: the greater the multiplier, the smaller every share, and of one the sum is 1.
    """
    params = {name: value for name, value in chosen.params.items() if name != "class_weight"}

    def pull(score: Floats) -> Floats:
        """log(S(p)/p), p = sigmoid(score); of two classes the other's gradient is S(p) (1 - p)."""
        two, first = np.stack([score, np.zeros_like(score)], axis=1), np.zeros(len(score), np.int64)
        slope: Floats = chosen.function(two, first, reduction="sum", grad=True, **params)[1][:, 1]
        with np.errstate(divide="ignore"):
            return np.asarray(
                np.log(np.maximum(slope, 0)) + np.logaddexp(0, score) + np.logaddexp(0, -score)
            )

    def scores(multiplier: float) -> Any:
        low, high = np.full(len(mass), -FARTHEST), np.full(len(mass), FARTHEST)
        for _ in range(60):
            middle = (low + high) / 2
            over = log_mass + pull(middle) > multiplier
            low, high = np.where(over, middle, low), np.where(over, high, middle)
        return (low + high) / 2

    with np.errstate(divide="ignore"):
        log_mass = np.log(mass / mass.sum())
    low, high = -1000.0, 1000.0
    for _ in range(70):
        middle = (low + high) / 2
        shares = 1 / (1 + np.exp(-scores(middle)))
        low, high = (middle, high) if shares.sum() > 1 else (low, middle)
    shares = 1 / (1 + np.exp(-scores((low + high) / 2)))
    return np.asarray(np.log(shares / shares.sum()))


# ---- what scores stand for -----------------------------------------------------------------


def _sigmoid(scores: NDArray[Any]) -> NDArray[Any]:
    small = np.exp(-np.abs(scores))
    return np.asarray(np.where(scores < 0, small, 1) / (1 + small))


def _softmax(scores: NDArray[Any]) -> NDArray[Any]:
    exponentials = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=-1, keepdims=True))


_LINKS: dict[str, Callable[[NDArray[Any]], NDArray[Any]]] = {
    "identity": np.asarray,
    "exp": np.exp,
    "sigmoid": _sigmoid,
    # The score of the exponential loss is half a logit.
    "twice": lambda scores: _sigmoid(2 * scores),
    "softmax": _softmax,
}
