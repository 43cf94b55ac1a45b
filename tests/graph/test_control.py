"""Branches and loops in compiled functions: the numbers are those of the imperative and the interpreted run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from graph.programs import array, trace_of

import dlcore as dl
from dlcore import _core, autograd, gluon, nd
from dlcore.gluon import nn
from dlcore.graph import Compiled, GraphError, verify
from dlcore.graph.interpreter import interpret
from dlcore.graph.passes import PIPELINE, apply
from dlcore.graph.passes.prune import prune

W = np.array([[0.5, -0.3], [0.2, 0.9]], np.float32)
X = np.array([[1.0, 2.0], [-0.5, 0.25], [0.75, -1.5]], np.float32)


def branch(x: Any, w: Any) -> Any:
    return dl.cond(x.sum() > 0, lambda x: (x @ w).sum(), lambda x: (nd.tanh(x) * w.sum()).sum(), x)


def fold(x: Any, w: Any) -> Any:
    outs, last = dl.foreach(lambda row, s: (row * s, nd.tanh(s @ w + row)), x, nd.ones((2,), dtype=x.dtype))
    return (outs * outs).sum() + last.sum()


def grow(x: Any, w: Any) -> Any:
    outs, (_, last) = dl.while_loop(
        lambda i, s: (s * s).sum() < 40, lambda i, s: (s.sum(), [i + 1, s @ w * 1.5 + x[0]]), [nd.array(0.0), x[1]], 6
    )
    return (outs[0] * outs[0]).sum() + last.sum()


def nested(x: Any, w: Any) -> Any:
    def step(row: Any, s: Any) -> Any:
        s = dl.cond(row.sum() > 0, lambda: s @ w, lambda: s - row)
        _, s = dl.foreach(lambda k, t: (None, t * 0.5 + k * w[0]), row, s)
        return s.sum(), s

    outs, last = dl.foreach(step, x, nd.ones((2,), dtype=x.dtype))
    return (outs * outs).sum() + last.sum()


def turned(x: Any, w: Any) -> Any:
    """Operands and results that do not lie in memory row by row."""
    outs, last = dl.foreach(lambda r, s: ((r * s).T, (s @ w).T), nd.stack(x.T, x.T * 2, axis=2), w.T)
    return (outs[:, :, 0] * 2.0).sum() + (outs * outs).sum() + last.T[0].sum()


ALL = [branch, fold, grow, nested, turned]
INPUTS = {"turned": np.stack([X[:2], X[1:]])[0]}


def given(function: Callable[..., Any]) -> tuple[np.ndarray, np.ndarray]:
    return INPUTS.get(function.__name__, X), W


def gradients(function: Callable[..., Any], x: np.ndarray, w: np.ndarray) -> tuple[float, list[np.ndarray]]:
    arrays = [array(x), array(w)]
    for a in arrays:
        a.attach_grad()
    with autograd.record():
        y = function(*arrays)
    y.backward()
    return y.item(), [a.grad.asnumpy() for a in arrays]


@pytest.mark.parametrize("function", ALL)
@pytest.mark.parametrize("sign", [1, -1])
def test_compiled_interpreted_and_imperative_agree(function: Callable[..., Any], sign: int) -> None:
    x, w = given(function)
    x = x * sign
    expected = function(array(x), array(w)).item()
    compiled = dl.jit(function)
    assert compiled(array(x), array(w)).item() == pytest.approx(expected, rel=1e-6)
    assert compiled(array(-x), array(w)).item() == pytest.approx(function(array(-x), array(w)).item(), rel=1e-6)
    assert compiled.compilations == 1, "what happens is decided when it runs"
    graph = verify(trace_of(function, array(x), array(w)))
    assert interpret(graph, [x, w])[0][0] == pytest.approx(expected, rel=1e-6)
    for rewrite in PIPELINE:
        graph = verify(apply(rewrite, graph), rewrite.__name__)
        assert interpret(graph, [x, w])[0][0] == pytest.approx(expected, rel=1e-6), rewrite.__name__


@pytest.mark.parametrize("function", ALL)
@pytest.mark.parametrize("sign", [1, -1])
def test_gradients_agree_with_the_tape_and_with_differences(function: Callable[..., Any], sign: int) -> None:
    x, w = given(function)
    x = (x * sign).astype("float64")
    w = w.astype("float64")
    value, expected = gradients(function, x, w)
    found_value, found = gradients(dl.jit(function), x, w)
    assert found_value == pytest.approx(value, rel=1e-12)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)
    step = 1e-6
    for which, gradient in enumerate(found):
        for at in np.ndindex(gradient.shape):
            moved = [x.copy(), w.copy()]
            moved[which][at] += step
            above = function(*map(array, moved)).item()
            moved[which][at] -= 2 * step
            below = function(*map(array, moved)).item()
            assert gradient[at] == pytest.approx((above - below) / (2 * step), rel=1e-5, abs=1e-7)


@pytest.mark.parametrize("function", ALL)
def test_a_compiled_step_differentiates_on_its_own_tape(function: Callable[..., Any]) -> None:
    x, w = given(function)
    variable = array(w)
    variable.attach_grad()

    def step(x: Any) -> Any:
        with autograd.record():
            y = function(x, variable)
        y.backward()
        return y, variable.grad

    expected = [a.asnumpy().copy() for a in step(array(x))]
    compiled = dl.jit(step)
    for _ in range(2):
        for a, b in zip(compiled(array(x)), expected, strict=True):
            np.testing.assert_allclose(a.asnumpy(), b, rtol=1e-5, atol=1e-6)
    assert compiled.compilations == 1


@pytest.mark.parametrize("function", [branch, fold, grow, nested])
@pytest.mark.parametrize("inside", [False, True])
def test_gradients_of_gradients(function: Callable[..., Any], inside: bool) -> None:
    def second(x: Any, w: Any, f: Callable[..., Any]) -> Any:
        with autograd.record():
            y = f(x, w)
            first = autograd.grad(y, [w], create_graph=True, retain_graph=True)[0]
            total = (first * first).sum()
        return autograd.grad(total, [x, w])

    def arrays() -> list[Any]:
        found = [array(X.astype("float64")), array(W.astype("float64"))]
        for a in found:
            a.attach_grad()
        return found

    expected = second(*arrays(), function)
    if inside:
        variables = arrays()
        found = dl.jit(lambda: second(*variables, function))()
    else:
        found = second(*arrays(), dl.jit(function))
    assert max(np.abs(b.asnumpy()).max() for b in expected) > 0
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a.asnumpy(), b.asnumpy(), rtol=1e-9, atol=1e-10)


def test_a_training_step_with_layers_that_keep_state_and_draw() -> None:
    def run(compile: bool) -> list[Any]:
        dl.random.seed(5)
        cell, norm, drop = nn.Dense(4, in_units=4, activation="tanh"), nn.BatchNorm(in_channels=4), nn.Dropout(0.4)
        for block in (cell, norm):
            block.initialize()
        params = {**cell.collect_params(), **norm.collect_params()}
        trainer = gluon.Trainer(params, "adam", {"learning_rate": 0.05})

        def step(x: Any) -> Any:
            with autograd.record():
                outs, last = dl.foreach(lambda r, s: (drop(norm(cell(r + s))),) * 2, x, nd.zeros((3, 4)))
                loss = (outs**2).mean() + last.sum()
            loss.backward()
            trainer.step(1)
            return loss

        step = dl.jit(step) if compile else step
        x = array(np.random.default_rng(0).normal(size=(5, 3, 4)), "float32")
        losses = [step(x).asnumpy() for _ in range(3)]
        return [*losses, *[p.data().asnumpy() for p in params.values()]]

    for a, b in zip(run(True), run(False), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_arrays_changed_in_a_branch_and_in_a_loop() -> None:
    count, total = array(0.0, "float32"), array([0.0, 0.0], "float32")

    def f(x: Any) -> Any:
        def add() -> Any:
            _core.assign(count, count + 1)
            return x * 2

        y = dl.cond(x.sum() > 0, add, lambda: x)

        def step(row: Any, s: Any) -> Any:
            total[:] = total + row
            return total * 1, s + total.sum()

        outs, s = dl.foreach(step, nd.stack(y, y), nd.array(0.0))
        return outs, s, count + 0

    compiled = dl.jit(f)
    results = []
    for call in (f, compiled):
        _core.assign(count, 0.0)
        _core.assign(total, 0.0)
        for x in ([1.0, 2.0], [-1.0, -2.0], [3.0, 0.0]):
            found = [a.asnumpy().tolist() for a in call(array(x, "float32"))]
            results.append((found, count.item(), total.asnumpy().tolist()))
    assert results[:3] == results[3:] and results[2][1] == 2


def test_a_loop_of_training_steps_is_one_program() -> None:
    def run(compile: bool) -> np.ndarray:
        w = array([1.0, -1.0], "float32")
        w.attach_grad()

        def step(x: Any, s: Any) -> Any:
            with autograd.record():
                loss = ((x * w).sum() - 1) ** 2
            loss.backward()
            _core.assign(w, w - 0.1 * w.grad)
            return loss, s

        train = lambda data: dl.foreach(step, data, [])[0]  # noqa: E731
        losses = (dl.jit(train) if compile else train)(array([[1.0, 0.5], [0.3, -0.4], [0.9, 1.0]], "float32"))
        return np.concatenate([losses.asnumpy(), w.asnumpy()])

    np.testing.assert_allclose(run(True), run(False), rtol=1e-6)


def test_a_loop_runs_as_often_as_the_numbers_say() -> None:
    f = dl.jit(lambda n: dl.while_loop(lambda i: i < n, lambda i: (i * i, [i + 1]), [nd.array(0.0)], 5))
    for n, steps in ((0, 0), (3, 3), (5, 5), (9, 5)):
        (squares,), (last,) = f(array(float(n), "float32"))
        assert squares.tolist() == [float(i * i) for i in range(steps)] + [0.0] * (5 - steps) and last.item() == steps
    assert f.compilations == 1


def test_random_numbers_in_a_loop_are_those_of_its_steps() -> None:
    def f(x: Any) -> Any:
        return dl.foreach(lambda r, s: (nd.random.uniform(shape=(3,)) + r, s), x, [])[0] + nd.random.uniform(shape=(3,))

    found = []
    for call in (f, dl.jit(f)):
        dl.random.seed(11)
        found.append([call(nd.zeros((4, 1))).asnumpy() for _ in range(2)])
    np.testing.assert_array_equal(found[0], found[1])
    assert len(np.unique(found[0])) == 2 * 4 * 3
    graph = trace_of(f, nd.zeros((4, 1)))
    dl.random.seed(11)
    np.testing.assert_array_equal(interpret(graph, [np.zeros((4, 1))], rng=_core.rng_state())[0][0], found[0][0])


def test_numbers_and_containers_go_through() -> None:
    def f(x: Any) -> Any:
        y = dl.cond(x > 0, lambda: {"a": x, "b": (1, None)}, lambda: {"a": x * 2, "b": (2, None)})
        (steps,), (i, parts) = dl.while_loop(
            lambda i, p: i < 2, lambda i, p: (p["k"], [i + 1, {"k": p["k"] * 2, "s": 0}]), [0, {"k": x, "s": 1}], 3
        )
        return y, steps, i, parts

    for x in (1.5, -1.5):
        y, steps, i, parts = dl.jit(f)(array(x, "float32"))
        assert y["a"].item() == (x if x > 0 else 2 * x) and int(y["b"][0]) == (1 if x > 0 else 2) and y["b"][1] is None
        assert steps.tolist() == [x, 2 * x, 0] and i.item() == 2 and parts["k"].item() == 4 * x


def test_what_does_not_fit_is_said() -> None:
    x = array([1.0, 2.0], "float32")
    cases: list[tuple[Callable[[Any], Any], type, str]] = [
        (lambda x: dl.cond(x.sum() > 0, lambda: x, lambda: x[:1]), TypeError, r"cond: .*f32\[2\].*f32\[1\]"),
        (lambda x: dl.cond(x.sum() > 0, lambda: x, lambda: (x, x)), TypeError, "cond: .*an array and .an array, an"),
        (lambda x: dl.cond(x > 0, lambda: x, lambda: x), ValueError, r"cond: .*shape \(2,\)"),
        (lambda x: dl.foreach(lambda r, s: (r, s * x), x, nd.array(1.0)), TypeError, r"variable 0 .*f32\[\].*f32\[2\]"),
        (lambda x: dl.foreach(lambda r, s: r, x, x), TypeError, "the body must give"),
        (lambda x: dl.foreach(lambda r, s: (r, [s]), x, x), ValueError, "in the arrangement it got"),
        (lambda x: dl.while_loop(lambda s: s, lambda s: (None, [s]), [x], 3), ValueError, "cond must give one number"),
        (lambda x: dl.while_loop(lambda s: s.sum() > 0, lambda s: (None, [s, s]), [x], 3), ValueError, "arrangement"),
        (lambda x: dl.while_loop(lambda s: s.sum() > 0, lambda s: (None, [s]), [x]), ValueError, "max_iterations"),
    ]
    for function, kind, text in cases:
        with pytest.raises(kind, match=text):
            dl.jit(function)(x)
        assert not _core.is_tracing()


def test_an_error_in_a_body_names_layer_and_line() -> None:
    layer = nn.Embedding(4, 3, prefix="words_")
    layer.initialize()
    f = dl.jit(lambda i: dl.foreach(lambda k, s: (layer(k), s), i, [])[0])
    f(array([1, 2], "int64"))
    with pytest.raises(IndexError, match=r"out of range(.|\n)*in layer .* at .*test_control\.py:\d+$"):
        f(array([1, 9], "int64"))
    assert f(array([3, 2], "int64")).shape == (2, 3)


def test_the_text_of_a_graph_shows_the_bodies() -> None:
    text = str(trace_of(nested, array(X), array(W)))
    for word in ("loop of 3 steps", "step: graph foreach", "if true: graph cond", "if false: graph cond", "tanh"):
        assert (word in text) == (word != "tanh")


def test_verify_looks_inside() -> None:
    graph = trace_of(fold, array(X), array(W))
    loop = next(node for node in graph.nodes if node.op == "_loop")
    loop.attrs[0].body.nodes[0].attrs = (1, 2, 3, 4, 5, 6, 7)
    with pytest.raises(GraphError, match="attributes"):
        verify(graph)
    graph = trace_of(fold, array(X), array(W))
    loop = next(node for node in graph.nodes if node.op == "_loop")
    loop.inputs[0] = graph.inputs[0]
    with pytest.raises(GraphError, match="carried|operands"):
        verify(graph)


def test_what_nobody_reads_is_not_computed() -> None:
    def f(x: Any, w: Any) -> Any:
        outs, (a, b) = dl.foreach(lambda r, s: ([r * 2, nd.exp(r)], [s[0] + r, s[1] @ w]), x, [nd.zeros((2,)), x[0]])
        return outs[0]

    graph = trace_of(f, array(X), array(W))
    pruned = verify(prune(graph))
    loops = [next(n for n in g.nodes if n.op == "_loop") for g in (graph, pruned)]
    assert [len(n.outputs) for n in loops] == [4, 1] and len(loops[1].inputs) == 1
    assert [n.op for n in loops[1].attrs[0].body.nodes] == ["multiply"]
    np.testing.assert_array_equal(Compiled(graph).run([array(X), array(W)])[0].asnumpy(), X * 2)


def test_no_array_is_left_behind() -> None:
    import gc

    def once() -> None:
        w = array(W)
        w.attach_grad()

        def step(x: Any) -> Any:
            with autograd.record():
                y = nested(x, w)
            y.backward()
            return y

        dl.jit(step)(array(X)).asnumpy()

    for _ in range(10):  # tables that are filled once
        once()
    gc.collect()
    before = _core.memory_stats()["allocated"]
    for _ in range(20):
        once()
    gc.collect()
    assert _core.memory_stats()["allocated"] == before
