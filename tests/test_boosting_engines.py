"""The objectives inside XGBoost, LightGBM and CatBoost, on the data sets that scikit-learn
bundles."""

import copy
import pickle

import numpy as np
import pytest

from fastloss import boosting

pytestmark = [
    pytest.mark.peer,
    pytest.mark.filterwarnings("ignore:Cannot compute class probabilities"),
]
datasets = pytest.importorskip("sklearn.datasets")

LOGISTIC = "binary_cross_entropy_with_logits"
DATA = {
    "mse": lambda: datasets.load_diabetes(return_X_y=True),
    LOGISTIC: lambda: datasets.load_breast_cancer(return_X_y=True),
    # Every third digit: enough for the trees to differ where an objective does.
    "cross_entropy": lambda: tuple(a[::3] for a in datasets.load_digits(return_X_y=True)),
}
weightings = pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
losses = pytest.mark.parametrize("loss", list(DATA))


def load(loss, weighted=False):
    x, y = DATA[loss]()
    weight = np.random.default_rng(0).uniform(0.5, 2, len(y)) if weighted else None
    return x, y, weight


def halves(x, y):
    return x[::2], x[1::2], y[::2], y[1::2]


# ---- the engines by one interface: raw scores of a model after some rounds ------------------


def xgboost_scores(objective, x, y, at, rounds=40, start=0.0, weight=None, **params):
    xgb = pytest.importorskip("xgboost")
    builtin = isinstance(objective, str)
    params = {
        "nthread": 1,
        "max_depth": 4,
        "base_score": 0.5 if "logistic" in str(objective) else 0.0,
    } | params
    params |= {"objective": objective} if builtin else {"disable_default_eval_metric": True}
    start_train, start_at = (np.broadcast_to(start, (len(a), *np.shape(start))) for a in (x, at))
    options = (
        (lambda s: {}) if np.ndim(start) == 0 and start == 0 else (lambda s: {"base_margin": s})
    )
    train = xgb.DMatrix(x, y, weight=weight, **options(start_train))
    model = xgb.train(params, train, rounds, obj=None if builtin else objective)
    return model.predict(xgb.DMatrix(at, **options(start_at)), output_margin=True), model


def lightgbm_scores(objective, x, y, at, rounds=40, start=0.0, weight=None, **params):
    lgb = pytest.importorskip("lightgbm")
    params = {
        "objective": objective,
        "num_threads": 1,
        "verbose": -1,
        "deterministic": True,
        "boost_from_average": False,
    } | params
    begin = np.broadcast_to(start, (len(x), *np.shape(start))) if np.any(start) else None
    model = lgb.train(params, lgb.Dataset(x, y, weight=weight, init_score=begin), rounds)
    return model.predict(at, raw_score=True) + start, model


def catboost_scores(objective, x, y, at, rounds=40, start=0.0, weight=None, **params):
    cat = pytest.importorskip("catboost")
    builtin = isinstance(objective, str)
    classes = (
        isinstance(objective, boosting.CatBoostMulticlassObjective) or objective == "MultiClass"
    )
    params = {
        "iterations": rounds,
        "loss_function": objective,
        "learning_rate": 0.1,
        "depth": 4,
        "thread_count": 1,
        "verbose": 0,
        "allow_writing_files": False,
        "bootstrap_type": "No",
        "leaf_estimation_method": "Newton",
        "leaf_estimation_iterations": 1,
    } | params
    if builtin:
        params["boost_from_average"] = False
    else:
        params["eval_metric"] = "MultiClass" if classes else "RMSE"
    if classes:
        params["classes_count"] = int(np.max(y)) + 1
    kind = cat.CatBoostClassifier if classes or objective == "Logloss" else cat.CatBoostRegressor
    baseline = np.broadcast_to(start, (len(x), *np.shape(start))) if np.any(start) else None
    model = kind(**params).fit(cat.Pool(x, y, weight=weight, baseline=baseline))
    return model.predict(at, prediction_type="RawFormulaVal") + start, model


ENGINES = {
    "xgboost": (xgboost_scores, boosting.xgboost_objective),
    "lightgbm": (lightgbm_scores, boosting.lightgbm_objective),
    "catboost": (catboost_scores, boosting.catboost_objective),
}
engines = pytest.mark.parametrize("engine", list(ENGINES))


