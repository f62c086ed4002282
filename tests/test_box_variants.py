"""The later losses of boxes: values by hand, constant parts, degenerate boxes, state, errors."""

import numpy as np
import pytest
from test_boxes import DEGENERATE

import fastloss as fl
from fastloss import _core
from fastloss.reference import LOSSES

KINDS = ("iou", "giou", "diou", "ciou")
CALLS = {
    "eiou": (fl.efficient_box_iou_loss, {}),
    "focal eiou": (fl.efficient_box_iou_loss, {"focal_gamma": 0.5}),
    "focal eiou, differentiated": (
        fl.efficient_box_iou_loss,
        {"focal_gamma": 0.5, "detach": False},
    ),
    "siou": (fl.scylla_box_iou_loss, {}),
    "wiou": (fl.wise_box_iou_loss, {}),
    "mpdiou": (fl.mpdiou_loss, {"image_size": (480, 640)}),
    "nwd": (fl.nwd_loss, {}),
    **{f"alpha {k}": (fl.alpha_box_iou_loss, {"kind": k}) for k in KINDS},
    **{f"root {k}": (fl.alpha_box_iou_loss, {"kind": k, "alpha": 0.5}) for k in KINDS},
    **{f"inner {k}": (fl.inner_box_iou_loss, {"kind": k, "ratio": 0.7}) for k in KINDS},
}

# p = (0, 0, 2, 2), t = (1, 1, 3, 4): I = 1, U = 9, E = 12, cw = 3, ch = 4, c2 = 25,
# centres (1, 1) and (2, 2.5): s = (1, 1.5), rho2 = 3.25; sizes (2, 2) and (2, 3)
P, T = np.array([[0.0, 0, 2, 2]]), np.array([[1.0, 1, 3, 4]])
IOU, RHO, HULL = 1 / 9, 3.25 / 25, 3 / 12
V = 4 / np.pi**2 * (np.arctan(2 / 3) - np.pi / 4) ** 2
ASPECT = V * V / (1 - IOU + V)
GAMMA = 2 - 2 * 1.5 / 3.25
SIOU = (
    IOU - (2 - np.exp(-GAMMA / 9) - np.exp(-GAMMA * (1.5 / 4) ** 2) + (1 - np.exp(-1 / 3)) ** 4) / 2
)
# scaled to 3/4: [0.25, 1.75]^2 and [1.25, 2.75] x [1.375, 3.625]
INNER = 0.5 * 0.375 / (1.5**2 + 1.5 * 2.25 - 0.5 * 0.375)
BY_HAND = [
    (fl.efficient_box_iou_loss, {}, 1 - IOU + RHO + 1 / 16),
    (fl.efficient_box_iou_loss, {"focal_gamma": 0.5}, (1 - IOU + RHO + 1 / 16) / 3),
    (fl.scylla_box_iou_loss, {}, 1 - SIOU),
    (fl.wise_box_iou_loss, {}, np.exp(RHO) * (1 - IOU)),
    (fl.mpdiou_loss, {"image_size": (3, 4)}, 1 - IOU + (2 + 5) / 25),
    (fl.nwd_loss, {"constant": 2}, 1 - np.exp(-np.sqrt(3.25 + 1 / 4) / 2)),
    (fl.alpha_box_iou_loss, {}, 1 - IOU**3),
    (fl.alpha_box_iou_loss, {"kind": "giou"}, 1 - IOU**3 + HULL**3),
    (fl.alpha_box_iou_loss, {"kind": "diou"}, 1 - IOU**3 + RHO**3),
    (fl.alpha_box_iou_loss, {"kind": "ciou", "alpha": 2}, 1 - IOU**2 + RHO**2 + ASPECT**2),
    (fl.inner_box_iou_loss, {}, 1 - INNER),
    (fl.inner_box_iou_loss, {"kind": "giou"}, 1 - INNER + HULL),
    (fl.inner_box_iou_loss, {"kind": "diou"}, 1 - INNER + RHO),
    (fl.inner_box_iou_loss, {"kind": "ciou"}, 1 - INNER + RHO + ASPECT),
]


@pytest.fixture(params=_core.isa_levels())
def isa(request):
    before = _core.active_isa()
    _core.select_isa(request.param)
    yield request.param
    _core.select_isa(before)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("loss", "options", "expected"), BY_HAND)
