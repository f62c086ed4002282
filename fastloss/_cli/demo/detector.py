"""Part two: a small convolutional network finds digits; complete_box_iou_loss + sigmoid_focal_loss.

The canvas is a grid of cells four pixels wide. Every cell says, per class, whether a digit's
centre is near, and how far the sides of its box are from the cell's middle.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

import fastloss as fl

from .clock import Clock
from .data import CANVAS, Scenes
from .network import Adam, Conv, Network, ReLU

BATCH = 50
CLASSES = 10
STRIDE = 4
GRID = CANVAS // STRIDE
BOX_GAIN = 2.0
RATE = 3e-3
NEAR = 2.5  # a cell takes part in a digit whose centre is this near, in pixels, on both axes
_MIDDLES = (np.arange(GRID, dtype=np.float32) + 0.5) * STRIDE
CELL_XY = np.stack(np.meshgrid(_MIDDLES, _MIDDLES), axis=-1).reshape(-1, 2)


@dataclass
class Epoch:
    box: float
    cls: float
    val_box: float
    val_cls: float
    val_mean_iou: float

    @property
    def total(self) -> float:
        return self.box + self.cls

    @property
    def val_total(self) -> float:
        return self.val_box + self.val_cls


@dataclass
class Score:
    """What counts in the end. A true box that no detection overlaps has IoU 0."""

    mean_iou: float
    found: float  # share of the true boxes with IoU >= 0.5
    read: float  # share of the found ones with the right digit
    false_alarms: int
    objects: int


@dataclass
class Run:
    clock: Clock
    epochs: list[Epoch] = field(default_factory=list)
    score: Score | None = None


def build(rng: np.random.Generator) -> Network:
    net = Network(
        Conv(rng, 1, 16, stride=2),
        ReLU(),
        Conv(rng, 16, 32, stride=2),
        ReLU(),
        Conv(rng, 32, 48),
        ReLU(),
        Conv(rng, 48, 64),
        ReLU(),
        Conv(rng, 64, 4 + CLASSES, size=1),
    )
    head = net.layers[-1]
    head.params[0] *= 0.1
    head.params[1][4:] = -np.log(99.0)  # as in the focal loss paper: begin by finding nothing
    return net


def decode(raw: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(n, cells, 4 + classes) -> distances to the four sides and boxes, in pixels."""
    distances = STRIDE * np.exp(np.clip(raw[..., :4], -4, 2.5))
    boxes = np.concatenate([CELL_XY - distances[..., :2], CELL_XY + distances[..., 2:]], axis=-1)
    return distances, boxes


