"""The memory of known networks: ratios of the naive sum to the arena are at least those of MXNet's planner.

Nothing runs but one image, so that shapes are known; the figures are exact and the same on every machine.
"""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest

import dlcore as dl
from dlcore.gluon.model_zoo import vision

BENCHMARK = runpy.run_path(str(Path(__file__).resolve().parents[2] / "benchmarks" / "memory.py"))


def ready(net: Any, size: int) -> Any:
    net.initialize("zeros")
    net(dl.nd.zeros((1, 3, size, size)))
    return net


@pytest.mark.parametrize(("name", "size", "training", "inference"), BENCHMARK["NETWORKS"])
def test_ratios_of_the_real_networks(name: str, size: int, training: float, inference: float) -> None:
    net = ready(vision.get_model(name), size)
    for train, wanted in ((True, training), (False, inference)):
        arena, naive = BENCHMARK["planned"](net, 64, size, train)
        assert naive / arena >= wanted


def test_a_small_plain_network_by_hand() -> None:
    """conv (8, 4, 8, 8), relu, pool (8, 4, 4, 4), dense (8, 10), loss (8,) and what these keep beside."""
    net = dl.gluon.nn.HybridSequential()
    net.add(dl.gluon.nn.Conv2D(4, 3, 1, 1, activation="relu", in_channels=3), dl.gluon.nn.MaxPool2D(2, 2))
    net.add(dl.gluon.nn.Dense(10, in_units=64))
    ready(net, 8)
    arena, naive = BENCHMARK["planned"](net, 8, 8, False)
    conv, pool, dense, loss = 8 * 4 * 8 * 8 * 4, 8 * 4 * 4 * 4 * 4, 8 * 10 * 4, 8 * 4
    assert naive == 2 * conv + pool + dense + loss
    assert arena == conv + pool  # relu lies where the convolution did, the scores are the output
    arena, naive = BENCHMARK["planned"](net, 8, 8, True)
    assert naive == 2 * (2 * conv + pool + dense + loss)
    assert arena <= 2 * conv + pool + 2 * dense + 1024  # relu kept, the gradient of its input, and what pooling gave


def test_a_residual_network_trains_in_a_seventh_of_the_memory() -> None:
    kept = BENCHMARK["Deep"](200)
    small = BENCHMARK["Deep"](200, memory_budget=kept.arena // 7)
    assert small.arena <= kept.arena // 7
    assert small.equals(kept)


def test_explain_names_the_same_naive_sum() -> None:
    net = ready(dl.gluon.nn.Dense(10, in_units=3 * 8 * 8), 8)
    x = dl.nd.zeros((4, 3, 8, 8))

    def step(x: Any) -> Any:
        with dl.autograd.record():
            loss = (net(x) * 2.0).sum()
        loss.backward()
        return loss

    forward = 2 * (4 * 10 * 4) + 4  # scores, twice the scores, their sum
    assert dl.explain(dl.jit(lambda x: (net(x) * 2.0).sum()), x).naive_bytes == forward
    assert dl.explain(dl.jit(step), x).naive_bytes == 2 * forward
