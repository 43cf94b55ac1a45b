"""Gradients of convolutions of bfloat16 images by their weights, against double precision."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from core.arrays import threads

from dlcore import nd
from dlcore.ops import F

# images, channels, outputs, height, width, window and how: borders that cut much away, windows beside the image, odd
# numbers of positions, more than 2048 of them, strides and gaps, channels around a panel's 32 and a block's 64.
CASES: list[tuple[int, int, int, int, int, tuple[int, int], dict[str, Any]]] = [
    (3, 40, 72, 4, 4, (3, 3), {"pad": 1}),
    (1, 16, 17, 3, 5, (3, 3), {"pad": 2, "stride": 2}),
    (5, 33, 16, 9, 7, (3, 2), {"pad": (1, 0), "stride": (2, 1)}),
    (2, 20, 130, 8, 8, (2, 2), {"pad": (3, 1), "dilate": 3}),
    (3, 16, 16, 29, 28, (1, 1), {}),
    (2, 280, 24, 5, 5, (5, 1), {"pad": (2, 0)}),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_agrees_with_double_precision(case: Any) -> None:
    n, c, o, h, w, window, how = case
    rng = np.random.default_rng(c)
    x = nd.array(rng.standard_normal((n, c, h, w)).astype("f4")).astype("bfloat16")
    weight = nd.zeros((o, c, *window)).astype("bfloat16")
    y = F.conv2d(x, weight, None, **how)
    gy = nd.array(rng.standard_normal(y.shape).astype("f4")).astype("bfloat16")
    exact = F._conv2d_dw(gy.astype("float64"), x.astype("float64"), weight.astype("float64"), **how).asnumpy()
    made = []
    for count in (1, 2):
        with threads(count):
            made.append(F._conv2d_dw(gy, x, weight, **how).asnumpy().astype("f8"))
    np.testing.assert_array_equal(made[0], made[1])
    np.testing.assert_allclose(made[0], exact, rtol=1.01 * 2.0**-8, atol=1e-5 * np.abs(exact).max())


def test_what_is_not_a_number_reaches_the_windows_it_is_in() -> None:
    x, gy = np.ones((1, 16, 4, 4), "f4"), np.ones((1, 16, 4, 4), "f4")
    x[0, 3, 0, 0] = np.nan  # no window has its last row or column there
    given, seen, weight = (nd.array(a).astype("bfloat16") for a in (gy, x, np.zeros((16, 16, 3, 3), "f4")))
    made = np.isnan(F._conv2d_dw(given, seen, weight, pad=1).asnumpy().astype("f4"))
    assert made[:, 3, :2, :2].all() and made.sum() == 16 * 4
