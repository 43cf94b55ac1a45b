"""Sequences of a batch reversed, each by its own length: narrow and wide steps, any dtype, any number of threads."""

from __future__ import annotations

import numpy as np
import pytest
from core.arrays import nd, threads

from dlcore import npx

rng = np.random.default_rng(31)
SHAPES = [(1, 1), (7, 5), (100, 70, 1), (400, 130), (33, 130, 2), (20, 9, 3), (64, 100, 4), (40, 33, 15), (12, 5, 200)]


@pytest.mark.parametrize("dtype", ["float32", "float64", "int8", "float16"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_every_sequence_is_turned_by_its_length(shape: tuple[int, ...], dtype: str) -> None:
    x = (rng.random(shape) * 100).astype(dtype)
    for low in (0, shape[0]):
        lengths = rng.integers(low, shape[0] + 1, shape[1])
        want = x.copy()
        for b, n in enumerate(lengths):
            want[:n, b] = x[:n, b][::-1]
        for count in (1, 3):
            with threads(count):
                got = npx.sequence_reverse(nd(x), nd(lengths), use_sequence_length=True)
            np.testing.assert_array_equal(got.asnumpy(), want, strict=True)
