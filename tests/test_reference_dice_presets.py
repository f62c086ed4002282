"""The conventions of other libraries, each worked out by hand from its published formula."""

import numpy as np
import pytest

from fastloss.reference import dice_loss

# Two images of 2x2 pixels. Image 1: p = .8 .6 / .4 .2, mask 1 1 / 0 0; I = 1.4, P = 2, T = 2,
# sum p^2 = 1.2. Image 2: p = .5 everywhere, nothing in the mask; I = 0, P = 2, T = 0.
P = np.array([[[0.8, 0.6], [0.4, 0.2]], [[0.5, 0.5], [0.5, 0.5]]])
MASK = np.array([[[1.0, 1.0], [0.0, 0.0]], [[0.0] * 2] * 2])
LOGIT = np.log(P / (1 - P))

# Two classes: softmax of (ln p, ln(1 - p)) is (p, 1 - p); class 0 where the mask is 1.
TWO = np.stack([np.log(P), np.log(1 - P)], axis=1)
INDEX = (1 - MASK).astype(np.int64)


def test_segmentation_models_pytorch_binary():
    """Per class over the batch, no smoothing: 1 - 2 I / (P + T); absent classes give no loss."""
    smp = {"smooth_nr": 0.0, "smooth_dr": 0.0, "skip_absent": True}
    # both images: I = 1.4, P + T = 4 + 2
    assert dice_loss(LOGIT, MASK, **smp) == pytest.approx(1 - 2.8 / 6)
    assert dice_loss(LOGIT[1:], MASK[1:], **smp) == 0


def test_segmentation_models_pytorch_multiclass():
    smp = {"mode": "multiclass", "smooth_nr": 0.0, "smooth_dr": 0.0, "skip_absent": True}
    # class 0 as above; class 1: q = 1 - p, I = .6 + .8 + 2 = 3.4, sum q = 4, T = 6
    expected = (1 - 2.8 / 6 + 1 - 6.8 / 10) / 2
    assert dice_loss(TWO, INDEX, **smp) == pytest.approx(expected)
    # image 2 alone has no class 0: its loss is 0 and still counts in the mean of two classes;
    # class 1: I = 2, P = 2, T = 4
    assert dice_loss(TWO[1:], INDEX[1:], **smp) == pytest.approx((0 + 1 - 4 / 6) / 2)


def test_monai_sigmoid():
    """Per image and channel: 1 - (2 I + 1e-5) / (P + T + 1e-5), then the mean."""
    monai = {"per_image": True, "smooth_nr": 1e-5, "smooth_dr": 1e-5}
    first, second = 1 - 2.80001 / 4.00001, 1 - 0.00001 / 2.00001
    assert dice_loss(LOGIT, MASK, **monai) == pytest.approx((first + second) / 2)
    # squared_pred: sums of squares, 1.2 and 4 (1/4) = 1, masks as before
    first, second = 1 - 2.80001 / 3.20001, 1 - 0.00001 / 1.00001
    assert dice_loss(LOGIT, MASK, squared=True, **monai) == pytest.approx((first + second) / 2)


def test_monai_without_background():
    monai = {"mode": "multiclass", "per_image": True, "classes": range(1, 2)}
    # class 1: image 1 has I = .6 + .8, P = T = 2; image 2 has I = 2, P = 2, T = 4
    first, second = 1 - 2.80001 / 4.00001, 1 - 4.00001 / 6.00001
    assert dice_loss(TWO, INDEX, **monai) == pytest.approx((first + second) / 2)


def test_kornia_micro():
    """Per image, classes pooled: 1 - 2 I / (P + T + 1e-8), then the mean."""
    kornia = {"mode": "multiclass", "per_image": True, "smooth_nr": 0.0, "smooth_dr": 1e-8}
    # image 1: I = 1.4 + 1.4, P + T = 4 + 4; image 2: I = 0 + 2, P + T = 4 + 4
    expected = (1 - 5.6 / 8 + 1 - 4 / 8) / 2
    assert dice_loss(TWO, INDEX, average="micro", **kornia) == pytest.approx(expected)
    # macro: classes apart
    expected = (1 - 2.8 / 4 + 1 - 2.8 / 4 + 1 - 0 / 2 + 1 - 4 / 6) / 4
    assert dice_loss(TWO, INDEX, average="macro", **kornia) == pytest.approx(expected)


def test_keras():
    """Everything in one sum, of probabilities: 1 - (2 I + 1e-7) / (P + T + 1e-7)."""
    keras = {
        "mode": "multilabel",
        "average": "micro",
        "from_logits": False,
        "smooth_nr": 1e-7,
        "smooth_dr": 1e-7,
    }
    p = np.stack([P, 1 - P], axis=1)
    hot = np.stack([MASK, 1 - MASK], axis=1)
    # I = 1.4 + 3.4, P + T = 8 + 8
    assert dice_loss(p, hot, **keras) == pytest.approx(1 - 9.6000001 / 16.0000001)


def test_weighted_classes_and_ignored_pixels():
    plain = {"mode": "multiclass", "smooth_nr": 0.0, "smooth_dr": 0.0}
    weight = np.array([3.0, 1.0])
    losses = np.array([1 - 2.8 / 6, 1 - 6.8 / 10])
    value = dice_loss(TWO, INDEX, class_weight=weight, **plain)
    assert value == pytest.approx((3 * losses[0] + losses[1]) / 4)
    none = dice_loss(TWO, INDEX, class_weight=weight, reduction="none", **plain)
    np.testing.assert_allclose(none, weight * losses)
    ignored = np.where(INDEX == 1, 255, INDEX)
    # only the two pixels of class 0 count: I = P = 1.4, T = 2; class 1 has P = .6, I = T = 0
    value = dice_loss(TWO, ignored, ignore_index=255, reduction="none", **plain)
    np.testing.assert_allclose(value, [1 - 2.8 / 3.4, 1])


def test_gradient_by_hand():
    # one pixel, mask 1, p = 1/2: dice = 2 (1/2) / (3/2) = 2/3; d dice/dp = (2 (3/2) - 1) / (9/4)
    value, gradient = dice_loss([[0.0]], [[1.0]], smooth_nr=0.0, smooth_dr=0.0, grad=True)
    assert value == pytest.approx(1 / 3)
    assert gradient[0, 0] == pytest.approx(-(8 / 9) / 4)
