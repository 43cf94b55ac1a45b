"""Arrays that a compiled function writes to without getting them: gradients of what is done with them afterwards."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import dlcore as dl
from dlcore import autograd as ag
from dlcore.array import np as dnp
from dlcore.gluon import nn

X = np.array([[0.5, -1.0, 2.0], [1.5, 0.3, -0.7]])
Wrap = Callable[[Callable], Callable]


def plain(function: Callable) -> Callable:
    return function


def zeros(*shape: int) -> Any:
    return dnp.zeros(shape, dtype="float64")


def written(wrap: Wrap, x: Any) -> Any:
    held = zeros(2, 3)

    def f(x):
        held[:] = x * x
        return x.sum()

    y = wrap(f)(x)
    return (held * held).sum() + y


def read_and_written(wrap: Wrap, x: Any) -> Any:
    held = dnp.array(X + 1)

    def f(x):
        y = (held.copy() * x * x).sum()
        held[:] = held.copy() * x
        return y + (held * 0.5).sum()

    f = wrap(f)
    return f(x) + f(x * 2) + (held * held).sum()


def a_part(wrap: Wrap, x: Any) -> Any:
    held = zeros(4, 3)

    def f(x):
        held[1:3] = x * 3
        held[0] += x[1]
        return held[:2]

    return (wrap(f)(x) * held[1:3]).sum() + (held**2).sum()


def a_view_that_was_made_before(wrap: Wrap, x: Any) -> Any:
    row = zeros(4, 3)[1]

    def f(x):
        row[:] = x[0] * x[1]
        return x.sum()

    return wrap(f)(x) * (row * row).sum()


def several_writes(wrap: Wrap, x: Any) -> Any:
    held, other = zeros(2, 3), zeros(2, 3)

    def f(x):
        held[:] = x
        held[0] = held[1].copy() * x[0]
        other[:] = held
        held[:] = held * 2 + other

    wrap(f)(x)
    return (held * other * x).sum()


def a_written_array_is_read_before_and_after(wrap: Wrap, x: Any) -> Any:
    held = zeros(2, 3)
    held[:] = x * 3

    def f(x):
        held[:] = held.copy() * x

    before = (held * 2).sum()
    wrap(f)(x)
    return before * (held * x).sum()


def constants_end_it(wrap: Wrap, x: Any) -> Any:
    held = zeros(2, 3)
    held[:] = x * 3

    def f(x):
        held[:] = 2.0

    wrap(f)(x)
    return (held * x**3).sum()


def what_is_written_while_paused_changes_nothing(wrap: Wrap, x: Any) -> Any:
    held, other = zeros(2, 3), zeros(2, 3)
    held[:] = x * 3

    def f(x):
        other[:] = x * 2
        with ag.pause():
            held[:] = x
            other[:] = 5.0

    wrap(f)(x)
    return (held + other * 3).sum() + (x * x).sum()


def a_loop(wrap: Wrap, x: Any) -> Any:
    total = zeros(3)

    def f(x):
        def body(row, carried):
            total[:] = total * 0.5 + row * carried
            return row * 2, carried * row.sum()

        return dl.foreach(body, x, x[0, 0])[0]

    y = wrap(f)(x)
    return (total * total).sum() + (y * x).sum()


def a_loop_that_pauses(wrap: Wrap, x: Any) -> Any:
    total = zeros(3)
    total[:] = x[0]

    def f(x):
        def body(row, carried):
            with ag.pause():
                total[:] = total + row
            return row * 2, carried * row.sum()

        return dl.foreach(body, x, x[0, 0])[1]

    return wrap(f)(x) + (total * 3).sum()


def a_branch(wrap: Wrap, x: Any) -> Any:
    held = zeros(2, 3)
    held[:] = x

    def f(x):
        def then():
            held[:] = held.copy() * x
            return x.sum()

        return dl.cond(x.sum() > 0, then, lambda: x.max())

    f = wrap(f)
    return f(x) * (held * f(-x)).sum() + (held * held).sum()


def results_that_are_not_asked_for(wrap: Wrap, x: Any) -> Any:
    total = zeros(2, 3)

    def f(x):
        total[:] = total * 0.5 + x
        return (x * x).sum()

    f = wrap(f)
    for _ in range(3):
        with ag.record():
            f(x).backward()
    return f(x)


PROGRAMS = [
    written, read_and_written, a_part, a_view_that_was_made_before, several_writes,
    a_written_array_is_read_before_and_after, constants_end_it, what_is_written_while_paused_changes_nothing, a_loop,
    a_loop_that_pauses, a_branch, results_that_are_not_asked_for,
]  # fmt: skip


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("order", [1, 2])
def test_gradients_are_those_of_the_function_as_it_is_written(program: Callable, order: int) -> None:
    def slopes(wrap: Wrap) -> np.ndarray:
        x = dnp.array(X)
        x.attach_grad()
        with ag.record():
            y = program(wrap, x)
            if order == 2:
                y = (ag.grad(y, x, create_graph=True) ** 2).sum()
        y.backward()
        return x.grad.asnumpy()

    expected = slopes(plain)
    assert np.abs(expected).max() > 1
    np.testing.assert_allclose(slopes(dl.jit), expected, rtol=1e-12)


def recorded(program: Callable[[Any], Any]) -> Any:
    """The gradient by X of what `program` gives."""
    x = dnp.array(X)
    x.attach_grad()
    with ag.record():
        y = program(x)
    y.backward()
    return x.grad.asnumpy()


def test_a_branch_that_pauses_beside_one_that_does_not_is_refused() -> None:
    held = zeros(2, 3)

    def f(x):
        def paused():
            with ag.pause():
                held[:] = x
            return x.sum()

        def recorded():
            held[:] = x * 2
            return x.sum()

        return dl.cond(x.sum() > 0, paused, recorded)

    with pytest.raises(dl._core.TraceError, match=r"cond: an array of shape \(2, 3\) is changed .* by one function"):
        recorded(dl.jit(f))


def test_a_third_size_has_them_too() -> None:
    total = zeros(3)

    @dl.jit
    def f(x):
        total[:] = (x * x).sum(axis=0)
        return x.sum()

    for rows in (2, 3, 4, 5):
        x = dnp.array(np.arange(rows * 3.0).reshape(rows, 3))
        x.attach_grad()
        with ag.record():
            y = f(x) + (total * 2).sum()
        y.backward()
        np.testing.assert_allclose(x.grad.asnumpy(), 1 + 4 * x.asnumpy())
    assert f.resized


def test_second_derivatives_with_the_random_numbers_of_the_call() -> None:
    held = zeros(2, 3)

    @dl.jit
    def f(x):
        held[:] = x**3 * dnp.random.uniform(size=(2, 3), dtype="float64")

    def program(x: Any) -> Any:
        f(x)
        return ag.grad((held * 1).sum(), x, create_graph=True).sum()

    found = recorded(program)
    drawn = held.asnumpy() / X**3
    np.testing.assert_allclose(found, 6 * X * drawn)


def test_checkpoints_write_once_more() -> None:
    seen, inner = zeros(2, 3), zeros(2, 3)

    @dl.jit
    def f(x):
        inner[:] = x * 2
        seen[:] = seen + 1
        return (x * x).sum()

    np.testing.assert_allclose(recorded(lambda x: ag.checkpoint(f)(x) * 3 + x.sum()), 6 * X + 1)
    assert seen.tolist() == [[2.0] * 3] * 2


@pytest.mark.parametrize("after", [False, True])
def test_a_variable_is_not_written_to(after: bool) -> None:
    """Whether it became one before the function was compiled or after it."""
    w = zeros(2, 3)

    def f(x):
        w[:] = x * 2
        return x.sum()

    f = dl.jit(f)
    if after:
        recorded(f)
    w.attach_grad()
    with pytest.raises(RuntimeError, match="in-place write to a variable that has a gradient, while recording"):
        recorded(f)
    assert w.tolist() == (X * 2 if after else X * 0).tolist()


@pytest.mark.parametrize("given", [False, True])
def test_arrays_whose_record_is_out_of_date_are_not_read(given: bool) -> None:
    held = zeros(2, 3)
    row = held[0]

    def program(x: Any) -> Any:
        held[:] = x
        return dl.jit(lambda r: (r * 2).sum())(row) if given else dl.jit(lambda y: (y * row).sum())(x)

    with pytest.raises(RuntimeError, match="shares its memory with one that was written to in place while recording"):
        recorded(program)


def test_and_those_that_share_memory_with_what_it_wrote_are_such() -> None:
    held = zeros(2, 3)
    row = held[0]

    def program(x: Any) -> Any:
        dl.jit(lambda y: held.__setitem__(slice(None), y * 2))(x)
        return (row * 2).sum() + x.sum()

    with pytest.raises(RuntimeError, match="shares its memory with one that was written to in place while recording"):
        recorded(program)


def test_an_argument_that_it_overwrites_is_no_argument_any_more() -> None:
    held = zeros(2, 3)

    @dl.jit
    def f(x, y):
        held[:] = x
        return (x * y).sum()

    with pytest.raises(RuntimeError, match=r"backward of f.*: an array of shape \(2, 3\) that it needs was changed"):
        recorded(lambda x: f(x, held))


def test_a_gradient_of_the_gradient_needs_arguments_as_they_were() -> None:
    def program(x: Any) -> Any:
        h = x * 1
        y = dl.jit(lambda h: dnp.exp(h).sum())(h)
        h[0] = 0.0
        return ag.grad(y, x, create_graph=True).sum()

    with pytest.raises(RuntimeError, match=r"that it needs was changed in place after the forward pass"):
        recorded(program)


class Counting(nn.HybridBlock):
    """Keeps what it saw in parameters: one while recording, one set while paused."""

    def __init__(self) -> None:
        super().__init__()
        self.seen = dl.gluon.Parameter("seen", shape=(2, 3), init="zeros", grad_req="null", dtype="float64")
        self.last = dl.gluon.Parameter("last", shape=(2, 3), init="zeros", dtype="float64")

    def forward(self, x: Any) -> Any:
        self.seen.set_data(x * x)
        with ag.pause():
            self.last.set_data(x)
        return (x * self.last.data()).sum()


@pytest.mark.parametrize("hybrid", [False, True])
def test_parameters_that_a_block_sets(hybrid: bool) -> None:
    block = Counting()
    block.initialize()
    block.hybridize(hybrid)
    for _ in range(2):
        found = recorded(lambda x: block(x) + block.seen.data().sum())
        np.testing.assert_allclose(found, X + 2 * X)
        np.testing.assert_allclose(block.last.grad().asnumpy(), X)


def test_running_averages_take_no_part() -> None:
    """Nothing more is kept, computed or recorded than where nobody writes."""
    net = nn.BatchNorm(in_channels=3)
    net.initialize()
    net.hybridize()
    x = dnp.array(X)
    for _ in range(2):
        with ag.record():
            net(x).sum().backward()
    (function,) = net._compiled.entries()
    pair = function.newest_pair()
    assert len(function.graph.writes) == 2 and not function._taped and not pair.written and not pair.back.before
    assert not net.running_mean.data()._tracked
