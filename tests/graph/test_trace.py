"""Traces: what a function must give back, which arrays it may use and change, and how a graph is written."""

from typing import Any

import pytest

import dlcore as dl
from dlcore import _core
from dlcore.graph import trace


def test_a_function_that_gives_no_array_is_refused() -> None:
    with pytest.raises(TypeError, match=r"trace: expected arrays as results, got None as number 1"):
        trace(lambda arrays: (None, [arrays[0], None]), [dl.np.ones(3)], "f")
    assert trace(lambda arrays: (None, [arrays[0] * 2]), [dl.np.ones(3)], "g").graph.nodes  # the next one is made


def test_an_array_of_a_finished_trace_is_refused_wherever_it_is_used() -> None:
    kept: list[Any] = []
    x = dl.np.ones((2, 2))
    dl.jit(lambda x: (kept.append(x * 2), x * 2)[1])(x)
    with pytest.raises(_core.TraceError, match="add: got an array from a finished trace; a compiled function must"):
        kept[0] + 1
    with pytest.raises(_core.TraceError, match=r"assignment: an array of shape \(2, 2\) from a finished trace"):
        x[:] = kept[0]
    with pytest.raises(
        _core.TraceError, match=r"shape \(2, 2\) from a finished trace is used again(.|\n)*test_trace.py:\d+"
    ):
        dl.jit(lambda x: x + kept[0])(x)


def test_views_of_what_a_compiled_function_changes_are_refused() -> None:
    def read(x: Any) -> Any:
        whole[:] = x
        return part + 1

    def change(x: Any) -> Any:
        found = part + 1
        whole[:] = x
        return found

    def change_a_part(x: Any) -> Any:
        own = x * 1
        own[0].reshape((1, 2))[:] = 2
        return own

    whole = dl.np.ones((2, 2))
    part = whole[0]
    for f, text in (
        (read, r"shape \(2, 2\) was changed in place .* read through another view of the same memory, of shape \(2,\)"),
        (change, r"shape \(2, 2\) is changed in place .* another view of its memory, of shape \(2,\), is in use"),
        (change_a_part, r"a part of an array .*, of shape \(1, 2\), is changed in place inside a compiled function"),
    ):
        with pytest.raises(_core.TraceError, match=text):
            dl.jit(f)(dl.np.zeros((2, 2)))
    assert (whole.asnumpy() == 1).all()


def test_sizes_below_zero_are_refused_while_tracing() -> None:
    with pytest.raises(ValueError, match=r"eye: negative size in shape \(-1, 2\)"):
        dl.jit(lambda x: x + dl.ops.F.eye(-1, 2))(dl.np.ones(2))


def test_a_graph_whose_values_are_shared_has_a_short_text() -> None:
    def doubled(arrays):
        x = arrays[0]
        for _ in range(100):
            x = x + x  # two ways to every value: 2**100 of them in all
        return None, [x]

    assert len(repr(trace(doubled, [dl.np.ones(3)], "f").graph)) < 100_000
