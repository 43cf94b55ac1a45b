"""Row groups: reductions over the last axes with what is elementwise around them, as one call."""

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
from dlcore.graph.interpreter import interpret
from dlcore.graph.passes import PIPELINE, optimize
from dlcore.graph.passes.fuse_rows import fuse_rows
from dlcore.graph.passes.plan import plan, settle
from dlcore.ops import F
from dlcore.ops._expr import Tile


def softmax(x: Any, axis: Any = -1) -> Any:
    e = F.exp(x - F.max(x, axis=axis, keepdims=True))
    return e / F.sum(e, axis=axis, keepdims=True)


def rms_norm(x: Any, scale: Any) -> Any:
    return x * F.rsqrt(F.mean(x * x, axis=-1, keepdims=True) + 1e-5) * scale


def layer_norm(x: Any, scale: Any) -> Any:
    d = x - F.mean(x, axis=-1, keepdims=True)
    return d * F.rsqrt(F.mean(F.square(d), axis=-1, keepdims=True) + 1e-5) * scale + 1.0


def squares(x: Any, y: Any) -> Any:
    return F.mean(F.square(x - y)) * 0.5


def dropped(x: Any) -> Any:
    """Numbers of rows without the axis of the row, which come back through views."""
    mean = F.mean(x, axis=-1)
    return F.tanh(x - F.expand_dims(mean, axis=-1)), F.mean(x * x, axis=-1) - mean * mean


CASES: dict[str, tuple[Callable[..., Any], int]] = {
    "softmax": (softmax, 0),
    "rms_norm": (rms_norm, 1),
    "layer_norm": (layer_norm, 1),
    "squares": (squares, 2),
    "products": (lambda x, y: F.sum(x * y, axis=-1), 2),
    "variance": (lambda x: F.var(x, axis=-1, keepdims=True), 0),
    "logsumexp": (lambda x: F.logsumexp(x, axis=-1), 0),
    "dropped": (dropped, 0),
    "extremes": (lambda x: (F.max(x, axis=-1) - F.min(x, axis=-1), F.prod(F.tanh(x), axis=-1)), 0),
    "gradient": (lambda y, g: y * (g - F.sum(y * g, axis=-1, keepdims=True)), 2),
}  # fmt: skip
SHAPES = [(3, 5), (64, 10), (7, 1, 33), (2, 3, 129), (3, 1700), (1, 40)]


def given(name: str, shape: tuple[int, ...], dtype: str = "float32") -> list[Any]:
    rng = np.random.default_rng(len(name) + sum(shape))
    shapes = {0: [shape], 1: [shape, shape[-1:]], 2: [shape, shape]}[CASES[name][1]]
    return [F.cast(array(rng.uniform(-1.5, 1.5, s), "float64"), dtype) for s in shapes]


def counts(graph: Graph) -> Counter[str]:
    return Counter("rows" if node.rows else node.op for node in graph.nodes)


def agree(function: Callable[..., Any], arrays: list[Any], limit: float) -> Graph:
    """The optimized graph; interpreted and run it gives what the traced one does interpreted."""
    traced = trace_of(function, *arrays)
    graph = optimize(traced)
    numbers = [a.asnumpy() for a in arrays]
    wanted, interpreted = interpret(traced, numbers)[0], interpret(graph, numbers)[0]
    for found, expected in zip(Compiled(traced).run(arrays), wanted, strict=True):
        assert found.shape == expected.shape
        np.testing.assert_allclose(
            found.asnumpy().astype("float64"), expected.astype("float64"), rtol=limit, atol=limit
        )
    for found, expected in zip(interpreted, wanted, strict=True):
        np.testing.assert_allclose(found.astype("float64"), expected.astype("float64"), rtol=limit, atol=limit)
    settled = settle(graph)
    simulate(settled, plan(settled))
    return graph


LIMITS = {"float32": 2e-5, "float64": 1e-12, "float16": 1e-2, "bfloat16": 8e-2}


