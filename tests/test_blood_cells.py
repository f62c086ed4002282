"""The example that trains a detector: it reads both layouts of the data, and it learns."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", minversion="2.5")
Image = pytest.importorskip("PIL.Image")

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "examples"
DATA = ROOT.parent / "shared" / "data" / "bccd"

pytestmark = [pytest.mark.peer, pytest.mark.source]


@pytest.fixture
def example(monkeypatch):
    monkeypatch.setattr(sys, "path", [str(EXAMPLES), *sys.path])
    import train_blood_cells

    return train_blood_cells


def run(*arguments):
    return subprocess.run(
        [sys.executable, str(EXAMPLES / "train_blood_cells.py"), *arguments],
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", "OMP_NUM_THREADS": "1"},
    )


# ---- data ----------------------------------------------------------------------------------

OBJECTS = [[1, 16, 24, 48, 72], [0, 100, 10, 120, 30], [2, 64, 48, 64, 48]]


def scene():
    return Image.fromarray(np.full((96, 128, 3), 200, np.uint8))


def written_as_json(folder):
    (folder / "images").mkdir()
    entries = []
    for split in ("train", "val", "test"):
        scene().save(folder / "images" / f"{split}.jpg")
        size = {"width": 128, "height": 96}
        entries.append({"file": f"{split}.jpg", **size, "split": split, "objects": OBJECTS})
    (folder / "annotations.json").write_text(json.dumps({"images": entries}))


def written_as_voc(folder):
    for part in ("Annotations", "JPEGImages", "ImageSets/Main"):
        (folder / part).mkdir(parents=True)
    things = "".join(
        f"<object><name>{('RBC', 'WBC', 'Platelets')[label]}</name><bndbox><xmin>{x1}</xmin>"
        f"<ymin>{y1}</ymin><xmax>{x2}</xmax><ymax>{y2}</ymax></bndbox></object>"
        for label, x1, y1, x2, y2 in OBJECTS
    )
    size = "<size><width>128</width><height>96</height><depth>3</depth></size>"
    for split in ("train", "val", "test"):
        scene().save(folder / "JPEGImages" / f"{split}.jpg")
        text = f"<annotation>{size}{things}</annotation>"
        (folder / "Annotations" / f"{split}.xml").write_text(text)
        (folder / "ImageSets" / "Main" / f"{split}.txt").write_text(f"{split}\n")


@pytest.mark.parametrize("write", [written_as_json, written_as_voc])
def test_photographs_and_boxes_are_read(example, write, tmp_path):
    write(tmp_path)
    cells = example.load(tmp_path, 64)["val"]
    assert cells.images.shape == (1, 3, 48, 64) and cells.level_sizes == [(6, 8), (3, 4)]
    assert cells.cls.tolist() == [1, 0, 2] and cells.batch_idx.tolist() == [0, 0, 0]
    np.testing.assert_allclose(cells.bboxes[0], [0.25, 0.5, 0.25, 0.5], rtol=1e-6)


def test_boxes_follow_what_is_done_to_the_photographs(example):
    """A dark rectangle on white, mirrored, scaled and moved: its box stays around it."""
    from blood_cells.data import Cells, augmented

    torch.manual_seed(0)
    images = torch.full((64, 3, 64, 96), 255, dtype=torch.uint8)
    images[:, :, 24:40, 36:60] = 0
    box = torch.tensor([[0.5, 0.5, 0.25, 0.25]]).repeat(64, 1)
    seen, moved = augmented(Cells(images, torch.arange(64), torch.zeros(64), box))
    assert len(moved.bboxes) > 32
    for i, (cx, cy, w, h) in zip(moved.batch_idx, moved.bboxes, strict=True):
        dark = seen[i].mean(0) < -1.5  # white is about 1.5, black -3.5, and outside 0
        rows, columns = dark.any(1).nonzero(), dark.any(0).nonzero()
        assert abs((rows[0] + rows[-1] + 1) / 128 - cy) < 0.04, (i, cy)
        assert abs((columns[0] + columns[-1] + 1) / 192 - cx) < 0.04, (i, cx)
        assert abs(len(columns) / 96 - w) < 0.06 and abs(len(rows) / 64 - h) < 0.06


def test_without_data_one_line_says_what_to_do(tmp_path):
    for arguments in ((), ("--data", str(tmp_path))):
        done = run(*arguments)
        assert done.returncode == 2 and not done.stdout
        assert done.stderr.count("\n") == 1 and "give --data BCCD_Dataset/BCCD" in done.stderr


# ---- training ------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.skipif(not DATA.exists(), reason="the shared data are not here")
def test_it_learns(example):
    """Losses fall, and precision rises far above that of the network as it was made."""
    from blood_cells.evaluation import evaluate
    from blood_cells.network import Detector

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        torch.manual_seed(0)
        splits = example.load(DATA, 96)
        train_set, val_set = splits["train"].select(torch.arange(120)), splits["val"]
        untrained = evaluate(Detector(), val_set)
        history = []
        model = example.train(train_set, val_set, 12, 8, history.append)
        trained = evaluate(model, splits["test"])
    finally:
        torch.set_num_threads(threads)
    first, last = history[0], history[-1]
    for part in ("box", "cls", "dfl"):
        assert getattr(last, part) < 0.6 * getattr(first, part), part
    assert untrained["AP50"] < 0.05
    assert last.ap50 > 0.3 and trained["AP50"] > 0.3
    assert last.ap50 > history[len(history) // 2].ap50 >= untrained["AP50"]


@pytest.mark.slow
@pytest.mark.skipif(not DATA.exists(), reason="the shared data are not here")
def test_it_runs_from_the_command_line_and_draws(tmp_path):
    pytest.importorskip("rich")
    pytest.importorskip("matplotlib")
    picture = tmp_path / "cells.png"
    done = run("--data", str(DATA), "--quick", "--epochs", "1", "--output", str(picture))
    assert done.returncode == 0, done.stderr
    assert "with fastloss" in done.stdout and "with plain torch" in done.stdout
    assert picture.read_bytes().startswith(b"\x89PNG")
