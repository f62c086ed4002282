"""Random ground truth and detections in COCO's format, with all that its rules tell apart."""

from __future__ import annotations

import numpy as np

SIZE = 48


def scene(seed, kind="bbox", n_images=12, n_categories=4, objects=6, detections=12, side=SIZE):
    """(ground truth, detections): crowds, ties of scores and overlaps, images and categories that
    one side or both lack, areas on the borders of the ranges."""
    rng = np.random.default_rng(seed)
    images = [
        {"id": int(i), "height": side, "width": side + 8}
        for i in rng.choice(1000, n_images, replace=False)
    ]
    ids = [int(k) for k in rng.choice(90, n_categories, replace=False)]
    annotations, results = [], []
    for image in images:
        n = int(rng.integers(0, objects + 1)) if rng.random() > 0.2 else 0
        own = []
        for _ in range(n):
            box = random_box(rng, side)
            annotation = {
                "id": len(annotations) + 1,
                "image_id": image["id"],
                "category_id": ids[int(rng.integers(0, max(1, n_categories - 1)))],
                "bbox": box,
                "area": float(rng.choice([box[2] * box[3] * 0.8, 1024.0, 9216.0, 20000.0, 500.0])),
                "iscrowd": int(rng.random() < 0.15),
            }
            shape(annotation, kind, rng, image, truth=True)
            annotations.append(annotation)
            own.append(annotation)
        for _ in range(int(rng.integers(0, detections + 1))):
            result = {
                "image_id": image["id"],
                "category_id": ids[int(rng.integers(0, n_categories))],
                "score": round(float(rng.random()), 1),
                "bbox": random_box(rng, side),
            }
            if own and rng.random() < 0.7:
                near = own[int(rng.integers(0, len(own)))]
                result["category_id"] = near["category_id"]
                moved = np.array(near["bbox"]) + rng.integers(-2, 3, 4) * (rng.random() < 0.7)
                result["bbox"] = [float(x) for x in np.maximum(moved, [0, 0, 1, 1])]
            shape(result, kind, rng, image, truth=False)
            if kind != "bbox":
                del result["bbox"]
            results.append(result)
    categories = [{"id": k, "name": f"class {k}"} for k in ids]
    order = rng.permutation(len(results))
    truth = {"images": images, "annotations": annotations, "categories": categories}
    return truth, [results[i] for i in order]


def random_box(rng, side):
    x, y = rng.integers(0, side - 12, 2)
    w, h = rng.integers(2, 24, 2)
    return [float(x), float(y), float(w), float(h)]


def shape(record, kind, rng, image, truth):
    """Give a record a mask or keypoints after its box."""
    x, y, w, h = record["bbox"]
    if kind == "segm":
        form = int(rng.integers(0, 3)) if truth else int(rng.integers(1, 3))
        if form == 0:
            corners = np.array([[x, y], [x + w, y + h / 3], [x + w / 2, y + h], [x, y + h / 2]])
            parts = [corners, corners + rng.normal(0, 3, 2)][: int(rng.integers(1, 3))]
            record["segmentation"] = [part.ravel().tolist() for part in parts]
        else:
            mask = np.zeros((image["height"], image["width"]), bool)
            mask[int(y) : int(y + h), int(x) : int(x + w)] = True
            mask &= rng.random(mask.shape) < 0.95
            record["segmentation"] = run_lengths(mask, text=form == 2 or not truth)
    if kind == "keypoints":
        points = np.zeros((17, 3))
        points[:, :2] = [x, y] + rng.random((17, 2)) * [w, h]
        points[:, 2] = rng.integers(0, 3, 17) * (rng.random() > 0.15)
        record["keypoints"] = points.round(2).ravel().tolist()
        if truth:
            record["num_keypoints"] = int((points[:, 2] > 0).sum())


def run_lengths(mask, text=True):
    """A mask of bool as COCO's run lengths."""
    flat = np.concatenate([[0], mask.ravel(order="F").astype(np.int8), [1 - mask[-1, -1]]])
    ends = np.flatnonzero(np.diff(flat))
    counts = np.diff(np.concatenate([[0], ends])).tolist() if ends.size else [mask.size]
    return {"size": list(mask.shape), "counts": compress(counts) if text else counts}


def compress(counts):
    """Counts as text: differences to the count two before, five bits to a character."""
    text = ""
    for i, count in enumerate(counts):
        x = count - counts[i - 2] if i > 2 else count
        while True:
            bits, x = x & 31, x >> 5
            more = x != (-1 if bits & 16 else 0)
            text += chr(48 + bits + 32 * more)
            if not more:
                break
    return text


def expand(segmentation):
    """Run lengths as a mask of bool."""
    counts = segmentation["counts"]
    height, width = segmentation["size"]
    flat = np.repeat(np.arange(len(counts)) % 2 == 1, counts)
    return flat.reshape(width, height).T