@pytest.mark.parametrize("name", CASES)
def test_one_call_for_each_with_the_same_numbers(name: str) -> None:
    for shape in SHAPES:
        for dtype in LIMITS if shape == (64, 10) else ("float32",):
            graph = agree(CASES[name][0], given(name, shape, dtype), LIMITS[dtype])
            kernels = Counter({k: n for k, n in counts(graph).items() if k != "reshape"})
            assert kernels == {"rows": 1}, (shape, dtype, str(graph))


def test_rows_of_several_axes_strided_operands_and_no_rows_left() -> None:
    rng = np.random.default_rng(2)
    x = array(rng.normal(size=(4, 3, 5, 6)), "float32")
    graph = agree(lambda x: x - F.mean(x, axis=(2, 3), keepdims=True), [x], 2e-5)
    assert counts(graph) == {"rows": 1} and graph.nodes[0].rows == 2
    turned = agree(lambda x: softmax(F.transpose(x, axes=(0, 2, 1, 3)) * 2.0), [x], 2e-5)
    assert counts(turned) == {"rows": 1, "transpose": 1}
    flipped = agree(lambda x: softmax(F.flip(x, axis=-1) * F.flip(x, axis=0)), [x], 2e-5)
    assert counts(flipped)["rows"] == 1
    assert counts(agree(lambda x: F.sum(F.exp(x)) + 1.0, [x], 2e-5)) == {"rows": 1}
    middle = array(rng.normal(size=(4, 1, 5, 6)), "float32")
    assert counts(agree(lambda x, m: softmax(x + m), [x, middle], 2e-5))["rows"] == 1


@pytest.mark.parametrize(
    ("what", "function"),
    [
        ("whole numbers", lambda x: F.sum(F.cast(x, "int32") * 2, axis=-1)),
        ("a reduction alone", lambda x: F.sum(x, axis=-1)),
        ("two reductions and nothing of elements", lambda x: F.sum(x, axis=-1) - F.max(x, axis=-1)),
        ("one number a row in rows of another axis", lambda x: F.exp(F.sum(x, axis=-1)) + x),
        ("rows that are not evenly spaced", lambda x: F.sum(F.exp(F.reshape(x, (2, 2, 4)))[:, :, :2], axis=(1, 2))),
    ],
)  # fmt: skip
def test_what_stays_apart(what: str, function: Callable[..., Any]) -> None:
    x = array(np.random.default_rng(0).uniform(1, 3, (4, 4)), "float32")
    graph = agree(function, [x], 2e-5)
    assert what and not any(node.rows and "+" not in str(node.attrs) for node in graph.nodes)
    if what not in ("one number a row in rows of another axis",):
        assert counts(graph)["rows"] == 0


def test_groups_that_read_the_same_rows_are_one_unless_one_needs_the_other() -> None:
    x = array(np.random.default_rng(0).normal(size=(4, 40)), "float32")
    moments = agree(lambda x: (F.mean(x, axis=-1), F.mean(x * x, axis=-1), F.exp(x), F.max(x, axis=-1)), [x], 2e-5)
    assert counts(moments) == {"rows": 1, FUSED: 1}

    def f(x: Any) -> Any:
        first = F.cumsum(F.sum(x * 2.0, axis=-1), axis=0)
        return F.mean(F.exp(x) * F.expand_dims(first, axis=-1), axis=-1)

    assert counts(agree(f, [x], 2e-4))["rows"] == 2


def test_no_cycle_through_a_call_between() -> None:
    x = array(np.random.default_rng(0).normal(size=(4, 4)), "float32")

    def f(x: Any) -> Any:
        e = F.exp(x)
        s = F.sum(F.cumsum(e, axis=0) * 0.1, axis=-1, keepdims=True)
        return e / s

    graph = agree(f, [x], 2e-5)
    assert counts(graph)["cumsum"] == 1 and counts(graph)["rows"] == 1


def test_a_long_row_is_gone_over_once_only() -> None:
    x = array(np.random.default_rng(1).normal(size=(2, 40_000)), "float32")
    assert counts(agree(lambda x: F.sum(F.exp(x) * x, axis=-1), [x], 2e-4)) == {"rows": 1}
    assert counts(optimize(trace_of(softmax, x)))["max"] == 1


