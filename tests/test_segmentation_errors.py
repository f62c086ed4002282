"""dice_loss: every bad argument and what its message says."""

import math
import re

import numpy as np
import pytest

import fastloss as fl

X = np.zeros((2, 4, 3), np.float32)
T = np.zeros((2, 3), np.int64)
M = {"mode": "multiclass"}
L = {"mode": "multilabel"}


@pytest.mark.parametrize(
    ("error", "message", "args", "options"),
    [
        (
            ValueError,
            "mode is 'multi'; expected 'binary', 'multilabel' or",
            (X, X),
            {"mode": "multi"},
        ),
        (ValueError, "average is 'mean'; expected 'macro' or 'micro'", (X, X), {"average": "mean"}),
        (ValueError, "reduction is 'avg'; expected", (X, X), {"reduction": "avg"}),
        (ValueError, "smooth_nr is -1; expected a finite number >= 0", (X, X), {"smooth_nr": -1}),
        (ValueError, "smooth_dr is inf; expected a finite", (X, X), {"smooth_dr": math.inf}),
        (ValueError, "smooth_dr is nan; expected a finite", (X, X), {"smooth_dr": math.nan}),
        (TypeError, "smooth_nr is '1'; expected a number", (X, X), {"smooth_nr": "1"}),
        (TypeError, "from_logits is 1; expected True or False", (X, X), {"from_logits": 1}),
        (TypeError, "per_image is None; expected True or False", (X, X), {"per_image": None}),
        (TypeError, "squared is 'no'; expected True or False", (X, X), {"squared": "no"}),
        (TypeError, "skip_absent is 0; expected True or False", (X, X), {"skip_absent": 0}),
        (TypeError, "grad is None; expected False, True or a writable", (X, X), {"grad": None}),
        (TypeError, "input has dtype int64; expected float32 or float64", (T, T), {}),
        (TypeError, "input has dtype float16, which is not", (X.astype("e"), X), {}),
        (TypeError, "target has dtype complex64", (X, X.astype("F")), {}),
        (TypeError, "target is None; expected an array", (X, None), {}),
        (ValueError, "input has shape (); mode 'binary' expects (N, ...)", (X[0, 0, 0], T), {}),
        (ValueError, "input has shape (3,); mode 'multilabel' expects (N, C,", (X[0, 0], T), L),
        (ValueError, "target has shape (2, 3), but input has shape (2, 4, 3)", (X, T), {}),
        (
            ValueError,
            "input has shape (2, 4, 3), which takes a target of shape (2, 3)",
            (X, T[0]),
            M,
        ),
        (ValueError, "target has shape (1, 3), but input of shape (2, 4, 3) takes", (X, T[:1]), M),
        (TypeError, "target has dtype float64; expected class indices", (X, T * 1.0), M),
        (TypeError, "target has dtype bool; expected class indices", (X, T > 0), M),
        (
            ValueError,
            "ignore_index is 0, which needs class indices",
            (X, X),
            {**M, "ignore_index": 0},
        ),
        (TypeError, "ignore_index is 1.5; expected an integer", (X, T), {**M, "ignore_index": 1.5}),
        (TypeError, "ignore_index is 'a'; expected a number", (X, X), {"ignore_index": "a"}),
        (ValueError, "ignore_index is nan; expected a finite", (X, X), {"ignore_index": math.nan}),
        (
            IndexError,
            "classes has 4, but input has 4 classes (0..3)",
            (X, T),
            {**M, "classes": [0, 4]},
        ),
        (IndexError, "classes has -1, but input has 4 classes", (X, T), {**M, "classes": (-1,)}),
        (
            ValueError,
            "classes is [1, 1]; expected every class once",
            (X, X),
            {**L, "classes": [1, 1]},
        ),
        (ValueError, "classes is []; expected a sequence", (X, X), {**L, "classes": []}),
        (TypeError, "classes is [0.5]; expected integers", (X, X), {**L, "classes": [0.5]}),
        (ValueError, "classes is 2; expected a sequence", (X, X), {**L, "classes": 2}),
        (ValueError, "classes is [0], but mode 'binary' has one class", (X, X), {"classes": [0]}),
        (
            ValueError,
            "class_weight has shape (3,), but input",
            (X, X),
            {**L, "class_weight": [1] * 3},
        ),
        (ValueError, "but mode is 'binary'", (X, X), {"class_weight": [1]}),
        (
            ValueError,
            "class_weight needs one group per class, but average is 'micro'",
            (X, X),
            {**L, "average": "micro", "class_weight": [1] * 4},
        ),
    ],
)
def test_bad_arguments(error, message, args, options):
    with pytest.raises(error, match=re.escape(message)):
        fl.dice_loss(*args, **options)


@pytest.mark.parametrize("dtype", [np.int8, np.int32, np.int64, np.uint64])
@pytest.mark.parametrize("classes", [4, 300])
def test_bad_labels(dtype, classes):
    x = np.zeros((2, classes, 9, 20), np.float32)
    t = np.zeros((2, 9, 20), dtype)
    bad = 5 if classes == 4 else np.iinfo(dtype).max
    if classes == 300 and dtype == np.int8:
        bad = -1
    t[0, 3, 7] = bad
    t[1, 1, 1] = bad
    buffer = np.full_like(x, 3)
    expected = f"target[0, 3, 7] is {bad}, but input has {classes} classes (0..{classes - 1})"
    with pytest.raises(IndexError, match=re.escape(expected)):
        fl.dice_loss(x, t, mode="multiclass", grad=buffer)
    assert (buffer == 3).all()
    with pytest.raises(IndexError, match="; ignore_index is -1$"):
        t[0, 3, 7] = bad if bad != -1 else -2
        fl.dice_loss(x, t, mode="multiclass", ignore_index=-1)


def test_bad_buffers():
    x, t = X.copy(), X.copy()
    with pytest.raises(TypeError, match="grad has dtype float64, but input has dtype float32"):
        fl.dice_loss(x, t, grad=np.zeros(x.shape))
    with pytest.raises(ValueError, match=re.escape("grad has shape (2,), but input has shape")):
        fl.dice_loss(x, t, grad=np.zeros(2, np.float32))
    with pytest.raises(ValueError, match="grad shares memory with input"):
        fl.dice_loss(x, t, grad=x)
    with pytest.raises(ValueError, match="grad shares memory with target"):
        fl.dice_loss(x, t, grad=t)
    with pytest.raises(ValueError, match="grad is read-only"):
        fl.dice_loss(x, t, grad=np.broadcast_to(np.float32(0), x.shape))