def test_values_by_hand(loss, options, expected, dtype, isa):
    assert loss(P.astype(dtype), T.astype(dtype), **options) == pytest.approx(expected, rel=2e-6)
    centre = np.array([[1, 1, 2, 2]], dtype), np.array([[2, 2.5, 2, 3]], dtype)
    assert loss(*centre, fmt="cxcywh", **options) == pytest.approx(expected, rel=2e-6)
    corner = np.array([[0, 0, 2, 2]], dtype), np.array([[1, 1, 2, 3]], dtype)
    assert loss(*corner, fmt="xywh", **options) == pytest.approx(expected, rel=2e-6)


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_degenerate_boxes_have_finite_gradients(name, dtype, isa):
    """Points, segments, inverted, identical, nested, touching, far, tiny boxes, each with each."""
    loss, options = CALLS[name]
    far = [[1e4, 1e4, 1e4 + 5, 1e4 + 7], [-1e4, 5, -1e4 + 1e-3, 6], [7e3, 7e3, -7e3, -7e3]]
    boxes = np.vstack([DEGENERATE, far, [[3, 1, 5, 3], [1e-3, 1e-3, 2e-3, 3e-3]]])
    p = np.repeat(boxes, len(boxes), 0).astype(dtype)
    t = np.tile(boxes, (len(boxes), 1)).astype(dtype)
    for fmt in ("xyxy", "xywh", "cxcywh"):
        value, grad = loss(p, t, fmt=fmt, reduction="none", grad=True, **options)
        assert np.isfinite(grad).all(), fmt
        if "ciou" not in name or fmt == "xyxy":  # a point has no w/h
            assert np.isfinite(value).all(), fmt


@pytest.mark.parametrize("name", CALLS)
def test_identical_boxes_are_a_minimum(name):
    loss, options = CALLS[name]
    boxes = np.array([[1.0, 2, 30, 17], [40, 5, 41, 60]])
    value, grad = loss(boxes, boxes, reduction="none", grad=True, **options)
    least = 1 - np.exp(-np.sqrt(1e-7) / 12.8) if name == "nwd" else 0
    np.testing.assert_allclose(value, least, atol=1e-4 if name.startswith("root") else 1e-7)
    np.testing.assert_allclose(grad, 0, atol=1e-6)


def smooth(n=60, seed=3):
    boxes1, boxes2 = LOSSES["bbox_iou"].smooth_sample(np.random.default_rng(seed), (n,), np.float64)
    return boxes1, boxes2


def slopes(function, boxes, step=1e-6):
    """Central differences of a value per box by each coordinate of that box."""
    moves = np.eye(boxes.shape[-1]) * step
    return np.stack([(function(boxes + m) - function(boxes - m)) / (2 * step) for m in moves], -1)


def enclosing(a, b):
    sides = np.maximum(a[:, 2:], b[:, 2:]) - np.minimum(a[:, :2], b[:, :2])
    return (sides**2).sum(-1) + 1e-7


def shift(a, b):
    return ((b[:, :2] + b[:, 2:] - a[:, :2] - a[:, 2:]) ** 2).sum(-1) / 4


FOCUS = {
    1: lambda b: np.ones_like(b),
    2: lambda b: b**0.5,
    3: lambda b: b / (3 * 1.9 ** (b - 3)),
}


@pytest.mark.parametrize("version", [1, 2, 3])
def test_wise_loss_with_its_constants_held(version):
    """Value and slope, the enclosing box and the focus being numbers."""
    p, t = smooth()
    mean = 0.4 + 0.25 * (np.mean(1 - fl.bbox_iou(p, t)) - 0.4)
    state = {} if version == 1 else {"version": version, "running_mean": 0.4, "momentum": 0.25}
    value, grad, *moved = fl.wise_box_iou_loss(p, t, reduction="none", grad=True, **state)
    if version > 1:
        assert moved == [pytest.approx(mean, rel=1e-12)]
    c2, focus = enclosing(p, t), FOCUS[version]((1 - fl.bbox_iou(p, t)) / mean)

    def frozen(boxes):
        return focus * np.exp(shift(boxes, t) / c2) * (1 - fl.bbox_iou(boxes, t))

    np.testing.assert_allclose(value, frozen(p), 1e-12)
    np.testing.assert_allclose(grad, slopes(frozen, p), 1e-5, 1e-8)


def test_focal_factor_as_a_constant():
    p, t = smooth()
    factor = fl.bbox_iou(p, t) ** 0.5
    value, grad = fl.efficient_box_iou_loss(p, t, focal_gamma=0.5, reduction="none", grad=True)
    plain, slope = fl.efficient_box_iou_loss(p, t, reduction="none", grad=True)
    np.testing.assert_allclose(value, factor * plain, 1e-12)
    np.testing.assert_allclose(grad, factor[:, None] * slope, 1e-12, 1e-15)