# ---- the same trees as the engine's own objective ---------------------------------------------


@losses
@weightings
def test_xgboost_grows_its_own_trees(loss, weighted):
    x, y, w = load(loss, weighted)
    own = {
        "mse": "reg:squarederror",
        LOGISTIC: "binary:logistic",
        "cross_entropy": "multi:softprob",
    }
    params = {"num_class": 10} if loss == "cross_entropy" else {}
    mine = xgboost_scores(boosting.xgboost_objective(loss), x, y, x, 8, weight=w, **params)
    theirs = xgboost_scores(own[loss], x, y, x, 8, weight=w, **params)
    np.testing.assert_allclose(mine[0], theirs[0], rtol=1e-5, atol=1e-5)
    trees = [model.trees_to_dataframe() for model in (mine[1], theirs[1])]
    assert trees[0][["Tree", "Node", "Feature", "Split"]].equals(
        trees[1][["Tree", "Node", "Feature", "Split"]]
    )


@losses
@weightings
def test_lightgbm_grows_its_own_trees(loss, weighted):
    x, y, w = load(loss, weighted)
    own = {"mse": "regression", LOGISTIC: "binary", "cross_entropy": "multiclass"}
    params = {"num_class": 10} if loss == "cross_entropy" else {}
    mine = lightgbm_scores(boosting.lightgbm_objective(loss), x, y, x, 8, weight=w, **params)
    theirs = lightgbm_scores(own[loss], x, y, x, 8, weight=w, **params)
    np.testing.assert_allclose(mine[0], theirs[0], rtol=1e-6, atol=1e-6)
    trees = [
        model.trees_to_dataframe()[["tree_index", "node_index", "split_feature"]]
        for model in (mine[1], theirs[1])
    ]
    assert trees[0].equals(trees[1])


@losses
@weightings
@pytest.mark.parametrize("method", ["Newton", "Gradient"])
def test_catboost_grows_its_own_trees(loss, weighted, method):
    x, y, w = load(loss, weighted)
    own = {"mse": "RMSE", LOGISTIC: "Logloss", "cross_entropy": "MultiClass"}
    options = {"weight": w, "leaf_estimation_method": method}
    mine, _ = catboost_scores(boosting.catboost_objective(loss), x, y, x, 6, **options)
    theirs, _ = catboost_scores(own[loss], x, y, x, 6, **options)
    np.testing.assert_allclose(mine, theirs, rtol=1e-6, atol=1e-9)


# ---- what is not built in learns -----------------------------------------------------------------


def pinball(y, scores, share):
    r = y - scores
    return np.mean(np.maximum(share * r, (share - 1) * r))


# The curvature of these losses is 1 over a residual: the engines' regularisation has to be in that
# unit.
FREE = {
    "xgboost": {"lambda": 1e-6, "min_child_weight": 1e-6, "eta": 0.1},
    "lightgbm": {},
    "catboost": {"l2_leaf_reg": 1e-6},
}


@engines
@pytest.mark.parametrize(
    ("loss", "params", "share"),
    [
        ("l1", {}, 0.5),
        ("quantile", {"quantile": 0.9}, 0.9),
        ("huber", {}, 0.5),
        ("huber", {"delta": 30.0}, 0.5),
        ("log_cosh", {}, 0.5),
        ("mape", {}, None),
    ],
)
def test_robust_losses_learn(engine, loss, params, share):
    scores, factory = ENGINES[engine]
    x, z, y, t = halves(*DATA["mse"]())
    objective = factory(loss, **params)
    start = objective.initial_score(y)
    seen, _ = scores(objective, x, y, np.concatenate([x, z]), 40, start=start, **FREE[engine])
    for labels, predicted, bound in ((y, seen[: len(x)], 0.75), (t, seen[len(x) :], 0.93)):
        if share is None:
            before, after = (np.mean(np.abs(labels - p) / labels) for p in (start, predicted))
        else:
            before, after = (pinball(labels, p, share) for p in (start, predicted))
        assert after < bound * before


