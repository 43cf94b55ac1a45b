"""Running sums and products: every dtype, axis, direction and layout against NumPy, any number of threads."""

import numpy as np
import pytest
from core.arrays import layouts, nd, threads

from dlcore.ops import F

rng = np.random.default_rng(11)
SHAPES = [(1,), (15,), (16,), (17,), (3, 33), (4, 5, 600), (2, 1, 3), (40_000,), (100_003,), (3, 33_000)]
EXACT = ["int8", "uint16", "int32", "int64", "uint64", "bool", "complex128"]


def running(name: str, x: np.ndarray, axis: int | None, reverse: bool) -> np.ndarray:
    f = getattr(np, name)
    return np.flip(f(np.flip(x, axis), axis), axis) if reverse else f(x, axis)


@pytest.mark.parametrize("dtype", EXACT)
@pytest.mark.parametrize("shape", SHAPES)
def test_exact(dtype: str, shape: tuple[int, ...]) -> None:
    """Integers wrap; sums of small whole numbers are exact in any order, in complex numbers too."""
    x = rng.integers(0, 2 if dtype == "bool" else 100, shape).astype(dtype)
    for axis in (None, *range(x.ndim)):
        if axis is None and x.ndim > 1:
            continue
        for reverse in (False, True):
            for layout, source in layouts(x):
                got = F.cumsum(nd(source), axis, reverse).asnumpy()
                np.testing.assert_array_equal(got, running("cumsum", x, axis, reverse), f"{layout} {axis} {reverse}")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES)
def test_floats(dtype: str, shape: tuple[int, ...]) -> None:
    x = rng.standard_normal(shape).astype(dtype)
    eps = np.finfo(dtype).eps
    for axis in range(x.ndim):
        for reverse in (False, True):
            want = running("cumsum", x.astype("float64"), axis, reverse)
            bound = running("cumsum", np.abs(x).astype("float64"), axis, reverse)
            got = F.cumsum(nd(x), axis, reverse).asnumpy()
            assert got.dtype == x.dtype
            # A rounding for each level of the tree in a group, and one a group or block.
            assert (np.abs(got - want) <= eps * bound * (8 + x.shape[axis] / 16)).all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_threads_do_not_change_the_result(dtype: str) -> None:
    x = rng.standard_normal(200_001).astype(dtype)
    found = []
    for count in (1, 2, 5):
        with threads(count):
            found.append([F.cumsum(nd(x), 0, reverse).asnumpy() for reverse in (False, True)])
    for other in found[1:]:
        np.testing.assert_array_equal(found[0], other)


def test_nan_and_infinity_reach_all_that_follow() -> None:
    x = np.ones(50, np.float32)
    x[20] = np.inf
    x[30] = np.nan
    np.testing.assert_array_equal(F.cumsum(nd(x)).asnumpy(), np.cumsum(x))
