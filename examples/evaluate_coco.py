"""Evaluate detections by COCO's rules without pycocotools: from files, or batch by batch.

    python examples/evaluate_coco.py                                  a synthetic data set
    python examples/evaluate_coco.py --data instances.json results.json [--type segm]

The second form prints the table of pycocotools for ground truth and detections in COCO's format.
"""

import argparse
import time

import numpy as np

from fastloss.metrics import CocoEvaluator, coco_map


def synthetic(n_images=400, n_classes=5, seed=0):
    """Ground truth and detections in COCO's format: two thirds of the objects are found."""
    rng = np.random.default_rng(seed)
    images, annotations, detections = [], [], []
    for image in range(n_images):
        images.append({"id": image, "width": 640, "height": 480})
        for _ in range(rng.integers(1, 12)):
            x, y = rng.uniform(0, 400, 2)
            w, h = np.exp(rng.normal(4, 0.8, 2))
            label = int(rng.integers(n_classes))
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": image,
                    "category_id": label,
                    "bbox": [x, y, w, h],
                    "area": w * h,
                    "iscrowd": 0,
                }
            )
            if rng.random() < 0.66:
                box = np.array([x, y, w, h]) + rng.normal(0, 0.07, 4) * [w, h, w, h]
                detections.append(
                    {
                        "image_id": image,
                        "category_id": label,
                        "bbox": box.tolist(),
                        "score": float(rng.uniform(0.4, 1)),
                    }
                )
        detections.append(
            {
                "image_id": image,
                "category_id": int(rng.integers(n_classes)),
                "bbox": rng.uniform(0, 300, 4).tolist(),
                "score": float(rng.uniform(0, 0.6)),
            }
        )
    categories = [{"id": k, "name": f"class {k}"} for k in range(n_classes)]
    return {"images": images, "annotations": annotations, "categories": categories}, detections


def streamed(truth, detections, workers=4):
    """The same evaluation as a training loop has it: arrays of a batch, several processes."""
    evaluators = [CocoEvaluator(fmt="xywh") for _ in range(workers)]
    for n, image in enumerate(truth["images"]):
        found = [d for d in detections if d["image_id"] == image["id"]]
        objects = [a for a in truth["annotations"] if a["image_id"] == image["id"]]
        prediction = {
            "boxes": np.array([d["bbox"] for d in found]).reshape(-1, 4),
            "scores": np.array([d["score"] for d in found]),
            "labels": np.array([d["category_id"] for d in found], int),
        }
        target = {
            "boxes": np.array([a["bbox"] for a in objects]).reshape(-1, 4),
            "labels": np.array([a["category_id"] for a in objects], int),
            "area": np.array([a["area"] for a in objects]),
        }
        evaluators[n % workers].update([image["id"]], [prediction], [target])
    first, *others = evaluators
    for other in others:
        first.merge(other)
    return first.compute()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", nargs=2, metavar=("TRUTH", "DETECTIONS"), help="JSON files")
    parser.add_argument("--type", default="bbox", choices=["bbox", "segm", "keypoints"])
    arguments = parser.parse_args()

    if arguments.data:
        truth, detections = arguments.data
    else:
        truth, detections = synthetic()
    began = time.perf_counter()
    result = coco_map(truth, detections, arguments.type)
    seconds = time.perf_counter() - began
    print(result)
    print(
        f"{result.n_detections} detections, {result.n_objects} objects, {result.n_images} images: "
        f"{1e3 * seconds:.0f} ms"
    )
    print("average precision by class:")
    for name, ap in zip(result.category_names, result.per_class.values(), strict=True):
        print(f"  {name:<16} {ap:.3f}")

    if not arguments.data:
        same = np.array_equal(streamed(truth, detections).stats, result.stats)
        print(f"in batches from four evaluators, merged: {'the same' if same else 'OTHER'} numbers")


if __name__ == "__main__":
    main()
