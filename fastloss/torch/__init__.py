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

The criteria of detectors return the number to descend and, beside it, the parts of it:

>>> criterion = DetectionLoss(level_sizes=[(4, 4), (2, 2), (1, 1)])
>>> boxes, scores = torch.zeros(1, 4 * 16, 21, requires_grad=True), torch.full((1, 3, 21), -2.0)
>>> batch_idx, cls = torch.tensor([0]), torch.tensor([2])
>>> loss = criterion(boxes, scores, batch_idx, cls, torch.tensor([[0.5, 0.5, 0.8, 0.6]]))
>>> loss.total.backward()
>>> loss
DetectionLoss(total=tensor(4.7107, grad_fn=<...>), box=tensor(...), cls=tensor(4.0556), ...)

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
        if door.reduces or door.result:
            made[_modules.class_name(door.name)] = _modules.make(door)
        globals().update(made)
        names += made
    return names


__all__ = _export()
