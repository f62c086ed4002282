"""Every command: what it prints, what it writes, and one line with exit status 2 on bad input."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import zipfile

import numpy as np
import pytest

import fastloss as fl
from fastloss._cli import main
from fastloss.reference import LOSSES

needs_rich = pytest.mark.skipif(not importlib.util.find_spec("rich"), reason="needs rich")
needs_demo = pytest.mark.skipif(
    not all(map(importlib.util.find_spec, ("rich", "sklearn", "matplotlib"))),
    reason="needs rich, scikit-learn and matplotlib",
)


@pytest.fixture
def files(tmp_path, monkeypatch):
    """A folder with arrays in every format, made the working directory."""
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(5, 3)).astype(np.float32)
    labels = rng.integers(0, 3, 5)
    x, t = rng.normal(size=(4, 2)), rng.normal(size=(4, 2))
    np.save(tmp_path / "logits.npy", logits)
    np.save(tmp_path / "labels.npy", labels)
    np.save(tmp_path / "x.npy", x)
    np.save(tmp_path / "t.npy", t)
    np.save(tmp_path / "words.npy", np.array(["a", "b"]))
    np.savez(tmp_path / "both.npz", logits=logits, labels=labels)
    np.savetxt(tmp_path / "x.csv", x, delimiter=",", fmt="%.17g", header="a,b", comments="")
    np.savetxt(tmp_path / "t.csv", t, delimiter=",", fmt="%.17g")
    (tmp_path / "labels.csv").write_text("".join(f"{v}\n" for v in labels))
    (tmp_path / "ragged.csv").write_text("1,2\n3\n")
    (tmp_path / "bad.csv").write_text("1,2\n3,x\n")
    (tmp_path / "empty.csv").write_text("\n")
    (tmp_path / "broken.npy").write_bytes(b"not an array")
    (tmp_path / "header.npy").write_bytes(b"\x93NUMPY\x01\x00v\x00{garbage" + b" " * 109 + b"\n")
    np.savez(tmp_path / "none.npz")
    with zipfile.ZipFile(tmp_path / "other.npz", "w") as archive:
        archive.writestr("a.txt", "1")
    (tmp_path / "long.csv").write_text("1" * 200_000)
    (tmp_path / "notes.txt").write_text("1\n")
    monkeypatch.chdir(tmp_path)
    return {"logits": logits, "labels": labels, "x": x, "t": t}


def value_of(capsys, *arguments):
    assert main(["compute", *arguments]) == 0
    return float(capsys.readouterr().out)


def refused(capsys, *arguments):
    """The one line that a bad command line is answered with."""
    assert main(list(arguments)) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert captured.err.startswith("fastloss: ")
    return captured.err


def test_compute_npy(capsys, files):
    expected = fl.mse_loss(files["x"], files["t"])
    assert value_of(capsys, "mse_loss", "x.npy", "t.npy") == expected


def test_compute_npz(capsys, files):
    expected = fl.cross_entropy(files["logits"], files["labels"])
    given = value_of(capsys, "cross_entropy", "both.npz:logits", "both.npz:labels")
    assert given == expected


def test_compute_csv(capsys, files):
    expected = fl.mse_loss(files["x"], files["t"])
    assert value_of(capsys, "mse_loss", "x.csv", "t.csv") == expected
    expected = fl.cross_entropy(files["logits"], files["labels"])
    assert value_of(capsys, "cross_entropy", "logits.npy", "labels.csv") == expected


def test_compute_memory_maps_npy(capsys, files, monkeypatch):
    modes = []
    load = np.load
    monkeypatch.setattr(
        np, "load", lambda *a, **k: modes.append(k.get("mmap_mode")) or load(*a, **k)
    )
    value_of(capsys, "mse_loss", "x.npy", "t.npy")
    assert modes == ["r", "r"]


@pytest.mark.parametrize("option", [["--delta", "0.25"], ["--delta=0.25"]])
def test_compute_options(capsys, files, option):
    expected = fl.huber_loss(files["x"], files["t"], reduction="sum", delta=0.25)
    given = value_of(capsys, "huber_loss", "x.npy", "t.npy", "--reduction", "sum", *option)
    assert given == expected


def test_compute_options_with_dashes_and_array_options(capsys, files):
    np.save("w.npy", np.array([0.5, 1.0, 2.0], np.float32))
    arguments = ["--label-smoothing", "0.1", "--ignore-index", "-1", "--weight", "w.npy"]
    given = value_of(capsys, "cross_entropy", "logits.npy", "labels.npy", *arguments)
    weight = np.load("w.npy")
    expected = fl.cross_entropy(
        files["logits"], files["labels"], weight=weight, ignore_index=-1, label_smoothing=0.1
    )
    assert given == expected


def test_compute_one_array(capsys, files):
    given = value_of(capsys, "l2_penalty", "x.npy", "--strength", "0.5")
    assert given == fl.l2_penalty(files["x"], strength=0.5)


def test_compute_writes_gradient_and_values(capsys, files):
    arguments = ["--reduction", "none", "--out", "loss.npy", "--grad", "grad.npy"]
    assert main(["compute", "cross_entropy", "logits.npy", "labels.npy", *arguments]) == 0
    assert "float32 array of shape (5,)" in capsys.readouterr().out
    loss, grad = fl.cross_entropy(files["logits"], files["labels"], reduction="none", grad=True)
    np.testing.assert_array_equal(np.load("loss.npy"), loss)
    np.testing.assert_array_equal(np.load("grad.npy"), grad)


def test_compute_converts_when_asked(capsys, files):
    given = value_of(capsys, "mse_loss", "x.npy", "t.npy", "--dtype", "float32")
    assert given == fl.mse_loss(files["x"].astype(np.float32), files["t"])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["mse_los", "x.npy", "t.npy"], "did you mean mse_loss"),
        (["zzz", "x.npy", "t.npy"], "fastloss list"),
        (["mse_loss"], "INPUT"),
        (["mse_loss", "x.npy"], "takes 2 files (input, target), 1 given"),
        (["l2_penalty", "x.npy", "t.npy"], "takes 1 file (params), 2 given"),
        (["mse_loss", "x.npy", "t.npy", "t.npy"], "one argument too many"),
        (["mse_loss", "none.npy", "t.npy"], "there is no file none.npy"),
        (["mse_loss", "x.npy", "."], "is a folder"),
        (["mse_loss", "x.npy", "notes.txt"], "use .npy, .npz or .csv"),
        (["mse_loss", "x.npy", "words.npy"], "expected numbers"),
        (["mse_loss", "x.npy", "broken.npy"], "cannot read broken.npy"),
        (["mse_loss", "x.npy", "header.npy"], "cannot read header.npy"),
        (["mse_loss", "x.npy", "none.npz"], "none.npz holds no arrays"),
        (["mse_loss", "x.npy", "other.npz"], "other.npz is no array"),
        (["mse_loss", "x.npy", "long.csv"], "cannot read long.csv"),
        (["mse_loss", "x.npy", ""], "there is no file ''"),
        (["mse_loss", "x.npy", "ragged.csv"], "line 2: 1 values, expected 2"),
        (["mse_loss", "x.npy", "bad.csv"], "line 2: 'x' is not a number"),
        (["mse_loss", "x.npy", "empty.csv"], "holds no numbers"),
        (["mse_loss", "both.npz", "t.npy"], "say which: both.npz:logits"),
        (["mse_loss", "both.npz:q", "t.npy"], "holds no array 'q', only logits, labels"),
        (["mse_loss", "x.npy", "logits.npy"], "mse_loss: target"),
        (["cross_entropy", "logits.npy", "x.npy"], "cross_entropy:"),
        (["mse_loss", "x.npy", "t.npy", "--reduction", "most"], "'most'"),
        (["mse_loss", "x.npy", "t.npy", "--delta", "1"], "no option --delta; it has --reduction"),
        (["huber_loss", "x.npy", "t.npy", "--delta"], "needs a value, such as --delta 1.0"),
        (["huber_loss", "x.npy", "t.npy", "--delta", "wide"], "--delta is a number, not 'wide'"),
        (["huber_loss", "x.npy", "t.npy", "--delta", "-1"], "delta"),
        (["huber_loss", "x.npy", "t.npy", "--delta", "1", "--delta", "2"], "given twice"),
        (["dice_loss", "x.npy", "t.npy", "--squared", "maybe"], "true or false, not 'maybe'"),
        (["mse_loss", "x.npy", "t.npy", "--grad", "g.txt"], "ends in .npy"),
        (["mse_loss", "x.npy", "t.npy", "--grad", "no/g.npy"], "there is no folder"),
        (["mse_loss", "x.npy", "t.npy", "--grad", "./x.npy"], "x.npy is an argument"),
        (["mse_loss", "x.npy", "t.npy", "--weight=x.npy", "--grad", "./x.npy"], "is an argument"),
        (["mse_loss", "x.csv", "t.npy", "--weight", "x.npy", "--grad", "x.npy"], "is an argument"),
        (["mse_loss", "x.npy", "t.npy", "--grad", "g.npy", "--out", "g.npy"], "are both g.npy"),
        (["box_area", "x.npy", "--grad", "g.npy"], "box_area has no gradient"),
        (["box_convert", "x.npy", "--in-fmt", "xyxy"], "needs --out-fmt"),
    ],
)
def test_compute_refuses(capsys, files, arguments, words):
    assert words in refused(capsys, "compute", *arguments)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["dance"], "invalid choice: 'dance'"),
        (["info", "--loud"], "unrecognised argument '--loud'"),
        (["list", "--filter", "zzz"], "fits no loss"),
        (["check", "--isa", "z80"], "--isa z80: this machine has"),
        (["check", "--seed", "-1"], "--seed must be >= 0"),
        (["demo", "--seed", "-1"], "--seed must be >= 0"),
        (["demo", "--output", "no/folder.png"], "there is no folder"),
        (["bench", "--threads", "none"], "--threads takes numbers"),
        (["bench", "--threads", "100000"], "this process may use"),
        (["bench", "--rounds", "0"], "--rounds must be at least 1"),
        (["bench", "--plot", "no/folder.png"], "there is no folder"),
        (["bench", "--plot", "picture.txt"], "plots are written as .png, .pdf or .svg"),
        pytest.param(["bench", "--engines", "abacus"], "--engines 'abacus'", marks=needs_rich),
    ],
)
def test_commands_refuse(capsys, files, arguments, words):
    assert words in refused(capsys, *arguments)


def test_no_command_prints_the_help(capsys):
    assert main([]) == 2
    assert "compute" in capsys.readouterr().out


@needs_rich
def test_list_shows_the_whole_registry(capsys):
    from fastloss._cli._losses import registry

    assert main(["list"]) == 0
    out = capsys.readouterr().out
    for name, loss in registry().items():
        assert name in out
        assert loss.formula in out


def test_info(capsys):
    assert main(["info"]) == 0
    out = capsys.readouterr().out
    assert fl.__version__ in out
    assert fl.get_config()["isa"] in out


def test_check_compares_every_level(capsys):
    assert main(["check", "--filter", "mse_loss,huber_loss", "--json"]) == 0
    results = json.loads(capsys.readouterr().out)
    assert list(results) == list(fl.get_config()["isa_available"])
    for entries in results.values():
        assert [e["name"] for e in entries] == ["mse_loss", "rmse_loss", "huber_loss"]
        assert all(e["float32"]["calls"] > 10 and not e["failed"] for e in entries)


def test_check_finds_a_wrong_kernel(monkeypatch):
    from fastloss._cli._losses import find
    from fastloss._cli.check.compare import examine

    right = fl.mse_loss

    def wrong(*args, **options):
        value, *rest = right(*args, **options)
        return (value * (1 + 1e-5), *rest)

    monkeypatch.setattr(fl, "mse_loss", wrong)
    entry = examine(find("mse_loss"), seed=0)
    assert entry["failed"]
    assert 50 < entry["float32"]["ulp"] < 200
    assert entry["float32"]["where"].startswith("value")


@pytest.mark.parametrize(
    ("got", "true", "ulp"),
    [
        ([1.0, 2.0], [1.0, 2.0], 0.0),
        ([np.nan, np.inf], [np.nan, np.inf], 0.0),
        ([np.inf], [-np.inf], np.inf),
        ([np.nan, 1.0], [1.0, 1.0], np.inf),
        ([1.0], [np.nan], np.inf),
        ([1.0], [[1.0]], np.inf),
        ([0.5 + 2**-51, 2.0], [0.5, 2.0], 1.0),
        ([1.0], [0.0], np.inf),
    ],
)
def test_ulp_error(got, true, ulp):
    from fastloss._cli.check.compare import ulp_error

    assert ulp_error(np.array(got), np.array(true), np.float64) == ulp


@needs_rich
def test_bench_measures_and_writes(capsys, tmp_path):
    table, numbers = tmp_path / "b.md", tmp_path / "b.json"
    arguments = ["--quick", "--rounds", "1", "--filter", "mse_loss", "--engines", "reference"]
    assert main(["bench", *arguments, "--markdown", str(table), "--json", str(numbers)]) == 0
    assert "1 thread" in capsys.readouterr().out
    results = json.loads(numbers.read_text())
    rows = [r for r in results["rows"] if r["name"] == "mse_loss"]
    assert rows
    for row in rows:
        assert set(row["seconds"]) == {"fastloss", "fastloss reused", "limit", "reference"}
        assert not row["notes"]
    text = table.read_text()
    assert "| mse_loss | 16 |" in text
    assert "### Where fastloss loses" in text


@pytest.mark.peer
@pytest.mark.slow
def test_compiled_torch_computes_what_eager_torch_does():
    pytest.importorskip("torch")
    if shutil.which("g++") is None:
        pytest.skip("torch.compile needs g++")
    from fastloss._cli.bench.engines import installed
    from fastloss._cli.peers import torch as eager
    from fastloss._cli.peers import torch_compile as compiled

    assert "torch" in installed(None) and "torch_compile" not in installed(None)
    assert "torch_compile" in installed("torch_compile")
    arrays = LOSSES["huber_loss"].smooth_sample(
        np.random.default_rng(0), (40,), np.dtype("float32")
    )
    options = {"delta": 0.5}
    expected, found = (
        e.prepare("huber_loss", arrays, options)["fresh"]() for e in (eager, compiled)
    )
    np.testing.assert_allclose(compiled.summary(found), eager.summary(expected), rtol=1e-6)
    assert compiled.prepare("nms", arrays, {}) is None


@needs_demo
def test_quick_demo_draws_its_picture(capsys, tmp_path):
    picture = tmp_path / "demo.png"
    assert main(["demo", "--quick", "--output", str(picture)]) == 0
    assert picture.read_bytes().startswith(b"\x89PNG")
    out = capsys.readouterr().out
    for words in ("Loss is not accuracy", "mean IoU", "in fastloss", "box     cls   total"):
        assert words in out


@needs_demo
def test_demo_gradients_reach_every_parameter(monkeypatch):
    """The chain rule of the demo's detector, against finite differences.

    The distance loss replaces the complete one, whose alpha is a constant in its gradient.
    """
    from fastloss._cli.demo import data, detector
    from fastloss._cli.demo.clock import Clock

    monkeypatch.setattr(fl, "complete_box_iou_loss", fl.distance_box_iou_loss)
    rng = np.random.default_rng(0)
    train_set, _, _ = data.load(0)
    scenes = data.paste(rng, train_set, 3)
    objects = scenes.objects_of(0, 3)
    net = detector.build(rng)
    for layer in net.layers:
        layer.params[:] = [p + 0.02 * rng.standard_normal(p.shape) for p in layer.params]

    def loss():
        raw = net.forward(scenes.canvases).reshape(3, -1, 4 + detector.CLASSES)
        return detector.detection_loss(raw, objects, Clock())

    _, _, grad = loss()
    grads = net.backward(grad.reshape(3, detector.GRID, detector.GRID, -1))
    direction = [rng.standard_normal(p.shape) for p in net.params]
    slope = sum(float((g * d).sum()) for g, d in zip(grads, direction, strict=True))
    step, values = 1e-6, []
    for sign in (1, -2):
        for p, d in zip(net.params, direction, strict=True):
            p += sign * step * d
        values.append(sum(loss()[:2]))
    assert (values[0] - values[1]) / (2 * step) == pytest.approx(slope, rel=1e-4)


def test_missing_rich_is_one_line(tmp_path):
    (tmp_path / "rich.py").write_text("raise ImportError('hidden')\n")
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])}
    done = subprocess.run(
        [sys.executable, "-m", "fastloss", "list"], env=env, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert done.stderr == "fastloss: needs rich: pip install 'fastloss[cli]'\n"


def test_closed_pipe_is_no_error():
    program = f"{sys.executable} -m fastloss info | true"
    done = subprocess.run(["sh", "-c", program], capture_output=True, text=True)
    assert done.stderr == ""
