"""3 x 3 convolutions of many channels, which are computed with fewer products than sums of products take."""

from __future__ import annotations

import numpy as np
import pytest
from core.arrays import BF16, channels_last, nd, near, threads
from core.test_conv import draw, expected, expected_dw, expected_dx

from dlcore.ops import F

SHAPES: list[tuple[tuple[int, ...], int, tuple[int, int]]] = [
    ((3, 64, 16, 12), 64, (1, 1)),  # whole tiles
    ((8, 32, 14, 13), 64, (1, 1)),  # tiles that reach over the edge
    ((5, 37, 11, 10), 51, (0, 2)),  # channels that fill no vector
    ((2, 48, 9, 9), 32, (2, 0)),
    ((6, 160, 8, 8), 80, (1, 1)),  # filters too large for one thread's cache
    ((15, 128, 15, 16), 128, (1, 1)),  # several chunks of tiles
    ((33, 256, 4, 4), 48, (1, 1)),  # one tile an image
]


def results(x: np.ndarray, w: np.ndarray, b: np.ndarray, gy: np.ndarray, pad: tuple[int, int]) -> list[np.ndarray]:
    y = F.conv2d(nd(x), nd(w), nd(b), pad=pad)
    dx, dw = F._conv2d_dx(nd(gy), nd(w), nd(x), pad=pad), F._conv2d_dw(nd(gy), nd(x), nd(w), pad=pad)
    return [a.asnumpy() for a in (y, dx, dw)]


@pytest.mark.parametrize(("xs", "out", "pad"), SHAPES)
def test_forward_and_gradients(xs: tuple[int, ...], out: int, pad: tuple[int, int]) -> None:
    x, w, b = draw(xs, "float32"), draw((out, xs[1], 3, 3), "float32"), draw((out,), "float32")
    y = expected(x, w, {"pad": pad})
    gy = draw(y.shape, "float32")
    found = results(x, w, b, gy, pad)
    near(nd(found[0]), y + b.reshape(-1, 1, 1), 5e-6)
    near(nd(found[1]), expected_dx(x, w, gy, {"pad": pad}), 5e-6)
    near(nd(found[2]), expected_dw(x, w, gy, {"pad": pad}), 5e-6)


@pytest.mark.parametrize(("xs", "out", "pad"), [SHAPES[1], SHAPES[2], SHAPES[5]])
def test_bfloat16_is_computed_in_float32_and_rounded_once(xs: tuple[int, ...], out: int, pad: tuple[int, int]) -> None:
    x, w, b = draw(xs, "float32"), draw((out, xs[1], 3, 3), "float32"), draw((out,), "float32")
    gy = draw((xs[0], out, xs[2] + 2 * pad[0] - 2, xs[3] + 2 * pad[1] - 2), "float32")
    x, w, b, gy = (a.astype(BF16) for a in (x, w, b, gy))
    wide = [a.astype("float32") for a in (x, w, b, gy)]
    for one, other in zip(results(x, w, b, gy, pad), results(*wide, pad), strict=True):
        wanted = np.abs(other.astype("float64"))
        error = np.abs(one.astype("float64") - other.astype("float64"))
        # half a unit in the last place; sums of many terms lose digits of float32 against the largest of them
        assert (error <= wanted * 2.0**-8 + 1e-5 * wanted.max()).all()


def test_nan_of_bfloat16_stays_nan() -> None:
    x = np.ones((1, 64, 16, 16), "float32").astype(BF16)
    x[0, 0, 0, 0] = np.nan
    y = F.conv2d(nd(x), nd(np.ones((64, 64, 3, 3), "float32").astype(BF16)), pad=1).asnumpy().astype("float32")
    assert np.isnan(y[0, :, 0, 0]).all()
    assert (y[0, :, 5:15, 5:15] == 576).all()


def test_every_layout_gives_the_same() -> None:
    x, w, gy = draw((2, 32, 10, 9), "float32"), draw((48, 32, 3, 3), "float32"), draw((2, 48, 10, 9), "float32")
    b = draw((48,), "float32")
    plain = results(x, w, b, gy, (1, 1))
    turned = results(channels_last(x), channels_last(w), b, channels_last(gy), (1, 1))
    flipped = results(x, np.ascontiguousarray(w[:, :, ::-1])[:, :, ::-1], b, gy, (1, 1))
    for one, two, three in zip(plain, turned, flipped, strict=True):
        np.testing.assert_array_equal(one, two)
        np.testing.assert_array_equal(one, three)


@pytest.mark.parametrize(("xs", "out", "pad"), [SHAPES[1], SHAPES[4], SHAPES[5]])
def test_the_number_of_threads_changes_no_bit(xs: tuple[int, ...], out: int, pad: tuple[int, int]) -> None:
    x, w, b = draw(xs, "float32"), draw((out, xs[1], 3, 3), "float32"), draw((out,), "float32")
    gy = draw((xs[0], out, xs[2] + 2 * pad[0] - 2, xs[3] + 2 * pad[1] - 2), "float32")
    with threads(1):
        one = results(x, w, b, gy, pad)
    for n in (2, 3, 8):
        with threads(n):
            for a, c in zip(one, results(x, w, b, gy, pad), strict=True):
                np.testing.assert_array_equal(a, c)


def test_an_infinity_stays_in_its_window() -> None:
    x, w = np.ones((1, 32, 16, 16), "float32"), np.ones((32, 32, 3, 3), "float32")
    x[0, 3, 8, 8] = np.nan
    y = F.conv2d(nd(x), nd(w), pad=(1, 1)).asnumpy()
    assert np.isnan(y[0, :, 7:10, 7:10]).all()
    assert np.isfinite(y[0, :, :4, :4]).all()
