"""Arrays in every memory layout, for the tests of kernels."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import ml_dtypes
import numpy as np

from dlcore import _core
from dlcore._core import NDArray

BF16 = np.dtype(ml_dtypes.bfloat16)


def nd(x: np.ndarray) -> NDArray:
    """`x` with its strides kept: transposed, reversed and sliced arrays stay so."""
    return _core.from_numpy(x, copy=False)


def draw(shape: tuple[int, ...], dtype: str = "float64") -> np.ndarray:
    """Normal numbers, the same for a shape in every test."""
    x = np.random.default_rng(sum(shape)).standard_normal(shape)
    return x.astype(BF16 if dtype == "bfloat16" else dtype)


def channels_last(x: np.ndarray) -> np.ndarray:
    """The same (n, c, h, w) array with c innermost in memory."""
    return np.ascontiguousarray(x.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)


def layouts(x: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """Equal arrays that lie in memory in different ways."""
    yield "row-major", np.ascontiguousarray(x)
    if x.ndim == 4:
        yield "channels-last", channels_last(x)
    wide = np.zeros((*x.shape[:-1], 2 * x.shape[-1] + 1), x.dtype)
    wide[..., 1::2] = x
    yield "every other", wide[..., 1::2]
    yield "reversed", np.ascontiguousarray(x[::-1])[::-1]
    yield "transposed", np.ascontiguousarray(x.T).T


@contextmanager
def threads(n: int) -> Iterator[None]:
    """Runs a block with `n` threads."""
    before = _core.num_threads()
    _core.set_num_threads(n)
    try:
        yield
    finally:
        _core.set_num_threads(before)


@contextmanager
def streaming(size: int = 1 << 15) -> Iterator[None]:
    """Runs a block in which results of `size` bytes and more are written past the caches."""
    before = _core.stream_bytes()
    _core.set_stream_bytes(size)
    try:
        yield
    finally:
        _core.set_stream_bytes(before)


def near(got: NDArray, want: np.ndarray, rtol: float) -> None:
    """Equal to `rtol` of the largest number expected: sums of products lose digits against their terms."""
    value = got.asnumpy().astype("float64")
    assert value.shape == want.shape
    scale = max(1e-30, float(np.abs(want).max(initial=0)))
    np.testing.assert_allclose(value, want.astype("float64"), rtol=0, atol=rtol * scale)
