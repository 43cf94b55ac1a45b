"""conv2d and its gradients against window sums written out, in every layout and dtype."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from core.arrays import channels_last, draw, layouts, nd, near, threads
from numpy.lib.stride_tricks import sliding_window_view

from dlcore.ops import F

RTOL = {"float32": 3e-6, "float64": 1e-13, "float16": 2e-3, "bfloat16": 1.5e-2}
SHAPES: list[tuple[tuple[int, ...], tuple[int, ...], dict[str, Any]]] = [
    ((5, 1, 12, 11), (8, 1, 3, 3), {"pad": (1, 1)}),  # a first layer: one channel
    ((3, 3, 9, 10), (7, 3, 3, 3), {"pad": (1, 1)}),  # three colours, odd number of outputs
    ((5, 16, 9, 8), (32, 16, 3, 3), {"pad": (1, 1)}),
    ((2, 16, 12, 9), (16, 16, 3, 2), {"stride": (2, 1), "pad": (1, 2), "dilate": (1, 2)}),
    ((4, 8, 7, 7), (16, 8, 1, 1), {}),
    ((2, 8, 7, 7), (12, 4, 3, 3), {"groups": 2}),
    ((3, 6, 8, 8), (12, 1, 3, 3), {"groups": 6, "pad": (1, 1)}),  # depthwise
    ((1, 5, 6, 6), (4, 5, 6, 6), {}),  # one image, one position
]


def windows(x: np.ndarray, kernel: tuple[int, int], attrs: dict[str, Any]) -> np.ndarray:
    """x (n, c, h, w) as (n, c, oh, ow, kh, kw)."""
    (sh, sw), (ph, pw), (dh, dw) = attrs.get("stride", (1, 1)), attrs.get("pad", (0, 0)), attrs.get("dilate", (1, 1))
    padded = np.pad(x.astype("float64"), ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    view = sliding_window_view(padded, ((kernel[0] - 1) * dh + 1, (kernel[1] - 1) * dw + 1), axis=(2, 3))
    return view[:, :, ::sh, ::sw, ::dh, ::dw]


def expected(x: np.ndarray, w: np.ndarray, attrs: dict[str, Any]) -> np.ndarray:
    groups = attrs.get("groups", 1)
    cols = windows(x, w.shape[2:], attrs)
    parts = zip(np.split(cols, groups, axis=1), np.split(w.astype("float64"), groups), strict=True)
    return np.concatenate([np.einsum("nchwij,ocij->nohw", c, f) for c, f in parts], axis=1)


def expected_dw(x: np.ndarray, w: np.ndarray, gy: np.ndarray, attrs: dict[str, Any]) -> np.ndarray:
    groups = attrs.get("groups", 1)
    cols = windows(x, w.shape[2:], attrs)
    parts = zip(np.split(cols, groups, axis=1), np.split(gy.astype("float64"), groups, axis=1), strict=True)
    return np.concatenate([np.einsum("nchwij,nohw->ocij", c, g) for c, g in parts])


def expected_dx(x: np.ndarray, w: np.ndarray, gy: np.ndarray, attrs: dict[str, Any]) -> np.ndarray:
    """Every product of the convolution, sent back to the pixel it came from."""
    (sh, sw), (ph, pw), (dh, dw) = attrs.get("stride", (1, 1)), attrs.get("pad", (0, 0)), attrs.get("dilate", (1, 1))
    n, c, h, wide = x.shape
    padded = np.zeros((n, c, h + 2 * ph, wide + 2 * pw))
    groups = attrs.get("groups", 1)
    per, out = c // groups, w.shape[0] // groups
    for g in range(groups):
        part = np.einsum(
            "nohw,ocij->nchwij",
            gy[:, g * out : (g + 1) * out].astype("float64"),
            w[g * out : (g + 1) * out].astype("float64"),
        )
        for i in range(w.shape[2]):
            for j in range(w.shape[3]):
                rows, cols = i * dh + sh * np.arange(gy.shape[2]), j * dw + sw * np.arange(gy.shape[3])
                padded[:, g * per : (g + 1) * per, rows[:, None], cols] += part[..., i, j]
    return padded[:, :, ph : ph + h, pw : pw + wide]


@pytest.mark.parametrize("dtype", RTOL)
@pytest.mark.parametrize(("xs", "ws", "attrs"), SHAPES)
def test_forward_and_gradients(xs: tuple[int, ...], ws: tuple[int, ...], attrs: dict[str, Any], dtype: str) -> None:
    x, w, b = draw(xs, dtype), draw(ws, dtype), draw(ws[:1], dtype)
    y = expected(x, w, attrs)
    gy = draw(y.shape, dtype)
    near(F.conv2d(nd(x), nd(w), nd(b), **attrs), y + b.astype("float64").reshape(-1, 1, 1), RTOL[dtype])
    near(F.conv2d(nd(x), nd(w), **attrs), y, RTOL[dtype])
    near(F._conv2d_dx(nd(gy), nd(w), nd(x), **attrs), expected_dx(x, w, gy, attrs), RTOL[dtype])
    near(F._conv2d_dw(nd(gy), nd(x), nd(w), **attrs), expected_dw(x, w, gy, attrs), RTOL[dtype])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_layout(dtype: str) -> None:
    x, w, attrs = draw((3, 8, 6, 7), dtype), draw((16, 8, 3, 3), dtype), {"pad": (1, 1)}
    y, gy = expected(x, w, attrs), draw((3, 16, 6, 7), dtype)
    dx, dw = expected_dx(x, w, gy, attrs), expected_dw(x, w, gy, attrs)
    for _, image in layouts(x):
        for _, weight in layouts(w):
            near(F.conv2d(nd(image), nd(weight), **attrs), y, RTOL[dtype])
    for _, g in layouts(gy):
        near(F._conv2d_dx(nd(g), nd(w), nd(x), **attrs), dx, RTOL[dtype])
        near(F._conv2d_dw(nd(g), nd(x), nd(w), **attrs), dw, RTOL[dtype])


def test_results_are_channels_last() -> None:
    x, w = draw((4, 8, 6, 6), "float32"), draw((16, 8, 3, 3), "float32")
    y = F.conv2d(nd(channels_last(x)), nd(w))
    assert y.strides == (4 * 4 * 16 * 4, 4, 4 * 16 * 4, 16 * 4)


def test_the_batch_is_cut_differently_for_each_number_of_threads() -> None:
    x, w, gy = draw((7, 16, 5, 5), "float32"), draw((16, 16, 3, 3), "float32"), draw((7, 16, 3, 3), "float32")
    for n in (1, 2, 3, 8):
        with threads(n):
            near(F.conv2d(nd(x), nd(w)), expected(x, w, {}), 3e-6)
            near(F._conv2d_dx(nd(gy), nd(w), nd(x)), expected_dx(x, w, gy, {}), 3e-6)
            near(F._conv2d_dw(nd(gy), nd(x), nd(w)), expected_dw(x, w, gy, {}), 3e-6)


@pytest.mark.parametrize(
    "attrs", [{"pad": (1, 1)}, {"stride": (2, 2), "pad": (2, 1)}, {"dilate": (3, 1), "pad": (3, 0)}]
)
def test_a_single_large_image_is_cut_into_bands(attrs: dict[str, Any]) -> None:
    x, w, b = draw((1, 16, 90, 70), "float32"), draw((32, 16, 3, 3), "float32"), draw((32,), "float32")
    want = expected(x, w, attrs) + b.reshape(-1, 1, 1)
    for n in (1, 2, 3, 16):
        with threads(n):
            near(F.conv2d(nd(x), nd(w), nd(b), **attrs), want, 3e-6)


def test_one_cached_primitive_serves_several_threads() -> None:
    w = draw((16, 16, 3, 3), "float32")
    images = [draw((6, 16, 8, 8), "float32") * k for k in range(1, 9)]
    want = [expected(x, w, {}) for x in images]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(10):
            for got, value in zip(pool.map(lambda x: F.conv2d(nd(x), nd(w)), images), want, strict=True):
                near(got, value, 3e-6)


@pytest.mark.parametrize(("xs", "ws"), [((0, 3, 5, 5), (4, 3, 3, 3)), ((2, 3, 5, 5), (0, 3, 3, 3))])
def test_empty_arrays(xs: tuple[int, ...], ws: tuple[int, ...]) -> None:
    x, w = nd(draw(xs, "float32")), nd(draw(ws, "float32"))
    y = F.conv2d(x, w)
    assert y.shape == (xs[0], ws[0], 3, 3)
    assert F._conv2d_dx(y, w, x).asnumpy().tolist() == np.zeros(xs).tolist()
    assert F._conv2d_dw(y, x, w).asnumpy().tolist() == np.zeros(ws).tolist()


def test_no_channels_leave_the_bias() -> None:
    y = F.conv2d(nd(np.zeros((2, 0, 3, 3), "float32")), nd(np.zeros((2, 0, 2, 2), "float32")), nd(np.float32([1, 2])))
    np.testing.assert_array_equal(y.asnumpy(), np.broadcast_to(np.float32([1, 2]).reshape(2, 1, 1), (2, 2, 2, 2)))


def test_errors_say_what_was_expected() -> None:
    x, w = nd(draw((2, 4, 5, 5), "float32")), nd(draw((8, 3, 3, 3), "float32"))
    with pytest.raises(
        ValueError, match=r"conv2d: expected x \(N, C, H, W\) with C = 3 \(weight \(8, 3, 3, 3\)\), got \(2, 4, 5, 5\)"
    ):
        F.conv2d(x, w)
    with pytest.raises(ValueError, match="stride"):
        F.conv2d(x, nd(draw((8, 4, 3, 3), "float32")), stride=(0, 1))
    with pytest.raises(TypeError, match="conv2d: needs floating-point arrays, got int32"):
        F.conv2d(nd(np.ones((1, 1, 3, 3), "int32")), nd(np.ones((1, 1, 2, 2), "int32")))
