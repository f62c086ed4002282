"""What a type checker must find: checked by `make types`, run by the tests as well."""

from __future__ import annotations

from typing import Any, assert_type

import numpy as np
from numpy.typing import NDArray

import fastloss as fl

Floats = NDArray[np.floating[Any]]
x: NDArray[np.float32] = np.linspace(-1, 1, 6, dtype=np.float32).reshape(2, 3)
t: NDArray[np.float32] = np.zeros((2, 3), np.float32)
buffer = np.empty_like(x)


def values() -> None:
    assert_type(fl.mse_loss(x, t), float)
    assert_type(fl.mse_loss([1.0, 2.0], (0, 1), "sum"), float)
    assert_type(fl.mse_loss(x, t, "none"), Floats)
    assert_type(fl.smooth_l1_loss(x, t, reduction="none", beta=0.5), Floats)
    assert_type(fl.huber_loss(x, t, "mean", 2.0, np.ones(3)), float)


def gradients() -> None:
    assert_type(fl.mse_loss(x, t, grad=True), tuple[float, Floats])
    assert_type(fl.l1_loss(x, t, "sum", grad=buffer), tuple[float, Floats])
    assert_type(fl.rmse_loss(x, t, reduction="none", grad=True), tuple[Floats, Floats])
    loss, grad = fl.huber_loss(x, t, grad=True)
    assert_type(loss, float)
    assert_type(grad, Floats)


def second_derivatives() -> None:
    assert_type(fl.mse_loss(x, t, grad=True, hess=True), tuple[float, Floats, Floats])
    assert_type(fl.l1_loss(x, t, hess=True), tuple[float, Floats, Floats])
    assert_type(fl.mse_loss(x, t, "none", grad=buffer, hess=True), tuple[Floats, Floats, Floats])


def losses_of_every_kind() -> None:
    label = np.array([0, 2])
    assert_type(fl.binary_cross_entropy_with_logits(x, t, None, "none"), Floats)
    assert_type(fl.binary_cross_entropy_with_logits(x, t, pos_weight=np.ones(3)), float)
    assert_type(fl.sigmoid_focal_loss(x, t), Floats)
    assert_type(fl.sigmoid_focal_loss(x, t, reduction="mean", grad=True), tuple[float, Floats])
    assert_type(fl.cross_entropy(x, label), float)
    assert_type(fl.cross_entropy(x, label, reduction="none"), Floats)
    assert_type(fl.cross_entropy(x, label, None, -100, "none", 0.1), Floats)
    assert_type(fl.cross_entropy(x, [0, 2], label_smoothing=0.1, grad=buffer), tuple[float, Floats])
    assert_type(fl.dice_loss(x, t, per_image=True, grad=True), tuple[float, Floats])
    assert_type(fl.dice_loss(x, t, mode="binary", reduction="none", per_image=True), Floats)


def several_gradients() -> None:
    var = np.ones((2, 3), np.float32)
    assert_type(fl.gaussian_nll_loss(x, t, var), float)
    assert_type(fl.gaussian_nll_loss(x, t, 1.0, grad=True), tuple[float, Floats])
    assert_type(fl.gaussian_nll_loss(x, t, var, grad=True), tuple[float, tuple[Floats, Floats]])
    assert_type(
        fl.gaussian_nll_loss(x, t, [1.0, 2.0], reduction="none", grad=True),
        tuple[Floats, tuple[Floats, Floats]],
    )
    assert_type(
        fl.gaussian_nll_loss(x, t, var, grad=(buffer, np.empty_like(var)), hess=True),
        tuple[float, tuple[Floats, Floats], tuple[Floats, Floats]],
    )
    assert_type(fl.kl_div(x, t, "batchmean"), float)


def boxes() -> None:
    a = np.array([[0.0, 0.0, 2.0, 2.0]])
    b = a + 1
    assert_type(fl.complete_box_iou_loss(a, b), Floats)
    assert_type(fl.complete_box_iou_loss(a, b, "sum"), float)
    assert_type(fl.complete_box_iou_loss(a, b, reduction="mean", grad=True), tuple[float, Floats])
    assert_type(fl.bbox_iou(a, b, kind="ciou"), Floats)
    assert_type(fl.bbox_iou(a, b, grad=True), tuple[Floats, Floats])
    assert_type(fl.box_iou(a, b, grad=True), tuple[Floats, Floats])
    assert_type(fl.box_convert(a, "xyxy", "cxcywh"), Floats)
    assert_type(fl.box_area(a), Floats)


