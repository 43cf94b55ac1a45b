"""A third size without a trace: the program that a compilation would give, or a compilation.

`tests/conftest.py` verifies every graph made so, and proves its plan.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from graph.test_sizes import NETS, drawn, made, programs, run

import dlcore as dl
from dlcore import _core, autograd, gluon
from dlcore.gluon import nn
from dlcore.graph import Jit, _resize
from dlcore.ops import F

KNOWN = (16, 8)


@pytest.mark.parametrize("optimizer", ["", "sgd"])
@pytest.mark.parametrize("name", NETS)
def test_a_third_size_is_neither_traced_nor_optimized(name: str, optimizer: str) -> None:
    function, params, arguments = made(name, optimizer)
    jit = dl.jit(function)
    for size in KNOWN:
        jit(*arguments(size))
    for number, size in enumerate((9, 5, 40), 1):
        given = arguments(size)
        mine = run(jit, params, given)
        assert (jit.compilations, jit.resized) == (2, number)
        exact, between = dl.jit(function), KNOWN[1] < size < KNOWN[0]
        for one, other in zip(mine, run(exact, params, given), strict=True):
            if between:
                np.testing.assert_array_equal(one, other)
            else:  # a pass may decide otherwise, and calls that are joined round otherwise
                np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
        for its, fresh in zip(programs(jit, given), programs(exact, given), strict=True):
            assert str(its.traced) == str(fresh.traced)
            if between:
                assert str(its.graph) == str(fresh.graph)
                assert its.plan.arena_bytes == fresh.plan.arena_bytes == its.lowered.executable.arena_bytes


def test_every_size_between_two_and_beyond() -> None:
    function, params, arguments = made("mlp", "sgd")
    jit, exact = dl.jit(function), dl.jit(function)
    for size in (3, 11):
        jit(*arguments(size))
    for size in [*range(2, 36), 100]:
        for one, other in zip(run(jit, params, arguments(size)), run(exact, params, arguments(size)), strict=True):
            np.testing.assert_array_equal(one, other)
        exact._entries.clear()
    assert jit.compilations == 2 and len(jit.entries()) == 2 + _resize.MOST


def test_recorded_networks_have_halves_for_every_size() -> None:
    net = made_net()
    net.hybridize()

    def gradients(n: int) -> list[np.ndarray]:
        _core.seed(1)
        with autograd.record():
            loss = (net(drawn(n, 6)) ** 2).mean()
        loss.backward()
        return [p.grad().asnumpy() for p in net.collect_params().values()]

    for size in (9, 3):
        gradients(size)
    mine = {size: gradients(size) for size in (5, 7, 4, 12)}
    assert (net._compiled.compilations, net._compiled.resized) == (2, 4)
    net.hybridize()
    for size, found in mine.items():
        net.hybridize()
        for one, other in zip(found, gradients(size), strict=True):
            np.testing.assert_array_equal(one, other)


def made_net() -> Any:
    net = nn.HybridSequential(nn.Dense(12, activation="relu", in_units=6), nn.Dropout(0.3), nn.Dense(4, in_units=12))
    net.initialize()
    return net


def test_gradients_of_gradients_of_a_third_size() -> None:
    net = nn.Dense(3, activation="tanh", in_units=6)
    net.initialize()

    def gradient(n: int, twice: bool) -> np.ndarray:
        x = drawn(n, 6)
        x.attach_grad()
        with autograd.record():
            loss = net(x).sum()
            if twice:
                (slope,) = autograd.grad([loss], [x], create_graph=True, retain_graph=True)
                loss = (slope**2).sum()
        loss.backward()
        return x.grad.asnumpy()

    expected = gradient(6, True)
    net.hybridize()
    for n in (4, 8):
        gradient(n, False)
    np.testing.assert_allclose(gradient(6, True), expected, rtol=1e-5, atol=1e-6)
    assert net._compiled.resized == 1


def test_a_gradient_of_a_gradient_of_a_third_size_needs_the_function() -> None:
    function = dl.jit(lambda x: (x * x * x).sum())
    for n in (16, 8, 11):
        x = drawn(n, 3)
        x.attach_grad()
        with autograd.record():
            loss = function(x)
        if n != 11:
            loss.backward()
    assert function.resized == 1
    del function
    gc.collect()
    with pytest.raises(RuntimeError, match="a gradient of a gradient needs the compiled function, which is gone"):
        autograd.grad([loss], [x], create_graph=True)


OUTSIDE = {"factor": 1.0}
FACTOR = 1


class Stepper:
    """A step as a method, which may look at its object."""

    def __init__(self) -> None:
        self.factor = 1.0

    def step(self, x: Any) -> Any:
        return x * self.factor


def look(at: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A function that is no different for any size, but for what it was told by `at`."""
    return lambda x: F.add(F.multiply(x, 2.0), float(at(x) == 6))