@pytest.mark.parametrize("family", [fl.alpha_box_iou_loss, fl.inner_box_iou_loss])
def test_aspect_with_alpha_held_constant(family):
    p, t = smooth()

    def v(b):
        angle = np.arctan((b[:, 2] - b[:, 0]) / (b[:, 3] - b[:, 1] + 1e-7))
        other = np.arctan((t[:, 2] - t[:, 0]) / (t[:, 3] - t[:, 1] + 1e-7))
        return 4 / np.pi**2 * (other - angle) ** 2

    alpha = v(p) / (1 - fl.bbox_iou(p, t) + v(p) + 1e-7)
    power = 3 if family is fl.alpha_box_iou_loss else 1
    with_aspect = family(p, t, kind="ciou", reduction="none", grad=True)
    without = family(p, t, kind="diou", reduction="none", grad=True)
    np.testing.assert_allclose(with_aspect[0] - without[0], (alpha * v(p)) ** power, 1e-9, 1e-14)
    expected = slopes(lambda b: (alpha * v(b)) ** power, p)
    np.testing.assert_allclose(with_aspect[1] - without[1], expected, 1e-5, 1e-9)


def test_special_powers_and_ratios():
    p, t = smooth()
    for kind in KINDS:
        plain = 1 - fl.bbox_iou(p, t, kind=kind)
        for loss, options in (
            (fl.alpha_box_iou_loss, {"alpha": 1}),
            (fl.inner_box_iou_loss, {"ratio": 1}),
        ):
            np.testing.assert_allclose(
                loss(p, t, kind=kind, reduction="none", **options), plain, atol=1e-7
            )


def test_siou_is_cut():
    p, t = np.array([[0.0, 0, 1, 1]]), np.array([[100.0, 100, 300, 101]])
    value, grad = fl.scylla_box_iou_loss(p, t, grad=True)
    assert 1 < value <= 2
    # D -> 2 and S -> 2: the overlap stays above -1 - tiny, unless sizes have both signs
    value, grad = fl.scylla_box_iou_loss(p, np.array([[300.0, 300, 100, 100]]), grad=True)
    assert value <= 2 and np.isfinite(grad).all()


@pytest.mark.parametrize("n", [1, 255, 5000, 40_000])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_running_mean(n, dtype):
    p, t = (b.astype(dtype) for b in smooth(n, n))
    w = np.linspace(0, 2, n)
    with fl.num_threads(1):
        one = fl.wise_box_iou_loss(
            p, t, version=3, running_mean=0.7, momentum=0.5, weight=w, grad=True
        )
    with fl.num_threads(2):
        two = fl.wise_box_iou_loss(
            p, t, version=3, running_mean=0.7, momentum=0.5, weight=w, grad=True
        )
    assert one[0] == two[0] and one[2] == two[2]
    np.testing.assert_array_equal(one[1], two[1])
    assert type(one[2]) is float
    expected = 0.5 * 0.7 + 0.5 * np.mean(1 - fl.bbox_iou(p, t), dtype=np.float64)
    assert one[2] == pytest.approx(expected, rel=1e-5 if dtype == np.float32 else 1e-12)
    # the mean is moved before it is used
    again = fl.wise_box_iou_loss(p, t, version=3, running_mean=one[2], momentum=0.0, weight=w)
    assert again == (one[0], one[2])


def test_running_mean_of_nothing():
    none = np.empty((0, 4))
    assert fl.wise_box_iou_loss(none, none, version=2, running_mean=0.3) == (0.0, 0.3)
    one = np.array([[0.0, 0, 1e4, 1e4]])
    value, grad, mean = fl.wise_box_iou_loss(
        one, one, version=3, running_mean=1.0, momentum=1.0, eps=0.0, grad=True
    )
    assert value == 0 and mean == 0 and not grad.any()


MATRIX = [
    *((kind, {}, lambda p, t, k=kind: fl.bbox_iou(p, t, kind=k)) for kind in KINDS),
    ("eiou", {}, lambda p, t: 1 - fl.efficient_box_iou_loss(p, t, reduction="none")),
    ("siou", {}, lambda p, t: 1 - fl.scylla_box_iou_loss(p, t, reduction="none")),
    ("mpdiou", {"image_size": (9, 8)},
     lambda p, t: 1 - fl.mpdiou_loss(p, t, image_size=(9, 8), reduction="none")),
    ("nwd", {"constant": 9.0}, lambda p, t: 1 - fl.nwd_loss(p, t, constant=9.0, reduction="none")),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "options", "aligned"), MATRIX, ids=[m[0] for m in MATRIX])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_matrices_hold_the_aligned_overlaps(kind, options, aligned, dtype):
    p, t = (b.astype(dtype) for b in smooth(300))
    value, grad = fl.pairwise_box_iou(p[:70], t, kind=kind, grad=True, **options)
    assert value.shape == (70, 300) and grad.shape == (70, 300, 4)
    np.testing.assert_array_equal(fl.pairwise_box_iou(p[:70], t, kind=kind, **options), value)
    for i in (0, 33, 69):
        expected = aligned(np.repeat(p[i : i + 1], 300, 0), t)
        np.testing.assert_allclose(value[i], expected, 1e-6, 2e-7)


