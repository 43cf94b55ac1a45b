"""Equal updates of many arrays as one call: the same bits, no more memory, on any number of threads, and as CUDA C."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from graph.cuda_tools import build_for_cpu, compile_for_hopper, run_on_cpu
from graph.programs import array, peak_of, trace_of
from graph.proof import aligned, prove, simulate

import dlcore as dl
from dlcore import _core, autograd, gluon, nd
from dlcore.gluon import nn
from dlcore.graph import Compiled, GraphError, explain, verify
from dlcore.graph._ir import EACH, FUSED, Graph, Node, sets
from dlcore.graph.cuda_each import CHUNK, render_node, table
from dlcore.graph.interpreter import call, interpret
from dlcore.graph.passes import PIPELINE, optimize
from dlcore.graph.passes.together import LARGE, together
from dlcore.ops import F

APART = tuple(rewrite for rewrite in PIPELINE if rewrite is not together)
SIZES = ((3,), (1,), (70, 30), (1025,), (5, 1000), (2, 3, 4), (40_001,), ())


def updating(rule: str = "adam_update", sizes: tuple = SIZES, dtype: str = "float32") -> tuple[Graph, list[Any]]:
    """A graph that changes arrays of many sizes by one rule, and the gradients it takes."""
    rng = np.random.default_rng(0)

    def drawn(shape: tuple) -> Any:
        return array(rng.uniform(0.1, 1, shape), dtype)

    n_states = {"adam_update": 3, "sgd_mom_update": 2, "sgd_update": 1}[rule]
    held = [[drawn(shape) for _ in range(n_states)] for shape in sizes]
    lr = array(np.array(0.1), "float32")

    def step(*grads: Any) -> Any:
        for (w, *rest), g in zip(held, grads, strict=True):
            getattr(F, rule)(w, g, *rest, lr=lr, out=(w, *rest) if rest else w)
        return lr * 1

    grads = [drawn(shape) for shape in sizes]
    return trace_of(step, *grads), grads


def joined(graph: Graph) -> list[Node]:
    return [node for node in graph.nodes if node.op == EACH]


@pytest.mark.parametrize("rule", ["adam_update", "sgd_mom_update", "sgd_update"])
@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize("threads", [1, 3])
def test_every_bit_is_that_of_calls_one_by_one(rule: str, dtype: str, threads: int) -> None:
    found = []
    before = _core.num_threads()
    _core.set_num_threads(threads)
    try:
        for pipeline in (PIPELINE, APART):
            graph, grads = updating(rule, dtype=dtype)
            compiled = Compiled(optimize(graph, pipeline), optimized=False)
            for _ in range(3):
                compiled.run(grads)
            # An array of no axes is like the numbers beside it, which makes it a kind of its own.
            assert [len(list(sets(n))) for n in joined(compiled.graph)] == (
                [len(SIZES) - 1] if pipeline is PIPELINE else []
            )
            assert not compiled.plan.copies
            found.append([state.array.asnumpy() for state in compiled.graph.states])
    finally:
        _core.set_num_threads(before)
    for one, other in zip(*found, strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_interpreter_and_the_plan_know_it() -> None:
    graph, grads = updating(sizes=SIZES[:5])
    given = [g.asnumpy() for g in grads]
    _, expected = interpret(optimize(graph, APART), given)
    compiled = Compiled(graph)
    _, interpreted = interpret(compiled.graph, given)
    compiled.run(grads)
    prove(compiled.graph, compiled.plan)
    simulate(compiled.graph, compiled.plan)
    for value, wanted, state in zip(interpreted, expected, compiled.graph.states, strict=True):
        np.testing.assert_array_equal(value, wanted)
        np.testing.assert_allclose(state.array.asnumpy(), wanted, rtol=1e-5)


@pytest.mark.parametrize("optimizer", ["sgd", "adamw", "nadam", "rmsprop"])
def test_a_training_step_updates_its_weights_in_one_call(optimizer: str) -> None:
    dl.random.seed(1)
    net = nn.HybridSequential(*(nn.Dense(16, activation="tanh", in_units=16) for _ in range(6)))
    net.initialize()
    trainer = gluon.Trainer(net.collect_params(), optimizer, {"learning_rate": 0.01})

    @dl.jit
    def step(x: Any) -> Any:
        with autograd.record():
            loss = (net(x) ** 2).mean()
        loss.backward()
        trainer.step(1)
        return loss

    x = nd.ones((4, 16))
    about = explain(step, x)
    (kernel,) = [k for k in about.table if "update" in k.operators]
    assert kernel.operators.endswith("_update of 12")
    assert kernel.operations >= 6 * (16 * 16 + 16)


def test_large_arrays_stay_where_their_gradient_is_made() -> None:
    graph, _ = updating("sgd_update", ((4,), (LARGE // 4 + 1,), (5,)))
    (node,) = joined(optimize(graph))
    assert [outs[0].shape for _, outs in sets(node)] == [(4,), (5,)]
    assert sum(n.op == FUSED and "sgd_update" in str(n.attrs) for n in optimize(graph).nodes) == 1


def test_what_others_read_or_return_is_left_alone() -> None:
    a, b, c, d = (array(np.full(4, i + 1.0), "float32") for i in range(4))

    def step(*grads: Any) -> Any:
        for w, g in zip((a, b, c, d), grads, strict=True):
            _core.assign(w, F.subtract(w, F.multiply(g, 0.5)))
        return F.sum(c), d

    grads = [array(np.ones(4), "float32") for _ in range(4)]
    graph = trace_of(step, *grads)
    (node,) = joined(optimize(graph))
    assert len(list(sets(node))) == 2
    total, last = Compiled(graph).run(grads)
    assert total.asnumpy() == 4 * 2.5
    for i, held in enumerate((a, b, c, last)):
        np.testing.assert_array_equal(held.asnumpy(), np.full(4, i + 0.5))


def test_sets_that_read_each_other_are_not_written_in_place() -> None:
    """a and b change by each other's old values: whoever ran first would spoil the other."""
    a, b = array(np.arange(3000.0), "float32"), array(np.ones(3000), "float32")

    def step(x: Any) -> Any:
        new = F.add(a, F.multiply(b, 0.5)), F.add(b, F.multiply(a, 0.5))
        _core.assign(a, new[0])
        _core.assign(b, new[1])
        return x

    compiled = Compiled(trace_of(step, array(np.ones(1), "float32")))
    (node,) = joined(compiled.graph)
    state = compiled.graph.states[0].value
    assert not any(aligned(node, state, out) for out in node.outputs)
    compiled.run([array(np.ones(1), "float32")])
    prove(compiled.graph, compiled.plan)
    np.testing.assert_array_equal(a.asnumpy(), np.arange(3000.0) + 0.5)
    np.testing.assert_array_equal(b.asnumpy(), 1 + np.arange(3000.0) / 2)