READS: dict[str, Callable[[Any], Any]] = {
    "a branch on the batch": lambda x: x * 2 if x.shape[0] != 6 else x * 3,
    "len": look(len),
    "size": look(lambda x: x.size // 6),
    "nbytes": look(lambda x: x.nbytes // 24),
    "strides": look(lambda x: (x.strides[0], x.size // 6)[1]),
    "np.shape": look(lambda x: dl.np.shape(x)[0]),
    "np.size": look(lambda x: dl.np.size(x, 0)),
    "a table": lambda x: F.multiply(x, [1.0, 2.0, 3.0][x.shape[0] // 6]),
    "text": look(lambda x: 6 if "6, 6" in f"{x!r} {x.shape}" else 0),
    "rows": lambda x: sum(iter(x)),
    "a cut": lambda x: x[:20] * 2,
    "a cut from the end": lambda x: x[-20:] * 2,
    "every other row": lambda x: x[::2] * 2,
    "rows between two ends": lambda x: F.sum(x[7:-7]) + x,
    "rows by number": lambda x: x[[0, 1, -1]] * 2,
    "a size of a result": look(lambda x: F.matmul(x, F.transpose(x)).shape[1]),
    "a bucket": lambda x: x * float(np.searchsorted([5, 7], x.shape[0])),
}


@pytest.mark.parametrize("name", READS)
def test_python_that_looks_at_a_size_is_run_for_each(name: str) -> None:
    jit = dl.jit(READS[name])
    for n in (4, 12, 6, 8):
        np.testing.assert_allclose(jit(drawn(n, 6)).asnumpy(), READS[name](drawn(n, 6)).asnumpy(), rtol=1e-6)
    assert (jit.compilations, jit.resized) == (4, 0)
    assert all(entry.sizes_read for entry in jit._entries.values())


@pytest.mark.parametrize("seed", range(30))
def test_cuts_are_those_of_numpy_whatever_was_known_before(seed: int) -> None:
    draw = np.random.default_rng(seed)
    ends = [[None if draw.random() < 0.25 else int(draw.integers(-9, 10)) for _ in range(2)] for _ in range(2)]
    row = int(draw.integers(-3, 3))

    def cuts(x: Any, copy: Callable[[Any], Any]) -> list[Any]:
        written = copy(x)
        written[slice(*ends[1])] = 7
        return [x[slice(*ends[0])] * 2, x[1:][slice(*ends[1]), 1:] + x[row, 0], written]

    jit = dl.jit(lambda x: cuts(x, lambda x: x * 1))
    for n in draw.permutation(np.arange(4, 20)):
        x = drawn(int(n), 3)
        for one, other in zip(jit(x), cuts(x.asnumpy(), np.copy), strict=True):
            np.testing.assert_array_equal(one.asnumpy(), other)


def test_layers_of_ones_own_may_look_at_what_layers_hand_them() -> None:
    class Begun(gluon.rnn.LSTM):
        def begin_state(self, batch_size: int = 0, **kwargs: Any) -> Any:
            return [state + float(batch_size == 6) for state in super().begin_state(batch_size, **kwargs)]

    for kind, resized in ((gluon.rnn.LSTM, 1), (Begun, 0)):
        net = kind(3, input_size=2)
        net.initialize(dl.init.Uniform(0.5))
        jit = dl.jit(lambda x, net=net: net(x))
        for n in (4, 8, 6):
            x = drawn(5, n, 2)
            np.testing.assert_allclose(jit(x).asnumpy(), net(x).asnumpy(), rtol=1e-5, atol=1e-6)
        assert jit.resized == resized


def test_the_files_that_may_read_sizes_are_there() -> None:
    folder = Path(dl.__file__).parent
    assert all(".shape" in (folder / name).read_text() for name in _resize.READERS)


def test_what_python_names_must_be_as_it_was() -> None:
    global FACTOR
    stepper, held = Stepper(), 1.0

    def closed(x: Any) -> Any:
        return x * held

    def open_(x: Any) -> Any:
        return x * FACTOR

    for function in (stepper.step, closed, open_):
        jit = dl.jit(function)
        for n, factor in ((4, 1.0), (12, 1.0), (6, 3.0), (8, 3.0), (7, 3.0)):
            stepper.factor = held = FACTOR = factor
            np.testing.assert_array_equal(jit(drawn(n, 6)).asnumpy(), drawn(n, 6).asnumpy() * np.float32(factor))
        assert (jit.compilations, jit.resized) == (4, 1)


def test_calls_before_every_run_must_hold_the_same() -> None:
    from dlcore.graph import every_call

    held = drawn(1)

    def step(x: Any, number: float) -> Any:
        every_call(lambda: _core.assign(held, _core.from_numpy(np.array([number], np.float32))))
        return x * held

    box = [0.0]
    jit = dl.jit(lambda x: step(x, box[0]))
    for n in (4, 12, 6):
        box[0] = float(n)
        np.testing.assert_array_equal(jit(drawn(n, 6)).asnumpy(), drawn(n, 6).asnumpy() * n)
    assert jit.resized == 0


PROGRAMS: dict[str, tuple[Callable[..., Any], bool]] = {
    "a literal in a reshape": (lambda x: F.reshape(x, (-1, 12)), True),
    "a mean": (lambda x: F.subtract(x, F.mean(x)), True),
    "rows taken off": (lambda x: F.concat(x, F.ones((3, 6)), axis=0), True),
    "a mean beside other rows": (lambda x: F.mean(F.concat(x, F.ones((3, 6)), axis=0)), True),
    "pairs": (lambda x: F.mean(F.matmul(x, F.transpose(x))), False),
    "a sort": (lambda x: F.sort(x, axis=0), True),
    "a column": (lambda x: x[:, 1] * x[..., -1], True),
    "rows but the first two": (lambda x: x[2:] * x[:-2], True),
    "a row": (lambda x: x[3] * x[-1], True),
    "a new axis": (lambda x: x[None, :, 2:4] * 2, True),
    "rows from the end": (lambda x: F.flip(x, axis=0), True),
    "a mean that is a variance": (lambda x: F.mean(F.square(F.subtract(x, F.mean(x, axis=0)))), True),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_of_a_third_size(name: str) -> None:
    function, resized = PROGRAMS[name]
    jit = dl.jit(function)
    for n in (4, 12, 8, 6, 10, 16):
        np.testing.assert_array_equal(jit(drawn(n, 6)).asnumpy(), dl.jit(function)(drawn(n, 6)).asnumpy())
    assert (jit.resized > 0) == resized


def test_random_numbers_do_not_depend_on_the_way_to_the_program() -> None:
    def drop(x: Any) -> Any:
        sums = F.dropout_train(F.sum(x, axis=1, keepdims=True), 0.5)
        return F.dropout_train(F.add(F.dropout_train(x, 0.5), sums), 0.5)

    jit = dl.jit(drop)
    for n in (4, 12, 5, 6, 7, 9, 11, 31):
        results = []
        for function in (jit, dl.jit(drop)):
            _core.seed(7)
            results.append(function(drawn(n, 3)).asnumpy())
        np.testing.assert_array_equal(*results)
    assert jit.compilations == 2


def test_errors_of_a_third_size_are_those_of_a_trace() -> None:
    jit = dl.jit(lambda x, y: F.add(x, y))
    for n in (4, 8):
        jit(drawn(n, 6), drawn(n, 6))
    with pytest.raises(ValueError, match="broadcast"):
        jit(drawn(6, 6), drawn(5, 6))
    assert jit(drawn(6, 6), drawn(1, 6)).shape == (6, 6)
    few = dl.jit(lambda x: F.topk(x, axis=0, k=4))
    for n in (6, 9, 5):
        few(drawn(n, 2))
    assert few.resized == 1
    with pytest.raises(ValueError, match="k"):
        few(drawn(3, 2))


def test_a_size_of_one_or_nothing_is_compiled() -> None:
    jit = dl.jit(lambda x: F.multiply(x, F.sum(x, axis=0)))
    for n in (2, 8, 1, 0):
        assert jit(drawn(n, 6)).shape == (n, 6)
    assert (jit.compilations, jit.resized) == (4, 0)


def test_weights_that_were_folded_follow_their_change() -> None:
    net = nn.HybridSequential(nn.Conv2D(4, 3, in_channels=3), nn.BatchNorm(in_channels=4))
    net.initialize()
    f = dl.jit(lambda x: net(x))
    for n in (8, 2, 5):
        f(drawn(n, 3, 6, 6))
    assert f.resized == 1  # and 6, below, from programs that were made anew
    for factor in (2.0, 3.0, 0.5, 2.0, 3.0, 0.5, 2.0, 3.0, 0.5, 2.0, 3.0, 0.5):  # until keeping is given up
        net[1].gamma.set_data(net[1].gamma.data() * factor)
        for n in (5, 8, 2, 6):
            np.testing.assert_allclose(f(drawn(n, 3, 6, 6)).asnumpy(), net(drawn(n, 3, 6, 6)).asnumpy(), rtol=1e-4,
                                       atol=1e-5)  # fmt: skip


def test_arrays_that_are_another_are_traced() -> None:
    w = drawn(1, 6)
    f = dl.jit(lambda x: x * w)
    for n in (4, 8):
        f(drawn(n, 6))
    w = drawn(1, 6) * 3
    np.testing.assert_array_equal(f(drawn(6, 6)).asnumpy(), (drawn(6, 6) * w).asnumpy())
    assert f.resized == 0


def test_explain_and_profile_of_a_third_size() -> None:
    function, _, arguments = made("mlp", "sgd")
    jit = dl.jit(function)
    for n in (8, 16, 12):
        jit(*arguments(n))
    assert jit.resized == 1
    about, fresh = dl.explain(jit, *arguments(12)), dl.explain(dl.jit(function), *arguments(12))
    assert (about.kernels, about.arena_bytes, about.naive_bytes) == (
        fresh.kernels,
        fresh.arena_bytes,
        fresh.naive_bytes,
    )
    assert [k.text for k in about.table] == [k.text for k in fresh.table]


def calls(work: Callable[[], Any]) -> int:
    """How many functions, Python's and built-in ones, are called."""
    count, before = [0], sys.getprofile()

    def seen(frame: Any, event: str, argument: Any) -> None:
        count[0] += event in ("call", "c_call")

    sys.setprofile(seen)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count[0]


def test_a_third_size_is_a_fraction_of_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    from dlcore.graph import Compiled

    monkeypatch.setattr(Compiled, "_resized", Compiled._resized.__closure__[1].cell_contents)  # without its proof
    zoo, criterion = gluon.model_zoo.vision, gluon.loss.L2Loss()
    net = zoo.CIFARResNetV1(zoo.BasicBlockV1, [1] * 4, [4, 4, 4, 8, 8])
    net.initialize()
    trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.1, "momentum": 0.9})
    net(drawn(2, 3, 8, 8))

    def step(x: Any, y: Any) -> Any:
        with autograd.record():
            loss = criterion(net(x), y).mean()
        loss.backward()
        trainer.step(1)
        return loss

    jit, given = Jit(step), {n: (drawn(n, 3, 8, 8), drawn(n, 10)) for n in (8, 4, 6, 5)}
    whole = calls(lambda: jit(*given[8]))
    for n in (4, 6):
        jit(*given[n])
    assert calls(lambda: jit.program(*given[5])) < whole / 20 and jit.resized == 2
