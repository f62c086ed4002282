"""The examples run as a user runs them and print what they promise."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"


def run(name, *arguments):
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / name), *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


# Examples that need more than NumPy. That of the blood cells has a test of its own.
WITH_PEERS = {"pytorch_drop_in.py", "train_blood_cells.py", "yolo_onnx_postprocess.py"}


@pytest.mark.parametrize("name", sorted({p.name for p in EXAMPLES.glob("*.py")} - WITH_PEERS))
def test_example_runs(name):
    assert run(name)


@pytest.mark.peer
def test_examples_of_pytorch_give_torchs_numbers():
    pytest.importorskip("torch")
    lines = run("pytorch_drop_in.py").splitlines()
    for theirs, ours in zip(lines[0:4:2], lines[1:4:2], strict=True):
        assert theirs.split(maxsplit=1)[1] == ours.split(maxsplit=1)[1]
    assert "loss 0.417030" in lines[0] and "gradient [-0.341   0.2424  0.0986]" in lines[1]


@pytest.mark.peer
def test_model_in_onnx_finds_what_was_drawn():
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    out = run("yolo_onnx_postprocess.py")
    assert "5 detections" in out and "numpy + fastloss" in out
    overlaps = [float(line.split()[-1]) for line in out.splitlines() if "what was drawn" in line]
    assert len(overlaps) == 5 and min(overlaps) > 0.65


def test_three_logits_have_the_loss_and_gradient_of_the_textbook():
    out = run("cross_entropy_of_three_logits.py")
    assert "0.417030" in out
    assert "[-0.341   0.2424  0.0986]" in out


def test_monitored_training_stops_early():
    out = run("monitor_training.py")
    assert "without a lower validation loss: stopped" in out
    accuracy = float(out.split("accuracy")[-1].split("%")[0])
    assert accuracy > 80


def test_monitored_training_draws_its_curves(tmp_path):
    pytest.importorskip("matplotlib")
    picture = tmp_path / "curves.png"
    run("monitor_training.py", "--plot", str(picture))
    assert picture.read_bytes().startswith(b"\x89PNG")
