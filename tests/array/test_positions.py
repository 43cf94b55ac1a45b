"""Positions out of range are told by name, axis, position and size, wherever they are given; and functions of positions
against NumPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import dlcore as dl
from dlcore.array import nd
from dlcore.array import np as dnp
from dlcore.gluon import nn
from dlcore.ops import F

X = np.arange(12, dtype=np.float32).reshape(3, 4)


def calls(bad: int) -> dict[str, Callable[[Any], Any]]:
    """Every way to name the position `bad` along an axis of size 4 (or 3, for the first axis)."""
    at = dnp.array([0, bad])
    lines = dnp.array([[bad], [0], [0]])
    return {
        "x[i] of axis 1": lambda x: x[:, at],
        "x[i] = v of axis 1": lambda x: x.__setitem__((slice(None), at), 0),
        "np.take of axis 1": lambda x: dnp.take(x, at, axis=1),
        "nd.take of axis 1": lambda x: nd.take(x, at, axis=1),
        "nd.pick of axis 1": lambda x: nd.pick(x, dnp.array([0, bad, 0])),
        "nd.batch_take of axis 1": lambda x: nd.batch_take(x, dnp.array([0, bad, 0])),
        "take_along_axis of axis 1": lambda x: dnp.take_along_axis(x, lines, 1),
        "put_along_axis of axis 1": lambda x: dnp.put_along_axis(x, lines, 0.0, 1),
        "scatter_add of axis 1": lambda x: F.scatter_add(x, lines, F.ones_like(lines, "float32"), 1),
        "gather_nd of axis 1": lambda x: nd.gather_nd(x, [[0, 0], [0, bad]]),
        "scatter_nd of axis 1": lambda x: nd.scatter_nd([1.0, 2.0], [[0, 0], [0, bad]], (3, 4)),
        "index_add of axis 0": lambda x: F.index_add(F.swap_last(x), 1.0, at),
        "index_put of axis 0": lambda x: F.index_put(F.swap_last(x), 1.0, at),
        "index_copy of axis 0": lambda x: nd.contrib.index_copy(F.swap_last(x), at, nd.ones((2, 3))),
        "nd.Embedding of axis 0": lambda x: nd.Embedding(at, F.swap_last(x)),
        "one_hot of axis 1": lambda x: F.one_hot(at, 4),
        "segment_sum of axis 0": lambda x: F.segment_sum(x, dnp.array([0, bad, 0]), 4),
        "ravel_multi_index of axis 1": lambda x: nd.ravel_multi_index([[0, 0], [0, bad]], (3, 4)),
        "SequenceReverse of axis 0": lambda x: nd.SequenceReverse(F.swap_last(x), dnp.array([bad + 1, 1, 1]), True),
        "sparse rows of axis 0": lambda x: F.swap_last(x).copy().tostype("csr")[[0, bad]],
        "sparse columns of axis 1": lambda x: nd.sparse.csr_matrix(([1.0], [bad], [0, 1]), shape=(1, 4)),
    }


@pytest.mark.parametrize("name", list(calls(4)))
@pytest.mark.parametrize("bad", [4, 2**40, -5])
def test_out_of_range_is_told_everywhere(name: str, bad: int) -> None:
    if bad < 0 and "Sequence" in name:
        bad = 8
    with pytest.raises(IndexError, match=f"index {bad} is out of range for {name[-6:]} of size 4"):
        calls(bad)[name](dnp.array(X))


@pytest.mark.parametrize("bad", [4, -5])
def test_out_of_range_in_compiled_functions(bad: int) -> None:
    @dl.jit
    def step(x: Any, i: Any) -> Any:
        y = x * 1
        y[:, i] = 0
        return y + x[0, i].sum()

    step(dnp.array(X), dnp.array([0, 3]))
    with pytest.raises(IndexError, match=f"index {bad} is out of range for axis 1 of size 4"):
        step(dnp.array(X), dnp.array([0, bad]))


def test_out_of_range_in_layers() -> None:
    net = nn.Embedding(4, 2)
    net.initialize()
    with pytest.raises(IndexError, match="index 4 is out of range for axis 0 of size 4"):
        net(dnp.array([0, 4]))


@pytest.mark.parametrize("length", [0, 4, -1])
def test_lengths_of_sequences(length: int) -> None:
    x = dnp.array(X)
    with pytest.raises(IndexError, match="SequenceLast: a sequence length is not within 1 and 3"):
        nd.SequenceLast(x, [1, 2, length, 3], True)
    np.testing.assert_array_equal(nd.SequenceLast(x, [1, 2, 1, 3], True).asnumpy(), X[[0, 1, 0, 2], np.arange(4)])
    np.testing.assert_array_equal(nd.SequenceLast(x, [1, 2, 4], True, 1).asnumpy(), X[np.arange(3), [0, 1, 3]])


@pytest.mark.parametrize("shape", [(7,), (3, 4), (2, 3, 5)])
def test_places_counted_across_axes(shape: tuple[int, ...]) -> None:
    n = int(np.prod(shape))
    flat = np.random.default_rng(0).integers(0, n, (4, 2))
    rows = np.stack(np.unravel_index(flat, shape))
    np.testing.assert_array_equal(nd.unravel_index(dnp.array(flat), shape).asnumpy(), rows)
    np.testing.assert_array_equal(nd.ravel_multi_index(dnp.array(rows), shape).asnumpy(), flat)
    for wrong in (n, -n - 1):
        with pytest.raises(IndexError, match=f"index {wrong} is out of range for shape"):
            nd.unravel_index([0, wrong], shape)
    with pytest.raises(ValueError, match="one row of positions for each axis"):
        nd.ravel_multi_index(dnp.array(rows), (*shape, 2))


@pytest.mark.parametrize("mode", ["clip", "wrap"])
@pytest.mark.parametrize("axis", [0, 1])
def test_modes_for_positions_out_of_range(mode: str, axis: int) -> None:
    at = np.array([-9, -1, 0, 2, 7])
    for function in (dnp.take, nd.take):
        np.testing.assert_array_equal(
            function(dnp.array(X), at, axis, mode=mode).asnumpy(), X.take(at, axis, mode=mode)
        )
    at = at[: X.shape[1 - axis]]
    size = X.shape[axis]
    index = np.expand_dims(at.clip(0, size - 1) if mode == "clip" else at % size, axis)
    want = np.take_along_axis(X, index, axis).squeeze(axis)
    np.testing.assert_array_equal(nd.pick(dnp.array(X), at, axis, mode=mode).asnumpy(), want)
    with pytest.raises(ValueError, match="mode must be"):
        nd.pick(dnp.array(X), at, axis, mode="around")


@pytest.mark.parametrize("axis", [0, 1, -1, None])
def test_writing_along_an_axis(axis: int | None) -> None:
    for dtype in ("float32", "int32"):
        shape = (2, 4) if axis == 0 else (3, 2) if axis is not None else (5,)
        index = (
            np.random.default_rng(1).permutation(12)[:5]
            if axis is None
            else np.argsort(X, axis)[: shape[0], : shape[1]]
        )
        want, got = X.astype(dtype), dnp.array(X.astype(dtype))
        np.put_along_axis(want, index, 7.9, axis)
        dnp.put_along_axis(got, index, 7.9, axis)
        np.testing.assert_array_equal(got.asnumpy(), want)
