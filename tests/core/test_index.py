"""Positions held in arrays: every way to read and add, wrong ones caught before memory is touched; sorting; joining."""

from __future__ import annotations

import numpy as np
import pytest
from core.arrays import BF16, channels_last, layouts, nd, threads

from dlcore.ops import F

DTYPES = ["float32", "float64", "float16", "bfloat16", "int64", "uint8", "bool"]


def draw(shape: tuple[int, ...], dtype: str = "float32") -> np.ndarray:
    """Small whole numbers: sums of them are exact in every dtype."""
    x = np.random.default_rng(sum(shape)).integers(0, 2 if dtype == "bool" else 5, shape)
    return x.astype(BF16 if dtype == "bfloat16" else dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("axis", [0, 1, -1])
def test_take(axis: int, dtype: str) -> None:
    x, at = draw((5, 6, 7), dtype), np.array([[0, -1, 3], [-5, 4, 4]])
    for _, source in layouts(x):
        np.testing.assert_array_equal(F.take(nd(source), nd(at), axis).asnumpy(), np.take(x, at, axis))
    np.testing.assert_array_equal(F.take(nd(x), nd(at.astype("int8")), axis).asnumpy(), np.take(x, at, axis))


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16", "float64"])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_take_grad_adds_repeated_rows(axis: int, dtype: str) -> None:
    x, at = draw((4, 5, 130), dtype), np.array([[0, -1], [3, 3], [0, 3]])
    g = draw(np.take(x, at, axis).shape, dtype)
    want = np.zeros(x.shape)
    moved, rows = np.moveaxis(want, axis, 0), np.moveaxis(g.astype("float64"), (axis, axis + 1), (0, 1))
    np.add.at(moved, at, rows)
    for n in (1, 2, 3):
        with threads(n):
            for _, source in layouts(g):
                got = F._take_grad(nd(source), nd(at), nd(x), axis)
                np.testing.assert_array_equal(got.asnumpy().astype("float64"), want)


@pytest.mark.parametrize("dtype", DTYPES)
def test_several_index_arrays_broadcast(dtype: str) -> None:
    x, i, j = draw((4, 5, 3), dtype), np.array([[0], [-1]]), np.array([4, 2, -5])
    np.testing.assert_array_equal(F.gather_nd(nd(x), nd(i), nd(j)).asnumpy(), x[i, j])
    put, value = x.copy(), draw((3, 3), dtype)
    put[i, j] = value
    np.testing.assert_array_equal(F.index_put(nd(x), nd(value), nd(i), nd(j)).asnumpy(), put)
    if dtype == "bool":
        return
    total = x.astype("float64")
    np.add.at(total, (i, j), value.astype("float64"))
    np.testing.assert_array_equal(F.index_add(nd(x), nd(value), nd(i), nd(j)).asnumpy().astype("float64"), total)


def test_the_last_of_several_writes_stays() -> None:
    value = np.arange(600, dtype="float32").reshape(6, 100)
    got = F.index_put(nd(np.zeros((2, 100), "float32")), nd(value), nd(np.array([1, 0, 1, 0, 1, 1])))
    np.testing.assert_array_equal(got.asnumpy(), value[[3, 5]])


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_pick_and_take_along_axis(axis: int) -> None:
    x = draw((3, 4, 5))
    size = x.shape[axis]
    rng = np.random.default_rng(0)
    index = rng.integers(-size, size, tuple(s for a, s in enumerate(x.shape) if a != axis))
    expanded = np.expand_dims(index, axis)
    for _, source in layouts(x):
        want = np.take_along_axis(x, expanded, axis)
        np.testing.assert_array_equal(F.pick(nd(source), nd(index), axis, True).asnumpy(), want)
        np.testing.assert_array_equal(
            F.pick(nd(source), nd(index.astype("float32")), axis).asnumpy(), want.squeeze(axis)
        )
        many = rng.integers(-size, size, tuple(7 if a == axis else s for a, s in enumerate(x.shape)))
        np.testing.assert_array_equal(
            F.take_along_axis(nd(source), nd(many), axis).asnumpy(), np.take_along_axis(x, many, axis)
        )
    g = draw(many.shape)
    total = np.zeros(x.shape)
    np.add.at(total, tuple(many % size if a == axis else i for a, i in enumerate(np.indices(many.shape))), g)
    np.testing.assert_array_equal(F._take_along_axis_grad(nd(g), nd(many), nd(x), axis).asnumpy(), total)
    one = np.zeros(x.shape)
    np.put_along_axis(one, expanded, np.expand_dims(draw(index.shape), axis), axis)
    np.testing.assert_array_equal(F._pick_grad(nd(draw(index.shape)), nd(index), nd(x), axis).asnumpy(), one)


@pytest.mark.parametrize("bad", [4, -5, 2**62, -(2**62)])
def test_positions_out_of_range_are_named(bad: int) -> None:
    x, at = nd(draw((4, 3))), nd(np.array([0, bad]))
    name = rf"index {bad} is out of range for axis 0 of size 4"
    g = nd(draw((2, 3)))
    for call in (
        lambda: F.take(x, at),
        lambda: F._take_grad(g, at, x),
        lambda: F.gather_nd(x, at),
        lambda: F._gather_nd_grad(g, x, at),
        lambda: F.index_put(x, 1.0, at),
        lambda: F.index_add(x, 1.0, at),
        lambda: F.pick(x, nd(np.array([0, 0, bad])), 0),
        lambda: F._pick_grad(nd(draw((3,))), nd(np.array([0, 0, bad])), x, 0),
        lambda: F.take_along_axis(x, nd(np.array([[0, 0, bad]])), 0),
        lambda: F._take_along_axis_grad(nd(draw((1, 3))), nd(np.array([[0, 0, bad]])), x, 0),
    ):
        with pytest.raises(IndexError, match=name):
            call()


def test_an_empty_axis_has_no_positions() -> None:
    x = nd(np.zeros((0, 3), "float32"))
    assert F.take(x, nd(np.zeros(0, "int64"))).shape == (0, 3)
    with pytest.raises(IndexError, match="index 0 is out of range for axis 0 of size 0"):
        F.take(x, nd(np.zeros(1, "int64")))


def test_one_hot() -> None:
    got = F.one_hot(nd(np.array([[0, 2], [1, 0]])), 3, 5.0, -1.0, "int16").asnumpy()
    assert got.dtype == np.int16
    np.testing.assert_array_equal(got, [[[5, -1, -1], [-1, -1, 5]], [[-1, 5, -1], [5, -1, -1]]])


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (np.array([0, 2**64 - 1], "uint64"), "index 18446744073709551615 is out of range for axis 0 of size 4"),
        (np.array([0.0, np.nan], "float32"), "index nan is out of range for axis 0 of size 4"),
        (np.array([0.0, 1e30]), "is out of range for axis 0 of size 4"),
        (np.array([0.0, 1.5], "float32"), "index 1.5 for axis 0 of size 4 is not a whole number"),
    ],
)
def test_positions_that_do_not_fit_int64(at: np.ndarray, text: str) -> None:
    with pytest.raises(IndexError, match=text):
        F.pick(nd(draw((4, 2))), nd(at), 0)


