"""Objectives for boosting without the engines: arrays, curvature, errors, scores to start from."""

import copy
import pickle
from types import SimpleNamespace

import numpy as np
import pytest

import fastloss as fl
from fastloss import boosting
from fastloss.boosting import _losses
from fastloss.reference import LOSSES

POINTWISE = [
    name
    for name, loss in LOSSES.items()
    if loss.kind == "pointwise" and loss.hess and name not in _losses.REFUSED
]
ROWWISE = ["cross_entropy", "softmax_focal_loss", "poly1_cross_entropy"]
# Variations of the parameters.
PARAMS = {
    "smooth_l1_loss": [{}, {"beta": 0.25}, {"beta": 0}],
    "huber_loss": [{}, {"delta": 0.25}],
    "quantile_loss": [{}, {"quantile": 0.1}, {"quantile": 0.9}],
    "expectile_loss": [{}, {"expectile": 0.1}],
    "gaussian_nll_loss": [{"var": 2.0}],
    "tweedie_loss": [{"power": power} for power in (1, 1.5, 2, 3, 0)],
    "binary_cross_entropy_with_logits": [{}, {"pos_weight": 3.0}],
    "sigmoid_focal_loss": [{}, {"gamma": 0.5, "alpha": -1}, {"gamma": 5}, {"gamma": 0}],
    "varifocal_loss": [{}, {"gamma": 1.5}],
    "quality_focal_loss": [{}, {"beta": 1.5}, {"beta": 0.5}],
    "asymmetric_loss": [{}, {"gamma_neg": 1, "gamma_pos": 2, "clip": 0}],
    "softmax_focal_loss": [{}, {"gamma": 0.5}],
    "poly1_cross_entropy": [{}, {"epsilon": -1.5}],
    "cross_entropy": [{}, {"label_smoothing": 0.1}],
}
CASES = [(name, params) for name in POINTWISE for params in PARAMS.get(name, [{}])]
ROW_CASES = [(name, params) for name in ROWWISE for params in PARAMS.get(name, [{}])]


def named(cases):
    return [
        pytest.param(*case, id="-".join(map(str, (case[0], *case[1].values())))) for case in cases
    ]


def traits_of(name):
    return _losses.TRAITS.get(name, _losses.Traits())


def labels_for(name, rng, n):
    labels = traits_of(name).labels
    if labels.signs:
        return rng.choice([-1.0, 1.0], n)
    if labels.high == 1:
        return np.where(rng.random(n) < 0.5, rng.integers(0, 2, n), rng.random(n))
    return rng.exponential(2, n) + 0.01 if labels.low > -np.inf else rng.normal(1, 3, n)


def scores_for(name, rng, n):
    scores = rng.normal(0, 3, n)
    return np.abs(scores) if name == "msle_loss" else scores


def loss_of(name, scores, labels, params, **options):
    traits = traits_of(name)
    name = "mse_loss" if traits.kernel else name
    values = (scores, labels, params["var"]) if name == "gaussian_nll_loss" else (scores, labels)
    rest = {key: value for key, value in params.items() if key != "var"}
    value, *derivatives = getattr(fl, name)(*values, reduction="none", **rest, **options)
    return traits.factor * value, *(traits.factor * each for each in derivatives)


def dataset(labels, weight=None):
    return SimpleNamespace(get_label=lambda: labels, get_weight=lambda: weight)


# ---- derivatives --------------------------------------------------------------------


