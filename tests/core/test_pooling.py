"""Pooling and its gradients against windows cut out with NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from core.arrays import BF16, channels_last, layouts, nd, near

from dlcore.ops import F

ATTRS: list[dict[str, Any]] = [
    {"kernel": (2, 2)},
    {"kernel": (3, 2), "stride": (2, 1), "pad": (1, 1)},
    {"kernel": (3, 3), "stride": (1, 1), "pad": (2, 1)},
    {"kernel": (2, 3), "stride": (3, 4)},
]
RTOL = {"float32": 1e-6, "float64": 1e-14, "float16": 1e-3, "bfloat16": 8e-3}


def draw(shape: tuple[int, ...], dtype: str) -> np.ndarray:
    """Numbers all different and exact in every dtype, in random order."""
    n = int(np.prod(shape))
    assert n <= 256 or dtype not in ("float16", "bfloat16")
    x = np.random.default_rng(n).permutation(n).reshape(shape) - n // 2
    return x.astype(BF16 if dtype == "bfloat16" else dtype)


def positions(x: np.ndarray, attrs: dict[str, Any]) -> list[list[tuple[slice, slice]]]:
    """For each output the part of the image its window covers."""
    k, p = attrs["kernel"], attrs.get("pad", (0, 0))
    s = attrs.get("stride", k)
    out = [(x.shape[2 + i] + 2 * p[i] - k[i]) // s[i] + 1 for i in range(2)]

    def part(i: int, o: int) -> slice:
        begin = o * s[i] - p[i]
        return slice(max(begin, 0), min(begin + k[i], x.shape[2 + i]))

    return [[(part(0, a), part(1, b)) for b in range(out[1])] for a in range(out[0])]


def pooled(x: np.ndarray, attrs: dict[str, Any], f: Any) -> np.ndarray:
    return np.stack([np.stack([f(x[:, :, a, b]) for a, b in row], axis=-1) for row in positions(x, attrs)], axis=-2)


def max_grad(x: np.ndarray, g: np.ndarray, attrs: dict[str, Any]) -> np.ndarray:
    gx = np.zeros(x.shape)
    for i, row in enumerate(positions(x, attrs)):
        for j, (a, b) in enumerate(row):
            window = x[:, :, a, b]
            largest = window == window.max(axis=(2, 3), keepdims=True)
            gx[:, :, a, b] += largest * g[:, :, i, j][:, :, None, None]
    return gx


@pytest.mark.parametrize("attrs", ATTRS)
@pytest.mark.parametrize("dtype", RTOL)
def test_max_pooling(attrs: dict[str, Any], dtype: str) -> None:
    shape = (2, 21, 6, 7) if dtype in ("float32", "float64") else (1, 5, 6, 7)
    x = draw(shape, dtype)
    y = pooled(x.astype("float64"), attrs, lambda w: w.max(axis=(2, 3)))
    g = np.random.default_rng(1).integers(-8, 8, y.shape).astype(x.dtype)
    for _, image in layouts(x):
        near(F.max_pool2d(nd(image), **attrs), y, RTOL[dtype])
        for _, gradient in layouts(g):
            near(
                F._max_pool2d_grad(nd(gradient), nd(image), **attrs),
                max_grad(x, g.astype("float64"), attrs),
                RTOL[dtype],
            )


@pytest.mark.parametrize("attrs", ATTRS)
@pytest.mark.parametrize("counted", [True, False])
@pytest.mark.parametrize("dtype", RTOL)
def test_average_pooling(attrs: dict[str, Any], counted: bool, dtype: str) -> None:
    shape = (2, 21, 6, 7) if dtype in ("float32", "float64") else (1, 5, 6, 7)
    x = draw(shape, dtype)
    area = attrs["kernel"][0] * attrs["kernel"][1]

    def mean(w: np.ndarray) -> np.ndarray:
        return w.sum(axis=(2, 3)) / (area if counted else w.shape[2] * w.shape[3])

    y = pooled(x.astype("float64"), attrs, mean)
    g = np.random.default_rng(1).integers(-8, 8, y.shape).astype(x.dtype)
    gx = np.zeros(x.shape)
    for i, row in enumerate(positions(x, attrs)):
        for j, (a, b) in enumerate(row):
            n = area if counted else gx[0, 0, a, b].size
            gx[:, :, a, b] += g.astype("float64")[:, :, i, j][:, :, None, None] / n
    for _, image in layouts(x):
        near(F.avg_pool2d(nd(image), **attrs, count_include_pad=counted), y, RTOL[dtype])
        near(F._avg_pool2d_grad(nd(g), nd(image), **attrs, count_include_pad=counted), gx, RTOL[dtype])


@pytest.mark.parametrize("channels", [1, 3, 4, 16, 17, 70])
def test_of_equal_numbers_the_first_gets_the_gradient(channels: int) -> None:
    x = np.zeros((2, channels, 4, 4), "float32")
    want = np.zeros_like(x)
    want[:, :, ::2, ::2] = 1
    for image in (x, channels_last(x)):
        got = F._max_pool2d_grad(nd(np.ones((2, channels, 2, 2), "float32")), nd(image), kernel=(2, 2))
        np.testing.assert_array_equal(got.asnumpy(), want)


@pytest.mark.parametrize("channels", [3, 20])
def test_nan_wins(channels: int) -> None:
    x = np.ones((1, channels, 2, 2), "float32")
    x[:, :, 1, 0] = np.nan
    for image in (x, channels_last(x)):
        assert np.isnan(F.max_pool2d(nd(image), kernel=(2, 2)).asnumpy()).all()


def test_layout_is_kept_and_empty_batches_pass() -> None:
    x = np.random.default_rng(0).standard_normal((2, 8, 4, 4)).astype("float32")
    assert F.max_pool2d(nd(channels_last(x)), kernel=(2, 2)).strides == (8 * 4 * 4, 4, 8 * 2 * 4, 8 * 4)
    assert F.max_pool2d(nd(x), kernel=(2, 2)).strides == (8 * 4 * 4, 4 * 4, 2 * 4, 4)
    assert F.avg_pool2d(nd(x[:0]), kernel=(2, 2)).shape == (0, 8, 2, 2)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_lines_of_every_length_with_edges_and_nan(stride: int, dtype: str) -> None:
    """Vectors of windows, shorter ones after them, single ones at the edges: all agree with windows one by one."""
    rng = np.random.default_rng(stride)
    for n in (1, 2, 5, 8, 15, 16, 17, 31, 33, 70, 600):
        kernel, pad = min(3, n), min(3, n) // 2
        x = rng.integers(-9, 9, (2, 3, n)).astype(dtype)  # equal numbers too: the first one gets the gradient
        x[rng.random(x.shape) < 0.05] = np.nan
        windows = [
            range(max(b, 0), min(b + kernel, n)) for b in range(-pad, n + pad - kernel + 1, stride) if b + kernel > 0
        ]
        want = np.stack([x[:, :, w].max(-1) for w in windows], -1)
        np.testing.assert_array_equal(F.max_pool1d(nd(x), kernel, stride, pad).asnumpy(), want)
        g = rng.integers(-9, 9, want.shape).astype(dtype)
        grad, shares = np.zeros_like(x), np.zeros_like(x)
        for i, j, (k, w) in ((i, j, kw) for i in range(2) for j in range(3) for kw in enumerate(windows)):
            grad[i, j, w[int(x[i, j, w].argmax())]] += g[i, j, k]  # argmax gives the first NaN
            shares[i, j, w] += g[i, j, k] / len(w)
        given = {"kernel": kernel, "stride": stride, "pad": pad}
        np.testing.assert_array_equal(F._max_pool1d_grad(nd(g), nd(x), **given).asnumpy(), grad)
        got = F._avg_pool1d_grad(nd(g), nd(x), **given, count_include_pad=False).asnumpy()
        np.testing.assert_allclose(got, shares, atol=1e-5)


def test_nothing_to_pool_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"max_pool2d: there is nothing to pool in x of shape \(1, 1, 0, 4\)"):
        F.max_pool2d(nd(np.zeros((1, 1, 0, 4), "float32")), 2, 1, 1)
    assert F.max_pool1d(nd(np.zeros((0, 2, 3), "float32")), 2).shape == (0, 2, 1)
