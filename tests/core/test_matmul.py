"""matmul and dense: sizes that are cut into blocks, every layout, broadcasting, all dtypes."""

from __future__ import annotations

import numpy as np
import pytest
from core.arrays import BF16, layouts, nd, near, threads

from dlcore.ops import F

RTOL = {"float32": 2e-6, "float64": 1e-14, "float16": 1e-3, "bfloat16": 8e-3}


def draw(shape: tuple[int, ...], dtype: str = "float32") -> np.ndarray:
    x = np.random.default_rng(len(shape) * 100 + sum(shape)).standard_normal(shape)
    return x.astype(BF16 if dtype == "bfloat16" else dtype)


@pytest.mark.parametrize("dtype", RTOL)
@pytest.mark.parametrize(
    "m, k, n", [(1, 1, 1), (1, 70, 5), (70, 1, 5), (7, 5, 1), (65, 130, 33), (128, 64, 1030), (300, 257, 31)]
)
def test_products_of_all_shapes(m: int, k: int, n: int, dtype: str) -> None:
    a, b = draw((m, k), dtype), draw((k, n), dtype)
    near(F.matmul(nd(a), nd(b)), a.astype("float64") @ b.astype("float64"), RTOL[dtype])


@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16"])
def test_every_layout_of_both_operands(dtype: str) -> None:
    a, b = draw((65, 40), dtype), draw((40, 50), dtype)
    want = a.astype("float64") @ b.astype("float64")
    for _, x in layouts(a):
        for _, y in layouts(b):
            near(F.matmul(nd(x), nd(y)), want, RTOL[dtype])


@pytest.mark.parametrize(
    "a, b",
    [
        ((2, 3, 4), (4, 5)),
        ((3, 4), (2, 4, 5)),
        ((2, 1, 3, 4), (5, 4, 6)),
        ((6, 3, 4), (6, 4, 5)),
        ((2, 2, 1, 4), (1, 2, 4, 1)),
        ((0, 3, 4), (4, 5)),
        ((2, 3, 0), (0, 5)),
        ((2, 0, 4), (4, 0)),
    ],
)
def test_leading_axes_are_broadcast(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    x, y = draw(a), draw(b)
    near(F.matmul(nd(x), nd(y)), np.matmul(x, y), 2e-6)
    turned = np.ascontiguousarray(np.swapaxes(y, -1, -2))
    near(F.matmul(nd(x), F.swap_last(nd(turned))), np.matmul(x, y), 2e-6)


def test_an_operand_repeated_by_stride_zero() -> None:
    x, y = np.broadcast_to(draw((1, 30)), (20, 30)), np.broadcast_to(draw((30, 1)), (30, 7))
    near(F.matmul(nd(x), nd(y)), np.matmul(x, y), 2e-6)


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "int64", "uint64"])
def test_integers_wrap_as_numpy_has_them(dtype: str) -> None:
    rng = np.random.default_rng(0)
    info = np.iinfo(dtype)
    a, b = (rng.integers(info.min, info.max, s, dtype=dtype, endpoint=True) for s in ((13, 300), (300, 9)))
    got = F.matmul(nd(a), nd(b)).asnumpy()
    assert got.dtype == a.dtype
    np.testing.assert_array_equal(got, a @ b)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_results_do_not_depend_on_threads(dtype: str) -> None:
    a, b = nd(draw((150, 333), dtype)), nd(draw((333, 170), dtype))
    results = []
    for n in (1, 2, 3):
        with threads(n):
            results.append(F.matmul(a, b).asnumpy())
    # Blocks of C differ between thread counts, and with them oneDNN's order of additions within a block.
    np.testing.assert_allclose(results[0], results[1], rtol=0, atol=1e-4 if dtype == "float32" else 1e-12)
    np.testing.assert_allclose(results[0], results[2], rtol=0, atol=1e-4 if dtype == "float32" else 1e-12)
    with threads(2):
        np.testing.assert_array_equal(F.matmul(a, b).asnumpy(), results[1])


@pytest.mark.parametrize("dtype", RTOL)
def test_dense_with_and_without_flattening(dtype: str) -> None:
    x, w, b = draw((6, 3, 4, 5), dtype), draw((70, 60), dtype), draw((70,), dtype)
    want = x.astype("float64").reshape(6, 60) @ w.astype("float64").T
    for _, image in layouts(x):
        near(F.dense(nd(image), nd(w), nd(b)), want + b.astype("float64"), RTOL[dtype])
        near(F.dense(nd(image), nd(w)), want, RTOL[dtype])
    v = draw((9, 5), dtype)
    near(F.dense(nd(x), nd(v), flatten=False), x.astype("float64") @ v.astype("float64").T, RTOL[dtype])


def test_dense_of_nothing_is_the_bias() -> None:
    y = F.dense(nd(np.zeros((2, 0), "float32")), nd(np.zeros((3, 0), "float32")), nd(np.arange(3, dtype="float32")))
    np.testing.assert_array_equal(y.asnumpy(), [[0, 1, 2], [0, 1, 2]])


def test_shapes_that_do_not_meet() -> None:
    with pytest.raises(ValueError, match=r"matmul: expected \(\.\.\., 3\) x \(3, \.\.\.\), got \(2, 3\) and \(4, 5\)"):
        F.matmul(nd(draw((2, 3))), nd(draw((4, 5))))
    with pytest.raises(ValueError, match=r"dense: expected bias \(4,\), got shape \(5,\)"):
        F.dense(nd(draw((2, 3))), nd(draw((4, 3))), nd(draw((5,))))


