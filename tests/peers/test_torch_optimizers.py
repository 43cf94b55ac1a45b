"""A hundred steps of the optimizers that PyTorch has too."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from dlcore import _core, optim

RNG = np.random.default_rng(2)
START, GRADS = RNG.normal(size=(4, 3)), RNG.normal(size=(100, 4, 3))

PEERS: dict[str, tuple[Any, Any]] = {
    "sgd": (
        lambda: optim.SGD(0.1, momentum=0.9, wd=0.01),
        lambda o, p: o.SGD(p, 0.1, momentum=0.9, weight_decay=0.01),
    ),
    "nag": (
        lambda: optim.NAG(0.1, momentum=0.9, wd=0.01),
        lambda o, p: o.SGD(p, 0.1, momentum=0.9, weight_decay=0.01, nesterov=True),
    ),
    "adam": (lambda: optim.Adam(0.1), lambda o, p: o.Adam(p, 0.1)),
    "adam, decay": (lambda: optim.Adam(0.1, wd=0.01), lambda o, p: o.Adam(p, 0.1, weight_decay=0.01)),
    "amsgrad": (lambda: optim.Adam(0.1, amsgrad=True), lambda o, p: o.Adam(p, 0.1, amsgrad=True)),
    "adamw": (
        lambda: optim.AdamW(0.1, epsilon=1e-8, wd=0.01),
        lambda o, p: o.AdamW(p, 0.1, eps=1e-8, weight_decay=0.01),
    ),
    "adamw, amsgrad": (
        lambda: optim.AdamW(0.1, epsilon=1e-8, wd=0.01, amsgrad=True),
        lambda o, p: o.AdamW(p, 0.1, eps=1e-8, weight_decay=0.01, amsgrad=True),
    ),
    "adamax": (lambda: optim.Adamax(0.1), lambda o, p: o.Adamax(p, 0.1)),
    "nadam": (lambda: optim.Nadam(0.1), lambda o, p: o.NAdam(p, 0.1, momentum_decay=0.004)),
    "adadelta": (lambda: optim.AdaDelta(0.5), lambda o, p: o.Adadelta(p, 0.5)),
    "adagrad": (lambda: optim.AdaGrad(0.1, epsilon=1e-7), lambda o, p: o.Adagrad(p, 0.1, eps=1e-7)),
}


@pytest.mark.parametrize("name", PEERS)
def test_a_hundred_steps(name: str) -> None:
    make, peer = PEERS[name]
    optimizer, w = make(), _core.from_numpy(START.copy())
    state = optimizer.create_state(0, w)
    theirs = torch.nn.Parameter(torch.tensor(START))
    stepper = peer(torch.optim, [theirs])
    for g in GRADS:
        optimizer.update(0, w, _core.from_numpy(g.copy()), state)
        theirs.grad = torch.tensor(g)
        stepper.step()
    # Knobs are float32 here: 1 - 0.999 is off by 1e-5 of itself.
    np.testing.assert_allclose(w.asnumpy(), theirs.detach().numpy(), rtol=1e-5, atol=1e-5)
