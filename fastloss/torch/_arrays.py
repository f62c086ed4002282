"""Tensors as arrays and back, without a copy; an error says what is no tensor on the CPU."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from fastloss import _core

# Tensors of which nothing is hidden: no subclass that keeps data or behaviour of its own.
PLAIN = frozenset({Tensor, torch.nn.Parameter})
HALF = (torch.float16, torch.bfloat16)
SINGLE = np.dtype(np.float32)


def borrow_slowly(tensor: Tensor) -> None:
    """Where torch has no exchange functions."""


def number_slowly(value: float, single: bool) -> Tensor:
    """A tensor without axes."""
    return torch.from_numpy(np.array(value, np.float32 if single else np.float64))


borrow: Any = borrow_slowly
number: Any = number_slowly
if hasattr(Tensor, "__dlpack_c_exchange_api__"):  # torch 2.10
    _exchange = _core.Exchange(Tensor.__dlpack_c_exchange_api__)
    borrow, number = _exchange.borrow, _exchange.number


def place(tensor: Tensor) -> str:
    """Why a tensor cannot be read here, as messages say it; empty if it can."""
    if tensor.is_meta:
        return "is on the meta device, where tensors hold no numbers"
    if tensor.device.type != "cpu":
        return f"is on {tensor.device}; fastloss computes on the CPU: move it with .cpu()"
    if tensor.is_nested or tensor.layout is not torch.strided:
        layout = "nested" if tensor.is_nested else str(tensor.layout)
        return f"has layout {layout}; fastloss reads strided tensors"
    return ""


def check(name: str, tensor: Any) -> None:
    """Raise an error for what is no strided tensor of a usable type on the CPU."""
    reason = place(tensor)
    if reason:
        raise (NotImplementedError if tensor.is_meta else ValueError)(f"{name} {reason}")
    if tensor.dtype in HALF:
        raise TypeError(
            f"{name} has dtype {tensor.dtype}, which is not supported yet; convert it with "
            f'.float(), or compute the loss under torch.autocast("cpu")'
        )
    if tensor.is_complex() or tensor.is_quantized:
        raise TypeError(f"{name} has dtype {tensor.dtype}; expected real numbers")


def as_array(name: str, tensor: Tensor) -> Any:
    """An array over a tensor's memory."""
    array = borrow(tensor) if type(tensor) in PLAIN else None
    if array is not None:
        return array
    check(name, tensor)
    try:
        return tensor.numpy(force=True)
    except (TypeError, RuntimeError) as error:
        raise TypeError(f"{name} cannot be read as an array: {error}") from error


def as_tensors(value: Any, single: bool = False) -> Any:
    """What a function returned, with tensors for its arrays."""
    if isinstance(value, float):
        return number(value, single)
    if isinstance(value, np.ndarray):
        return torch.from_numpy(value)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(as_tensors(item, single) for item in value))
    if isinstance(value, (tuple, list)):
        return type(value)(as_tensors(item, single) for item in value)
    if isinstance(value, dict):
        return {key: as_tensors(item, single) for key, item in value.items()}
    return value
