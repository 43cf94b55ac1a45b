"""A third size of programs with loops, branches and recomputation: the numbers of a compilation, without a trace."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from graph.test_sizes import drawn

import dlcore as dl
from dlcore import autograd, gluon, nd
from dlcore.gluon import nn
from dlcore.graph import Jit
from dlcore.graph._resize import Relatives
from dlcore.ops import F

SIZES = (16, 8, 12, 9, 24, 3)  # two that are compiled, two between them, two beyond


def cell() -> tuple[Any, Any]:
    inner, outer = nn.Dense(6, activation="tanh", in_units=12), nn.Dense(3, in_units=6)
    for net in (inner, outer):
        net.initialize(dl.init.Uniform(0.3))
    return inner, outer


def scanned(inner: Any, x: Any) -> Any:
    """A recurrent cell over the first axis of x (steps, batch, 6)."""

    def step(row: Any, state: Any) -> Any:
        new = inner(nd.concat(row, state, dim=1))
        return new, new

    return dl.foreach(step, x, x[0] * 0)


def while_sum(x: Any) -> Any:
    def more(i: Any, total: Any) -> Any:
        return i < 3

    outs, last = dl.while_loop(more, lambda i, t: (t * 2, [i + 1, t + x]), [x.sum() * 0, x * 0], max_iterations=5)
    return outs[0].sum() + last[1]


def chosen(x: Any) -> Any:
    return dl.cond(x.sum() > 0, lambda: nd.softmax(x * 2), lambda: x - x.mean(axis=0, keepdims=True))


def nested(x: Any) -> Any:
    """A branch inside a loop inside a loop."""

    def inner(row: Any, s: Any) -> Any:
        new = dl.cond(s.sum() > 0, lambda: s * row, lambda: s + row)
        return new, new

    def outer(rows: Any, s: Any) -> Any:
        out, last = dl.foreach(inner, rows, s)
        return out.sum(axis=0), last

    return dl.foreach(outer, x, x[0, 0] * 1)[0]


FUNCTIONS: dict[str, tuple[Callable[[Any], Any], Callable[[int], Any]]] = {
    "foreach, batch": (lambda x: scanned(CELL[0], x)[0], lambda n: drawn(7, n, 6)),
    "foreach, steps": (lambda x: scanned(CELL[0], x)[0], lambda n: drawn(n, 4, 6)),
    "while": (while_sum, lambda n: drawn(n, 6)),
    "cond": (chosen, lambda n: drawn(n, 6)),
    "nested": (nested, lambda n: drawn(4, 5, n)),
    "nested, steps": (nested, lambda n: drawn(4, n, 5)),
}
FIXED = ("foreach, batch", "nested")  # hold a number that is no shape, and moves
CELL = cell()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_loops_and_branches_of_a_third_size_are_not_traced(name: str) -> None:
    function, arguments = FUNCTIONS[name]
    jit = dl.jit(function)
    for number, n in enumerate(SIZES):
        x, exact = arguments(n), dl.jit(function)
        mine, its = jit(x).asnumpy(), exact(x).asnumpy()
        assert (jit.compilations, jit.resized) == (min(number + 1, 2), max(number - 1, 0))
        if 8 <= n <= 16:
            np.testing.assert_array_equal(mine, its)
            assert str(jit.program(x).plain.traced) == str(exact.program(x).plain.traced)
        np.testing.assert_allclose(mine, function(x).asnumpy(), rtol=1e-5, atol=1e-6)


def trained(sizes: tuple[int, ...], every: bool) -> tuple[Jit, list[list[np.ndarray]]]:
    """The weights and losses after each step of a recurrent network; with `every`, compiled for every size."""
    dl.random.seed(2)
    inner, outer = cell()
    params = {**inner.collect_params(), **{f"outer {name}": p for name, p in outer.collect_params().items()}}
    for i, p in enumerate(params.values()):
        p.set_data(nd.array(np.random.default_rng(i).uniform(-0.4, 0.4, p.shape).astype(np.float32)))
    trainer = gluon.Trainer(params, "adam", {"learning_rate": 0.05})
    criterion, seen = gluon.loss.SoftmaxCrossEntropyLoss(), dl.metric.Accuracy()

    def step(x: Any, y: Any) -> Any:
        with autograd.record():
            out = outer(scanned(inner, x)[1])
            loss = criterion(out, y).mean()
        loss.backward()
        trainer.step(1)
        seen.update(y, out)
        return loss

    jit, found = dl.jit(step), []
    for n in sizes:
        if every:
            jit._entries.clear()
        loss = jit(drawn(7, n, 6), nd.array(np.arange(n) % 3, dtype="int32"))
        found.append([loss.asnumpy(), np.array(seen.get()[1]), *(p.data().asnumpy() for p in params.values())])
    return jit, found


def test_training_through_a_loop() -> None:
    sizes = (16, 8, 12, 9, 15, 8, 10)
    jit, mine = trained(sizes, every=False)
    _, its = trained(sizes, every=True)
    assert (jit.compilations, jit.resized) == (2, 4)
    for one, other in zip(mine, its, strict=True):
        for a, b in zip(one, other, strict=True):
            np.testing.assert_array_equal(a, b)


class Recurrent(nn.HybridBlock):
    def __init__(self, rate: float) -> None:
        super().__init__()
        self.inner, self.drop = cell()[0], nn.Dropout(rate)
        self.steps = gluon.Constant(np.zeros((1,), np.float32))
        self.steps.initialize()

    def forward(self, x: Any) -> Any:
        def step(row: Any, state: Any) -> Any:
            self.steps.data()[:] += 1
            new = self.drop(self.inner(nd.concat(row, state, dim=1)))
            return new, new

        return dl.foreach(step, x, x[0] * 0)[0]


@pytest.mark.parametrize("rate", [0.0, 0.4])
def test_halves_of_hybridized_loops_and_what_they_change(rate: float) -> None:
    """Loops that draw random numbers are compiled for every size."""
    net = Recurrent(rate)
    net.hybridize()

    def gradients(n: int) -> list[np.ndarray]:
        dl.random.seed(4)
        with autograd.record():
            loss = (net(drawn(5, n, 6)) ** 2).mean()
        loss.backward()
        return [loss.asnumpy(), *(p.grad().asnumpy() for p in net.inner.collect_params().values())]

    for n in (9, 3):
        gradients(n)
    mine = {n: gradients(n) for n in (5, 7, 4)}
    assert (net._compiled.compilations, net._compiled.resized) == ((5, 0) if rate else (2, 3))
    assert net.steps.data().item() == 5 * 5, "each run went through five steps"
    for n, found in mine.items():
        net.hybridize()
        for one, other in zip(found, gradients(n), strict=True):
            np.testing.assert_array_equal(one, other)


def test_an_error_in_a_loop_of_a_third_size_names_the_line_and_the_report_shows_what_is_inside() -> None:
    def rows(x: Any, which: Any) -> Any:
        return dl.foreach(lambda r, s: (F.take(x[0, 0], r), s), which, [])[0]

    jit = dl.jit(rows)
    for n in (4, 8, 6):
        given = drawn(4, 3, 5), nd.array(np.zeros((3, n)), dtype="int64")
        jit(*given)
    assert jit.resized == 1
    with pytest.raises(IndexError, match=r"index 9 is out of range[\s\S]*test_resize_loops.py:\d+"):
        jit(given[0], given[1] + 9)
    assert "loop" in str(dl.explain(jit, *given))


def test_families_that_saw_sizes_put_loops_on_the_line_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Relatives, "third", lambda *_: None)
    for name, (function, arguments) in FUNCTIONS.items():
        jit = dl.jit(function)
        for n in (16, 8, 12):
            x = arguments(n)
            np.testing.assert_array_equal(jit(x).asnumpy(), dl.jit(function)(x).asnumpy())
        assert jit._family.found == (name not in FIXED)


@pytest.mark.parametrize("wish", ["least", "layers", "budget", "halves"])
def test_what_is_computed_again_is_so_at_a_third_size(wish: str) -> None:
    """In parts of a hybridized network too. What fills a budget is chosen anew for every size, and keeps to it."""
    net = nn.HybridSequential(nn.Dense(8, in_units=6))
    for _ in range(8):
        net.add(nn.HybridSequential(nn.Dense(8, activation="tanh", in_units=8), nn.Dropout(0.3)))
    net.initialize(dl.init.Uniform(0.3))
    options = {"layers": {"remat": list(net)[1:]}, "budget": {"memory_budget": 30_000}}.get(wish, {"remat": True})

    def gradients(x: Any) -> tuple[Any, ...]:
        with autograd.record():
            loss = (net(x) ** 2).mean()
        loss.backward()
        return loss, *(p.grad() for p in net.collect_params().values())

    def fresh() -> Callable[[Any], Any]:
        if wish == "halves":
            net.hybridize(**options)
        return gradients if wish == "halves" else dl.jit(gradients, **options)

    def run(call: Callable[[Any], Any], n: int) -> list[np.ndarray]:
        dl.random.seed(5)
        return [a.asnumpy() for a in call(drawn(n, 6))]

    call, sizes = fresh(), (64, 40, 52, 41, 44)
    mine = [run(call, n) for n in sizes]
    jit = net._compiled if wish == "halves" else call
    assert (jit.compilations, jit.resized) == ((5, 0) if wish == "budget" else (2, 3))
    for function in jit.entries():
        pair = function.newest_pair()
        if pair is None:
            assert function.plain.plan.arena_bytes < 30_000, "without recomputation 51 kB for the largest"
        else:
            assert len(pair.forward.graph.outputs) == pair.n_outputs, "nothing is kept between the parts"
    for n, found in zip(sizes, mine, strict=True):
        for one, other in zip(found, run(fresh(), n), strict=True):
            np.testing.assert_array_equal(one, other)
