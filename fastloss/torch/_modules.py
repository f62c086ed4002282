"""Modules: torch's own classes where torch has them, classes of the same make where not."""

from __future__ import annotations

import inspect
from typing import Any

import torch
from torch import Tensor

from ._door import LEGACY, Door, settled
from ._functions import FUNCTIONS

# Parts of names that are not simply capitalised, and torch's two abbreviations.
WORDS = {
    "iou": "IoU", "mpdiou": "MPDIoU", "nwd": "NWD", "mse": "MSE", "rmse": "RMSE", "msle": "MSLE",
    "mape": "MAPE", "nll": "NLL", "kl": "KL", "ctc": "CTC", "ce": "CE", "bce": "BCE",
    "multilabel": "MultiLabel", "obb": "OBB",
}  # fmt: skip
NAMES = {
    "binary_cross_entropy": "BCELoss",
    "binary_cross_entropy_with_logits": "BCEWithLogitsLoss",
}


def class_name(name: str) -> str:
    """mse_loss -> MSELoss, cross_entropy -> CrossEntropyLoss."""
    if name in NAMES:
        return NAMES[name]
    words = [word for word in name.split("_") if word != "loss"]
    return "".join(WORDS.get(word, word.capitalize()) for word in words) + "Loss"


DOCUMENTATION = """Module of ``fastloss.torch.{door.name}``.

    The options of the function are those of the constructor; class_weight is a buffer, as in
    ``torch.nn.CrossEntropyLoss``. Options that are given with a call hold for that call alone;
    level_sizes may be left to the calls altogether, where images vary in size.

    Called with ({tensors}).
    """


class Loss(torch.nn.Module):
    """A loss of our own: the function's options are the constructor's, by keyword."""

    _door: Door
    later: tuple[str, ...] = ()  # options without a default that the constructor can do without

    def __init__(self, **options: Any) -> None:
        super().__init__()
        door = self._door
        for name in options:
            if name not in door.defaults:
                raise TypeError(
                    f"{type(self).__name__}() got an unexpected keyword argument '{name}'"
                )
        for name, default in door.defaults.items():
            value = options.get(name, default)
            if value is inspect.Parameter.empty:
                if name not in self.later:
                    raise TypeError(f"{type(self).__name__}() needs the keyword argument '{name}'")
                value = None
            if door.schema[name] == "Tensor?":
                if value is not None and not isinstance(value, Tensor):
                    value = torch.as_tensor(value)
                self.register_buffer(name, value)
            elif value is not None and door.schema[name] == "int[]?":
                setattr(self, name, tuple(int(index) for index in value))
            else:
                setattr(self, name, settled(value))

    def extra_repr(self) -> str:
        """The options that are not at their defaults; buffers are not shown, as in torch."""
        door = self._door
        options = {name: getattr(self, name) for name in door.defaults}
        return ", ".join(
            f"{name}={value!r}"
            for name, value in options.items()
            if not isinstance(value, Tensor)
            and not (name in self.later and value is None)
            and (door.defaults[name] is inspect.Parameter.empty or value != door.defaults[name])
        )


class Criterion(Loss):
    """The criterion of a detector. What changes from batch to batch may be given with the batch."""

    later = ("level_sizes",)

    def forward(self, *tensors: Any, **options: Any) -> Any:
        """The function with the options of this module, or with those given here."""
        own = {name: getattr(self, name) for name in self._door.defaults}
        own = {name: value for name, value in own.items() if value is not None}
        return FUNCTIONS[self._door.name](*tensors, **{**own, **options})


def make_criterion(door: Door) -> Any:
    """The module of a criterion."""
    members = {
        "_door": door,
        "__module__": "fastloss.torch",
        "__doc__": DOCUMENTATION.format(door=door, tensors=", ".join(door.required)),
    }
    return type(class_name(door.name), (Criterion,), members)


def make(door: Door) -> Any:
    """The module of a function that has a reduction, or that is a criterion."""
    if door.result:
        return make_criterion(door)
    name, function = class_name(door.name), door.name
    base: Any = getattr(torch.nn, name, Loss)
    options = tuple(n for n in door.defaults if n not in LEGACY)
    if base is not Loss:
        theirs = inspect.signature(base.__init__).parameters
        options = tuple(n for n in options if n in theirs)

    buffers = tuple(name for name in options if door.schema[name] == "Tensor?")
    others = tuple(name for name in options if name not in buffers)

    defaults = [door.defaults[name] for name in others]
    needed = any(default is inspect.Parameter.empty for default in defaults)

    def forward(self: Any, *tensors: Any) -> Any:
        values = [getattr(self, name) for name in others]
        given = dict(zip(others, values, strict=True)) if needed or values != defaults else {}
        for name in buffers:
            buffer = self._buffers[name]
            if buffer is not None:
                given[name] = buffer
        return FUNCTIONS[function](*tensors, **given)

    forward.__doc__ = f"``fastloss.torch.{door.name}`` with the options of this module."
    members: dict[str, Any] = {
        "forward": forward,
        "__module__": "fastloss.torch",
        "__doc__": f"Module of ``fastloss.torch.{door.name}``.",
    }
    if base is Loss:
        members["_door"] = door
    return type(name, (base,), members)