@engines
@pytest.mark.parametrize("unit", [1e-3, 1.0, 1e3])
def test_absolute_error_learns_in_any_unit(engine, unit):
    scores, factory = ENGINES[engine]
    x, _, y, _ = halves(*DATA["mse"]())
    predicted, _ = scores(
        factory("l1"), x, y * unit, x, 40, start=np.median(y) * unit, **FREE[engine]
    )
    assert pinball(y, predicted / unit, 0.5) < 0.7 * pinball(y, np.median(y), 0.5)


@engines
def test_losses_of_counts_and_amounts_learn(engine):
    scores, factory = ENGINES[engine]
    x, z, y, t = halves(*DATA["mse"]())
    for loss, params in (("poisson_nll", {}), ("gamma_nll", {}), ("tweedie", {"power": 1.5})):
        objective = factory(loss, **params)
        predicted, _ = scores(objective, x, y, z, 30, start=objective.initial_score(y))
        means = objective.link(predicted)
        assert np.mean(np.abs(means - t)) < 0.85 * np.mean(np.abs(np.mean(y) - t))


def auc(y, scores):
    return pytest.importorskip("sklearn.metrics").roc_auc_score(y, scores)


def unbalanced():
    """Every benign tumour of the data set, and 40 of 212 malignant ones: those are the
    positives."""
    x, y = DATA[LOGISTIC]()
    rng = np.random.default_rng(2)
    chosen = np.concatenate([np.flatnonzero(y == 1), rng.permutation(np.flatnonzero(y == 0))[:40]])
    rng.shuffle(chosen)
    return halves(x[chosen], (1 - y[chosen]).astype(float))


@engines
def test_focal_finds_the_rare_class_as_well_as_logistic(engine):
    scores, factory = ENGINES[engine]
    x, z, y, t = unbalanced()
    results = {}
    for loss, params in ((LOGISTIC, {}), ("sigmoid_focal", {"alpha": -1, "gamma": 2.0})):
        objective = factory(loss, **params)
        predicted, _ = scores(objective, x, y, z, 50, start=objective.initial_score(y))
        results[loss] = auc(t, predicted)
        assert results[loss] > 0.95
        assert ((objective.link(predicted) > 0) & (objective.link(predicted) < 1)).all()
    assert results["sigmoid_focal"] >= results[LOGISTIC]


@engines
@pytest.mark.parametrize(
    "loss",
    [
        "sigmoid_focal",
        "varifocal",
        "quality_focal",
        "asymmetric",
        "hinge",
        "squared_hinge",
        "soft_margin",
        "exponential",
    ],
)
def test_losses_of_two_classes_learn(engine, loss):
    scores, factory = ENGINES[engine]
    x, z, y, t = unbalanced()
    objective = factory(loss)
    options = {"min_child_weight": 1e-3} if engine == "xgboost" else {}
    assert (
        auc(t, scores(objective, x, y, z, 40, start=objective.initial_score(y), **options)[0]) > 0.9
    )


@engines
@pytest.mark.parametrize("loss", ["softmax_focal", "poly1_cross_entropy"])
def test_losses_of_several_classes_learn(engine, loss):
    scores, factory = ENGINES[engine]
    x, z, y, t = halves(*DATA["cross_entropy"]())
    objective = factory(loss)
    start = objective.initial_score(y)
    params = {} if engine == "catboost" else {"num_class": 10}
    options = {"learning_rate": 0.3} if engine == "catboost" else {}
    predicted, _ = scores(objective, x, y, z, 15, start=start, **params, **options)
    assert predicted.shape == (len(t), 10)
    assert np.mean(objective.link(predicted).argmax(1) == t) > 0.8


# ---- scikit-learn's interface ------------------------------------------------------------------


def estimators(loss, params, regression):
    """The engines' estimators with a loss; CatBoost wants a metric beside."""
    kind = "Regressor" if regression else "Classifier"
    made = []
    for engine, prefix in (("xgboost", "XGB"), ("lightgbm", "LGBM"), ("catboost", "CatBoost")):
        module = pytest.importorskip(engine)
        objective = ENGINES[engine][1](loss, **params)
        if engine == "catboost":
            options = {
                "loss_function": objective,
                "verbose": 0,
                "allow_writing_files": False,
                "eval_metric": "RMSE",
            }
            options |= {"iterations": 15, "thread_count": 1}
        else:
            options = {"objective": objective, "n_estimators": 15, "n_jobs": 1}
            options |= {"verbose": -1} if engine == "lightgbm" else {}
        made.append(getattr(module, prefix + kind)(**options))
    return made