def test_more_shapes_than_are_kept_prepared() -> None:
    """oneDNN's code is made once per shape and kept for the last 1024: old shapes are made anew, correctly."""
    weight = nd(np.ones((1, 3), "float32"))
    for turn in range(2):
        for n in range(1, 1101):
            y = F.matmul(nd(np.full((n, 1), n + turn, "float32")), weight)
            if n % 100 == 1:
                np.testing.assert_array_equal(y.asnumpy(), np.full((n, 3), n + turn, "float32"))


@pytest.mark.parametrize(("n", "k"), [(1, 40), (7, 333), (130, 4096), (1001, 65)])
def test_one_row_of_a_dense_layer(n: int, k: int) -> None:
    rng = np.random.default_rng(n)
    x, w, b = (rng.standard_normal(s).astype("float32") for s in ((1, k), (n, k), (n,)))
    want = x.astype("float64") @ w.T.astype("float64")
    found = []
    for count in (1, 2, 5):
        with threads(count):
            found.append(F.dense(nd(x), nd(w), nd(b)).asnumpy())
            near(F.matmul(nd(x), nd(w.T)), want, 2e-6)
            near(F.dense(nd(x), nd(w[:, ::-1])), x.astype("float64") @ w[:, ::-1].T.astype("float64"), 2e-6)
    near(nd(found[0]), want + b, 2e-6)
    assert all((found[0] == other).all() for other in found)


@pytest.mark.parametrize("k", [31, 32, 33, 5000, 70_001])
def test_lines_times_lines_and_columns(k: int) -> None:
    rng = np.random.default_rng(k)
    a, b, many = (rng.standard_normal(s).astype("float32") for s in ((4, k), (4, k), (3, 37, k)))
    rtol = 2e-6 * max(1, k / 5000)  # terms of either sign: of many the sum is small beside them
    found = []
    for count in (1, 2, 5):
        with threads(count):
            dots = F.matmul(nd(a[:, None, :]), nd(b[:, :, None]))
            found.append(dots.asnumpy())
            near(dots, (a.astype("float64") * b).sum(1)[:, None, None], rtol)
            near(F.matmul(nd(a[:1]), nd(b[1][:, None])), a[:1].astype("float64") @ b[1][:, None], 1e-4)
            near(F.matmul(nd(a[:, ::-1]), nd(b.T[:, :1])), a[:, ::-1].astype("float64") @ b.T[:, :1], rtol)
            near(F.matmul(nd(many[1]), nd(a[2][:, None])), many[1].astype("float64") @ a[2][:, None], rtol)
            near(F.matmul(nd(many), nd(a[2][:, None])), many.astype("float64") @ a[2][:, None], rtol)
    assert all((found[0] == other).all() for other in found)


@pytest.mark.parametrize("k", [32, 33, 47, 63, 100])
@pytest.mark.parametrize("rows", [1, 4, 7])
def test_ends_of_rows_count_once_whatever_they_hold(rows: int, k: int) -> None:
    """The last numbers are read together with some before them, which must be left out though they are infinite."""
    a, line = np.ones((rows, k), np.float32), np.ones(k, np.float32)
    for at in range(k - 20, k):
        odd = a.copy()
        odd[0, at] = np.inf
        got = F.matmul(nd(odd), nd(line[:, None])).asnumpy()[:, 0]
        assert got.tolist() == [np.inf] + [k] * (rows - 1)
        assert F.matmul(nd(line[None]), nd(odd.T)).asnumpy()[0].tolist() == got.tolist()
        zero = line.copy()
        zero[at] = np.inf
        assert F.matmul(nd(a), nd(zero[:, None])).asnumpy().tolist() == [[np.inf]] * rows


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_halves_in_blocks_are_rounded_once(dtype: str) -> None:
    """Each block of a large product is turned to float32 and back: the same bits as of whole arrays so turned, on any
    number of threads; bfloat16 has kernels of its own, which round their sums elsewhere."""
    draw = np.random.default_rng(0)
    for m, k, n in ((70, 1500, 513), (3, 2000, 300), (129, 700, 301)):
        a, b = (nd(draw.normal(size=s).astype(np.float32)) for s in ((m, k), (k, n)))
        row = nd(draw.normal(size=n).astype(np.float32))
        x, y, z = (F.cast(v, dtype) for v in (a, b, row))
        across = F.cast(F.transpose(F.cast(F.transpose(y), "float32")), dtype)
        wide = [F.cast(v, "float32") for v in (x, y, z)]
        want = F.cast(F.cast(F.matmul(*wide[:2]), dtype), "float32").asnumpy()
        dense = F.cast(F.cast(F.dense(wide[0], F.transpose(wide[1]), wide[2]), dtype), "float32").asnumpy()
        for count in (1, 3):
            with threads(count):
                found = [F.matmul(x, y), F.matmul(x, across), F.dense(x, F.transpose(y), z)]
            for made, right in zip(found, (want, want, dense), strict=True):
                made_wide = F.cast(made, "float32").asnumpy()
                if dtype == "float16":
                    np.testing.assert_array_equal(made_wide, right)
                np.testing.assert_allclose(made_wide, right, rtol=2**-7, atol=2**-7)