@pytest.mark.peer
@pytest.mark.parametrize("case", range(3))
def test_torch_agrees(case):
    """The formulas as users write them, differentiated by torch."""
    torch = pytest.importorskip("torch")
    from fastloss._cli.peers import _torch_boxes as peers

    for name, peer in peers.LOSSES.items():
        loss = LOSSES[name]
        if not loss.gradients:
            continue
        options = loss.options[min(case, len(loss.options) - 1)]
        if "focal_gamma" in options or {"weight", "floor", "eps"} & set(options):
            continue
        shape = (20, 15) if loss.kind == "pairs" else (200,)
        args = loss.smooth_sample(np.random.default_rng(case), shape, np.float64)
        if name == "pairwise_box_iou":
            options = {"kind": "iou"}
        first, second = (torch.from_numpy(a) for a in args)
        first.requires_grad_()
        value = peer(first, second, **options)
        value.sum().backward()
        got, grad = loss.public(*args, **options, grad=True)
        np.testing.assert_allclose(got, value.detach().numpy(), 1e-8, 1e-8, err_msg=name)
        slope = grad.sum(-2) if loss.kind == "pairs" else grad
        np.testing.assert_allclose(slope, first.grad.numpy(), 1e-6, 1e-8, err_msg=name)


def test_errors():
    p, t = smooth(6)

    def fails(loss, error, message, **options):
        with pytest.raises(error) as caught:
            loss(p, t, **options)
        assert message in str(caught.value)

    wise, matrix = fl.wise_box_iou_loss, fl.pairwise_box_iou
    for version in (0, 4, "3", None, 1.0, [1]):
        fails(wise, ValueError, "version is ", version=version)
    fails(wise, ValueError, "running_mean is 0.5, but version 1", running_mean=0.5)
    fails(wise, ValueError, "running_mean is None; version 3 needs", version=3)
    for mean in (0.0, -1.0, np.nan, np.inf):
        fails(wise, ValueError, "running_mean is ", version=2, running_mean=mean)
    fails(wise, TypeError, "running_mean is '1'", version=2, running_mean="1")
    fails(wise, ValueError, "momentum is 2.0; expected a number in [0, 1]", momentum=2.0)
    fails(fl.mpdiou_loss, TypeError, "image_size is 640; expected (height, width)", image_size=640)
    fails(fl.mpdiou_loss, TypeError, "image_size is 'a'; expected a number", image_size="ab")
    fails(fl.mpdiou_loss, ValueError, "image_size is 0; expected a finite", image_size=(0, 5))
    fails(fl.mpdiou_loss, TypeError, "image_size is (1, 2, 3)", image_size=(1, 2, 3))
    fails(
        fl.alpha_box_iou_loss, ValueError, "alpha is 0.0; expected a finite number > 0", alpha=0.0
    )
    fails(fl.alpha_box_iou_loss, ValueError, "kind is 'siou'; expected 'iou', 'giou'", kind="siou")
    fails(fl.inner_box_iou_loss, ValueError, "ratio is -1.0; expected a finite number", ratio=-1.0)
    fails(fl.nwd_loss, ValueError, "constant is 0; expected a finite number > 0", constant=0)
    fails(fl.efficient_box_iou_loss, TypeError, "detach is 0.5", detach=0.5)
    fails(fl.efficient_box_iou_loss, ValueError, "fmt is 'xywhr'; expected one of", fmt="xywhr")
    fails(matrix, ValueError, "kind is 'wiou'; expected one of 'iou', 'giou'", kind="wiou")
    fails(matrix, TypeError, "image_size is None; expected (height, width)", kind="mpdiou")
    fails(matrix, ValueError, "image_size is (5, 5), but only kind 'mpdiou'", image_size=(5, 5))
    fails(matrix, ValueError, "constant is 3.0, but only kind 'nwd'", constant=3.0)
    fails(matrix, TypeError, "constant is None; expected a number", kind="nwd")
    with pytest.raises(TypeError, match="image_size"):
        fl.mpdiou_loss(p, t)
