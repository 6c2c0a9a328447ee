"""The parts of the vision networks' training that are not PyTorch's."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed: only training needs it")

import torch
from training.muon import Muon, orthogonal
from training.vision import Eyes, optimisers_of, settle, train


@pytest.mark.parametrize("shape", [(32, 96), (96, 32), (16, 144)])
def test_a_step_goes_alike_far_in_all_directions(shape: tuple[int, int]) -> None:
    """However stretched the gradient is."""
    torch.manual_seed(0)
    gradient = torch.randn(shape) * torch.logspace(-1, 1, shape[1])

    step = orthogonal(gradient)

    sizes = torch.linalg.svdvals(step)
    assert step.shape == shape and float(sizes.min()) > 0.5 and float(sizes.max()) < 1.3


def test_convolutions_are_learnt() -> None:
    torch.manual_seed(0)
    wanted, learnt = (torch.nn.Conv2d(16, 16, 3, padding=1, bias=False) for _ in range(2))
    optimiser = Muon(learnt.parameters(), lr=0.02, weight_decay=0.0)
    losses = []
    for _ in range(60):
        x = torch.randn(4, 16, 8, 8)
        loss = (learnt(x) - wanted(x).detach()).square().mean()
        learnt.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))

    assert losses[-1] < 0.1 * losses[0]


def test_every_weight_is_learnt_by_one_optimiser() -> None:
    eyes = Eyes()

    held = [id(one) for optimiser in optimisers_of(eyes) for group in optimiser.param_groups for one in group["params"]]

    assert sorted(held) == sorted(id(one) for one in eyes.parameters())
    muon, adam = optimisers_of(eyes)
    count = {name: sum(one.numel() for group in optimiser.param_groups for one in group["params"])
             for name, optimiser in (("muon", muon), ("adam", adam))}  # fmt: skip
    assert count["muon"] > 50 * count["adam"]


def test_norms_are_told_what_is_usual() -> None:
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Conv2d(1, 4, 1), torch.nn.BatchNorm2d(4))
    images = [torch.randn(4, 1, 8, 8) * k for k in (1, 2, 3)]
    model(images[0])  # told something else before

    settle(model, images)

    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        usual = torch.stack([model[0](image).float().mean((0, 2, 3)) for image in images]).mean(0)
    assert not model.training
    assert torch.allclose(model[1].running_mean, usual, atol=0.02)


def test_every_matrix_is_told_what_to_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A backward pass that loses what lies below an upsampling trains the rest, and looks as if all were well."""
    monkeypatch.setattr("training.vision.EVALUATED", 0)
    train(tmp_path, hours=1e-6, threads=1, every_s=300, first=1)

    muon = torch.load(tmp_path / "last.pt", weights_only=True)["optimisers"][0]
    sizes = [float(state["mean"].norm()) for state in muon["state"].values()]
    assert len(sizes) == len(muon["param_groups"][0]["params"]) and min(sizes) > 0
