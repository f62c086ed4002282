"""PyTorch examples that everybody knows, with fastloss behind them: only the import changes.

Run it with `pip install fastloss torch`; every number is printed beside torch's own.
"""

import time

import torch
import torch.nn.functional

import fastloss.torch

# ---- cross-entropy of three logits -----------------------------------------------------

for F in (torch.nn.functional, fastloss.torch):
    logits = torch.tensor([[2.0, 1.0, 0.1]], requires_grad=True)
    target = torch.tensor([0])
    loss = F.cross_entropy(logits, target)
    loss.backward()
    print(f"{F.__name__:20} loss {loss.item():.6f}   gradient {logits.grad[0].numpy().round(4)}")

# ---- a line through points: MSE in a training loop --------------------------------------

for nn in (torch.nn, fastloss.torch):
    torch.manual_seed(0)
    x = torch.linspace(-1, 1, 100).unsqueeze(1)
    y = 3 * x + 0.5 + 0.1 * torch.randn_like(x)
    model = torch.nn.Linear(1, 1)
    criterion = nn.MSELoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(200):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
    slope, intercept = model.weight.item(), model.bias.item()
    print(f"{nn.__name__:20} y = {slope:.4f} x + {intercept:.4f}   loss {loss.item():.6f}")

# ---- what torch has not: a loss of masks, and penalties ----------------------------------

scores = torch.randn(2, 3, 8, 8, requires_grad=True)
mask = torch.randint(0, 3, (2, 8, 8))
loss = fastloss.torch.DiceLoss(mode="multiclass")(scores, mask)
loss = loss + fastloss.torch.l2_penalty(model.parameters(), strength=0.01)
loss.backward()
print(f"dice loss and a penalty   {loss.item():.4f}, gradient of shape {tuple(scores.grad.shape)}")

# ---- how long a small step takes ---------------------------------------------------------

torch.set_num_threads(1)
logits = torch.randn(8, 10, requires_grad=True)
target = torch.randint(0, 10, (8,))


def step(F):
    logits.grad = None
    F.cross_entropy(logits, target).backward()


best = {torch.nn.functional: 1.0, fastloss.torch: 1.0}
for _ in range(300):  # the two take turns, and the least of many counts
    for F in best:
        begin = time.perf_counter()
        for _ in range(20):
            step(F)
        best[F] = min(best[F], (time.perf_counter() - begin) / 20)
for F, seconds in best.items():
    print(f"{F.__name__:20} cross-entropy of 8 x 10, forward and backward: {seconds * 1e6:.1f} us")
