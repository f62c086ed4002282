"""fastloss.torch: the losses as functions and modules for PyTorch tensors on the CPU.

Changing the import is all that a program needs:

>>> import torch
>>> import fastloss.torch as F                # import torch.nn.functional as F
>>> from fastloss.torch import MSELoss        # from torch.nn import MSELoss
>>> logits = torch.tensor([[2.0, 1.0, 0.1]], requires_grad=True)
>>> loss = F.cross_entropy(logits, torch.tensor([0]))
>>> loss.backward()
>>> loss.item(), logits.grad
(0.4170..., tensor([[-0.3410,  0.2424,  0.0986]]))
>>> MSELoss()(torch.ones(3), torch.zeros(3))
tensor(1.)

Functions that bear a name of ``torch.nn.functional`` or ``torchvision.ops`` have its arguments,
modules those of their namesakes in ``torch.nn``; whatever fastloss adds stands beside them.
``docs/pytorch.md`` says what differs.
"""

from __future__ import annotations

from . import _door, _functions, _modules, _operators


def _export() -> list[str]:
    """Make the functions, modules and operators; the names of those that are public."""
    names = []
    for door in _door.doors():
        if door.operates:
            _operators.register(door)
        made = {door.name: _functions.make(door)}
        if door.reduces:
            made[_modules.class_name(door.name)] = _modules.make(door)
        globals().update(made)
        names += made
    return names


__all__ = _export()
