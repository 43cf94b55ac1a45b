"""Traces: what a function must give back, and how a graph is written."""

import pytest

import dlcore as dl
from dlcore.graph import trace


def test_a_function_that_gives_no_array_is_refused() -> None:
    with pytest.raises(TypeError, match=r"trace: expected arrays as results, got None as number 1"):
        trace(lambda arrays: (None, [arrays[0], None]), [dl.np.ones(3)], "f")
    assert trace(lambda arrays: (None, [arrays[0] * 2]), [dl.np.ones(3)], "g").graph.nodes  # the next one is made


def test_a_graph_whose_values_are_shared_has_a_short_text() -> None:
    def doubled(arrays):
        x = arrays[0]
        for _ in range(100):
            x = x + x  # two ways to every value: 2**100 of them in all
        return None, [x]

    assert len(repr(trace(doubled, [dl.np.ones(3)], "f").graph)) < 100_000