@pytest.mark.parametrize(("name", "params"), named(CASES))
def test_gradients_are_the_losses_own(name, params):
    rng = np.random.default_rng(0)
    x, t, w = scores_for(name, rng, 300), labels_for(name, rng, 300), rng.random(300)
    _, grad, hess = loss_of(name, x, t, params, hess=True)
    given, curvature = boosting.lightgbm_objective(name, **params)(t, x, w)
    np.testing.assert_allclose(given, grad * w, rtol=1e-6, atol=1e-7)
    assert given.dtype == curvature.dtype == np.float32
    if name == "mse_loss":
        np.testing.assert_array_equal(curvature, w.astype(np.float32))
    assert (curvature > 0).all()
    assert (curvature >= hess * w * (1 - 1e-6) - 1e-7).all()
    two_columns = boosting.catboost_objective(name, **params).calc_ders_range(x, t, w)
    np.testing.assert_allclose(two_columns, -np.stack([given, curvature], 1), rtol=1e-6, atol=1e-7)
    single = boosting.xgboost_objective(name, **params)(t, x.astype(np.float32), w)
    np.testing.assert_allclose(single[0], given, rtol=2e-4, atol=1e-5)
    np.testing.assert_allclose(single[1], curvature, rtol=2e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "params"),
    named(
        [
            ("huber_loss", {"delta": 0.7}),
            ("smooth_l1_loss", {"beta": 0.7}),
            ("log_cosh_loss", {}),
            ("squared_hinge_loss", {}),
            ("mse_loss", {}),
        ]
    ),
)
def test_a_newton_step_never_raises_the_loss(name, params):
    rng = np.random.default_rng(1)
    x, t = scores_for(name, rng, 500), labels_for(name, rng, 500)
    grad, curvature = boosting.lightgbm_objective(name, **params)(t, x)
    after = loss_of(name, x - grad / curvature, t, params, grad=True)[0]
    before = loss_of(name, x, t, params, grad=True)[0]
    assert (after <= before + 1e-6 * (1 + before)).all()


def test_curvature_of_kinked_losses_is_that_of_parabolas_above():
    y, x = np.array([0.0, 0, 0, 0]), np.array([0.0, 1, -2, 5])
    knee = _losses.KNEE * 2  # the mean residual is 2
    sizes = np.maximum(knee, np.abs(x))
    for objective in (boosting.xgboost_objective, boosting.lightgbm_objective):
        np.testing.assert_allclose(objective("l1")(y, x)[1], 1 / sizes, rtol=1e-6)
        np.testing.assert_allclose(
            objective("quantile", quantile=0.9)(y, x)[1], 0.5 / sizes, rtol=1e-6
        )
        np.testing.assert_allclose(objective("smooth_l1", beta=0)(y, x)[1], 1 / sizes, rtol=1e-6)
    np.testing.assert_array_equal(
        boosting.xgboost_objective("l1")(x, x)[1], 1
    )  # no residual at all
    np.testing.assert_allclose(
        boosting.xgboost_objective("huber", delta=2)(y, x)[1], [1, 1, 1, 0.4], rtol=1e-6
    )


def test_the_knee_moves_with_the_unit_of_the_labels():
    rng = np.random.default_rng(2)
    y, x, w = rng.normal(size=(3, 50))
    w = np.abs(w)
    grad, curvature = boosting.lightgbm_objective("l1")(y, x, w)
    scaled = boosting.lightgbm_objective("l1")(1000 * y, 1000 * x, w)
    np.testing.assert_array_equal(scaled[0], grad)
    np.testing.assert_allclose(scaled[1], curvature / 1000, rtol=1e-6)


def test_focal_steps_are_no_longer_than_logistic_ones():
    x = np.linspace(-30, 30, 1001)
    for label in (0, 1):
        t = np.full_like(x, label)
        grad, curvature = (
            boosting.catboost_objective("binary_cross_entropy_with_logits")
            .calc_ders_range(x, t, None)
            .T
        )
        logistic = np.abs(grad / curvature)
        for gamma in (0.5, 1, 2, 5):
            for name in ("sigmoid_focal", "softmax_focal"):
                if name == "sigmoid_focal":
                    both = boosting.catboost_objective(name, gamma=gamma).calc_ders_range(
                        x, t, None
                    )
                    step = np.abs(both[:, 0] / both[:, 1])
                    inside = both[:, 1] < -1e-15
                    assert (step[inside] <= logistic[inside] * (1 + 1e-6)).all()


