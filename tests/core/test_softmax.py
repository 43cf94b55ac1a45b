"""softmax, log_softmax and their cross-entropy: against SciPy, with numbers that overflow a careless formula."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.special
from core.arrays import BF16, layouts, nd, near

from dlcore.ops import F

RTOL = {"float32": 2e-6, "float64": 1e-14, "float16": 1e-3, "bfloat16": 8e-3}


def draw(shape: tuple[int, ...], dtype: str) -> np.ndarray:
    x = 4 * np.random.default_rng(sum(shape)).standard_normal(shape)
    return x.astype(BF16 if dtype == "bfloat16" else dtype)


@pytest.mark.parametrize("dtype", RTOL)
@pytest.mark.parametrize(
    ("shape", "axis"), [((5, 33), -1), ((300, 10), 1), ((4, 7, 3, 5), 1), ((6, 3), 0), ((1,), 0), ((2, 1000), -1)]
)
def test_along_every_axis_and_layout(shape: tuple[int, ...], axis: int, dtype: str) -> None:
    x = draw(shape, dtype)
    for _, lines in layouts(x):
        near(F.softmax(nd(lines), axis), scipy.special.softmax(x.astype("float64"), axis), RTOL[dtype])
        near(F.log_softmax(nd(lines), axis), scipy.special.log_softmax(x.astype("float64"), axis), RTOL[dtype])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_large_numbers_do_not_overflow(dtype: str) -> None:
    x = np.array([[1e30, 1e30, -1e30], [-1e4, -1e4 - 1, -2e4], [-np.inf, 0, 1]], dtype)
    np.testing.assert_allclose(F.softmax(nd(x)).asnumpy(), scipy.special.softmax(x, -1), rtol=1e-6)
    np.testing.assert_allclose(F.log_softmax(nd(x)).asnumpy(), scipy.special.log_softmax(x, -1), rtol=1e-6)
    loss = F.softmax_cross_entropy(nd(x), nd(np.array([0, 1, 2])))
    np.testing.assert_allclose(loss.asnumpy(), -scipy.special.log_softmax(x, -1)[range(3), range(3)], rtol=1e-6)


def test_nan_makes_its_own_line_nan() -> None:
    x = np.zeros((2, 40), "float32")
    x[0, 17] = np.nan
    y = F.softmax(nd(x)).asnumpy()
    assert np.isnan(y[0]).all()
    np.testing.assert_allclose(y[1], 1 / 40, rtol=1e-6)


@pytest.mark.parametrize("dtype", RTOL)
@pytest.mark.parametrize("labels", ["int64", "int8", "uint16", "float32"])
def test_cross_entropy_and_its_gradient(labels: str, dtype: str) -> None:
    x, axis = draw((6, 9, 4), dtype), 1
    at = np.random.default_rng(0).integers(0, 9, (6, 4)).astype(labels)
    wide, index = x.astype("float64"), np.expand_dims(at.astype("int64"), 1)
    want = -np.take_along_axis(scipy.special.log_softmax(wide, axis), index, axis)[:, 0]
    g = draw((6, 4), dtype)
    hot = np.zeros(x.shape)
    np.put_along_axis(hot, index, 1.0, axis)
    slope = (scipy.special.softmax(wide, axis) - hot) * g.astype("float64")[:, None]
    for _, logits in layouts(x):
        near(F.softmax_cross_entropy(nd(logits), nd(at), axis), want, RTOL[dtype])
        near(F._softmax_cross_entropy_grad(nd(g), nd(logits), nd(at), axis), slope, RTOL[dtype])


@pytest.mark.parametrize("bad", [3, -1, 2**40])
def test_a_label_out_of_range_is_named(bad: int) -> None:
    x, labels = nd(np.zeros((2, 3), "float32")), nd(np.array([0, bad]))
    with pytest.raises(IndexError, match=rf"softmax_cross_entropy: label {bad} of sample 1 is out of range.*3 classes"):
        F.softmax_cross_entropy(x, labels)
    with pytest.raises(IndexError, match=f"label {bad} "):
        F._softmax_cross_entropy_grad(nd(np.ones(2, "float32")), x, labels)


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e30])
def test_a_label_that_is_no_number_reads_no_memory(bad: float) -> None:
    with pytest.raises(IndexError, match="out of range"):
        F.softmax_cross_entropy(nd(np.zeros((1, 3), "float32")), nd(np.array([bad], "float32")))


def test_no_classes_and_no_samples() -> None:
    assert F.softmax(nd(np.zeros((0, 3), "float32"))).shape == (0, 3)
    assert F.softmax(nd(np.zeros((3, 0), "float32"))).shape == (3, 0)
    assert F.softmax_cross_entropy(nd(np.zeros((0, 3), "float32")), nd(np.zeros(0, "int64"))).shape == (0,)
    with pytest.raises(IndexError, match="label 0 of sample 0"):
        F.softmax_cross_entropy(nd(np.zeros((1, 0), "float32")), nd(np.zeros(1, "int64")))