@weightings
def test_estimators_clone_fit_and_pickle(weighted):
    clone = pytest.importorskip("sklearn.base").clone
    x, y, w = load("mse", weighted)
    for estimator in estimators("huber", {"delta": 40.0}, regression=True):
        model = clone(estimator).fit(x, y, sample_weight=w)
        plain = copy.deepcopy(estimator).fit(x, y)
        assert np.array_equal(model.predict(x), plain.predict(x)) is not weighted
        np.testing.assert_array_equal(
            pickle.loads(pickle.dumps(model)).predict(x), model.predict(x)
        )
        assert np.corrcoef(model.predict(x), y)[0, 1] > 0.6


def test_grid_search_in_parallel():
    search = pytest.importorskip("sklearn.model_selection").GridSearchCV
    lgb = pytest.importorskip("lightgbm")
    x, y = DATA["mse"]()
    objectives = [boosting.lightgbm_objective("huber", delta=delta) for delta in (1.0, 50.0)]
    estimator = lgb.LGBMRegressor(n_estimators=10, n_jobs=1, verbose=-1)
    found = search(estimator, {"objective": objectives}, cv=2, n_jobs=2).fit(x, y)
    assert found.best_params_["objective"] in objectives


def test_classifiers():
    x, y = DATA[LOGISTIC]()
    for estimator in estimators("sigmoid_focal", {}, regression=False)[:2]:
        model = estimator.fit(x, y)
        raw = (
            model.predict(x, output_margin=True)
            if "XGB" in str(estimator)
            else model.predict(x, raw_score=True)
        )
        probability = model.objective.link(raw)
        assert np.mean((probability > 0.5) == y) > 0.95
        if "XGB" in str(estimator):  # whose booster believes that it is logistic
            np.testing.assert_allclose(model.predict_proba(x)[:, 1], probability, rtol=1e-5)
    x, y = DATA["cross_entropy"]()
    for estimator in estimators("softmax_focal", {}, regression=False)[:2]:
        model = estimator.fit(x, y, sample_weight=np.ones(len(y)))
        raw = (
            model.predict(x, output_margin=True)
            if "XGB" in str(estimator)
            else model.predict(x, raw_score=True)
        )
        assert np.mean(model.objective.link(raw).argmax(1) == y) > 0.9


def test_several_targets_of_xgboost():
    x, y = DATA["mse"]()
    both = np.stack([y, -2 * y], 1)
    mine, _ = xgboost_scores(boosting.xgboost_objective("mse"), x, both, x, 5)
    theirs, _ = xgboost_scores("reg:squarederror", x, both, x, 5)
    np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=1e-3)


# ---- errors come through -------------------------------------------------------------------------


@engines
def test_bad_labels_are_named_through_the_engine(engine):
    scores, factory = ENGINES[engine]
    x, y = DATA["mse"]()
    y = (y > 140).astype(float)
    y[17] = 3
    with pytest.raises(Exception, match=r"row \d+: label is 3.0; expected a number in \[0, 1\]"):
        scores(factory("sigmoid_focal"), x, y, x, 2)
    x, y = DATA["cross_entropy"]()
    params = {} if engine == "catboost" else {"num_class": 10}
    if engine != "catboost":  # which refuses the labels itself
        y = y.copy()
        y[17] = 10
        with pytest.raises(IndexError, match="row 17: label is 10.0; expected a class, 0..9"):
            scores(factory("cross_entropy"), x, y, x, 2, **params)


@engines
def test_nan_predictions_are_named_through_the_engine(engine):
    x, y = DATA["mse"]()
    start = np.zeros(len(y))
    start[3] = np.nan
    objective = ENGINES[engine][1]("huber")
    with pytest.raises(ValueError, match=r"row 3: prediction is nan; expected a finite number"):
        if engine == "xgboost":
            xgb = pytest.importorskip("xgboost")
            xgb.train({"nthread": 1}, xgb.DMatrix(x, y, base_margin=start), 1, obj=objective)
        elif engine == "lightgbm":  # which makes 0 of NaN in init_score and in labels
            objective(y, start)
        else:  # which refuses NaN in both
            objective.calc_ders_range(start, y, None)
