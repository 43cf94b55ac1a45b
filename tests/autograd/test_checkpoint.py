"""checkpoint: the same numbers and gradients as without, with less kept in between."""

from __future__ import annotations

import numpy as np
import pytest

import dlcore as dl
from dlcore import _core, autograd
from dlcore.array import nd
from dlcore.array import np as dnp
from dlcore.ops import F


def both_ways(function, *arrays):
    """Loss, and gradients of `arrays`, without and with checkpoint."""
    found = []
    for wrap in (lambda f: f, autograd.checkpoint):
        for a in arrays:
            a.attach_grad()
        dl.random.seed(7)
        with autograd.record():
            loss = function(wrap)
        loss.backward()
        found.append((loss.item(), [a.grad.asnumpy() for a in arrays]))
    return found


def test_the_same_gradients_also_of_what_is_read_besides() -> None:
    rng = np.random.default_rng(0)
    x, w, v = (dnp.array(rng.normal(size=(4, 4))) for _ in range(3))

    def run(wrap):
        hidden = x * 2  # recorded before, read inside
        inner = wrap(lambda a: dnp.tanh(dnp.matmul(a, w)) + hidden * v)
        return (inner(dnp.matmul(x, v)) * w).sum() + (inner(x) ** 2).sum()

    (plain, plain_grads), (spared, spared_grads) = both_ways(run, x, w, v)
    assert plain == spared
    for a, b in zip(plain_grads, spared_grads, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)


def test_dropout_drops_the_same() -> None:
    x, w = dnp.ones((64, 64)), dnp.full((64, 64), 0.5)

    def run(wrap):
        dropped = wrap(lambda a: F.dropout(a * w, 0.5))(x)
        return (dropped * dropped).sum() + F.dropout(x, 0.5).sum()

    (plain, plain_grads), (spared, spared_grads) = both_ways(run, x, w)
    assert plain == spared
    for a, b in zip(plain_grads, spared_grads, strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_generator_goes_on_where_it_was() -> None:
    x = dnp.ones((8,))
    x.attach_grad()
    with autograd.record():
        y = autograd.checkpoint(lambda a: F.dropout(a, 0.5))(x)
    before = _core.rng_state()
    y.backward()
    assert _core.rng_state() == before


def test_nested_and_several_results() -> None:
    x, y = dnp.array([1.0, 2.0]), dnp.array([3.0, 4.0])

    def run(wrap):
        inner = wrap(lambda a: a * a * y)

        def outer(nest):
            p, q = nest["p"], nest["q"]
            return {"sum": inner(p) + q, "same": q, "whole": F.argmax(p)}

        out = wrap(outer)({"p": x, "q": y * 1.0})
        assert out["whole"].dtype == np.int64
        return (out["sum"] * out["same"]).sum()

    (plain, plain_grads), (spared, spared_grads) = both_ways(run, x, y)
    assert plain == spared
    for a, b in zip(plain_grads, spared_grads, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)


def test_higher_derivatives() -> None:
    x = dnp.array(np.array([1.0, 2.0]))
    cube = autograd.checkpoint(lambda v: (v * v * v).sum())
    np.testing.assert_allclose(autograd.gradient(cube)(x).asnumpy(), [3, 12])
    np.testing.assert_allclose(autograd.hessian(cube)(x).asnumpy(), [[6, 0], [0, 12]])
    np.testing.assert_allclose(autograd.jvp(cube, (x,), (x,))[1].item(), 3 + 24)


def test_it_keeps_less() -> None:
    x = nd.ones((256, 256))
    x.attach_grad()

    def chain(v):
        for _ in range(8):
            v = dnp.tanh(v)
        return v

    def held(function) -> int:
        before = _core.memory_stats()["allocated"]
        with autograd.record():
            y = function(x)
        kept = _core.memory_stats()["allocated"] - before
        y.backward()
        return kept

    one = x.nbytes
    assert held(chain) >= 8 * one
    assert held(autograd.checkpoint(chain)) <= 2 * one


def test_in_the_mode_of_the_forward_run() -> None:
    modes = []

    def note(v):
        modes.append(autograd.is_training())
        return v * v

    x = dnp.array([2.0])
    x.attach_grad()
    with autograd.record(train_mode=False):
        y = autograd.checkpoint(note)(x)
    y.backward(train_mode=True)
    assert modes == [False, False] and x.grad.tolist() == [4.0]


def test_outside_a_recording_and_inside_jit_it_is_the_function_itself() -> None:
    calls = []

    def square(v):
        calls.append(1)
        return v * v

    spared = autograd.checkpoint(square)
    assert spared(dnp.array([3.0])).tolist() == [9.0] and len(calls) == 1 and spared.__name__ == "square"
    compiled = dl.jit(autograd.gradient(lambda v: spared(v).sum()))
    assert compiled(dnp.array([3.0])).tolist() == [6.0]


def test_mistakes() -> None:
    x = dnp.array([2.0])
    x.attach_grad()
    with autograd.record(), pytest.raises(TypeError, match="checkpoint: what the function returns must be arrays"):
        autograd.checkpoint(lambda v: None)(x)
    sizes = iter([1, 2])
    with autograd.record():
        y = autograd.checkpoint(lambda v: dnp.broadcast_to(v, (next(sizes), 1)) * 1.0)(x)
    with pytest.raises(RuntimeError, match=r"shapes \[\(1, 1\)\] in the forward run and of \[\(2, 1\)\]"):
        y.backward()


@pytest.mark.parametrize("hybrid", [False, True], ids=["plain", "hybridized"])
def test_a_network_trains_the_same(hybrid: bool) -> None:
    from dlcore import gluon

    def trained(wrap) -> list[np.ndarray]:
        dl.random.seed(1)
        part, head = gluon.nn.Sequential() if not hybrid else gluon.nn.HybridSequential(), gluon.nn.Dense(3, in_units=8)
        part.add(gluon.nn.Dense(8, in_units=5, activation="tanh"), gluon.nn.Dropout(0.3))
        for net in (part, head):
            net.initialize(dl.init.Normal(0.5))
        if hybrid:
            part.hybridize()
        parameters = {f"{i}.{k}": v for i, net in enumerate((part, head)) for k, v in net.collect_params().items()}
        trainer = gluon.Trainer(parameters, "adam", {"learning_rate": 0.05})
        x = dnp.array(np.random.default_rng(0).normal(size=(16, 5)).astype(np.float32))
        for _ in range(5):
            with autograd.record():
                loss = (head(wrap(part)(x)) ** 2).sum()
            loss.backward()
            trainer.step(16)
        return [p.data().asnumpy() for p in parameters.values()]

    for a, b in zip(trained(lambda f: f), trained(autograd.checkpoint), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-7)
