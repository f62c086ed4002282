"""PyTorch by torch.compile: code generated for the forward and the backward of every shape."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from . import torch as eager
from .torch import set_threads as set_threads
from .torch import summary as summary
from .torch import version as version


def prepare(
    name: str, arrays: tuple, options: dict[str, Any]
) -> dict[str, Callable[[], Any]] | None:
    torch.compiler.reset()  # or a loss's second shape is compiled for every shape
    return eager.prepare(name, arrays, options, torch.compile)
