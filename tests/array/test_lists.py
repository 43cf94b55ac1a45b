"""Arrays from Python's lists and back: the core reads plain numbers itself, NumPy all else, with the same result."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import dlcore as dl
from dlcore import _core
from dlcore.array import np as dnp

LISTS: list[Any] = [
    1, 2.5, -0.0, [1, 2, 3], (1.5, 2), [[1, 2.0], (3, True)], [True, False], [True, 2], [[[1]], [[2]]],
    [math.inf, math.nan, -math.inf], [2**53, -(2**53)], [1e-46, 1e38], [-(2**63), 2**63 - 1],
]  # fmt: skip


@pytest.mark.parametrize("source", LISTS, ids=str)
def test_plain_numbers_as_numpy_reads_them(source: Any) -> None:
    read = _core.from_list(source)
    want = np.array(source)
    want = want.astype(np.float32) if want.dtype == np.float64 else want
    assert read.dtype == want.dtype and read.shape == want.shape
    np.testing.assert_array_equal(read.asnumpy(), want)
    assert math.copysign(1, float(read.asnumpy().flat[0])) == math.copysign(1, float(want.flat[0]))
    for dtype in ("float32", "float64", "int32", "int64"):
        found = _core.from_list(source, dtype)
        if found is not None:
            np.testing.assert_array_equal(found.asnumpy(), np.array(source).astype(dtype))


@pytest.mark.parametrize(
    ("source", "dtype"),
    [
        ([], None), ([[], []], None), ([1, [2]], None), ([[1, 2], [3]], None), (["1"], None), ([None], None),
        ([1j], None), ([2**64], None), ([1e39], "float32"), ([2**53 + 1], "float64"), ([2**31], "int32"),
        ([1.5], "int64"), ([1, 2], "bool"), ([1], "float16"), ([np.float64(1)], None), ([np.ones(1)], None),
    ],
    ids=str,
)  # fmt: skip
def test_all_else_is_left_to_numpy(source: Any, dtype: Any) -> None:
    assert _core.from_list(source, dtype) is None


def test_the_same_through_the_front_door() -> None:
    assert dnp.array([[1, 2.5], [3, 4]]).tolist() == [[1.0, 2.5], [3.0, 4.0]] and dl.nd.array([1, 2]).dtype == "float32"
    assert dnp.array([np.float64(1.5)]).dtype == "float64" and dnp.array([300], dtype="float16").tolist() == [300.0]
    for wrong, kind in (([[1], [1, 2]], ValueError), (["a"], TypeError), ([2**31], ValueError)):
        with pytest.raises(kind, match="array: "):
            dnp.array(wrong, dtype="int32")
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises((TypeError, ValueError), match="array: "):
        dnp.array(endless)


@pytest.mark.parametrize("dtype", "bool int8 int32 int64 uint8 uint64 float16 float32 float64 complex64".split())
def test_tolist_is_numpys(dtype: str) -> None:
    values = (np.arange(24).reshape(2, 3, 4) * 11 % 7).astype(dtype)
    x = dnp.array(values)
    pairs = [
        (x, values),
        (x.T, values.T),
        (x[:, ::-2], values[:, ::-2]),
        (x[:0], values[:0]),
        (x[..., 0], values[..., 0]),
    ]
    for ours, theirs in pairs:
        assert ours.tolist() == theirs.tolist() and repr(ours.tolist()) == repr(theirs.tolist())
    assert x[0, 0, 1].tolist() == values[0, 0, 1].item() and type(x[0, 0, 1].tolist()) is type(values[0, 0, 1].item())


def test_tolist_of_bfloat16() -> None:
    assert dnp.array([1.5, -2.0, math.inf], dtype="bfloat16").tolist() == [1.5, -2.0, math.inf]
