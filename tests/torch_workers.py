"""What the processes of test_torch_adapter_processes.py do: imported anew in spawned ones."""

from __future__ import annotations

import torch
from torch import distributed

import fastloss as fl
import fastloss.torch as ft


def train_together(rank: int, world: int, store: str, module: str, queue) -> None:
    """A few steps of DistributedDataParallel over gloo; the weights that come of it."""
    distributed.init_process_group(
        "gloo", init_method=f"file://{store}", rank=rank, world_size=world
    )
    torch.manual_seed(0)
    x, labels = torch.randn(32, 6), torch.arange(32) % 4
    model = torch.nn.Linear(6, 4)
    parallel = torch.nn.parallel.DistributedDataParallel(model)
    loss = (ft if module == "fastloss" else torch.nn).CrossEntropyLoss()
    optimizer = torch.optim.SGD(parallel.parameters(), lr=0.5)
    for _ in range(3):
        optimizer.zero_grad()
        loss(parallel(x[rank::world]), labels[rank::world]).backward()
        optimizer.step()
    if rank == 0:
        queue.put(model.weight.detach().numpy().copy())
    distributed.destroy_process_group()


class Losses(torch.utils.data.Dataset):
    """A data set whose items are losses and gradients, large enough for threads."""

    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int):
        return large_loss(index)


def large_loss(seed: int):
    x = torch.linspace(-1, 1, 200_000).add(seed).requires_grad_()
    loss = ft.mse_loss(x, torch.zeros(200_000))
    loss.backward()
    return loss.detach(), x.grad[::10_000].clone()


def both_teams() -> None:
    """torch's OpenMP runtime and ours, each with two threads, in turn and at once."""
    import threading

    torch.set_num_threads(2)
    fl.set_num_threads(2)
    expected = large_loss(1)
    model = torch.nn.Linear(300, 300)

    def work(errors: list) -> None:
        for _ in range(10):
            model(torch.randn(500, 300)).sum().item()
            found = large_loss(1)
            if not all(map(torch.equal, found, expected)):
                errors.append(found)

    errors: list = []
    work(errors)
    threads = [threading.Thread(target=work, args=(errors,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert torch.get_num_threads() == 2 and fl.get_num_threads() == 2
    print("both teams worked")


if __name__ == "__main__":
    both_teams()
