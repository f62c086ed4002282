"""Photographs of blood cells and their objects, as a network and a loss take them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import torch
from torch.nn import functional as F

NAMES = ("RBC", "WBC", "Platelets")
SPLITS = ("train", "val", "test")
STRIDES = (8, 16)  # pixels per cell of the two levels of the network


@dataclass
class Cells:
    """The photographs of a split, or a batch of them, and the objects in the loss's three lists."""

    images: torch.Tensor  # (n, 3, height, width), uint8
    batch_idx: torch.Tensor  # (objects,): the photograph
    cls: torch.Tensor  # (objects,)
    bboxes: torch.Tensor  # (objects, 4): centre and size, divided by the photograph's size

    def __len__(self) -> int:
        return len(self.images)

    @property
    def objects(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        return self.batch_idx, self.cls, self.bboxes

    @property
    def level_sizes(self) -> list[tuple[int, int]]:
        height, width = self.images.shape[2:]
        return [(height // stride, width // stride) for stride in STRIDES]

    def select(self, rows: torch.Tensor) -> Cells:
        """Some of the photographs, numbered anew."""
        number = torch.full((len(self),), -1)
        number[rows] = torch.arange(len(rows))
        mine = number[self.batch_idx] >= 0
        batch_idx = number[self.batch_idx[mine]]
        return Cells(self.images[rows], batch_idx, self.cls[mine], self.bboxes[mine])


# ---- reading -------------------------------------------------------------------------------


def entries(folder: Path) -> list[dict[str, Any]]:
    """file, width, height, split and objects (class and corners in pixels) of every photograph.

    From annotations.json, {"images": [...]}, beside images/; or from the folder BCCD of the
    original: Annotations/*.xml, ImageSets/Main/*.txt, JPEGImages/.
    """
    if (folder / "annotations.json").is_file():
        listed = json.loads((folder / "annotations.json").read_text())["images"]
        return [{**entry, "file": folder / "images" / entry["file"]} for entry in listed]
    found = []
    for split in SPLITS:
        for name in (folder / "ImageSets" / "Main" / f"{split}.txt").read_text().split():
            root = ElementTree.parse(folder / "Annotations" / f"{name}.xml").getroot()
            objects = [
                [NAMES.index(thing.findtext("name", "").strip())]
                + [
                    int(thing.findtext(f"bndbox/{key}", ""))
                    for key in ("xmin", "ymin", "xmax", "ymax")
                ]
                for thing in root.iter("object")
            ]
            size = {key: int(root.findtext(f"size/{key}", "")) for key in ("width", "height")}
            file = folder / "JPEGImages" / f"{name}.jpg"
            found.append({"file": file, **size, "split": split, "objects": objects})
    return found


def load(folder: Path, width: int) -> dict[str, Cells]:
    """The three splits, all photographs `width` pixels wide and about three quarters as high."""
    from PIL import Image

    height = round(0.75 * width / STRIDES[-1]) * STRIDES[-1]
    images: dict[str, list[torch.Tensor]] = {split: [] for split in SPLITS}
    objects = {split: [np.empty((0, 6))] for split in SPLITS}
    for entry in entries(folder):
        with Image.open(entry["file"]) as picture:
            small = picture.convert("RGB").resize((width, height), Image.Resampling.BILINEAR)
        mine = images[entry["split"]]
        rows = np.array(entry["objects"], float).reshape(-1, 5)
        corners = rows[:, 1:] / np.tile([entry["width"], entry["height"]], 2)
        low, high = corners[:, :2], corners[:, 2:]
        index = np.full((len(rows), 1), len(mine))
        objects[entry["split"]].append(
            np.hstack([index, rows[:, :1], (low + high) / 2, high - low])
        )
        mine.append(torch.from_numpy(np.array(small)).permute(2, 0, 1))
    splits = {}
    for split in SPLITS:
        table = torch.from_numpy(np.concatenate(objects[split])).float()
        splits[split] = Cells(
            torch.stack(images[split]), table[:, 0].long(), table[:, 1].long(), table[:, 2:]
        )
    return splits


# ---- what the network sees -----------------------------------------------------------------


def prepared(images: torch.Tensor) -> torch.Tensor:
    """Numbers about zero, channels last in memory: that suits convolutions on the CPU."""
    return ((images.float() / 255 - 0.7) / 0.2).to(memory_format=torch.channels_last)


def augmented(cells: Cells) -> tuple[torch.Tensor, Cells]:
    """Mirrored, scaled, moved and brightened at random: the images, and the objects to match."""
    n = len(cells)
    scale = torch.empty(n, 1).uniform_(-0.3, 0.3).exp() * (1 - 2 * torch.randint(0, 2, (n, 2)))
    move = torch.empty(n, 2).uniform_(-0.2, 0.2)
    # Where the result has x, in [-1, 1], the photograph has scale x + move.
    images = prepared(cells.images)
    matrix = torch.cat([torch.diag_embed(scale), move[:, :, None]], 2)
    grid = F.affine_grid(matrix, list(images.shape), align_corners=False)
    images = F.grid_sample(images, grid, align_corners=False)
    images = images * torch.empty(n, 1, 1, 1).uniform_(0.8, 1.2)
    images = images + torch.empty(n, 3, 1, 1).uniform_(-0.2, 0.2)

    of = cells.batch_idx
    centre = ((2 * cells.bboxes[:, :2] - 1 - move[of]) / scale[of] + 1) / 2
    half = cells.bboxes[:, 2:] / scale[of].abs() / 2
    low, high = (centre - half).clamp(0, 1), (centre + half).clamp(0, 1)
    seen = (high - low).prod(1) >= 0.4 * (2 * half).prod(1)  # enough is left of a cell at the edge
    bboxes = torch.cat([(low + high) / 2, high - low], 1)
    images = images.contiguous(memory_format=torch.channels_last)
    return images, Cells(cells.images, of[seen], cells.cls[seen], bboxes[seen])
