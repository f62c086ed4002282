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

Functions that bear a name of ``torch.nn.functional`` or ``torchvision.ops`` have its arguments, modules those
of their namesakes in ``torch.nn``; whatever fastloss adds stands beside them. ``docs/pytorch.md`` says what
differs.
"""

from __future__ import annotations

from ._door import doors
from ._functions import make
from ._modules import module
from ._operators import register

__all__: list[str] = []

for _door in doors():
    if _door.operates:
        register(_door)
    for _name, _thing in ((_door.name, make(_door)), module(_door)):
        if _thing is not None:
            globals()[_name] = _thing
            __all__.append(_name)
del _door, _name, _thing
