"""Arrays made longer by numbers of their own, held against NumPy: every mode, layout and size of element."""

from __future__ import annotations

import numpy as np
import pytest
from core.arrays import nd, streaming, threads

from dlcore import autograd
from dlcore.ops import F
from dlcore.ops.reference import pad_repeat_grad

MODES = ["edge", "reflect", "symmetric", "wrap"]
DTYPES = ["bool", "int8", "uint16", "float16", "float32", "float64", "complex64", "complex128"]


def layouts(x: np.ndarray) -> list[np.ndarray]:
    """The array, and views that leave numbers out, turn them round or repeat them."""
    return [x, x.T, x[..., ::-1], x[::2], np.broadcast_to(x[..., :1], x.shape)]


@pytest.mark.parametrize("mode", MODES)
def test_agrees_with_numpy(mode: str) -> None:
    rng = np.random.default_rng(MODES.index(mode))
    for k in range(60):
        shape = tuple(int(n) for n in rng.integers(1, 6, rng.integers(1, 5)))
        if k % 20 == 0:
            shape = (*shape[:-1], 700)  # longer than a block of the gradient
        dtype = DTYPES[k % len(DTYPES)]
        for x in layouts((rng.normal(size=shape) * 20).astype(dtype)):
            before, after = (
                tuple(int(w) for w in rng.integers(0, 9, x.ndim) * rng.integers(0, 2, x.ndim)) for _ in "ab"
            )
            expected = np.pad(x, list(zip(before, after, strict=True)), mode)
            got = F.pad_repeat(nd(x), before, after, mode).asnumpy()
            np.testing.assert_array_equal(got, expected, strict=True, err_msg=f"{before} {after}")
            g = rng.integers(-4, 5, expected.shape).astype(dtype)  # sums of these are exact
            got = F._pad_repeat_grad(nd(g), nd(x), before, after, mode).asnumpy()
            expected = pad_repeat_grad(g, x, before, after, mode)
            np.testing.assert_array_equal(got, expected, strict=True, err_msg=f"{before} {after}")


@pytest.mark.parametrize("shape", [(3, 5, 70, 90), (2, 300000), (600000,), (40, 60, 200), (500, 700, 1)], ids=str)
def test_any_number_of_threads_writes_the_same(shape: tuple[int, ...]) -> None:
    x = np.random.default_rng(0).integers(-9, 9, shape).astype(np.float32)
    before, after = (3,) * len(shape), (2,) * len(shape)
    for mode in MODES:
        expected = np.pad(x, list(zip(before, after, strict=True)), mode)
        sums = pad_repeat_grad(expected, x, before, after, mode)
        for count, far in ((1, 1 << 40), (3, 1 << 40), (2, 1)):  # 1: all results are written past the caches
            with threads(count), streaming(far):
                np.testing.assert_array_equal(F.pad_repeat(nd(x), before, after, mode).asnumpy(), expected)
                got = F._pad_repeat_grad(nd(expected), nd(x), before, after, mode)
            np.testing.assert_array_equal(got.asnumpy(), sums)


def test_many_repeats_of_a_half_are_added_up_in_single_precision() -> None:
    x, g = nd(np.zeros(1, np.float16)), nd(np.ones(4001, np.float16))  # in halves the sum would end at 2048
    assert F._pad_repeat_grad(g, x, (1000,), (3000,), "edge").asnumpy() == 4000  # 4001 is no half


def test_gradients_of_any_order() -> None:
    x = nd(np.arange(1.0, 5.0))
    x.attach_grad()
    with autograd.record():
        y = F.pad_repeat(x, (2,), (3,), "reflect")
        (first,) = autograd.grad((y * y * y).sum(), [x], create_graph=True)
        (second,) = autograd.grad((first * first).sum(), [x], create_graph=True)
        third = second.sum()
    third.backward()
    count = np.array([2.0, 3.0, 3.0, 1.0])  # how often each stands in y: 3 2 1 2 3 4 3 2 1
    at = np.arange(1.0, 5.0)
    np.testing.assert_allclose(first.asnumpy(), count * 3 * at**2)
    np.testing.assert_allclose(second.asnumpy(), 36 * count**2 * at**3)
    np.testing.assert_allclose(x.grad.asnumpy(), 108 * count**2 * at**2)


def test_a_result_is_written_where_it_is_asked_for() -> None:
    x = nd(np.arange(6.0).reshape(2, 3))
    whole = nd(np.zeros((8, 10)))
    F.pad_repeat(x, (1, 1), (1, 1), "wrap", out=whole[::2, ::2])
    np.testing.assert_array_equal(whole.asnumpy()[::2, ::2], np.pad(np.arange(6.0).reshape(2, 3), 1, "wrap"))
    assert not whole.asnumpy()[1::2].any() and not whole.asnumpy()[:, 1::2].any()