@pytest.mark.parametrize("layout", ["row-major", "transposed"])
def test_writing_with_out_touches_only_the_places(layout: str) -> None:
    base = draw((40, 30))
    x = nd(base.copy()) if layout == "row-major" else F.transpose(nd(base.T.copy()))
    before = x._ptr
    F.index_put(x, nd(draw((2, 30))), nd(np.array([3, -1])), out=x)
    want = base.copy()
    want[[3, -1]] = draw((2, 30))
    np.testing.assert_array_equal(x.asnumpy(), want)
    F.index_add(x, 1.0, nd(np.array([3, 3])), out=x)
    want[3] += 2
    np.testing.assert_allclose(x.asnumpy(), want)
    F.slice_assign(x, nd(draw((30,))), (0,), (40,), (1,), out=x)
    np.testing.assert_array_equal(x.asnumpy(), np.broadcast_to(draw((30,)), (40, 30)))
    assert x._ptr == before


def test_a_value_or_index_that_lies_in_the_array_is_read_first() -> None:
    x = nd(np.arange(6.0).reshape(3, 2))
    F.index_put(x, x[::-1], nd(np.array([0, 1, 2])), out=x)
    np.testing.assert_array_equal(x.asnumpy(), [[4, 5], [2, 3], [0, 1]])
    F.slice_assign(x, F.slice(x, (0,), (2,)), (1,), (2,), out=x)
    np.testing.assert_array_equal(x.asnumpy(), [[4, 5], [4, 5], [2, 3]])
    i = nd(np.array([2, 0, 1]))
    F.index_put(i, nd(np.array([7, 8, 9])), i, out=i)
    np.testing.assert_array_equal(i.asnumpy(), [8, 9, 7])
    F.put_along_axis(x, nd(np.array([[1], [0], [1]])), F.slice(x, (0, 0), (3, 1)), 1, out=x)
    np.testing.assert_array_equal(x.asnumpy(), [[4, 4], [4, 5], [2, 2]])