@pytest.mark.parametrize(("name", "params"), named(ROW_CASES))
@pytest.mark.parametrize("classes", [2, 3, 40])
@pytest.mark.parametrize("weighted", [False, True])
def test_rows_of_classes(name, params, classes, weighted):
    rng = np.random.default_rng(classes)
    n = 131
    x, t = rng.normal(0, 2, (n, classes)), rng.integers(0, classes, n)
    w = rng.random(n) if weighted else None
    each = np.ones((n, 1)) if w is None else w[:, None]
    _, grad, hess = getattr(fl, name)(x, t, reduction="none", hess=True, **params)
    single = x.astype(np.float32)
    labels = t.astype(np.float32)
    given, curvature = boosting.xgboost_objective(name, **params)(labels, single, w)
    assert given.flags.c_contiguous and curvature.flags.c_contiguous
    np.testing.assert_allclose(given, grad * each, rtol=1e-4, atol=1e-5)
    assert (curvature > 0).all()
    assert (curvature >= 2 * hess * each - 1e-5).all()
    if name == "cross_entropy":
        np.testing.assert_allclose(curvature, 2 * hess * each, rtol=1e-4, atol=1e-5)

    native = boosting.lightgbm_objective(name, **params)(np.asfortranarray(x), dataset(labels, w))
    assert all(a.flags.f_contiguous and a.dtype == np.float32 for a in native)
    np.testing.assert_allclose(native[0], grad * each, rtol=1e-5, atol=1e-6)
    share = classes / (classes - 1) / 2
    np.testing.assert_allclose(native[1], curvature * share, rtol=1e-3, atol=1e-5)
    transposed = boosting.lightgbm_objective(name, **params)(labels, x, w)
    np.testing.assert_allclose(transposed[0], native[0], rtol=1e-5, atol=1e-6)
    for each_one in (0, n - 1):
        weight = 1.0 if w is None else w[each_one]
        negative, matrix = boosting.catboost_objective(name, **params).calc_ders_multi(
            x[each_one], float(t[each_one]), weight
        )
        np.testing.assert_allclose(negative, -grad[each_one] * weight, rtol=1e-9, atol=1e-12)
        diagonal = -np.diag(matrix) * 2
        np.testing.assert_allclose(
            np.maximum(diagonal, 0), curvature[each_one], rtol=1e-3, atol=1e-5
        )


@pytest.mark.parametrize("name", ROWWISE)
def test_the_hessian_of_a_row_is_that_of_its_gradient(name):
    x = np.array([0.3, -1.0, 0.8, 0.1])
    negative = boosting.catboost_objective(name)
    matrix = np.array(negative.calc_ders_multi(x, 1.0, 2.0)[1])
    slopes = []
    for axis in range(4):
        ends = [
            negative.calc_ders_multi(x + sign * 1e-5 * np.eye(4)[axis], 1.0, 2.0)[0]
            for sign in (1, -1)
        ]
        slopes.append((np.array(ends[0]) - ends[1]) / 2e-5)
    if name != "cross_entropy":  # concave parts are left out
        assert np.linalg.eigvalsh(matrix - slopes).max() < 1e-8
    else:
        np.testing.assert_allclose(matrix, slopes, atol=1e-8)
    np.testing.assert_allclose(matrix, matrix.T, rtol=1e-14)
    assert np.linalg.eigvalsh(matrix).max() < 1e-12


def test_ignored_rows_and_class_weights():
    x = np.random.default_rng(0).normal(size=(5, 3))
    t = np.array([0, -100, 1, 2, -100])
    weights = np.array([1.0, 2.0, 3.0])
    objective = boosting.lightgbm_objective("cross_entropy", class_weight=weights)
    grad, curvature = objective(t, x)
    _, expected = fl.cross_entropy(x, t, weights, reduction="sum", grad=True)
    np.testing.assert_allclose(grad, expected, rtol=1e-6)
    assert not grad[[1, 4]].any() and curvature[[1, 4]].max() <= 1e-15
    matrix = boosting.catboost_objective("cross_entropy").calc_ders_multi(x[1], -100.0, None)[1]
    assert not np.any(matrix)