def test_waiting_gradients_never_make_memory_fuller() -> None:
    """A chain whose every product is a gradient: kept until the end, they would be all there is."""
    weights = [array(np.full((60, 60), 0.01), "float32") for _ in range(12)]

    def step(x: Any) -> Any:
        for w in weights:
            x = F.matmul(x, x)
            _core.assign(w, F.subtract(w, F.multiply(x, 0.1)))
        return F.sum(x)

    graph = trace_of(step, array(np.eye(60), "float32"))
    apart, whole = optimize(graph, APART), optimize(graph)
    assert peak_of(whole) <= peak_of(apart) < 6 * 60 * 60 * 4
    assert sum(n.op == FUSED for n in whole.nodes) > 6, "most of them stay where they were"


def broken(change: Any) -> Graph:
    graph, _ = updating("sgd_update", ((4,), (5,)))
    graph = optimize(graph)
    change(joined(graph)[0])
    return graph


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda n: n.inputs.pop(), "sets of arrays that do not fit the program"),
        (lambda n: n.inputs.__setitem__(0, n.inputs[3]), "neither one number nor laid out as f32\\[4\\]"),
        (lambda n: setattr(n, "tile", None), "sets of arrays that do not fit"),
    ],
)
def test_a_broken_one_is_refused(change: Any, text: str) -> None:
    with pytest.raises(GraphError, match=text):
        verify(broken(change))


def test_cuda_finds_all_arrays_in_one_table(tmp_path: Path) -> None:
    sizes = ((CHUNK + 3,), (5,), (2 * CHUNK,), (3, 7), (1, 1))
    node = joined(optimize(updating("adam_update", sizes)[0]))[0]
    kernel = render_node(node, "each")
    assert compile_for_hopper(kernel) and "dl_pack<float, 4>" in kernel.body
    rng = np.random.default_rng(1)
    library = build_for_cpu([kernel], tmp_path)
    for shift in (0, 1):  # with pointers that are aligned to 16 bytes, and not
        operands = [_placed(rng.uniform(0.1, 1, v.shape), shift) for v in node.inputs]
        expected = call(node, list(operands), (0, 0))
        outputs = [_placed(np.zeros(v.shape), shift) for v in node.outputs]
        ins, outs = iter(operands), iter(outputs)
        pointers = [next(side).ctypes.data for a, b in sets(node) for side in (*[ins] * len(a), *[outs] * len(b))]
        made = table([outs_[0].size for _, outs_ in sets(node)], pointers)
        for grid in (1, 3, 9):
            run_on_cpu(library, kernel, [made], grid)
            for found, wanted in zip(outputs, expected, strict=True):
                np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)
                found[...] = 0


def _placed(values: np.ndarray, shift: int) -> np.ndarray:
    room = np.zeros(values.size + 16, np.float32)
    start = -room.ctypes.data % 64 // 4 + shift
    placed = room[start : start + values.size].reshape(values.shape)
    placed[...] = values
    return placed
