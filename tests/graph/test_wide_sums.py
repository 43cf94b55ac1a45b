"""Sums in fused rows and columns that pass single precision on the way end where those of whole arrays do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from graph.programs import array, trace_of

import dlcore as dl
from dlcore.graph import Compiled
from dlcore.graph.passes import optimize
from dlcore.ops import F

BIG = np.float32(3e38)


@pytest.mark.parametrize("n", [6, 40, 3000, 70_000])
@pytest.mark.parametrize("rows", [1, 5])
def test_sums_in_rows_pass_single_precision_on_the_way_as_those_of_arrays_do(n: int, rows: int) -> None:
    x = np.resize(np.array([1, 1, 1, -1, -1, -0.5], np.float32) * BIG, (rows, n // 6 * 6))
    half = np.full_like(x, 0.5)
    arrays = [array(v, "float32") for v in (x, half)]

    def sums(x: Any, y: Any) -> Any:
        return F.sum(x * 2.0 * y, axis=-1), F.mean(x + y * 0.0, axis=-1)

    want = [v.asnumpy() for v in sums(*arrays)]
    graph = optimize(trace_of(sums, *arrays))
    assert any(node.rows for node in graph.nodes)
    assert np.isfinite(want[1]).all()
    for found, expected in zip(Compiled(graph).run(arrays), want, strict=True):
        np.testing.assert_allclose(found.asnumpy(), expected, rtol=1e-6)


def test_sums_of_rows_that_are_written_over_pass_single_precision_on_the_way() -> None:
    x = array(np.resize(np.array([1, 1, -1, -1], np.float32) * BIG, (3, 40_000)), "float32")

    def function(x: Any) -> Any:
        y = x * 0.5 + x * 0.5
        return F.sum(y, axis=-1), y * 1.0

    want = [v.asnumpy() for v in function(x)]
    for found, expected in zip(dl.jit(function)(x), want, strict=True):
        np.testing.assert_array_equal(found.asnumpy(), expected)


@pytest.mark.parametrize("shape", [(600, 5), (64, 4000)])
def test_sums_of_columns_pass_single_precision_on_the_way(shape: tuple[int, int]) -> None:
    x = array(np.resize(np.array([[1], [1], [-1], [-1]], np.float32) * BIG, shape[::-1]).T.copy(), "float32")

    def function(x: Any) -> Any:
        return F.sum(x * 0.5 * 2.0, axis=0), F.mean(F.abs(x), axis=0)

    want = [v.asnumpy() for v in function(x)]
    assert all(np.isfinite(v).all() for v in want)
    for found, expected in zip(dl.jit(function)(x), want, strict=True):
        np.testing.assert_allclose(found.asnumpy(), expected, rtol=1e-6)