# ---- arrays -------------------------------------------------------------------------


def test_native_and_sklearn_signatures_agree():
    rng = np.random.default_rng(3)
    y, x, w = rng.integers(0, 2, 70), rng.normal(size=70), rng.random(70)
    for factory in (boosting.xgboost_objective, boosting.lightgbm_objective):
        objective = factory(fl.sigmoid_focal_loss, gamma=1.5)
        plain, native = objective(y, x), objective(x, dataset(y, np.empty(0)))
        np.testing.assert_array_equal(plain, native)
        weighted, native = objective(y, x, sample_weight=w), objective(x, dataset(y, w))
        np.testing.assert_array_equal(weighted, native)
        assert not np.array_equal(plain, weighted)


def test_arrays_are_read_as_they_lie():
    rng = np.random.default_rng(4)
    base = rng.normal(size=(80, 6)).astype(np.float32)
    y = rng.normal(size=80)
    objective = boosting.xgboost_objective("huber")
    expected = objective(y, base[:, 2].copy())
    for scores in (base[:, 2], base[::-1, 2][::-1], base[:, 2].astype(">f4"), list(base[:, 2])):
        np.testing.assert_array_equal(objective(y, scores), expected)
    readonly = base[:, 2].copy()
    readonly.setflags(write=False)
    np.testing.assert_array_equal(objective(y.astype(np.float32), readonly)[1], expected[1])
    outputs = objective(y.reshape(8, 10), base[:, 2].reshape(8, 10))  # several targets
    np.testing.assert_array_equal(np.reshape(outputs, (2, 80)), expected)
    columns = boosting.lightgbm_objective("huber")(y.reshape(8, 10), base[:, 2].reshape(8, 10))
    assert columns[0].flags.f_contiguous


@pytest.mark.parametrize("n", [0, 1, 15, 16, 17, 1023, 1025, 5000])
def test_any_number_of_rows_and_threads(n):
    rng = np.random.default_rng(n)
    y, x, w = rng.random((3, n))
    for name in ("sigmoid_focal", "l1"):
        objective = boosting.lightgbm_objective(name)
        results = []
        for threads in (1, 2):
            with fl.num_threads(threads):
                results.append(objective(y, x, w))
        np.testing.assert_array_equal(*results)
        assert results[0][0].shape == (n,)


def test_objectives_are_values():
    objective = boosting.xgboost_objective(fl.huber_loss, delta=2.0)
    for twin in (
        copy.copy(objective),
        copy.deepcopy(objective),
        pickle.loads(pickle.dumps(objective)),
    ):
        assert twin == objective and hash(twin) == hash(objective)
        np.testing.assert_array_equal(twin([1.0], [9.0]), objective([1.0], [9.0]))
    assert repr(objective) == "xgboost_objective(huber_loss, delta=2.0)"
    assert objective != boosting.xgboost_objective("huber")
    assert objective != boosting.lightgbm_objective("huber", delta=2.0)
    assert boosting.catboost_objective("huber_loss").loss == "huber_loss"
    assert not hasattr(boosting.catboost_objective("huber"), "calc_ders_multi")
    assert not hasattr(boosting.catboost_objective("cross_entropy"), "calc_ders_range")


def test_labels_of_signs_are_classes_or_signs():
    x = np.array([0.5, -2.0, 3.0])
    for name in ("hinge", "squared_hinge", "soft_margin", "exponential"):
        objective = boosting.xgboost_objective(name)
        np.testing.assert_array_equal(objective([0, 1, 1], x), objective([-1, 1, 1], x))


