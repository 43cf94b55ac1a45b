"""Column reductions in groups: sums over leading axes with what makes or reads the elements, as one call."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from graph.programs import array, trace_of
from graph.proof import prove, simulate

import dlcore as dl
from dlcore import _core, autograd
from dlcore.graph import Compiled, GraphError, verify
from dlcore.graph._ir import FUSED, Graph, Node
from dlcore.graph._lower import lower
from dlcore.graph.interpreter import interpret
from dlcore.graph.passes import PIPELINE, optimize
from dlcore.graph.passes.fuse_columns import fuse_columns
from dlcore.graph.passes.plan import plan, settle
from dlcore.ops import F
from dlcore.ops._expr import Tile


def of_batch(x: Any) -> tuple[int, ...]:
    return tuple(range(len(x.shape) - 1))


def masked(y: Any, g: Any) -> Any:
    """The gradient of relu, and of the bias before it."""
    d = F.where(F.greater(y, 0.0), g, 0.0)
    return d, F.sum(d, axis=of_batch(d))


def scale_and_shift(x: Any, g: Any) -> Any:
    """The gradients of a normalisation's scale and shift: nothing of the elements is written."""
    return F.sum(g * x, axis=of_batch(x)), F.sum(g, axis=of_batch(x))


def moments(x: Any) -> Any:
    mean = F.mean(x, axis=of_batch(x))
    return mean, F.mean(x * x, axis=of_batch(x)) - mean * mean


def variance(x: Any, mean: Any) -> Any:
    return F.rsqrt(F.mean(F.square(x - mean), axis=of_batch(x), keepdims=True) + 1e-3)


def last_layer(x: Any, target: Any) -> Any:
    """The gradient of softmax with cross-entropy, and of the bias before it: rows and columns."""
    e = F.exp(x - F.max(x, axis=-1, keepdims=True))
    d = (e / F.sum(e, axis=-1, keepdims=True) - target) * 0.125
    return d, F.sum(d, axis=of_batch(d))


def layer_norm_gradient(x: Any, g: Any) -> Any:
    mean = F.mean(x, axis=-1, keepdims=True)
    r = F.rsqrt(F.mean(F.square(x - mean), axis=-1, keepdims=True) + 1e-3)
    h = (x - mean) * r
    dx = r * (g - F.mean(g, axis=-1, keepdims=True) - h * F.mean(g * h, axis=-1, keepdims=True))
    return dx, F.sum(g * h, axis=of_batch(x)), F.sum(g, axis=of_batch(x))


def of_two_columns(x: Any, mean: Any) -> Any:
    """What follows from the sums reads what follows from an array of columns alone."""
    return F.sum(x * mean, axis=of_batch(x)) * (F.exp(mean) + 1.0), x + mean


def extremes(x: Any, y: Any) -> Any:
    z = F.tanh(x + y)
    return F.max(z, axis=of_batch(z)) - F.min(z, axis=of_batch(z)), F.prod(z * 0.25 + 1.0, axis=of_batch(z))


CASES: dict[str, tuple[Callable[..., Any], int]] = {
    "masked": (masked, 2),
    "scale_and_shift": (scale_and_shift, 2),
    "moments": (moments, 1),
    "variance": (variance, 0),
    "of_two_columns": (of_two_columns, 0),
    "last_layer": (last_layer, 2),
    "layer_norm_gradient": (layer_norm_gradient, 2),
    "extremes": (extremes, 2),
}
SHAPES = [(3, 5), (64, 10), (70, 300), (4, 9, 17), (2, 3, 4, 33), (40, 1700), (1, 40, 7)]
LIMITS = {"float32": 3e-5, "float64": 1e-12, "float16": 2e-2, "bfloat16": 1e-1}


def given(name: str, shape: tuple[int, ...], dtype: str = "float32") -> list[Any]:
    rng = np.random.default_rng(len(name) + sum(shape))
    shapes = [shape, shape[-1:]] if CASES[name][1] == 0 else [shape] * CASES[name][1]
    return [F.cast(array(rng.uniform(-1.5, 1.5, s), "float64"), dtype) for s in shapes]


def counts(graph: Graph) -> Counter[str]:
    return Counter("rows" if node.rows else node.op for node in graph.nodes if node.outputs[0].base is None)


def agree(function: Callable[..., Any], arrays: list[Any], limit: float) -> Graph:
    """The optimized graph; interpreted and run it gives what the traced one does interpreted."""
    traced = trace_of(function, *arrays)
    graph = optimize(traced)
    numbers = [a.asnumpy() for a in arrays]
    wanted, interpreted = interpret(traced, numbers)[0], interpret(graph, numbers)[0]
    for found, other, expected in zip(Compiled(traced).run(arrays), interpreted, wanted, strict=True):
        assert found.shape == other.shape == expected.shape
        for a in (found.asnumpy(), other):
            np.testing.assert_allclose(a.astype("float64"), expected.astype("float64"), rtol=limit, atol=limit)
    settled = settle(graph)
    memory = plan(settled)
    prove(settled, memory)
    if arrays[0].size < 3000:
        simulate(settled, memory)
    return graph