def test_results_do_not_depend_on_the_number_of_threads() -> None:
    before = _core.num_threads()
    rng = np.random.default_rng(3)
    x, y = (array(rng.normal(size=(301, 257)), "float32") for _ in range(2))
    long = array(rng.normal(size=(3, 70_001)), "float32")
    programs = [
        (Compiled(trace_of(softmax, x)), [x]),
        (Compiled(trace_of(squares, x, y)), [x, y]),
        (Compiled(trace_of(lambda z: F.sum(F.exp(z), axis=-1), long)), [long]),
    ]
    try:
        found = []
        for threads in (1, 2, 5):
            _core.set_num_threads(threads)
            found.append([program.run(arrays)[0].asnumpy() for program, arrays in programs])
    finally:
        _core.set_num_threads(before)
    for one, two, five in zip(*found, strict=True):
        np.testing.assert_array_equal(one, two)
        np.testing.assert_array_equal(one, five)


def test_special_numbers_reach_their_row_only() -> None:
    x = np.ones((4, 20), "float32")
    x[1, 3], x[2, 4] = np.nan, np.inf
    (found,) = Compiled(trace_of(softmax, array(x))).run([array(x)])
    assert np.isnan(found.asnumpy()[1:3]).any(axis=1).all() and np.isfinite(found.asnumpy()[[0, 3]]).all()
    (most,) = Compiled(trace_of(lambda x: F.max(x * 2.0, axis=-1), array(x))).run([array(x)])
    np.testing.assert_array_equal(most.asnumpy(), [2, np.nan, np.inf, 2])


@pytest.mark.parametrize("shape", [(6, 10), (3, 600)])
def test_the_last_pass_may_write_over_what_was_read(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(4)
    held, start = array(rng.normal(size=shape), "float32"), rng.normal(size=shape).astype("float32")

    def step(x: Any) -> Any:
        _core.assign(held, softmax(held * x))
        return F.sum(held * x, axis=-1)

    compiled = Compiled(trace_of(step, array(start)))
    state = compiled.graph.states[0]
    assert compiled.plan.places[state.new].kind == "input" and not compiled.plan.copies  # type: ignore[index]
    prove(compiled.graph, compiled.plan)
    expected, numbers = held.asnumpy(), start
    for _ in range(2):
        e = np.exp(expected * numbers - (expected * numbers).max(-1, keepdims=True))
        expected = e / e.sum(-1, keepdims=True)
        (found,) = compiled.run([array(start)])
        np.testing.assert_allclose(found.asnumpy(), (expected * numbers).sum(-1), rtol=1e-4)
        np.testing.assert_allclose(held.asnumpy(), expected, rtol=1e-4)


def test_what_an_early_pass_makes_is_not_written_over_what_a_later_one_reads() -> None:
    x = array(np.random.default_rng(5).normal(size=(6, 500)), "float32")

    def f(x: Any) -> Any:
        y = F.sin(x)  # has no other reader, and is read in both passes
        early = F.exp(y)
        return F.tanh(early), early * F.sum(early, axis=-1, keepdims=True) + y

    agree(f, [x], 2e-4)


@pytest.mark.parametrize("name", ["softmax", "rms_norm", "layer_norm", "squares", "logsumexp"])
def test_gradients_of_a_compiled_step(name: str) -> None:
    function, _ = CASES[name]
    arrays = given(name, (9, 12), "float64")
    weights = array(np.random.default_rng(6).normal(size=(9, 12)), "float64")

    def gradients(*xs: Any) -> list[Any]:
        for x in xs:
            x.attach_grad()
        with autograd.record():
            y = function(*xs)
            loss = F.sum(y * weights) if y.shape == (9, 12) else F.sum(y * y)
        loss.backward()
        return [x.grad for x in xs]

    expected = [g.asnumpy() for g in gradients(*[a.copy() for a in arrays])]
    found = dl.jit(lambda *xs: gradients(*[x * 1.0 for x in xs]))(*arrays)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a.asnumpy(), b, rtol=1e-9, atol=1e-11)