# ---- errors -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "labels", "scores", "weights", "message"),
    [
        (
            "mse",
            [0, 0, 0],
            [0, np.nan, 0],
            None,
            "row 1: prediction is nan; expected a finite number",
        ),
        ("mse", [0, 0, 0], [0, 0, -np.inf], None, "row 2: prediction is -inf"),
        ("l1", [np.nan, 0, 0], [0, 0, 0], None, "row 0: label is nan; expected a finite number"),
        ("mse", [0, 0, 0], [0, 0, 0], [1, np.nan, 1], "row 1: weight is nan"),
        (
            "sigmoid_focal",
            [0, 1, 1.5],
            [0, 0, 0],
            None,
            r"row 2: label is 1.5; expected a number in \[0, 1\]",
        ),
        (
            "poisson_nll",
            [0, 1, -2],
            [0, 0, 0],
            None,
            "row 2: label is -2; expected a number >= 0",
        ),
        ("gamma_nll", [1.0, 0, 2], [0, 0, 0], None, "row 1: label is 0.0; expected a number > 0"),
        ("hinge", [0, 1, 0.5], [0, 0, 0], None, r"row 2: label is 0.5; expected -1 \(or 0\) or 1"),
        (
            "msle",
            [0.0, 1, 1],
            [0, -1.5, 0],
            None,
            "row 1: prediction is -1.5; expected a number >= -1",
        ),
        ("msle", [0.0, 1, -3], [0, 0, 0], None, "row 2: label is -3.0; expected a number > -1"),
    ],
)
def test_bad_rows_are_named(name, labels, scores, weights, message):
    for factory in (boosting.xgboost_objective, boosting.lightgbm_objective):
        with pytest.raises(ValueError, match=message):
            factory(name)(labels, np.array(scores, np.float64), weights)
    with pytest.raises(ValueError, match=message + ".*in a block of 3 rows"):
        boosting.catboost_objective(name).calc_ders_range(np.array(scores, float), labels, weights)


@pytest.mark.parametrize("classes", [3, 50])
def test_bad_rows_of_classes_are_named(classes):
    scores = np.zeros((4, classes))
    objective = boosting.xgboost_objective("cross_entropy")
    lightgbm = boosting.lightgbm_objective("softmax_focal")
    for each in (objective, lightgbm):
        for order in ("C", "F"):
            x = np.array(scores, order=order)
            with pytest.raises(
                IndexError, match=f"row 2: label is {classes}.0; expected a class, 0..{classes - 1}"
            ):
                each(np.array([0, 1, classes, 0.0]), x)
            with pytest.raises(IndexError, match="row 1: label is -1"):
                each(np.array([0, -1, 0, 0]), x)
            with pytest.raises(ValueError, match="row 3: label is nan"):
                each(np.array([0, 1, 0, np.nan]), x)
            with pytest.raises(ValueError, match="row 0: label is 0.5"):
                each(np.array([0.5, 1, 0, 0]), x)
            with pytest.raises(ValueError, match="row 1: weight is inf"):
                each(np.array([0, 1, 0, 0]), x, np.array([0, np.inf, 0, 0]))
            x[2, 1] = np.nan
            with pytest.raises(ValueError, match="row 2, column 1: prediction is nan"):
                each(np.array([0, 1, 0, 0]), x)
    row = boosting.catboost_objective("cross_entropy").calc_ders_multi
    with pytest.raises(IndexError, match=r"label is 3; expected a class, 0..2"):
        row(np.zeros(3), 3.0, 1.0)
    with pytest.raises(IndexError, match="label is nan"):
        row(np.zeros(3), np.nan, 1.0)
    with pytest.raises(ValueError, match="column 1: prediction is nan"):
        row(np.array([0, np.nan, 0]), 1.0, 1.0)


