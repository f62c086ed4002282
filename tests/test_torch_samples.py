"""torch's own sample, error and module inputs for the losses of torch.nn.functional."""

import inspect
import warnings

import numpy as np
import pytest

torch = pytest.importorskip("torch", minversion="2.13")
pytest.importorskip("expecttest")

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from torch.testing._internal.common_methods_invocations import op_db
    from torch.testing._internal.common_modules import module_db
    from torch_compare import LABELLED, MARGINS, NAMES, compare, to_numpy

import fastloss as fl  # noqa: E402

OPS = {op.name.removeprefix("nn.functional."): op for op in op_db if "functional" in op.name}
MODULES = {info.name.removeprefix("nn."): info for info in module_db}
MODULE_OF = {
    "mse_loss": "MSELoss",
    "l1_loss": "L1Loss",
    "smooth_l1_loss": "SmoothL1Loss",
    "huber_loss": "HuberLoss",
    "poisson_nll_loss": "PoissonNLLLoss",
    "gaussian_nll_loss": "GaussianNLLLoss",
    "kl_div": "KLDivLoss",
    "soft_margin_loss": "SoftMarginLoss",
    "hinge_embedding_loss": "HingeEmbeddingLoss",
    "binary_cross_entropy": "BCELoss",
    "binary_cross_entropy_with_logits": "BCEWithLogitsLoss",
    "cross_entropy": "CrossEntropyLoss",
    "nll_loss": "NLLLoss",
    "multi_margin_loss": "MultiMarginLoss",
    "multilabel_margin_loss": "MultiLabelMarginLoss",
    "multilabel_soft_margin_loss": "MultiLabelSoftMarginLoss",
}
LEGACY = ("size_average", "reduce")


@pytest.fixture(autouse=True)
def same_samples():
    """torch draws them from its global generator, wherever other tests have left it."""
    torch.manual_seed(0)


def largest_weight(options):
    """A row's gradient is its weight times p - 1 at the target, which cancels for p near 1."""
    weight = options.get("weight")
    return 0.0 if weight is None else float(weight.abs().max())


DTYPES = [torch.float32, torch.float64]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", NAMES + MARGINS)
def test_sample_inputs(name, dtype):
    count = 0
    for sample in OPS[name].sample_inputs("cpu", dtype, requires_grad=True):
        options = {k: v for k, v in sample.kwargs.items() if k not in LEGACY}
        target, *rest = sample.args
        assert len(rest) == (name == "gaussian_nll_loss")
        if sample.input.shape != target.shape and name not in LABELLED:
            with pytest.raises(ValueError, match="target has shape"):
                getattr(fl, name)(*map(to_numpy, (sample.input, *sample.args)), **options)
            continue
        compare(name, (sample.input, *sample.args), options, largest_weight(options))
        count += 1
    assert count >= 4


@pytest.mark.parametrize("name", NAMES + MARGINS)
def test_error_inputs_are_errors_here_too(name):
    inputs = OPS[name].error_inputs("cpu") if OPS[name].error_inputs_func else ()
    for error in inputs:
        sample = error.sample_input
        with pytest.raises((ValueError, TypeError, IndexError)):
            getattr(fl, name)(to_numpy(sample.input), *map(to_numpy, sample.args), **sample.kwargs)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", NAMES + MARGINS)
def test_module_inputs(name, dtype):
    info = MODULES[MODULE_OF[name]]
    seen = 0
    for sample in info.module_inputs_func(
        info, device="cpu", dtype=dtype, requires_grad=False, training=False
    ):
        options = {k: v for k, v in sample.constructor_input.kwargs.items() if k not in LEGACY}
        assert not sample.constructor_input.args
        compare(name, sample.forward_input.args, options, largest_weight(options))
        seen += 1
    assert seen >= 2


@pytest.mark.parametrize("name", NAMES + MARGINS)
def test_signature_is_torchs(name):
    """Names, order and defaults of torch's arguments, the legacy ones aside; ours come after."""
    theirs = inspect.signature(getattr(torch.nn.functional, name)).parameters.values()
    ours = list(inspect.signature(getattr(fl, name)).parameters.values())
    theirs = [p for p in theirs if p.name not in LEGACY]
    for mine, other in zip(ours, theirs, strict=False):
        assert (mine.name, mine.kind, mine.default) == (other.name, other.kind, other.default)
    for extra in ours[len(theirs) :]:
        assert extra.kind is inspect.Parameter.KEYWORD_ONLY


SHAPES_THAT_DISAGREE = [((3,), (1,)), ((1,), (3,)), ((2, 3), (3,)), ((2, 1), (2, 3)), ((), (1,))]


@pytest.mark.parametrize("name", [n for n in NAMES if n not in ("cross_entropy", "nll_loss")])
@pytest.mark.parametrize("shapes", SHAPES_THAT_DISAGREE)
def test_broadcasts_that_torch_only_warns_about_are_errors(name, shapes):
    x, t = (np.full(shape, 0.5) for shape in shapes)
    with pytest.raises(ValueError, match=r"target has shape .* input has shape"):
        getattr(fl, name)(x, t, *([1.0] if name == "gaussian_nll_loss" else []))


# What torch rejects for the losses over rows: (input, target, options).
ROWS = np.zeros((2, 3))
ROW_ERRORS = [
    (ROWS, np.array([0, 3]), {}),
    (ROWS, np.array([0, -1]), {}),
    (ROWS, np.array([0]), {}),
    (ROWS, np.array([0, 1, 2]), {}),
    (ROWS, np.array([0.0, 1.0]), {}),
    (ROWS, np.array([[0, 1], [0, 1]]), {}),
    (ROWS, np.array([0, 1]), {"weight": np.ones(2)}),
    (ROWS, np.array([0, 1]), {"weight": np.ones((3, 1))}),
    (ROWS, np.array([0, 1]), {"reduction": "median"}),
    (np.zeros((2, 3, 4)), np.zeros((2, 3), int), {}),
    (np.zeros((2, 3, 4)), np.zeros((3, 4), int), {}),
    (np.zeros(()), np.zeros((), int), {}),
]
SOFT_ERRORS = [
    (ROWS, np.array([0, 1]), {"label_smoothing": 1.1}),
    (ROWS, np.full((2, 3), 1 / 3), {"ignore_index": 1}),
    (ROWS, np.ones((2, 3), int), {}),
]


@pytest.mark.parametrize("name", ["cross_entropy", "nll_loss"])
def test_row_errors_of_torch_are_errors_here_too(name):
    for input, target, options in ROW_ERRORS + (SOFT_ERRORS if name == "cross_entropy" else []):
        tensors = {k: torch.as_tensor(v) if k == "weight" else v for k, v in options.items()}
        with pytest.raises((RuntimeError, ValueError, IndexError)):
            function = getattr(torch.nn.functional, name)
            function(torch.from_numpy(input), torch.from_numpy(target), **tensors)
        with pytest.raises((TypeError, ValueError, IndexError)):
            getattr(fl, name)(input, target, **options)