def criteria() -> None:
    boxes, scores, weights = np.ones((1, 4, 16)), np.zeros((1, 2, 16)), np.zeros((1, 3, 16))
    proto, sem, mask = np.zeros((1, 3, 4, 4)), np.zeros((1, 2, 4, 4)), np.ones((1, 4, 4))
    head = boxes, scores, weights, proto, [0], [1], [[0.5, 0.5, 0.6, 0.7]], mask
    loss = fl.segmentation_detection_loss(*head, level_sizes=[(4, 4)], strides=[8])
    assert_type(loss.sem, float)
    _, four = fl.segmentation_detection_loss(*head, level_sizes=[(4, 4)], strides=[8], grad=True)
    assert_type(four, tuple[Floats, Floats, Floats, Floats])
    _, five = fl.segmentation_detection_loss(
        *head, level_sizes=[(4, 4)], strides=[8], sem=sem, grad=True
    )
    assert_type(five, tuple[Floats, Floats, Floats, Floats, Floats])
    error, sigma, density = np.ones((3, 2)), np.full((3, 2), 0.5), np.zeros(3)
    assert_type(fl.residual_log_likelihood_loss(error, sigma, density), float)
    _, three = fl.residual_log_likelihood_loss(error, sigma, density, weight=density, grad=True)
    assert_type(three, tuple[Floats, Floats, Floats])


def detections() -> None:
    a, s = np.array([[0.0, 0.0, 2.0, 2.0]]), np.array([0.5])
    assert_type(fl.nms(a, s, 0.5), NDArray[np.int64])
    assert_type(fl.batched_nms(a, s, [0], 0.5), NDArray[np.int64])
    assert_type(fl.soft_nms(a, s, method="linear"), tuple[NDArray[np.int64], Floats])
    fused = fl.weighted_boxes_fusion([a], [s], [[0]], conf_type="max")
    assert_type(fused, tuple[Floats, Floats, NDArray[np.int64]])
    raw = np.zeros((1, 6, 3))
    assert_type(fl.non_max_suppression(raw), list[Floats])
    rows, index = fl.non_max_suppression(raw, classes=[0, 1], return_index=True)
    assert_type(index, list[NDArray[np.int64]])
    rows, counts = fl.non_max_suppression(raw, max_det=3, return_counts=True)
    assert_type(rows, list[Floats])
    assert_type(counts, NDArray[np.int64])
    assert_type(fl.letterbox((720, 1280)).ratio, float)
    assert_type(fl.scale_boxes(a, 640, (720, 1280)), Floats)


def penalties() -> None:
    assert_type(fl.l2_penalty(x), float)
    assert_type(fl.l1_penalty([x, t]), float)
    assert_type(fl.l2_penalty(x, grad=True), tuple[float, Floats])
    assert_type(fl.l2_penalty([x, t], strength=0.1, grad=True), tuple[float, list[Floats]])
    assert_type(
        fl.elastic_net_penalty({"weight": x, "bias": t}, grad=True),
        tuple[float, dict[str, Floats]],
    )


def settings() -> None:
    assert_type(fl.get_num_threads(), int)
    assert_type(fl.get_config(), dict[str, Any])
    with fl.num_threads(1) as context:
        assert_type(context, fl.num_threads)


def mistakes() -> None:
    fl.mse_loss(x, t, "avg")  # type: ignore[call-overload]  # pyright: ignore
    fl.mse_loss(x, t, grad="yes")  # type: ignore[call-overload]  # pyright: ignore
    fl.set_num_threads("2")  # type: ignore[arg-type]  # pyright: ignore


EXAMPLES = (
    values,
    gradients,
    second_derivatives,
    losses_of_every_kind,
    several_gradients,
    boxes,
    criteria,
    detections,
    penalties,
    settings,
)