@pytest.mark.parametrize("name", CASES)
def test_one_call_for_each_with_the_same_numbers(name: str) -> None:
    for shape in SHAPES:
        for dtype in LIMITS if shape == (64, 10) else ("float32",):
            graph = agree(CASES[name][0], given(name, shape, dtype), LIMITS[dtype])
            apart = name == "layer_norm_gradient" and dtype in ("float16", "bfloat16")
            long = shape[-1] > 512 and name in ("masked", "last_layer", "layer_norm_gradient", "of_two_columns")
            if not apart and not long:
                assert counts(graph) == {"rows": 1}, (shape, dtype, str(graph))


def test_what_is_brought_back_to_all_elements_is_another_call() -> None:
    x = array(np.random.default_rng(0).normal(size=(6, 5, 8)), "float32")

    def batch_norm(x: Any) -> Any:
        d = x - F.mean(x, axis=(0, 1), keepdims=True)
        return d * F.rsqrt(F.mean(d * d, axis=(0, 1), keepdims=True) + 1e-5)

    graph = agree(batch_norm, [x], 2e-5)
    assert counts(graph) == {"mean": 1, "rows": 1, FUSED: 1}
    (group,) = (node for node in graph.nodes if node.rows)
    assert str(group.attrs[0]).endswith("mean+add+rsqrt")


@pytest.mark.parametrize(
    ("what", "function"),
    [
        ("a reduction alone", lambda x: F.sum(x, axis=0)),
        ("middle axes", lambda x: F.sum(F.exp(F.reshape(x, (4, 4, 3))), axis=1)),
        ("axes apart", lambda x: F.sum(F.exp(F.reshape(x, (4, 4, 3))), axis=(0, 2))),
        ("whole numbers", lambda x: F.sum(F.cast(x, "int32") * 2, axis=0)),
        ("elements that lie across", lambda x: F.sum(F.exp(F.transpose(x)), axis=0)),
        ("few long rows", lambda x: F.sum(F.exp(F.broadcast_to(x[:1, :1], (3, 20000))) * 2.0, axis=0)),
    ],
)  # fmt: skip
def test_what_stays_apart(what: str, function: Callable[..., Any]) -> None:
    x = array(np.random.default_rng(0).uniform(1, 3, (16, 3)), "float32")
    graph = agree(function, [x], 2e-5)
    assert what and not any(m.startswith("column") for node in graph.nodes if node.tile for m, _ in node.tile.code)


def test_a_sum_goes_with_a_group_that_reads_the_same_unless_one_needs_the_other() -> None:
    rng = np.random.default_rng(1)
    x, g = (array(rng.normal(size=(20, 30)), "float32") for _ in range(2))
    assert counts(agree(lambda x, g: (g * F.tanh(x), F.sum(g, axis=0)), [x, g], 2e-5)) == {"rows": 1}

    def f(x: Any, g: Any) -> Any:
        total = F.cumsum(F.sum(x * g, axis=0), axis=0)
        return F.sum(F.exp(x) * total, axis=0), F.tanh(x) * total

    graph = agree(f, [x, g], 2e-4)
    assert counts(graph) == {"rows": 2, "cumsum": 1}


def test_axes_that_a_view_has_merged_are_gone_over_themselves() -> None:
    """As in the gradient of the bias of a dense layer over sequences."""
    rng = np.random.default_rng(2)
    x, g = (array(rng.normal(size=(4, 6, 16)), "float32") for _ in range(2))

    def f(x: Any, g: Any) -> Any:
        d = g * F.sigmoid(x)
        return d, F.sum(F.reshape(d, (24, 16)), axis=0)

    assert counts(agree(f, [x, g], 2e-5)) == {"rows": 1}


def test_results_do_not_depend_on_the_number_of_threads() -> None:
    before = _core.num_threads()
    rng = np.random.default_rng(3)
    arrays = [array(rng.normal(size=(701, 257)), "float32") for _ in range(2)]
    programs = [Compiled(trace_of(f, *arrays)) for f in (masked, scale_and_shift, last_layer)]
    try:
        found = []
        for threads in (1, 2, 5):
            _core.set_num_threads(threads)
            found.append([out.asnumpy() for program in programs for out in program.run(arrays)])
    finally:
        _core.set_num_threads(before)
    for one, two, five in zip(*found, strict=True):
        np.testing.assert_array_equal(one, two)
        np.testing.assert_array_equal(one, five)


def test_special_numbers_reach_their_column_only() -> None:
    x = np.ones((40, 20), "float32")
    x[1, 3], x[2, 4] = np.nan, np.inf
    traced = trace_of(lambda x: (F.sum(x * 2.0, axis=0), F.max(x * 2.0, axis=0)), array(x))
    total, most = Compiled(traced).run([array(x)])
    expected = np.full(20, 80.0)
    expected[3], expected[4] = np.nan, np.inf
    np.testing.assert_array_equal(total.asnumpy(), expected)
    np.testing.assert_array_equal(most.asnumpy(), np.where(np.isfinite(expected), 2, expected))


