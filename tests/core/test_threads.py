"""Calls from several threads at once: eager, compiled, recorded and loading. ThreadSanitizer runs this file too."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
import pytest

import dlcore as dl
from dlcore import autograd
from dlcore import np as xp
from dlcore.gluon import nn

ROUNDS = 4


def eager(seed: int) -> None:
    x = xp.array(np.full((300, 301), seed, np.float32))
    for _ in range(ROUNDS):
        assert float((x * 2 + 1).sum()) == (2 * seed + 1) * 300 * 301
        assert float(xp.sort(x.T, axis=-1).max()) == seed


COMPILED = dl.jit(lambda x, y: (xp.tanh(x * 0) + y).sum())


def compiled(seed: int) -> None:
    x = xp.array(np.full((257, 255), seed, np.float32))
    for _ in range(ROUNDS):
        assert float(COMPILED(x, x)) == seed * 257 * 255


def compiled_anew(seed: int) -> None:
    x = xp.array(np.full((3, 7), seed, np.float32))
    assert float(dl.jit(lambda v: (v + v).sum())(x)) == seed * 42


def recorded(seed: int) -> None:
    x = xp.array(np.full((100, 90), seed, np.float32))
    x.attach_grad()
    for _ in range(ROUNDS):
        with autograd.record():
            y = (x * x).sum()
        y.backward()
        assert float(x.grad[3, 4]) == 2 * seed


def random(seed: int) -> None:
    for _ in range(ROUNDS):
        draw = xp.random.uniform(size=(200, 200))
        assert 0 <= float(draw.min()) <= float(draw.max()) < 1


def loading(seed: int) -> None:
    data = dl.gluon.data.ArrayDataset(np.full((64, 5), seed, np.float32))
    loader = dl.gluon.data.DataLoader(data, batch_size=16, num_workers=2)
    assert sum(float(batch.sum()) for batch in loader) == seed * 64 * 5


def network() -> nn.HybridSequential:
    net = nn.HybridSequential()
    net.add(nn.Conv2D(4, 3, padding=1, activation="relu"), nn.Flatten(), nn.Dense(3))
    net.initialize(dl.init.One())
    return net


def shared_network() -> Callable[[int], None]:
    """One network that all threads compile at once, by calling it for the first time."""
    net = network()
    net.hybridize()
    alone = network()(xp.ones((2, 1, 8, 8))).asnumpy()

    def forward(seed: int) -> None:
        for _ in range(ROUNDS):
            np.testing.assert_allclose(net(xp.ones((2, 1, 8, 8)) * seed).asnumpy(), alone * seed, rtol=1e-5)

    return forward


def trained(seed: int) -> None:
    net, x = network(), xp.ones((4, 1, 8, 8))
    net.hybridize(active=seed % 2 == 0)
    trainer = dl.gluon.Trainer(net.collect_params(), "adam", {"learning_rate": 1e-3})
    losses = []
    for _ in range(ROUNDS):
        with autograd.record():
            loss = (net(x) ** 2).mean()
        loss.backward()
        trainer.step(1)
        losses.append(float(loss))
    assert losses == sorted(losses, reverse=True)


ALL: list[Callable[[int], None]] = [eager, compiled, compiled_anew, recorded, random, loading, trained]


def together(actions: list[Callable[[int], None]]) -> None:
    """All at once, each in a thread of its own; the first error of any of them."""
    errors: list[BaseException] = []
    start = threading.Barrier(len(actions))

    def run(action: Callable[[int], None], seed: int) -> None:
        try:
            start.wait()
            action(seed)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(a, k + 1)) for k, a in enumerate(actions)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    if errors:
        raise errors[0]


@pytest.mark.parametrize("action", ALL, ids=lambda f: f.__name__)
def test_the_same_in_three_threads(action: Callable[[int], None]) -> None:
    together([action] * 3)


def test_one_network_is_compiled_by_three_threads() -> None:
    together([shared_network()] * 3)


def test_everything_at_once() -> None:
    together(ALL)
