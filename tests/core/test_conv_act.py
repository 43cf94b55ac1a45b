"""A convolution with a sum and an activation on top gives what the three calls give, bit for bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from core.arrays import threads

from dlcore.array import nd
from dlcore.ops import F

# x, weight, attributes: fewer products, few channels read row by row, bands of one image, groups, a batch in blocks
GEOMETRIES = {
    "winograd": ((2, 32, 17, 19), (48, 32, 3, 3), {"pad": 1}),
    "winograd in stages": ((1, 128, 14, 14), (128, 128, 3, 3), {"pad": 1}),
    "first layer": ((2, 3, 20, 20), (64, 3, 3, 3), {"pad": 1}),
    "bands": ((1, 64, 32, 32), (128, 64, 3, 3), {"pad": 1, "stride": 2}),
    "one by one": ((5, 64, 16, 16), (32, 64, 1, 1), {}),
    "groups": ((3, 8, 9, 9), (8, 1, 3, 3), {"groups": 8}),
    "blocks": ((9, 24, 40, 40), (64, 24, 5, 5), {"pad": 2, "stride": (2, 1)}),
}


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float64"])
@pytest.mark.parametrize("geometry", GEOMETRIES)
@pytest.mark.parametrize("count", [1, 2])
def test_one_call_is_three(count: int, geometry: str, dtype: str) -> None:
    with threads(count):
        check(*GEOMETRIES[geometry], dtype)


def check(xs: tuple[int, ...], ws: tuple[int, ...], attrs: dict[str, Any], dtype: str) -> None:
    """All activations, with and without an array added, against the calls one by one."""
    rng = np.random.default_rng(0)
    x = nd.array(rng.standard_normal(xs), dtype=dtype)
    w = nd.array(rng.standard_normal(ws) * 3 / np.sqrt(np.prod(ws[1:])), dtype=dtype)
    b = nd.array(rng.standard_normal(ws[0]), dtype=dtype)
    y = F.conv2d(x, w, b, **attrs)
    add = nd.array(rng.standard_normal(y.shape), dtype=dtype)  # row-major beside channels-last results
    for act, then in (("", lambda v: v), ("relu", F.relu), ("relu6", F.relu6)):
        for other in (None, add):
            wanted = then(y if other is None else F.add(y, other)).asnumpy()
            found = F._conv2d_act(x, w, b, other, **attrs, act=act).asnumpy()
            np.testing.assert_array_equal(found, wanted)
            assert (wanted.min() >= 0) == bool(act)


@pytest.mark.parametrize("channels", [8, 32])  # sums of products; the way with fewer products
def test_nan_stays(channels: int) -> None:
    x = np.ones((1, channels, 12, 12), np.float32)
    x[0, 0, 0, 0] = np.nan
    found = F._conv2d_act(nd.array(x), nd.ones((channels, channels, 3, 3)), None, None, pad=1).asnumpy()
    assert np.isnan(found[0, :, 0, 0]).all()
    assert (found[0, :, 8:, 8:] > 0).all()