def test_wrong_arguments():
    for loss in ("no_such", fl.box_iou, 3, len):
        with pytest.raises(ValueError, match="loss is"):
            boosting.xgboost_objective(loss)
    for loss in (*_losses.REFUSED, "dice_loss", "nll_loss", "l2_penalty", "complete_box_iou_loss"):
        with pytest.raises(ValueError, match=f"loss is {loss}"):
            boosting.lightgbm_objective(loss)
    with pytest.raises(
        TypeError, match="delta is no parameter of mse_loss in boosting; expected no parameters"
    ):
        boosting.catboost_objective("mse", delta=2)
    with pytest.raises(TypeError, match="weight is no parameter of huber_loss"):
        boosting.xgboost_objective("huber", weight=[1.0])
    with pytest.raises(TypeError, match="gaussian_nll_loss needs var"):
        boosting.xgboost_objective("gaussian_nll")
    with pytest.raises(ValueError, match="delta is -1; expected a finite number > 0"):
        boosting.xgboost_objective("huber", delta=-1)
    with pytest.raises(ValueError, match="gamma is -1"):
        boosting.xgboost_objective("softmax_focal", gamma=-1)
    with pytest.raises(ValueError, match="log_input is False"):
        boosting.xgboost_objective("poisson_nll", log_input=False)
    with pytest.raises(
        ValueError, match=r"labels have shape \(3,\), but predictions have shape \(2,\)"
    ):
        boosting.xgboost_objective("mse")([0, 1, 2], [0.0, 1.0])
    with pytest.raises(
        ValueError, match=r"weights have shape \(3,\), but predictions have shape \(2,\)"
    ):
        boosting.xgboost_objective("mse")([0, 1], [0.0, 1.0], [1.0, 1.0, 1.0])
    with pytest.raises(ValueError, match=r"expected \(rows, classes\)"):
        boosting.xgboost_objective("cross_entropy")([0, 1], [0.0, 1.0])
    with pytest.raises(ValueError, match=r"weight has shape \(2,\); expected \(3,\)"):
        boosting.xgboost_objective("cross_entropy", class_weight=[1.0, 2.0])(
            [0, 1], np.zeros((2, 3))
        )
    with pytest.raises(TypeError, match="float16"):
        boosting.xgboost_objective("mse")([0, 1], np.zeros(2, np.float16))


# ---- where to start, what scores mean -----------------------------------------------


@pytest.mark.parametrize(("name", "params"), named(CASES))
@pytest.mark.parametrize("weighted", [False, True])
def test_initial_score_is_the_best_constant(name, params, weighted):
    rng = np.random.default_rng(7)
    n = 41
    y = labels_for(name, rng, n)
    w = rng.random(n) if weighted else None
    score = boosting.initial_score(name, y, w, **params)
    assert isinstance(score, float)

    def total(at):
        each = loss_of(name, np.full(n, at), y, params, grad=True)[0]
        return float(np.sum(each if w is None else each * w))

    least, low = total(score), 0.0 if name == "msle_loss" else score - 6
    grid = np.concatenate([np.linspace(low, score + 6, 151), score + np.array([-1e-3, 1e-3])])
    assert min(map(total, grid)) >= least - 1e-9 * (1 + abs(least))
    objective = boosting.lightgbm_objective(name, **params)
    assert objective.initial_score(y, w) == score


@pytest.mark.parametrize(("name", "params"), named(ROW_CASES))
def test_initial_scores_of_classes_are_the_best(name, params):
    rng = np.random.default_rng(8)
    y, w = rng.choice(4, 60, p=[0.5, 0.3, 0.15, 0.05]), rng.random(60)
    scores = boosting.initial_score(name, y, w, n_classes=4, **params)

    def total(at):
        return np.sum(w * getattr(fl, name)(np.tile(at, (60, 1)), y, reduction="none", **params))

    least = total(scores)
    for size in (1e-3, 0.1, 1.0):
        assert min(total(scores + size * step) for step in rng.normal(size=(40, 4))) >= least - 1e-9


