"""What keeps the time of compiling in proportion to the program: nothing is left in circles, and no collector looks.

Counts of objects and of collections, which no busy machine changes.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from graph.programs import array, random_program, trace_of
from graph.test_compile_time import plain, training

import dlcore as dl
from dlcore import autograd, gluon
from dlcore.gluon.model_zoo import text, vision
from dlcore.graph import Compiled, _pause
from dlcore.graph._ir import Graph, Node, Value
from dlcore.graph._pause import no_collection
from dlcore.graph.interpreter import interpret
from dlcore.graph.passes import PIPELINE, _groups, hoist, optimize
from dlcore.graph.passes.fuse import _Grouping
from dlcore.ops import F


@pytest.fixture
def collections() -> Iterator[list[int]]:
    """The generations of all collections from now on; before, everything is collected."""
    gc.collect()
    seen: list[int] = []

    def note(phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            seen.append(info["generation"])

    gc.callbacks.append(note)
    yield seen
    gc.callbacks.remove(note)


def traced(step: Any, data: Any) -> Graph:
    return trace_of(step, *data)


def language() -> tuple[Any, Any]:
    """A training step of a small transformer, and its arguments."""
    net = text.GPT(96, context=16, units=32, num_layers=2, num_heads=4)
    net.initialize()
    criterion = gluon.loss.SoftmaxCrossEntropyLoss()

    def step(x: Any, y: Any) -> Any:
        with autograd.record():
            loss = criterion(net(x), y).mean()
        loss.backward()
        return loss

    letters = array(np.zeros((2, 16)), "int32")
    step(letters, letters)
    return step, (letters, letters)


@pytest.mark.parametrize(
    ("make", "most"),
    [
        (lambda: training(plain(40), 2, 3, 8, 8), 0),
        (lambda: training(vision.lenet(), 4, 1, 28, 28), 0),
        (language, 1),
    ],
    ids=["deep", "lenet", "gpt"],
)
def test_a_compilation_leaves_nothing_in_circles(make: Any, most: int) -> None:
    """Else each pass works in new memory, and the next compilation too; per node of the traced program."""
    Compiled(traced(*make())).prepare()  # what is imported by the first one leaves its own
    graph = traced(*make())
    gc.collect()
    gc.freeze()  # nor does it count what was there before, and which a cache may give up now
    try:
        with no_collection():
            compiled = Compiled(graph).prepare()
            assert gc.collect() <= most * len(graph.nodes)
    finally:
        gc.unfreeze()
    assert compiled.is_ready


def test_values_share_their_shapes() -> None:
    graph = traced(*training(plain(40), 2, 3, 8, 8))
    for made in (graph, optimize(graph)):
        values = [value for node in made.nodes for value in node.outputs]
        for what in ("shape", "strides"):
            found = [getattr(value, what) for value in values]
            assert len(set(map(id, found))) < 3 * len(set(found)) < len(values) / 5


def test_no_collector_looks_at_a_program_that_was_just_compiled(collections: list[int]) -> None:
    step, data = training(plain(60), 2, 3, 8, 8)
    before = gc.get_threshold()
    gc.collect()
    collections.clear()
    compiled = dl.jit(step)
    compiled.program(*data).plain.prepare()
    assert collections == [] and gc.isenabled() and gc.get_threshold() == before
    nodes = [o for o in gc.get_objects(generation=0) + gc.get_objects(generation=1) if isinstance(o, (Node, Value))]
    assert not nodes, "the next young collection would look at them all"


def test_what_dropped_programs_leave_is_collected_by_later_compilations(monkeypatch: pytest.MonkeyPatch) -> None:
    w = array(np.ones(3), "float32")

    def left(count: int) -> int:
        gc.collect()
        before = sum(isinstance(o, Node) for o in gc.get_objects())
        for k in range(count):
            dl.jit(lambda x, k=k: F.relu((x + k) * w).sum())(w)
        return sum(isinstance(o, Node) for o in gc.get_objects()) - before

    monkeypatch.setattr(_pause, "SHARE", 10**9)
    gc.set_threshold(10**6)  # nobody else collects
    try:
        monkeypatch.setattr(_pause, "LEAST", 10**9)
        grown = left(20)
        monkeypatch.setattr(_pause, "LEAST", 500)
        assert left(20) < grown / 2
    finally:
        gc.set_threshold(700, 10, 10)


def test_what_somebody_has_frozen_stays_so(collections: list[int]) -> None:
    gc.freeze()
    try:
        frozen = gc.get_freeze_count()
        dl.jit(lambda x: x * 2)(array(np.ones(3), "float32"))
        assert gc.get_freeze_count() > frozen * 0.99
    finally:
        gc.unfreeze()


def test_a_collector_that_is_off_stays_so() -> None:
    gc.disable()
    try:
        with no_collection():
            kept = [Node("relu", [])]
        assert not gc.isenabled() and any(o is kept for o in gc.get_objects(generation=0))
    finally:
        gc.enable()


def test_calls_far_back_take_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which calls a call needs is known of the last ones only, so that one takes as long in a graph of any size."""
    graph = traced(*training(plain(60), 2, 3, 8, 8))
    whole = str(optimize(graph))
    monkeypatch.setattr(_groups, "FAR", 64)
    units = _Grouping(graph).run()
    assert len(graph.nodes) > 1000 and max(unit.below.bit_length() for unit in units) <= 2 * 64
    assert str(optimize(graph)) == whole


def written(graph: Graph, after: list[np.ndarray]) -> list[np.ndarray]:
    """Of the states after a run those that it writes."""
    return [new for state, new in zip(graph.states, after, strict=True) if state.new is not None]


@pytest.mark.parametrize("seed", range(8))
def test_groups_of_calls_close_together_compute_the_same(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    program = random_program(seed * 11, "float64", n_steps=40)
    states = program.state_arrays()
    graph = trace_of(lambda *a: program(list(a), states), *program.arrays())
    monkeypatch.setattr(_groups, "FAR", 2)
    near = optimize(graph, tuple(rewrite for rewrite in PIPELINE if rewrite is not hoist))
    found, expected = (
        [*outs, *written(g, after)] for g in (near, graph) for outs, after in [interpret(g, program.inputs)]
    )
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-11, atol=1e-11)