def test_one_number_a_row_is_not_written_over_what_every_row_reads() -> None:
    """A row of numbers and a number of each row have one shape where there are as many rows as columns."""
    rng = np.random.default_rng(9)
    x, s = array(rng.normal(size=(300, 300)), "float32"), array(rng.normal(size=300), "float32")
    agree(lambda x, s: F.cumsum(F.sum(x * F.tanh(s), axis=-1), axis=0) * 1e-3, [x, s], 2e-4)
    agree(lambda x, s: F.cumsum(F.sum(x * F.tanh(s), axis=0), axis=0) * 1e-3, [x, s], 2e-4)


@pytest.mark.parametrize("name", ["masked", "scale_and_shift", "moments", "last_layer", "extremes"])
def test_gradients_of_a_compiled_step(name: str) -> None:
    function, _ = CASES[name]
    arrays = given(name, (9, 12), "float64")

    def gradients(*xs: Any) -> list[Any]:
        for x in xs:
            x.attach_grad()
        with autograd.record():
            loss = sum(F.sum(F.square(y) * 0.5) for y in function(*xs))
        loss.backward()
        return [x.grad for x in xs]

    expected = [g.asnumpy() for g in gradients(*[a.copy() for a in arrays])]
    found = dl.jit(lambda *xs: gradients(*[x * 1.0 for x in xs]))(*arrays)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a.asnumpy(), b, rtol=1e-9, atol=1e-11)


def test_off_by_a_switch_and_then_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(7)
    arrays = [array(rng.normal(size=(80, 50)), "float32") for _ in range(2)]
    traced = trace_of(masked, *arrays)
    fused = [out.asnumpy() for out in Compiled(traced).run(arrays)]
    monkeypatch.setenv("DLCORE_FUSE_COLUMNS", "0")
    assert counts(optimize(traced)) == counts(optimize(traced, tuple(p for p in PIPELINE if p is not fuse_columns)))
    assert counts(optimize(traced)) == {FUSED: 1, "sum": 1}
    for found, expected in zip(Compiled(traced).run(arrays), fused, strict=True):
        np.testing.assert_allclose(found.asnumpy(), expected, rtol=1e-5, atol=1e-6)


def test_an_update_of_a_weight_does_not_join_the_sum_it_reads() -> None:
    """So that it can be made together with those of other weights."""
    rng = np.random.default_rng(4)
    bias, x = array(rng.normal(size=(12,)), "float32"), array(rng.normal(size=(30, 12)), "float32")

    def step(x: Any) -> Any:
        _core.assign(bias, bias - F.sum(F.tanh(x), axis=0) * 0.1)
        return x

    graph = optimize(trace_of(step, x))
    assert [str(node.attrs[0]) for node in graph.nodes] == ["tanh+sum", "multiply+subtract"]


def test_explain_lists_the_operators_and_counts_the_bytes_once() -> None:
    x = array(np.ones((16, 64)), "float32")
    about = dl.explain(dl.jit(scale_and_shift), x, x)
    (kernel,) = about.table
    assert kernel.operators == "multiply+sum+sum" and kernel.nbytes == (2 * 16 * 64 + 2 * 64) * 4
    assert "column_sum" in kernel.text and "over 1 axes" in kernel.text


def _wrong_columns(node: Node) -> None:
    node.outputs[0].shape, node.outputs[0].strides = (3,), (1,)


def program(*code: tuple, outs: tuple[int, ...] = (4,)) -> Callable[[Node], Any]:
    return lambda n: setattr(n, "tile", Tile(2, list(code), list(outs)))


CORRUPTIONS: list[tuple[Callable[[Node], Any], str]] = [
    (_wrong_columns, "claims an output of"),
    (lambda n: setattr(n, "rows", 2), "claims an output of"),
    (program(("column_sum", (0,)), ("mul", (0, 2)), ("column_sum", (3,))), "of one number a row"),
    (program(("column_sum", (0,)), ("mul", (0, 2)), outs=(3,)), "more than columns"),
    (program(("column_median", (0,)), outs=(2,)), "column_median"),
]


@pytest.mark.parametrize(("corrupt", "text"), CORRUPTIONS, ids=[text for _, text in CORRUPTIONS])
def test_a_broken_group_is_rejected(corrupt: Callable[[Node], Any], text: str) -> None:
    x = array(np.ones((3, 4)), "float32")
    graph = optimize(trace_of(lambda x, g: F.sum(x * g, axis=0), x, x))
    corrupt(graph.nodes[0])
    with pytest.raises(GraphError, match=text):
        verify(graph)


def test_the_core_refuses_programs_that_are_none() -> None:
    with pytest.raises(RuntimeError, match="follows from one over the rows"):
        _core.RowProgram(1, [("column_sum", (0,)), ("row_sum", (1,))], [2], trailing=1)
    x = array(np.ones((3, 4)), "float32")
    graph = optimize(trace_of(lambda x, g: F.sum(x * g, axis=0), x, x))
    graph.nodes[0].tile = Tile(2, [("column_sum", (0,)), ("mul", (1, 2))], [3])
    settled = settle(graph)
    with pytest.raises(RuntimeError, match="a number of a column from more than columns"):
        lower(settled, plan(settled)).executable.run([x, x])
