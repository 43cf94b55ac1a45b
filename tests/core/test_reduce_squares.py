"""Lengths, variances and sums of 16-bit floats, which are not added up as they lie in memory: against NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from core.arrays import BF16, draw, layouts, nd, threads

from dlcore.ops import F

SHAPES = [(5,), (70_000,), (300, 7), (7, 300), (129, 130), (2000, 3), (3, 2000), (70, 2100), (40, 5, 33), (3, 50_000)]
RTOL = {"float32": 1e-5, "float64": 1e-13, "float16": 3e-3, "bfloat16": 2e-2}


def close(got: np.ndarray, want: np.ndarray, rtol: float) -> None:
    assert got.shape == want.shape
    np.testing.assert_allclose(got.astype("float64"), want, rtol=rtol, atol=rtol * np.abs(want).max())


@pytest.mark.parametrize("dtype", RTOL)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_against_numpy(shape: tuple[int, ...], dtype: str) -> None:
    x = (draw(shape) * 2 + 1.5).astype(BF16 if dtype == "bfloat16" else dtype)
    wide = x.astype("float64")
    for axis in (None, *range(x.ndim)):
        length = np.sqrt(np.square(wide).sum(axis, keepdims=True))
        for _, y in layouts(x):
            close(F.norm2(nd(y), axis, True).asnumpy(), length, RTOL[dtype])
            close(F.var(nd(y), axis).asnumpy(), wide.var(axis), RTOL[dtype])
            close(F.mean(nd(y), axis).asnumpy(), wide.mean(axis), RTOL[dtype])


def test_whole_numbers_and_nothing() -> None:
    x = np.arange(-30, 40, dtype=np.int8).reshape(7, 10)
    close(F.var(nd(x), 0, ddof=1).asnumpy(), x.var(0, ddof=1), 1e-6)
    close(F.norm2(nd(x.astype("int32") * 100_000)).asnumpy(), np.linalg.norm(x * 1e5), 1e-6)
    empty = nd(np.zeros((0, 3), "float32"))
    assert F.norm2(empty, 0).tolist() == [0.0] * 3
    assert np.isnan(F.var(empty, 0).asnumpy()).all()
    assert F.var(nd(np.array([1.0, 3.0])), ddof=5).item() == np.inf


@pytest.mark.parametrize("shape", [(3, 2000), (2000, 3)], ids=str)
def test_squares_may_pass_the_range(shape: tuple[int, ...]) -> None:
    x = np.full(shape, 1e30, "float32")
    np.testing.assert_allclose(F.norm2(nd(x), 1).asnumpy(), 1e30 * np.sqrt(shape[1]), rtol=1e-6)
    x[0, 0] = np.inf
    assert np.isinf(F.norm2(nd(x), 1).asnumpy()).tolist() == [True] + [False] * (shape[0] - 1)


def test_a_large_mean_does_not_spoil_the_variance() -> None:
    x = draw((400, 3000), "float32") + np.float32(1000)
    for axis in (0, 1):
        np.testing.assert_allclose(F.var(nd(x), axis).asnumpy(), x.astype("float64").var(axis), rtol=2e-6)


@pytest.mark.parametrize("axis", [None, 0, 1])
def test_same_bits_for_any_number_of_threads(axis: int | None) -> None:
    x = draw((600, 700), "float32")
    found = []
    for n in (1, 2, 5):
        with threads(n):
            arrays = (
                F.var(nd(x), axis), F.norm2(nd(x.T), axis), F.sum(nd(x.astype("float16")), axis),
                F.sum(F.cast(nd(x), "complex64"), axis),
            )  # fmt: skip
            found.append([a.asnumpy().tolist() for a in arrays])
    assert found[0] == found[1] == found[2]
