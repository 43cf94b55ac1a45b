"""The verifier: accepts what tracing makes, and rejects a table of broken graphs, each by the rule it breaks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from graph.programs import array, trace_of

from dlcore import _core
from dlcore.graph import GraphError, verify
from dlcore.graph._ir import Graph, Node, State, Value, constant
from dlcore.graph.passes import optimize
from dlcore.graph.passes.fuse import fuse
from dlcore.graph.passes.hoist import hoist
from dlcore.ops import F
from dlcore.ops._expr import Tile

STATE = array(np.ones((2, 3)), "float32")


def sample() -> Graph:
    """A graph with a view, a constant, a state write, a random call and two results."""

    def f(x: Any, y: Any) -> Any:
        z = F.multiply(F.add(x, 2.0), y)
        _core.assign(STATE, F.add(STATE, z))
        return F.matmul(F.transpose(z), F._dropout_mask(z, 0.5)), F.sum(z, axis=0)

    return trace_of(f, array(np.ones((2, 3)), "float32"), array(np.ones((2, 3)), "float32"))


def node(graph: Graph, op: str) -> Node:
    return next(n for n in graph.nodes if n.op == op)


def swap_nodes(graph: Graph) -> None:
    graph.nodes.insert(0, graph.nodes.pop())


def drop_definition(graph: Graph) -> None:
    graph.nodes.remove(node(graph, "add"))


def define_twice(graph: Graph) -> None:
    graph.nodes.append(graph.nodes[0])


def foreign_result(graph: Graph) -> None:
    graph.outputs[0] = Value("float32", (3, 3), (3, 1))


def wrong_shape(graph: Graph) -> None:
    node(graph, "multiply").outputs[0].shape = (3, 2)


def wrong_dtype(graph: Graph) -> None:
    node(graph, "multiply").outputs[0].dtype = "float64"


def wrong_strides(graph: Graph) -> None:
    node(graph, "multiply").outputs[0].strides = (1, 2)


def short_strides(graph: Graph) -> None:
    node(graph, "sum").outputs[0].strides = ()


def missing_operand(graph: Graph) -> None:
    node(graph, "multiply").inputs[1] = None


def too_few_operands(graph: Graph) -> None:
    node(graph, "multiply").inputs.pop()


def too_few_attributes(graph: Graph) -> None:
    node(graph, "sum").attrs = (0,)


def unknown_operator(graph: Graph) -> None:
    node(graph, "multiply").op = "multiplicate"


def bad_attribute(graph: Graph) -> None:
    node(graph, "sum").attrs = (7, False)


def view_of_a_stranger(graph: Graph) -> None:
    node(graph, "transpose").outputs[0].base = graph.inputs[0]


def view_made_fresh(graph: Graph) -> None:
    node(graph, "transpose").outputs[0].base = None


def view_outside(graph: Graph) -> None:
    node(graph, "transpose").outputs[0].offset = 1


def output_forgets_node(graph: Graph) -> None:
    node(graph, "multiply").outputs[0].node = node(graph, "add")


def state_of_another_shape(graph: Graph) -> None:
    graph.states[0].new = node(graph, "sum").outputs[0]


def state_twice(graph: Graph) -> None:
    first = graph.states[0]
    graph.states.append(State(Value("float32", (2, 3), (3, 1), kind="state"), first.array))


def input_twice(graph: Graph) -> None:
    graph.inputs.append(graph.inputs[0])


def input_marked_as_node(graph: Graph) -> None:
    graph.inputs[0].kind = "node"


def random_blocks_beyond(graph: Graph) -> None:
    graph.rng_blocks = 1


def random_blocks_shared(graph: Graph) -> None:
    first = node(graph, "_dropout_mask")
    twin = Node("_dropout_mask", list(first.inputs), first.attrs, rng=first.rng)
    twin.outputs = [Value("float32", (2, 3), (3, 1), node=twin)]
    graph.nodes.append(twin)


def random_where_none_is(graph: Graph) -> None:
    node(graph, "multiply").rng = 0


def constant_of_another_shape(graph: Graph) -> None:
    broken = constant(1.0, "float32")
    broken.shape, broken.strides = (2, 3), (3, 1)
    node(graph, "multiply").inputs[1] = broken


def dtype_of_no_kind(graph: Graph) -> None:
    graph.inputs[0].dtype = "float33"


def number_without_a_value(graph: Graph) -> None:
    value = graph.inputs[0]
    value.const = 2.0


def no_outputs(graph: Graph) -> None:
    node(graph, "multiply").outputs.clear()


CORRUPTIONS: list[tuple[Callable[[Graph], None], str]] = [
    (swap_nodes, "before it is defined"),
    (drop_definition, "before it is defined"),
    (define_twice, "defined twice"),
    (foreign_result, "never defined"),
    (wrong_shape, "inference (gives|refuses)"),
    (wrong_dtype, "inference gives"),
    (wrong_strides, "inference gives"),
    (short_strides, "do not belong together"),
    (missing_operand, "'b' of multiply is missing"),
    (too_few_operands, "takes 2 operands, got 1"),
    (too_few_attributes, "takes 2 attributes, got 1"),
    (unknown_operator, "no operator 'multiplicate'"),
    (bad_attribute, "inference refuses it"),
    (view_of_a_stranger, "inference gives"),
    (view_made_fresh, "inference gives"),
    (view_outside, "inference gives"),
    (output_forgets_node, "does not point back"),
    (state_of_another_shape, "is written into the state"),
    (state_twice, "captured twice"),
    (input_twice, "listed twice"),
    (input_marked_as_node, "is marked as node"),
    (random_blocks_beyond, "random blocks"),
    (random_blocks_shared, "share random blocks"),
    (random_where_none_is, "draws no random numbers"),
    (constant_of_another_shape, "a constant of shape"),
    (no_outputs, "without outputs"),
    (dtype_of_no_kind, "unknown dtype 'float33'"),
    (number_without_a_value, "is marked as input but its constant is 2.0"),
]


def test_a_traced_graph_is_accepted_before_and_after_the_passes() -> None:
    graph = sample()
    assert verify(graph) is graph
    verify(optimize(graph))


@pytest.mark.parametrize(("corrupt", "text"), CORRUPTIONS, ids=[c.__name__ for c, _ in CORRUPTIONS])
def test_a_broken_graph_is_rejected(corrupt: Callable[[Graph], None], text: str) -> None:
    graph = sample()
    corrupt(graph)
    with pytest.raises(GraphError, match=text):
        verify(graph, "some_pass")


def fused_node(graph: Graph) -> Node:
    return next(n for n in graph.nodes if n.tile is not None and len(n.inputs) == 3)


FUSED_CORRUPTIONS: list[tuple[str, Callable[[Node], None], str]] = [
    ("operands", lambda n: n.inputs.pop(), "does not fit its operands"),
    ("register", lambda n: setattr(n, "register", "float16"), "registers of type 'float16'"),
    ("mnemonic", lambda n: setattr(n, "tile", Tile(3, [("frobnicate", (0,))], [3, 3])), "frobnicate"),
    ("later value", lambda n: setattr(n, "tile", Tile(3, [("neg", (3,))], [3, 3])), "comes later"),
    ("result number", lambda n: setattr(n, "tile", Tile(3, n.tile.code, [99, 98])), "do not fit the node's outputs"),
    ("output shape", lambda n: setattr(n.outputs[0], "shape", (3, 2)), "a fused group over|do not broadcast"),
    ("gaps", lambda n: setattr(n.outputs[0], "strides", (4, 1)), "not dense"),
]


@pytest.mark.parametrize(("what", "corrupt", "text"), FUSED_CORRUPTIONS, ids=[c[0] for c in FUSED_CORRUPTIONS])
def test_a_broken_fused_group_is_rejected(what: str, corrupt: Callable[[Node], Any], text: str) -> None:
    graph = verify(fuse(sample()))
    corrupt(fused_node(graph))
    with pytest.raises(GraphError, match=text):
        verify(graph)


KEPT_CORRUPTIONS: list[tuple[Callable[[Graph], None], str]] = [
    (lambda g: setattr(g, "kept", None), "marked as kept, and nothing is"),
    (lambda g: setattr(g.states[-1], "made", 7), "output 7 of 1"),
    (lambda g: g.kept.outputs.__setitem__(0, g.kept.states[0].value), r"holds what is kept as f32\[3,3\]"),
    (lambda g: setattr(g.kept, "rng_blocks", 1), "draws random numbers"),
    (lambda g: g.kept.nodes.clear(), "never defined"),
]


@pytest.mark.parametrize(("corrupt", "text"), KEPT_CORRUPTIONS, ids=[text for _, text in KEPT_CORRUPTIONS])
def test_a_broken_kept_part_is_rejected(corrupt: Callable[[Graph], None], text: str) -> None:
    a, x = array(np.ones((3, 3)), "float32"), array(np.ones((2, 3)), "float32")
    graph = verify(hoist(trace_of(lambda x: x * F.sum(F.exp(a), axis=0), x)))
    corrupt(graph)
    with pytest.raises(GraphError, match=text):
        verify(graph)


def test_the_error_names_the_pass_and_the_layer() -> None:
    graph = sample()
    node(graph, "multiply").scope = "net.0"
    wrong_dtype(graph)
    with pytest.raises(GraphError, match=r"after my_pass(.|\n)*multiply(.|\n)*# net\.0"):
        verify(graph, "my_pass")
