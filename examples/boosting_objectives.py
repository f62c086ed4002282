"""Objectives for gradient boosting: quantiles, rare classes, what to start from.

Each engine that is installed (XGBoost, LightGBM, CatBoost) learns the median and the 90 % quantile
of a noisy curve, and finds a class that one row in forty belongs to. The objectives come from the
losses of fastloss, the start of boosting from their initial score, probabilities from their link.
"""

import importlib.util

import numpy as np

import fastloss as fl
from fastloss import boosting

ROUNDS = 60


def train_xgboost(objective, x, y, start):
    import xgboost as xgb

    def matrix(features, labels=None):
        return xgb.DMatrix(features, labels, base_margin=np.full(len(features), start))

    # Curvatures are 1 over a residual here: so must be what they are compared with.
    params = {"nthread": 1, "max_depth": 4, "eta": 0.1, "lambda": 0.1, "min_child_weight": 0.1}
    model = xgb.train(params, matrix(x, y), ROUNDS, obj=objective)
    return lambda features: model.predict(matrix(features), output_margin=True)


def train_lightgbm(objective, x, y, start):
    import lightgbm as lgb

    params = {"objective": objective, "num_threads": 1, "verbose": -1, "num_leaves": 15}
    model = lgb.train(params, lgb.Dataset(x, y, init_score=np.full(len(y), start)), ROUNDS)
    return lambda features: start + model.predict(features)


def train_catboost(objective, x, y, start):
    from catboost import CatBoostRegressor, Pool

    model = CatBoostRegressor(
        loss_function=objective, eval_metric="RMSE", iterations=ROUNDS, learning_rate=0.1, depth=4,
        l2_leaf_reg=0.1, thread_count=1, verbose=0, allow_writing_files=False,
    )  # fmt: skip
    model.fit(Pool(x, y, baseline=np.full(len(y), start)))
    return lambda features: start + model.predict(features)


ENGINES = {
    "xgboost": (train_xgboost, boosting.xgboost_objective),
    "lightgbm": (train_lightgbm, boosting.lightgbm_objective),
    "catboost": (train_catboost, boosting.catboost_objective),
}

rng = np.random.default_rng(0)
x = rng.uniform(-3, 3, (1500, 2))
amounts = 100 + 40 * np.sin(x[:, 0]) + rng.exponential(20, 1500)
rare = (rng.random(1500) < 0.3 * (x[:, 0] * x[:, 1] > 4)).astype(float)
train, test = slice(0, 1000), slice(1000, None)

print(f"positives: {rare.mean():.1%}")
start = boosting.initial_score(fl.sigmoid_focal_loss, rare[train])
share = boosting.link(fl.sigmoid_focal_loss, start)
print(f"the focal loss starts from the score {start:.3f}, a probability of {share:.3f}")

for name, (fit, factory) in ENGINES.items():
    if importlib.util.find_spec(name) is None:
        print(f"{name} is not installed: pip install fastloss[boosting]")
        continue
    for quantile in (0.5, 0.9):
        objective = factory(fl.quantile_loss, quantile=quantile)
        predict = fit(objective, x[train], amounts[train], objective.initial_score(amounts[train]))
        below = np.mean(amounts[test] <= predict(x[test]))
        print(f"{name}: {below:.0%} of the amounts lie below their {quantile:.0%} quantile")
    objective = factory(fl.sigmoid_focal_loss, gamma=1.0, alpha=-1)
    predict = fit(objective, x[train], rare[train], objective.initial_score(rare[train]))
    probability = objective.link(predict(x[test]))
    first = np.argsort(-probability)[: len(probability) // 10]
    found = rare[test][first].sum() / rare[test].sum()
    print(f"{name}: a tenth of the rows holds {found:.0%} of the positives")