def test_counts_stay_in_the_group_as_exact_numbers() -> None:
    """How many share the largest number of a row is counted in whole numbers: a gradient of the maximum."""
    rng = np.random.default_rng(8)
    x, g = array(rng.integers(0, 4, (5, 30)), "float32"), array(rng.normal(size=(5, 30)), "float32")

    def f(x: Any, g: Any) -> Any:
        hit = F.equal(x, F.max(x, axis=-1, keepdims=True))
        n = F.sum(F.cast(hit, "int32"), axis=-1, keepdims=True)
        return F.where(hit, g / n, 0.0), n

    assert counts(agree(f, [x, g], 1e-6)) == {"rows": 1}
    assert Compiled(trace_of(f, x, g)).run([x, g])[1].dtype == np.int64


def test_off_by_a_switch_and_then_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    x = array(np.random.default_rng(7).normal(size=(8, 50)), "float32")
    traced = trace_of(softmax, x)
    fused = Compiled(traced).run([x])[0].asnumpy()
    monkeypatch.setenv("DLCORE_FUSE_ROWS", "0")
    assert counts(optimize(traced)) == counts(optimize(traced, tuple(p for p in PIPELINE if p is not fuse_rows)))
    assert counts(optimize(traced)) == {"max": 1, "sum": 1, FUSED: 2}
    np.testing.assert_allclose(Compiled(traced).run([x])[0].asnumpy(), fused, rtol=1e-6)


def test_explain_lists_the_operators_and_counts_the_bytes_once() -> None:
    x = array(np.ones((16, 64)), "float32")
    about = dl.explain(dl.jit(softmax), x)
    (kernel,) = about.table
    assert kernel.operators == "max+subtract+exp+sum+divide" and kernel.nbytes == 2 * 16 * 64 * 4
    assert kernel.operations >= 5 * 16 * 64 and about.arena_bytes == 0 and "over 1 axes" in kernel.text


def _without_the_row(node: Node) -> None:
    node.outputs[0].shape, node.outputs[0].strides = (3,), (1,)


CORRUPTIONS: list[tuple[Callable[[Node], Any], str]] = [
    (lambda n: setattr(n, "rows", 3), "a row of 3 axes"),
    (lambda n: setattr(n, "rows", 0), "micro-operation 'row_max'|claims an output"),
    (lambda n: setattr(n.outputs[0], "shape", (3, 2)), "claims an output of"),
    (lambda n: setattr(n.outputs[0], "strides", (8, 1)), "not row by row"),
    (_without_the_row, "one per element"),
    (lambda n: setattr(n, "tile", Tile(1, [("row_sum", (0,)), ("row_sum", (1,))], [2])), "of one number a row"),
    (lambda n: setattr(n, "tile", Tile(1, [("row_median", (0,))], [1])), "row_median"),
]


@pytest.mark.parametrize(("corrupt", "text"), CORRUPTIONS, ids=[text for _, text in CORRUPTIONS])
def test_a_broken_row_group_is_rejected(corrupt: Callable[[Node], Any], text: str) -> None:
    graph = optimize(trace_of(softmax, array(np.ones((3, 4)), "float32")))
    corrupt(graph.nodes[0])
    with pytest.raises(GraphError, match=text):
        verify(graph)


def test_the_core_refuses_programs_that_are_none() -> None:
    for code, outs, trailing, text in (
        ([("neg", (0,))], [1], 1, "no output, axis or reduction"),
        ([("row_sum", (0,))], [1], 0, "no output, axis or reduction"),
        ([("row_sum", (0,))], [9], 1, "no value 9"),
        ([("row_sum", (5,))], [1], 1, "operand 5"),
        ([("row_median", (0,))], [1], 1, "row_median"),
    ):
        with pytest.raises((ValueError, RuntimeError), match=text):
            _core.RowProgram(1, code, outs, trailing=trailing)


def test_the_core_refuses_a_function_that_whole_numbers_lack() -> None:
    program = _core.RowProgram(1, [("exp", (0,)), ("row_sum", (1,))], [2], trailing=1)
    values = [("int64", (2, 3), (3, 1), "input", 0, 0), ("int64", (2,), (1,), "output", 0, 0)]
    run = _core.Executable(values, [(("fused_rows", program, "int64"), [0], [1], (), 0)], 1, 1, 0, [])
    with pytest.raises(TypeError, match="fused_rows: 'exp' is not defined for int64"):
        run.run([dl.np.ones((2, 3), dtype="int64")])