def test_initial_scores_in_closed_form():
    y, w = np.array([1.0, 3, 2, 10]), np.array([1.0, 1, 1, 3])
    assert boosting.initial_score("mse", y) == 4
    assert boosting.initial_score("rmse", y, w) == 6
    assert boosting.initial_score("l1", y) == 2.5
    assert boosting.initial_score("l1", y, w) == 6.5
    assert boosting.initial_score(fl.quantile_loss, y, quantile=0.9) == 10
    assert boosting.initial_score("quantile", y, quantile=0.0) == 1
    assert boosting.initial_score("poisson_nll", y) == pytest.approx(np.log(4))
    assert boosting.initial_score(
        "binary_cross_entropy_with_logits", [0, 1, 1, 1]
    ) == pytest.approx(np.log(3))
    np.testing.assert_allclose(
        boosting.initial_score("cross_entropy", [0, 1, 1, 3]), np.log([0.25, 0.5, 1e-15, 0.25])
    )
    both = boosting.initial_score("mse", np.stack([y, 2 * y], 1))
    np.testing.assert_array_equal(both, [4, 8])
    tasks = np.array([[0, 1], [1, 1], [1, 0], [0, 1]])
    np.testing.assert_allclose(
        boosting.initial_score("binary_cross_entropy_with_logits", tasks, pos_weight=[1.0, 2.0]),
        np.log([1, 6]),
    )


def test_initial_scores_are_finite_at_the_edge():
    for name in ("binary_cross_entropy_with_logits", "sigmoid_focal", "soft_margin", "exponential"):
        for label, sign in ((0, -1), (1, 1)):
            score = boosting.initial_score(name, np.full(5, label))
            assert np.isfinite(score) and score * sign > 30
    assert np.isfinite(boosting.initial_score("poisson_nll", [0, 0]))
    assert np.isfinite(boosting.initial_score("softmax_focal", [0, 0, 2])).all()
    assert boosting.initial_score("huber", [3.0, 3.0]) == 3


def test_initial_score_says_what_is_wrong():
    with pytest.raises(ValueError, match="row 1: label is nan"):
        boosting.initial_score("mse", [0.0, np.nan])
    with pytest.raises(ValueError, match="row 2: label is 2"):
        boosting.initial_score("sigmoid_focal", [0, 1, 2])
    with pytest.raises(IndexError, match="row 1: label is 5; expected a class, 0..2"):
        boosting.initial_score("cross_entropy", [0, 5], n_classes=3)
    for y, weight in (([], None), ([1.0], [0.0]), ([1.0], [-1.0]), ([1.0], [np.nan])):
        with pytest.raises(ValueError, match="weights of y"):
            boosting.initial_score("mse", y, weight)
    with pytest.raises(ValueError, match=r"y has shape \(2,\) and weight \(3,\)"):
        boosting.initial_score("mse", [1.0, 2.0], [1.0, 1.0, 1.0])


def test_links():
    x = np.array([-800.0, -1.0, 0.0, 2.0, 800.0])
    with np.errstate(over="ignore"):
        np.testing.assert_array_equal(boosting.link("huber", x), x)
        np.testing.assert_allclose(
            boosting.link("sigmoid_focal", x), [0, 0.268941, 0.5, 0.880797, 1], atol=1e-6
        )
        np.testing.assert_allclose(
            boosting.link("exponential", x / 2), boosting.link("soft_margin", x)
        )
        np.testing.assert_allclose(boosting.link("poisson_nll", x[1:4]), np.exp(x[1:4]))
    rows = boosting.link("softmax_focal", np.array([[0.0, 0.0, 1000.0], [1.0, 1.0, 1.0]]))
    np.testing.assert_allclose(rows, [[0, 0, 1], [1 / 3] * 3])
    assert boosting.link("mse", np.zeros(2, np.float32)).dtype == np.float32
    assert boosting.link("cross_entropy", np.zeros((2, 2), np.float32)).dtype == np.float32
    assert boosting.xgboost_objective("sigmoid_focal").link([0.0]) == 0.5