def test_segments_without_rows() -> None:
    x, ids = nd(draw((3, 2))), nd(np.array([1, 1, 1]))
    assert F.segment_max(x, ids, 2).asnumpy()[0].tolist() == [-np.inf] * 2
    assert F.segment_min(F.cast(x, "int8"), ids, 2).asnumpy()[0].tolist() == [127] * 2
    assert F.segment_mean(x, ids, 2).asnumpy()[0].tolist() == [0, 0]
    assert np.isnan(F.segment_max(nd(np.array([1.0, np.nan, 2.0])), ids, 2).asnumpy()[1])


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16", "int32", "uint8", "bool"])
@pytest.mark.parametrize("axis", [0, 1, -1])
def test_sorting_is_stable_in_both_directions(axis: int, dtype: str) -> None:
    x = draw((6, 40, 3), dtype)
    numbers = x.astype("float64")
    for _, source in layouts(x):
        np.testing.assert_array_equal(F.sort(nd(source), axis).asnumpy(), np.sort(x, axis))
        np.testing.assert_array_equal(F.argsort(nd(source), axis).asnumpy(), np.argsort(numbers, axis, kind="stable"))
        np.testing.assert_array_equal(F.sort(nd(source), axis, True).asnumpy(), np.flip(np.sort(x, axis), axis))
        np.testing.assert_array_equal(
            F.argsort(nd(source), axis, True).asnumpy(), np.argsort(-numbers, axis, kind="stable")
        )


def test_nan_is_sorted_last() -> None:
    x = nd(np.array([np.nan, 2.0, np.inf, np.nan, -np.inf], "float32"))
    np.testing.assert_array_equal(F.sort(x).asnumpy(), [-np.inf, 2, np.inf, np.nan, np.nan])
    np.testing.assert_array_equal(F.sort(x, descending=True).asnumpy(), [np.inf, 2, -np.inf, np.nan, np.nan])
    np.testing.assert_array_equal(F.argsort(x).asnumpy(), [4, 1, 2, 0, 3])
    assert F.sort(nd(np.float32(3.0).reshape(()))).asnumpy() == 3


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("axis", [0, 1, -1])
def test_concat_and_stack(axis: int, dtype: str) -> None:
    a, b = draw((3, 4, 5), dtype), draw((3, 4, 5), dtype)[::-1]
    for (_, x), (_, y) in zip(layouts(a), layouts(b), strict=True):
        np.testing.assert_array_equal(
            F.concat(nd(x), nd(y), nd(x), axis=axis).asnumpy(), np.concatenate([a, b, a], axis)
        )
        np.testing.assert_array_equal(F.stack(nd(x), nd(y), axis=axis).asnumpy(), np.stack([a, b], axis))


def test_channels_last_images_stay_so_when_joined() -> None:
    a, b = draw((2, 3, 4, 5)), draw((2, 6, 4, 5))
    y = F.concat(nd(channels_last(a)), nd(channels_last(b)), axis=1)
    assert y.strides[1] == 4
    np.testing.assert_array_equal(y.asnumpy(), np.concatenate([a, b], 1))


def test_slice_grad_and_pad_write_into_a_larger_array() -> None:
    x, g = draw((5, 6, 7)), draw((2, 3, 7))
    want = np.zeros_like(x)
    want[3:1:-1, 1:6:2] = g
    for _, source in layouts(g):
        got = F._slice_grad(nd(source), nd(x), start=(3, 1), step=(-1, 2))
        np.testing.assert_array_equal(got.asnumpy(), want)
    with pytest.raises(IndexError, match="outside axis 0 of size 5"):
        F._slice_grad(nd(g), nd(x), start=(4, 0))
    np.testing.assert_array_equal(
        F.pad(nd(g), (1, 0, 2), (0, 2, 1), 9.0).asnumpy(), np.pad(g, ((1, 0), (0, 2), (2, 1)), constant_values=9)
    )


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("at", [2, [5, -1], [[0, 3], [3, 1]], []])
def test_a_few_rows_of_an_array_in_another_layout(axis: int, at: object) -> None:
    base = draw((20, 22, 24))
    for order in ((2, 0, 1), (1, 2, 0), (0, 2, 1)):
        x = np.ascontiguousarray(base.transpose(order)).transpose(np.argsort(order))[::-1, :, ::2]
        index = np.array(at, np.int64)
        got = F.take(nd(x), nd(index), axis)
        np.testing.assert_array_equal(got.asnumpy(), np.take(x, index, axis))
