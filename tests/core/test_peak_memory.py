"""Peak memory of an expression is what its live values need, plus at most a tenth."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from ops import harness

from dlcore import _core, autograd, nd
from dlcore import np as np_names
from dlcore._core import NDArray
from dlcore.np import linalg as np_linalg
from dlcore.ops import RECORDS, F, Op

SHAPE = (1100, 1003)  # no round number of bytes
X = nd.array(np.random.default_rng(0).normal(size=SHAPE).astype(np.float32))
Y = nd.array(np.random.default_rng(1).normal(size=SHAPE[::-1]).astype(np.float32)).T

HALVES = X.astype("float16")
MASK = X > 0
CHOSEN, CHOSEN_ROWS = float(MASK.mean().item()), float(MASK[:, 0].mean().item())
LABELS = nd.array(np.arange(SHAPE[0]) % SHAPE[1])


def peak(work: Callable[[], Any]) -> float:
    """The most that was held at once beside what was held before, in arrays of SHAPE."""
    work()
    before = _core.memory_stats()["allocated"]
    _core.reset_peak_memory()
    work()
    return (_core.memory_stats()["peak"] - before) / X.nbytes


def in_place() -> Any:
    y = X * 1
    y += 1
    y *= 2
    return y.sum()


# An operator needs its input and its result; what came before is gone.
CHAINS: dict[str, tuple[Callable[[], Any], float]] = {
    "elementwise": (lambda: ((X * 2 + 1).tanh() - X).exp().sum(), 2),
    "softmax": (lambda: nd.softmax(X * 2, axis=1).sum(), 2),
    "transposed": (lambda: (X.T + 1).sum(), 1),
    "across": (lambda: ((X * 2 + Y) - Y.exp()).max(), 3),
    "matrices": (lambda: (X[:1000, :1000] + X[:1000, :1000].T).max(), 1000 * 1000 / X.size),
    "a choice": (lambda: nd.where(X > 0, X, Y).sum(), 1.25),
    "a running sum": (lambda: nd.cumsum(X, axis=0).max(), 1),
    "a running sum of halves": (lambda: nd.cumsum(HALVES, axis=0), 0.5),
    "a running sum of lines of halves": (lambda: nd.cumsum(HALVES, axis=1), 0.5),
    "a running sum of all halves": (lambda: nd.cumsum(HALVES), 0.5),
    "softmax of a transposed array": (lambda: nd.softmax(X.T, axis=1), 1),
    "softmax of halves": (lambda: nd.log_softmax(HALVES, axis=0), 0.5),
    "softmax across": (lambda: nd.softmax(X.T * 2, axis=0).sum(), 2),
    "a norm": (lambda: nd.layer_norm(X * 2, X[0], X[0]).sum(), 2),
    "a copy": (lambda: (X.T.reshape(-1) * 2).sum(), 2),
    "broadcast": (lambda: ((X - X.mean(axis=0)) / X.max(axis=1, keepdims=True)).sum(), 2),
    "views": (lambda: (X[1:] * X[:-1])[::2].reshape(-1).max(), 1.5),
    "cast": (lambda: X.astype("float64").sum(), 2),
    "a mirrored frame": (lambda: np_names.pad(X, 2, "reflect"), 1),
    "a mirrored frame of a transposed array": (lambda: np_names.pad(X.T, 2, "reflect"), 1),
    "in place": (in_place, 1),
    "chosen": (lambda: X[MASK], CHOSEN),
    "chosen rows": (lambda: X[MASK[:, 0]], CHOSEN_ROWS),
    "finite": (lambda: np_names.nan_to_num(X), 1),
    "lines through points": (lambda: np_names.interp(X, X[0] * 0 + nd.arange(SHAPE[1]), X[0]), 1),
    "a transform": (lambda: np_names.fft.fft(X, axis=0), 2),
    "transforms of both axes": (lambda: np_names.fft.fft2(X), 2),
    "order": (lambda: nd.sort(X.reshape(-1)), 1),
    "order across": (lambda: nd.sort(X, axis=0), 1),
    "order of halves": (lambda: nd.sort(HALVES.reshape(-1)), 0.5),
    "middle": (lambda: np_names.median(X), 1),
    "places in order": (lambda: F.argsort(X.reshape(-1)), 2),
    "places in order across": (lambda: F.argsort(X, 0), 2),
    "products of halves": (lambda: HALVES @ HALVES.T, SHAPE[0] ** 2 / X.size / 2),
    "a dense layer of halves": (lambda: F.dense(HALVES, HALVES, HALVES[:, 0]), SHAPE[0] ** 2 / X.size / 2),
}


@pytest.mark.parametrize("name", CHAINS)
def test_a_chain_holds_what_lives(name: str) -> None:
    work, live = CHAINS[name]
    assert live * 0.99 <= peak(work) <= live * 1.1


def test_reductions_hold_next_to_nothing() -> None:
    for x in (X, Y, X.astype("float16"), X[::2, ::3]):

        def work(x: Any = x) -> Any:
            places = x.argmax(axis=1).sum() + x.T.argmin(axis=1).sum() + x.argmax()
            squares = x.var(axis=0) * np_linalg.norm(x) + x.std()
            return x.sum(axis=0) + x.max(axis=0) - x.mean(axis=0) + squares + places

        assert peak(work) <= 0.1


def test_the_tape_keeps_what_gradients_read() -> None:
    x = X.detach()
    x.attach_grad()

    def forward() -> Any:
        with autograd.record():
            return ((x * 2 + 1).exp()).sum()  # exp keeps its result; sum and + read shapes only

    def step() -> None:
        forward().backward()  # two at a time again: the gradient's buffer takes the last of them over

    assert peak(forward) <= 2 * 1.1
    assert peak(step) <= 2 * 1.1
    held = _core.memory_stats()["allocated"]
    loss = forward()
    assert _core.memory_stats()["allocated"] - held <= X.nbytes * 1.1
    del loss
    assert _core.memory_stats()["allocated"] == held


# What the forward part keeps, a gradient and what it is made of; the loss is a sum, so its own gradient is one number.
STEPS: dict[str, tuple[Callable[[Any], Any], float]] = {
    "tanh": (lambda x: x.tanh(), 2),
    "sigmoid": (lambda x: nd.sigmoid(x), 2),
    "gelu": (lambda x: nd.LeakyReLU(x, act_type="gelu"), 2),
    "clip": (lambda x: nd.clip(x, -1, 1), 1.25),
    "softmax": (lambda x: nd.softmax(x, axis=1), 2),
    "order": (lambda x: nd.sort(x, axis=1), 3),  # positions are int64
    "log_softmax": (lambda x: nd.log_softmax(x, axis=1), 2),
    "a norm": (lambda x: nd.layer_norm(x, X[0], X[0]), 2),
    "cross-entropy": (lambda x: -nd.pick(nd.log_softmax(x, axis=1), LABELS), 3),
    "variance": (lambda x: x.var(axis=1), 1),
    "distance": (lambda x: (x - Y).square(), 2),
    "softmax of halves": (lambda x: nd.log_softmax(x.astype("float16"), axis=1), 2),
}


@pytest.mark.parametrize("name", STEPS)
def test_a_step_holds_what_lives(name: str) -> None:
    forward, live = STEPS[name]
    x = X.detach().copy()
    x.attach_grad()

    def step() -> None:
        with autograd.record():
            y = forward(x).sum()
        y.backward()

    assert peak(step) <= live * 1.1


def test_halves_are_normalised_a_few_lines_at_a_time() -> None:
    for x in (HALVES, HALVES.T, X.T):
        scale = x[0].astype("float32") if x is X.T else x[0]
        assert peak(lambda x=x, scale=scale: nd.layer_norm(x, scale, scale)) <= x.nbytes / X.nbytes * 1.1  # type: ignore[misc]


# What more than a tenth of the results is held beside: the input in complex numbers, or exp of it.
BESIDE = {"fft": 2.1, "ifft": 2.1, "irfft": 2.1, "softmin": 1.1, "logsumexp": 1.1, "count_nonzero": 0.3}
HEAVY = ("linalg", "rnn", "random")


def grown(values: Any) -> Any:
    """The numbers of a sample again and again, to many."""
    shape = {1: (90_011,), 2: (300, 301)}.get(getattr(values, "ndim", 0))
    return np.resize(values, shape) if shape and values.size > 1 else values


def test_operators_hold_their_results() -> None:
    """Of one array or elementwise, on the first of their samples."""
    seen = 0
    for name, record in RECORDS.items():
        if not (record.elementwise or len(record.inputs) == 1) or record.family in HEAVY:
            continue
        _, inputs, attrs = next(harness.calls_of(record, np.dtype(np.float32), harness.generator(record)))
        arrays, function = harness.to_arrays([grown(x) for x in inputs]), harness.function(record)
        if max((x.size for x in arrays if isinstance(x, NDArray)), default=0) < 90_000:
            continue
        kept: list[Any] = []

        def work(function: Any = function, arrays: Any = arrays, attrs: Any = attrs, kept: Any = kept) -> None:
            kept[:] = [function(*arrays, **attrs)]

        before = _core.memory_stats()["allocated"]
        try:
            work()
        except ValueError:  # other shapes than these
            continue
        live = _core.memory_stats()["allocated"] - before
        kept.clear()
        _core.reset_peak_memory()
        work()
        held = _core.memory_stats()["peak"] - before
        beside = BESIDE.get(name, 0) * max(x.nbytes for x in arrays if isinstance(x, NDArray))
        assert held <= 1.1 * live + beside + 64 * 1024, (name, held, live)
        seen += 1
    assert seen >= 150


def takes_one(record: Op) -> bool:
    plain = len(record.inputs) == 1 and not record.attrs and record.name[0] != "_"
    return plain and bool(record.grad) and (record.elementwise or record.define is not None)


UNARY = sorted(name for name, record in RECORDS.items() if takes_one(record))


def test_results_in_the_place_of_operands_are_the_same() -> None:
    """Parts of rules and definitions take the place of what nobody reads any more, in large arrays that no second
    gradient is recorded for; all else is computed beside them."""
    values = np.random.default_rng(0).uniform(0.1, 0.9, (140, 130)).astype(np.float32)
    seen = 0
    for name in UNARY:
        x = nd.array(values)
        x.attach_grad()
        with autograd.record():
            y = getattr(F, name)(x)
            if "float32" not in str(y.dtype):
                continue
            (apart,) = autograd.grad(y.sum(), [x], create_graph=True, retain_graph=True)
        (placed,) = autograd.grad(y.sum() if not y.ndim else y, [x], [nd.ones(y.shape)])
        np.testing.assert_array_equal(placed.asnumpy(), apart.asnumpy(), err_msg=name)
        if y.shape == x.shape and RECORDS[name].elementwise:
            rows = np.concatenate([getattr(F, name)(x[i : i + 1]).asnumpy() for i in range(0, 140, 20)])
            np.testing.assert_array_equal(getattr(F, name)(x).asnumpy()[::20], rows, err_msg=name)
        seen += 1
    assert seen >= 50
    z = nd.array(values, dtype="float64")
    want = np.log(np.exp(values.astype(np.float64)).sum(axis=1))
    np.testing.assert_allclose(F.logsumexp(z, 1).asnumpy(), want, rtol=1e-14)
    assert z.asnumpy().tolist() == values.astype(np.float64).tolist()


def test_gradients_keep_their_array() -> None:
    x = nd.array(np.ones(300, np.float32))
    x.attach_grad()
    kept, view, seen = x.grad, x.grad[:2], x.grad._numpy_view()
    for factor in (2.0, 3.0):
        with autograd.record():
            y = (x * factor * x).sum()
        version = x.grad._version
        y.backward()
        assert x.grad is not None and kept.tolist() == [2 * factor] * 300 and kept._version > version
        assert view.tolist() == [2 * factor] * 2 and seen[5] == 2 * factor  # whoever looks at it sees it change
    del view, seen
    with autograd.record():
        y = (x * x).sum()
    y.backward()
    assert kept.tolist() == [2.0] * 300
    head = nd.array(np.full(300, 5, np.float32))
    with autograd.record():
        y = x + 0.0
    y.backward(head)
    kept += 1
    assert head.tolist() == [5.0] * 300 and kept.tolist() == [6.0] * 300  # never shared with what was given


def test_blocks_waste_little() -> None:
    for elements in (300, 5000, 70_001, 1_000_003, 5_000_011):
        before = _core.memory_stats()["allocated"]
        x = nd.empty((elements,))
        used = _core.memory_stats()["allocated"] - before
        assert elements * 4 <= used <= elements * 4 * 1.07 + 64
        del x
