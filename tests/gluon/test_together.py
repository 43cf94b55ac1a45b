"""A trainer's step as one call changes parameters exactly as steps weight by weight do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dlcore import _core, autograd, gluon, nd
from dlcore.gluon import nn

KINDS: list[tuple[str, dict[str, Any]]] = [
    ("sgd", {"learning_rate": 0.1}),
    ("sgd", {"learning_rate": 0.1, "momentum": 0.9, "wd": 0.01}),
    ("sgd", {"learning_rate": 0.1, "momentum": 0.9, "clip_gradient": 0.05}),
    ("nag", {"learning_rate": 0.1}),
    ("adam", {"learning_rate": 0.01}),
    ("adam", {"amsgrad": True}),
    ("adam", {"epsilon_form": "hat"}),
    ("adamax", {}),
    ("adabelief", {}),
    ("nadam", {}),
    ("adamw", {"wd": 0.1}),
    ("adamw", {"wd": 0.1, "amsgrad": True}),
    ("lamb", {"wd": 0.1}),  # more than one operator: always weight by weight
]


def make(kind: str, options: dict[str, Any], together: bool) -> tuple[Any, Any]:
    _core.seed(3)
    net = nn.HybridSequential(nn.Dense(70, activation="relu", in_units=300), nn.Dense(3, in_units=70))
    net.initialize(init="xavier")
    trainer = gluon.Trainer(net.collect_params(), kind, dict(options))
    if not together:
        trainer._together._possible = False
    return net, trainer


def backward(net: Any, x: Any) -> None:
    with autograd.record():
        loss = (net(x) ** 2).mean()
    loss.backward()


def values(net: Any) -> list[np.ndarray]:
    return [p.data().asnumpy() for p in net.collect_params().values()]


def runs(trainer: Any) -> bool:
    """Whether the trainer's last step was one call."""
    return trainer._together._updates is not None and bool(trainer._together._params)


@pytest.mark.parametrize(("kind", "options"), KINDS, ids=lambda v: v if isinstance(v, str) else "-".join(v))
def test_one_call_is_all_calls(kind: str, options: dict[str, Any]) -> None:
    (one, first), (other, second) = make(kind, options, True), make(kind, options, False)
    for step in range(7):
        x = nd.array(np.random.default_rng(step).normal(size=(4, 300)).astype(np.float32))
        for net, trainer in ((one, first), (other, second)):
            backward(net, x)
            if step == 3:
                trainer.set_learning_rate(0.02)
            trainer.step(1 if step < 5 else 2)  # another divisor
        for a, b in zip(values(one), values(other), strict=True):
            np.testing.assert_array_equal(a, b)
    assert runs(first) == (kind != "lamb") and not runs(second)


def test_stale_gradients_are_told() -> None:
    net, trainer = make("sgd", {"momentum": 0.9}, True)
    backward(net, nd.ones((2, 300)))
    trainer.step(1)
    with pytest.raises(UserWarning, match="1.bias|0.weight"):
        trainer.step(1)
    before = values(net)
    trainer.step(1, ignore_stale_grad=True)
    for a, b in zip(before, values(net), strict=True):
        np.testing.assert_array_equal(a, b)


def test_what_changes_between_steps_is_seen() -> None:
    (one, first), (other, second) = (make("sgd", {"learning_rate": 0.1, "momentum": 0.9}, t) for t in (True, False))
    x = nd.array(np.random.default_rng(1).normal(size=(4, 300)).astype(np.float32))

    def both(change: Any) -> None:
        for net, trainer in ((one, first), (other, second)):
            change(net, trainer)
            backward(net, x)
            trainer.step(1)
        for a, b in zip(values(one), values(other), strict=True):
            np.testing.assert_array_equal(a, b)

    both(lambda net, trainer: None)
    both(lambda net, trainer: setattr(trainer.optimizer, "clip_gradient", 0.01))
    both(lambda net, trainer: trainer.optimizer.set_knob("wd", 0.1))
    both(lambda net, trainer: setattr(net[0].weight, "lr_mult", 0.5))
    both(lambda net, trainer: setattr(net[0].weight, "lr_mult", 1.0))
    both(lambda net, trainer: setattr(net[1].bias, "grad_req", "null"))
    both(lambda net, trainer: setattr(net[1].bias, "grad_req", "add"))
    both(lambda net, trainer: net[0].weight.set_data(nd.ones((70, 300))))
    both(lambda net, trainer: net.initialize(init="ones", force_reinit=True))

    def second_order(net: Any, trainer: Any) -> None:  # replaces the gradients' arrays
        with autograd.record():
            loss = (net(x) ** 2).mean()
        _core.backward([loss], create_graph=True)

    both(second_order)


def test_arrays_that_do_not_fit_are_refused() -> None:
    w, g = nd.ones((3,)), nd.ones((3,))
    w.attach_grad()
    numbers = (0.1, 0.0, 1.0, -1.0)
    updates = _core.Updates("sgd_update", [(w, w.grad, (w, w.grad, *numbers), (w,))])
    assert updates.current() and updates.versions() == [w.grad._version]
    w.grad[:] = g
    updates.run()
    np.testing.assert_allclose(w.asnumpy(), 0.9)
    w.attach_grad()
    assert not updates.current()
    with pytest.raises(ValueError, match=r"sgd_update: these arrays .*, got float32\(3,\), float32\(4,\), float32\(\)"):
        _core.Updates("sgd_update", [(w, g, (w, nd.ones((4,)), *numbers), (w,))])
    with pytest.raises(ValueError, match="cannot be updated together"):
        _core.Updates("sgd_update", [(w, g, (w, None, *numbers), (w,))])
    half = nd.ones((3,), dtype="float16")
    with pytest.raises(ValueError, match="sgd_update: expected arrays of a dtype that is computed in, got float16"):
        _core.Updates("sgd_update", [(half, half, (half, half, *numbers), (half,))])
    with pytest.raises(ValueError, match="is not an operator that updates"):
        _core.Updates("sum", [(w, g, (w,), (w,))])
