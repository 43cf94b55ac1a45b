"""tanh in float32 against math.tanh in double precision: every binade, in units of the last place."""

from __future__ import annotations

import math

import numpy as np

from dlcore import nd
from dlcore.ops import F


def test_errors_are_a_few_units_in_the_last_place() -> None:
    steps = np.arange(0x30000000, 0x41A00000, 7001, dtype=np.uint32).view(np.float32)  # 5e-10 to 20
    want = np.array([math.tanh(float(x)) for x in steps])
    unit = np.spacing(want.astype(np.float32)).astype(np.float64)
    for sign in (1, -1):
        got = sign * F.tanh(nd.array(sign * steps)).asnumpy().astype(np.float64)
        assert (np.abs(got - want) <= 2.6 * unit).all(), (np.abs(got - want) / unit).max()
        assert got.max() == 1


def test_edges() -> None:
    x = np.array([np.inf, -np.inf, np.nan, 0.0, -0.0, 1e-45, -1e-30, 3e38], "f4")
    got = F.tanh(nd.array(x)).asnumpy()
    want = np.array([1, -1, np.nan, 0, -0.0, 1e-45, -1e-30, 1], "f4")
    assert np.array_equal(got, want, equal_nan=True) and (np.signbit(got) == np.signbit(want))[[0, 1, 3, 4, 6]].all()
