"""Operands that lie across each other in memory: turned panel by panel, in any shape, on any number of threads."""

from __future__ import annotations

import numpy as np
import pytest
from core.arrays import nd, threads

from dlcore.ops import F

rng = np.random.default_rng(41)
SHAPES = [(100, 100), (1000, 1001), (37, 4097), (3000, 70), (5000, 4), (2, 300_000), (64, 65, 30), (3, 64, 56, 55)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_an_array_and_one_that_lies_across(shape: tuple[int, ...]) -> None:
    x = rng.standard_normal(shape).astype(np.float32)
    last = rng.standard_normal(shape[-1:]).astype(np.float32)
    y = rng.standard_normal(shape).astype(np.float32)
    for axis in range(1, len(shape)):
        turned = np.moveaxis(np.ascontiguousarray(np.moveaxis(y, axis, 0)), 0, axis)
        for count in (1, 3):
            with threads(count):
                np.testing.assert_array_equal(F.add(nd(x), nd(turned)).asnumpy(), x + y)
                np.testing.assert_array_equal(F.multiply(nd(turned), nd(x)).asnumpy(), x * y)
                np.testing.assert_array_equal(
                    F.where(nd(x > 0), nd(turned), nd(last)).asnumpy(), np.where(x > 0, y, last)
                )


def test_an_array_and_its_own_transpose_in_place() -> None:
    x = rng.standard_normal((300, 300)).astype(np.float32)
    y = nd(x.copy())
    y += F.transpose(y)
    np.testing.assert_array_equal(y.asnumpy(), x + x.T)
