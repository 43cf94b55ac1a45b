"""Each pass on small graphs: what it changes, what it must leave alone, and that results stay the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from graph.programs import array, trace_of

from dlcore import _core
from dlcore.graph import Compiled
from dlcore.graph._ir import FUSED, Graph
from dlcore.graph._types import compute_dtype, promote
from dlcore.graph.interpreter import interpret
from dlcore.graph.passes import optimize
from dlcore.graph.passes.autodiff import autodiff
from dlcore.graph.passes.canonicalize import canonicalize
from dlcore.graph.passes.cse import cse
from dlcore.graph.passes.dead_code import dead_code
from dlcore.graph.passes.fold import fold
from dlcore.graph.passes.fuse import MAX_INPUTS, fuse
from dlcore.graph.passes.layout import layout
from dlcore.graph.verify import verify
from dlcore.ops import F
from dlcore.ops._record import RECORDS

X = array(np.linspace(-2, 2, 12).reshape(3, 4), "float32")
Y = array(np.linspace(1, 3, 12).reshape(3, 4), "float32")


def ops(graph: Graph) -> Counter:
    return Counter(node.op for node in graph.nodes)


def after(rewrite: Callable[[Graph], Graph], function: Callable[..., Any], *arrays: Any) -> Graph:
    """The graph of `function` after one pass: still valid, with the same results, the original untouched."""
    graph = verify(trace_of(function, *arrays), "trace")
    text = str(graph)
    changed = verify(rewrite(graph), rewrite.__name__)
    assert str(graph) == text, "a pass must not change the graph it is given"
    given = [a.asnumpy() for a in arrays]
    rng = _core.rng_state()
    for found, expected in zip(interpret(changed, given, rng=rng)[0], interpret(graph, given, rng=rng)[0], strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-7)
    return changed


class TestDeadCode:
    def test_drops_what_nobody_needs(self) -> None:
        graph = after(dead_code, lambda x, y: (F.matmul(x, F.transpose(y)), F.exp(x))[1], X, Y)
        assert ops(graph) == {"exp": 1}

    def test_keeps_state_writes_and_drops_unread_states(self) -> None:
        kept, unread = array(np.zeros((3, 4)), "float32"), array(np.ones((3, 4)), "float32")

        def f(x: Any) -> Any:
            _core.assign(kept, x * 2)
            F.add(unread, x)
            return x + 1

        graph = after(dead_code, f, X)
        assert ops(graph)["multiply"] == 1 and len(graph.states) == 1 and len(graph.writes) == 1

    def test_random_blocks_stay_reserved(self) -> None:
        graph = after(dead_code, lambda x: (F._dropout_mask(x, 0.5), F._dropout_mask(x, 0.5))[1], X)
        assert ops(graph) == {"_dropout_mask": 1} and graph.nodes[0].rng == 3 and graph.rng_blocks == 6


class TestCse:
    def test_merges_equal_calls_with_equal_attributes(self) -> None:
        graph = after(cse, lambda x: F.sum(F.exp(x), axis=0) + F.sum(F.exp(x), axis=0) + F.sum(F.exp(x), axis=0), X)
        assert ops(graph) == {"exp": 1, "sum": 1, "add": 2}

    def test_keeps_calls_that_differ(self) -> None:
        def f(x: Any) -> Any:
            sums = F.sum(x, axis=0, keepdims=True) + F.sum(x, axis=1, keepdims=True)
            return sums + F.multiply(x, 2) + F.multiply(x, 2.5)

        assert ops(after(cse, f, X)) == ops(trace_of(f, X))

    def test_never_merges_random_calls(self) -> None:
        graph = after(cse, lambda x: F._dropout_mask(x, 0.5) + F._dropout_mask(x, 0.5), X)
        assert ops(graph)["_dropout_mask"] == 2

    def test_tells_zero_from_minus_zero(self) -> None:
        graph = after(cse, lambda x: F.arctan2(x, 0.0) + F.arctan2(x, -0.0), X)
        assert ops(graph)["arctan2"] == 2

    def test_old_and_new_state_are_different_values(self) -> None:
        w = array(np.zeros((3, 4)), "float32")

        def f(x: Any) -> Any:
            before = F.exp(w)
            _core.assign(w, x)
            return before + F.exp(w)

        assert ops(after(cse, f, X))["exp"] == 2


class TestCanonicalize:
    @pytest.mark.parametrize(
        ("function", "gone"),
        [
            (lambda x: x * 1.0, "multiply"),
            (lambda x: 1.0 * x, "multiply"),
            (lambda x: x / 1, "divide"),
            (lambda x: x - 0.0, "subtract"),
            (lambda x: F.power(x, 1), "power"),
            (lambda x: F.power(x, 2), "power"),
            (lambda x: F.negative(F.negative(x)), "negative"),
            (lambda x: F.copy(x), "copy"),
            (lambda x: F.cast(x, "float32"), "cast"),
            (lambda x: F.stop_gradient(x), "stop_gradient"),
            (lambda x: F.transpose(F.transpose(x)), "transpose"),
            (lambda x: F.swap_last(F.transpose(x, (1, 0))), "transpose"),
            (lambda x: F.reshape(F.reshape(x, (12,)), (3, 4)), "reshape"),
            (lambda x: F.squeeze(F.expand_dims(x, 0), 0), "expand_dims"),
            (lambda x: F.sum(F.expand_dims(x, 1), axis=1), "sum"),
            (lambda x: F.sum_to(x, (3, 4)), "sum_to"),
            (lambda x: F.broadcast_to(x, (3, 4)), "broadcast_to"),
            (lambda x: x + F.zeros((3, 4)), "zeros"),
            (lambda x: x + F.full_like(x, 3.0), "full_like"),
            (lambda x: x / F._axis_size(x, 1), "_axis_size"),
            (lambda x: F._unreduce(F.sum(x, axis=1), x, 1), "_unreduce"),
        ],
    )
    def test_removes(self, function: Callable, gone: str) -> None:
        assert ops(trace_of(function, X))[gone], "the test must start from a graph that has the call"
        assert not ops(after(lambda g: dead_code(canonicalize(g)), function, X))[gone]

    @pytest.mark.parametrize(
        ("function", "kept"),
        [
            (lambda x: x + 0.0, "add"),  # -0.0 + 0.0 is 0.0
            (lambda x: x * 2, "multiply"),
            (lambda x: 1 / x, "divide"),
            (lambda x: F.multiply(x, F.full(1.0, (2, 3, 4))), "multiply"),  # it broadcasts
            (lambda x: F.cast(x, "float64"), "cast"),
            (lambda x: F.transpose(x), "transpose"),
            (lambda x: F.sum(x, axis=1), "sum"),
        ],
    )
    def test_keeps(self, function: Callable, kept: str) -> None:
        assert ops(after(canonicalize, function, X))[kept] == 1

    def test_a_number_does_not_become_an_array(self) -> None:
        half = array(np.ones(3), "float16")
        graph = after(canonicalize, lambda x: x * F.power(2.0, 1.0), half)
        assert graph.outputs[0].dtype == "float16"


class TestFold:
    def test_computes_constants(self) -> None:
        graph = after(
            lambda g: dead_code(fold(g)), lambda x: x * (F.exp(F.full(1.0, (4,))) + 1) * F.arange(0.0, 4.0), X
        )
        assert set(ops(graph)) == {"multiply"} and ops(graph)["multiply"] == 2

    def test_leaves_large_results_and_random_calls(self) -> None:
        graph = after(fold, lambda x: x + F.sum(F.arange(0.0, 9000.0)) + F.random_uniform(shape=(4,)), X)
        assert ops(graph)["arange"] == 1 and ops(graph)["random_uniform"] == 1


class TestLayout:
    def test_channels_last_goes_through_elementwise_calls(self) -> None:
        x, w = array(np.ones((2, 3, 5, 5)), "float32"), array(np.ones((4, 3, 3, 3)), "float32")
        graph = after(layout, lambda x, w: F.tanh(F.relu(F.conv2d(x, w)) * 2), x, w)
        conv, out = graph.nodes[0].outputs[0], graph.outputs[0]
        assert out.strides == conv.strides and out.strides[1] == 1

    def test_what_follows_a_removed_copy_is_inferred_anew(self) -> None:
        graph = after(lambda g: layout(canonicalize(g)), lambda x: F.reshape(F.copy(F.transpose(x)), (12,)) + 1, X)
        assert verify(graph)


class TestFuse:
    def test_a_chain_is_one_group_with_constants_inside(self) -> None:
        graph = after(fuse, lambda x, y: F.tanh(x * y + 2.0) * 0.5 - x, X, Y)
        (node,) = graph.nodes
        assert node.op == FUSED and len(node.inputs) == 2
        assert sorted(c[1] for c in node.tile.code if c[0] == "const") == [0.5, 2.0]

    def test_values_used_outside_are_further_results(self) -> None:
        def f(x: Any, y: Any) -> tuple[Any, Any]:
            e = F.exp(x)
            return e * y, F.matmul(e, F.transpose(y))

        graph = after(fuse, f, X, Y)
        group = next(n for n in graph.nodes if n.op == FUSED and len(n.outputs) == 2)
        assert len(group.inputs) == 2

    def test_broadcast_operands_join(self) -> None:
        row = array(np.ones(4), "float32")
        graph = after(fuse, lambda x, r: F.relu(x * r + F.reshape(r, (1, 4))), X, row)
        assert ops(graph)[FUSED] == 1

    def test_a_smaller_producer_stays_apart(self) -> None:
        row = array(np.ones(4), "float32")
        assert ops(after(fuse, lambda x, r: x * F.exp(r), X, row))[FUSED] == 2

    def test_no_cycle_through_a_call_that_is_not_fused(self) -> None:
        def f(x: Any) -> Any:
            a = F.exp(x)
            return a * F.cumsum(a, axis=0)  # the product must not join exp: the sum lies between

        graph = after(fuse, f, X)
        assert ops(graph) == {FUSED: 2, "cumsum": 1}

    def test_no_cycle_between_two_groups(self) -> None:
        def f(x: Any, y: Any) -> Any:
            a, b = F.exp(x), F.sin(y)
            p, q = F.cumsum(a, axis=0), F.cumsum(b, axis=0)
            return F.tanh(p + b) * F.cos(q + a)

        verify(after(fuse, f, X, Y))

    def test_register_types_are_not_mixed_but_loads_convert(self) -> None:
        i = array(np.arange(12).reshape(3, 4), "int32")
        graph = after(fuse, lambda i: F.cast(i, "float32") * 0.5 + 1.0, i)
        (node,) = graph.nodes
        assert node.register == "float32" and node.inputs[0].dtype == "int32"
        graph = after(fuse, lambda i: F.cast(i * 3, "float32") * 0.5, i)
        assert ops(graph)[FUSED] == 2

    def test_comparisons_keep_the_type_of_what_they_compare(self) -> None:
        i = array(np.arange(-3, 3), "int32")
        graph = after(fuse, lambda i: F.greater(i, 0.5), i)
        assert graph.nodes[0].register == "float32"
        assert (
            Compiled(trace_of(lambda i: F.greater(i, 0.5), i)).run([i])[0].asnumpy().tolist()
            == [False] * 4 + [True] * 2
        )

    def test_narrow_values_are_rounded_and_wrapped_inside(self) -> None:
        small = array([100, 50, -100], "int8")
        wrapped = Compiled(trace_of(lambda a: F.right_shift(a + a, 1), small)).run([small])[0]
        np.testing.assert_array_equal(wrapped.asnumpy(), np.right_shift(small.asnumpy() + small.asnumpy(), 1))
        half = array([2048.0, 1.0], "float16")
        rounded = Compiled(trace_of(lambda a: (a + 1.0) - 2048.0, half)).run([half])[0]
        np.testing.assert_array_equal(rounded.asnumpy(), (half.asnumpy() + np.float16(1)) - np.float16(2048))

    def test_truth_values_are_zero_or_one(self) -> None:
        graph = trace_of(lambda x: F.cast(F.cast(x, "bool"), "float32") * x, X)
        np.testing.assert_array_equal(Compiled(graph).run([X])[0].asnumpy(), X.asnumpy())

    def test_groups_stay_within_their_limits(self) -> None:
        many = [array(np.full((3, 4), k), "float32") for k in range(2 * MAX_INPUTS)]

        def f(*xs: Any) -> Any:
            total = xs[0]
            for x in xs[1:]:
                total = F.tanh(total + x)
            return total

        graph = after(fuse, f, *many)
        assert 2 <= ops(graph)[FUSED] <= 4 and all(len(n.inputs) <= MAX_INPUTS for n in graph.nodes)

    def test_random_calls_and_views_are_left(self) -> None:
        graph = after(fuse, lambda x: F._dropout_mask(x, 0.5) * F.transpose(F.transpose(x)), X)
        assert ops(graph)["_dropout_mask"] == 1 and ops(graph)["transpose"] == 2


class TestAutodiff:
    def gradients(self, function: Callable[..., Any], *arrays: Any, wrt: int = 1) -> tuple[Graph, list[np.ndarray]]:
        graph = trace_of(function, *arrays)
        joint = autodiff(graph, graph.inputs[:wrt])
        verify(joint.graph)
        heads = [np.ones(graph.outputs[i].shape, "float32") for i in joint.heads]
        given = [a.asnumpy() for a in arrays] + heads
        return joint.graph, interpret(joint.graph, given)[0][len(graph.outputs) :]

    def test_broadcast_gradients_are_summed_back(self) -> None:
        row = array(np.arange(4), "float32")
        _, (g,) = self.gradients(lambda r, x: F.multiply(x, r), row, X)
        np.testing.assert_allclose(g, X.asnumpy().sum(0), rtol=1e-5)

    def test_gradients_of_several_uses_add_up(self) -> None:
        _, (g,) = self.gradients(lambda x: F.exp(x) + F.multiply(x, x) + x, X)
        x = X.asnumpy()
        np.testing.assert_allclose(g, np.exp(x) + 2 * x + 1, rtol=1e-5)

    def test_zero_where_nothing_flows(self) -> None:
        _, (gx, gy) = self.gradients(lambda x, y: F.floor(x) + F.stop_gradient(y), X, Y, wrt=2)
        assert not gx.any() and not gy.any()

    def test_lists_of_operands_and_results(self) -> None:
        _, (gx, gy) = self.gradients(lambda x, y: F.concat(x, F.multiply(y, 3.0), axis=1), X, Y, wrt=2)
        assert (gx == 1).all() and (gy == 3).all()
        _, (g,) = self.gradients(lambda x: F.split(x, 2, axis=1)[0], X)
        np.testing.assert_array_equal(g, np.repeat([[1, 1, 0, 0]], 3, axis=0))

    def test_dtypes_are_cast_back(self) -> None:
        half = array(np.ones((3, 4)), "float16")
        _, (g,) = self.gradients(lambda h, x: F.multiply(h, x), half, X)
        assert g.dtype == np.float16

    def test_refuses_what_has_no_gradient(self) -> None:
        graph = trace_of(lambda i: F.add(i, 1), array([1, 2]))
        with pytest.raises(ValueError, match="floating-point"):
            autodiff(graph, graph.inputs)


def test_the_python_dtype_rules_agree_with_the_core() -> None:
    dtypes = [
        "bool",
        "int8",
        "int32",
        "int64",
        "uint8",
        "uint32",
        "uint64",
        "float16",
        "bfloat16",
        "float32",
        "float64",
    ]
    for a in dtypes:
        for b in dtypes:
            (found, *_), *_ = _core.infer(RECORDS["add"].id, [(a, (2,), (1,), False), (b, (2,), (1,), False)], ())
            assert found == promote(a, b), (a, b)
    for name, record in RECORDS.items():
        if (
            record.tile is None
            or record.dtype in ("bool_out", "predicate")
            or record.dtype.startswith(("attr", "update"))
        ):
            continue
        dtype = "int32" if record.dtype in ("integer", "int_only") else "float16"
        operands = [array(np.ones(2), "bool" if i.name == "condition" else dtype) for i in record.inputs]
        graph = trace_of(getattr(F, name), *operands)
        node = graph.nodes[-1]
        assert compute_dtype(record.dtype, node) == node.outputs[0].dtype, name


def test_the_pipeline_on_a_small_network_shrinks_it() -> None:
    def f(x: Any, w: Any, b: Any) -> Any:
        h = F.relu(F.dense(x, w, b))
        return F.mean(F.square(h - F.ones_like(h)) * 1.0)

    w, b = array(np.ones((5, 4)), "float32"), array(np.zeros(5), "float32")
    graph = optimize(trace_of(f, X, w, b))
    assert ops(graph) == {"dense": 1, FUSED: 1}
