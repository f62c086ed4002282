"""Detect with an ONNX model and nothing but NumPy, onnxruntime and fastloss.

The model is made here, with the onnx package: a detector of red, green and blue squares in the form
of a YOLO head, with a grid of anchors at stride 8 and one at stride 16. For every anchor it returns
four distances to the sides of a box and a score for each of three classes. All that follows is
fastloss: distances to boxes (`decode_boxes`), boxes to detections (`non_max_suppression`), and back
to the pixels of the picture that was letterboxed for the model (`letterbox`, `scale_boxes`).

    pip install fastloss[onnx]
    python examples/yolo_onnx_postprocess.py
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

import fastloss as fl

SIZE, STRIDES, CLASSES = 320, (8, 16), ("red", "green", "blue")
GRIDS = [(SIZE // stride, SIZE // stride) for stride in STRIDES]
# Half of the side, in cells, of the squares that each grid is there for.
REACH = (2.5, 3.0)


def build_model() -> bytes:
    """Score of a colour at an anchor: its mean over a square, less its mean around that square."""
    import onnx
    from onnx import TensorProto, helper

    nodes, constants, levels = [], [], []
    thirds = {"ring": 4 / 3, "inner": 1 / 3}
    for name, value in thirds.items():
        constants.append(helper.make_tensor(name, TensorProto.FLOAT, [], [value]))
    for stride, reach in zip(STRIDES, REACH, strict=True):
        cells, level = (SIZE // stride) ** 2, f"level{stride}"
        for part, side in (("square", 2 * reach * stride), ("twice", 4 * reach * stride)):
            pads = [(int(side) - stride) // 2] * 4
            nodes.append(
                helper.make_node(
                    "AveragePool", ["image"], [f"{level}_{part}"], kernel_shape=[int(side)] * 2,
                    strides=[stride] * 2, pads=pads, count_include_pad=1,
                )
            )  # fmt: skip
        # around = (4 twice - square) / 3
        nodes += [
            helper.make_node("Mul", [f"{level}_twice", "ring"], [f"{level}_a"]),
            helper.make_node("Mul", [f"{level}_square", "inner"], [f"{level}_b"]),
            helper.make_node("Sub", [f"{level}_a", f"{level}_b"], [f"{level}_around"]),
            helper.make_node("Sub", [f"{level}_square", f"{level}_around"], [level]),
            helper.make_node("Reshape", [level, f"{level}_shape"], [f"{level}_scores"]),
        ]
        constants += [
            helper.make_tensor(f"{level}_shape", TensorProto.INT64, [3], [1, 3, cells]),
            helper.make_tensor(
                f"{level}_boxes", TensorProto.FLOAT, [1, 4, cells], [reach] * (4 * cells)
            ),
        ]
        levels.append(level)
    nodes += [
        helper.make_node("Concat", [f"{n}_scores" for n in levels], ["all"], axis=2),
        helper.make_node("Relu", ["all"], ["scores"]),
        helper.make_node("Concat", [f"{n}_boxes" for n in levels], ["boxes"], axis=2),
    ]
    anchors = sum(height * width for height, width in GRIDS)
    graph = helper.make_graph(
        nodes,
        "squares",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, SIZE, SIZE])],
        [
            helper.make_tensor_value_info("boxes", TensorProto.FLOAT, [1, 4, anchors]),
            helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1, 3, anchors]),
        ],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def picture() -> tuple[np.ndarray, list[tuple[str, list[int]]]]:
    """A dark noisy picture of 480 x 640 with five squares, and what there is to see."""
    rng = np.random.default_rng(0)
    image = rng.uniform(0, 0.1, (480, 640, 3)).astype(np.float32)
    seen = []
    for colour, side, (x, y) in (
        (0, 80, (60, 40)), (0, 80, (150, 60)), (1, 190, (400, 40)), (2, 80, (90, 330)),
        (2, 190, (230, 250)),
    ):  # fmt: skip
        image[y : y + side, x : x + side, colour] += 0.85
        seen.append((CLASSES[colour], [x, y, x + side, y + side]))
    return image, seen


def fit(image: np.ndarray) -> np.ndarray:
    """The picture as the model wants it: letterboxed (nearest pixel), channels first."""
    box = fl.letterbox(image.shape, SIZE)
    (height, width), (top, _, left, _) = box.size, box.padding
    rows = ((np.arange(height) + 0.5) / box.ratio).astype(int)
    columns = ((np.arange(width) + 0.5) / box.ratio).astype(int)
    out = np.zeros((1, 3, SIZE, SIZE), np.float32)
    out[0, :, top : top + height, left : left + width] = image[rows][:, columns].transpose(2, 0, 1)
    return out


def detect(session, image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows of x1, y1, x2, y2, score, class in the picture's pixels, and the counts."""
    distances, scores = session.run(["boxes", "scores"], {"image": fit(image)})
    boxes = fl.decode_boxes(
        distances, level_sizes=GRIDS, strides=STRIDES, fmt="cxcywh", channels_first=True
    )
    rows, counts = fl.non_max_suppression(
        np.concatenate([boxes, scores], axis=1),
        conf_threshold=0.5,
        iou_threshold=0.3,
        return_counts=True,
    )
    return fl.scale_boxes(rows[0], SIZE, image.shape), counts[0]


# ---- what it costs to have the tools ---------------------------------------------------------


def import_seconds(code: str) -> float:
    """How long a new interpreter takes for the imports, less what it takes for none."""

    def run(statement: str) -> float:
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", statement], check=True, capture_output=True)
        return time.perf_counter() - start

    return min(run(code) for _ in range(3)) - min(run("pass") for _ in range(3))


def megabytes(package: str) -> float:
    """The files of an installed package, and of the libraries that lie beside it."""
    folder = Path(importlib.util.find_spec(package).origin).parent
    folders = [folder, folder.parent / f"{package}.libs"]
    files = [f for top in folders for f in top.rglob("*") if f.is_file()]
    return sum(f.stat().st_size for f in files if "__pycache__" not in f.parts) / 1e6


def print_costs() -> None:
    print(f"\n{'':22}{'import':>10}{'installed':>12}")
    for packages in (("numpy", "fastloss"), ("torch", "torchvision")):
        missing = [name for name in packages if importlib.util.find_spec(name) is None]
        if missing:
            print(f"{' + '.join(packages):22} not installed here: {', '.join(missing)}")
        present = [name for name in packages if name not in missing]
        if present:
            seconds = import_seconds("import " + ", ".join(present))
            size = sum(megabytes(name) for name in present)
            print(f"{' + '.join(present):22}{1e3 * seconds:7.0f} ms{size:9.0f} MB")


def main() -> None:
    import onnxruntime

    model = build_model()
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    image, seen = picture()
    rows, counts = detect(session, image)
    print(f"a model of {len(model)} bytes; {counts[0]} candidates, {counts[2]} detections")
    for *box, score, label in rows.tolist():
        found = CLASSES[int(label)], [round(v) for v in box]
        overlap = max(
            fl.box_iou([found[1]], [true])[0, 0] for colour, true in seen if colour == found[0]
        )
        print(f"  {found[0]:6} {score:.2f}  {found[1]}  IoU with what was drawn {overlap:.2f}")
    print_costs()


if __name__ == "__main__":
    main()