def assign(
    image: np.ndarray, boxes: np.ndarray, labels: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Class targets (count, cells, classes); image, cell and box of the cells that have one."""
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    near = (np.abs(CELL_XY[None] - centre[:, None]) <= NEAR).all(axis=-1)
    owner, cell = np.nonzero(near)
    target = np.zeros((count, len(CELL_XY), CLASSES), np.float32)
    target[image[owner], cell, labels[owner]] = 1
    return target, image[owner], cell, boxes[owner]


def detection_loss(
    raw: np.ndarray, objects: tuple[np.ndarray, np.ndarray, np.ndarray], clock: Clock
) -> tuple[float, float, np.ndarray]:
    """box, cls, and the gradient of their sum with respect to the network's raw output."""
    target, image, cell, true_boxes = assign(*objects, len(raw))
    distances, boxes = decode(raw)
    logits = np.ascontiguousarray(raw[..., 4:])
    picked = boxes[image, cell]
    with clock("loss"):
        box, dpicked = fl.complete_box_iou_loss(picked, true_boxes, reduction="sum", grad=True)
        cls, dlogits = fl.sigmoid_focal_loss(logits, target, reduction="sum", grad=True)
    n = max(len(true_boxes), 1)
    grad = np.zeros_like(raw)
    grad[..., 4:] = dlogits / n
    # distances grow to the left and the top where coordinates shrink; d exp(z) = exp(z) dz
    sides = dpicked * np.array([-1, -1, 1, 1], np.float32) * distances[image, cell]
    np.add.at(grad, (image, cell), np.pad(BOX_GAIN / n * sides, ((0, 0), (0, CLASSES))))
    return BOX_GAIN * box / n, cls / n, grad


def detect(raw: np.ndarray, threshold: float = 0.2) -> list[tuple[np.ndarray, np.ndarray]]:
    """Boxes and digits found in each image: confident cells that repeat no better one."""
    _, boxes = decode(raw)
    logits = raw[..., 4:]
    best, digit = logits.max(axis=-1), logits.argmax(axis=-1)
    floor = np.log(threshold / (1 - threshold))
    found = []
    for image in range(len(raw)):
        cells = np.flatnonzero(best[image] > floor)
        cells = cells[np.argsort(-best[image, cells])]
        overlap = fl.box_iou(boxes[image, cells], boxes[image, cells])
        kept: list[int] = []
        for i in range(len(cells)):
            if not (overlap[i, kept] > 0.4).any():
                kept.append(i)
        found.append((boxes[image, cells[kept]], digit[image, cells[kept]]))
    return found


def predict(net: Network, scenes: Scenes) -> np.ndarray:
    parts = [
        net.forward(scenes.canvases[i : i + BATCH]).reshape(-1, GRID * GRID, 4 + CLASSES)
        for i in range(0, len(scenes), BATCH)
    ]
    return np.concatenate(parts)


def score(raw: np.ndarray, scenes: Scenes) -> Score:
    overlaps, read, false_alarms = [], [], 0
    for index, (boxes, digits) in enumerate(detect(raw)):
        _, true_boxes, labels = scenes.objects_of(index, index + 1)
        if len(boxes) == 0:
            overlaps += [0.0] * len(true_boxes)
            continue
        iou = fl.box_iou(true_boxes, boxes)
        overlaps += iou.max(axis=1).tolist()
        hit = iou.max(axis=1) >= 0.5
        read += (digits[iou.argmax(axis=1)] == labels)[hit].tolist()
        false_alarms += int((iou.max(axis=0) < 0.5).sum())
    overlap = np.array(overlaps)
    return Score(
        float(overlap.mean()),
        float((overlap >= 0.5).mean()),
        float(np.mean(read)) if read else 0.0,
        false_alarms,
        len(overlap),
    )


def train(
    make_scenes: Callable[[], Scenes],
    val: Scenes,
    test: Scenes,
    *,
    seed: int,
    epochs: int,
    report: Callable[[Run], None],
) -> tuple[Run, np.ndarray]:
    """The run, and the raw predictions for the test scenes. Fresh canvases in every epoch."""
    rng = np.random.default_rng(seed)
    net = build(rng)
    optimiser = Adam(net.params, rate=RATE)
    run = Run(Clock())
    steps_done, aside = 0, Clock()
    for _ in range(epochs):
        with run.clock("canvases"):
            scenes = make_scenes()
        starts = range(0, len(scenes), BATCH)
        box = cls = 0.0
        for first in starts:
            last = min(first + BATCH, len(scenes))
            progress = steps_done / (epochs * len(starts))
            warm_up = min(1.0, 20 * progress + 0.1)
            optimiser.rate = RATE * warm_up * 0.5 * (1 + np.cos(np.pi * progress))
            with run.clock("network"):
                out = net.forward(scenes.canvases[first:last])
            raw = out.reshape(last - first, GRID * GRID, -1)
            before = run.clock.seconds["loss"]
            with aside("targets"):
                b, c, grad = detection_loss(raw, scenes.objects_of(first, last), run.clock)
            in_loss = run.clock.seconds["loss"] - before
            run.clock.seconds["targets"] += aside.seconds.pop("targets") - in_loss
            with run.clock("network"):
                grads = net.backward(grad.reshape(out.shape))
            with run.clock("optimiser"):
                optimiser.step(grads)
            box, cls, steps_done = box + b / len(starts), cls + c / len(starts), steps_done + 1
        raw = predict(net, val)
        val_box, val_cls, _ = detection_loss(raw, val.objects_of(0, len(val)), Clock())
        run.epochs.append(Epoch(box, cls, val_box, val_cls, score(raw, val).mean_iou))
        report(run)
    raw = predict(net, test)
    run.score = score(raw, test)
    return run, raw
