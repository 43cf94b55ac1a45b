"""x[key] and x[key] = value against NumPy, which is the oracle for every case."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from dlcore import autograd, jit
from dlcore.array import nd
from dlcore.array import np as dnp

BASE = np.arange(60, dtype=np.float32).reshape(3, 4, 5)
S = slice
KEYS = [
    0, -1, (1, 2), (1, 2, 3), ..., (..., 1), (0, ..., 2), S(None), S(1, None), S(None, None, -1), S(2, 0, -1),
    (S(None), 1), (S(0, 3, 2), S(None, None, -2), S(4, None, -3)), None, (None, 1), (S(None), None, 2), (..., None),
    (1, None, ..., None), S(5, 9), (S(2, 1), 0), (), np.int64(1),
    [0, 2], ([0, 2],), [[0, 1], [2, 0]], np.array([-1, 0]), (S(None), [1, 3]), (S(None), S(None), [0, 0, 4]),
    ([0, 1], [2, 3]), ([0, 1], S(None), [2, 3]), (0, [1, 2]), ([1], 0), (S(None), 1, [0, 2]), ([0, 1], ..., [1, 2]),
    ([[0], [1]], [1, 2, 3]), (S(None, None, -1), [0, 3], S(1, 4)), (None, [0, 1]), ([0, 1], None, [1, 2]),
    (np.array([], dtype=np.int64),), (S(None), [3, 1], S(None, None, 2)),
    BASE > 20, (S(None), BASE[0] > 7), np.array([True, False, True]), (np.array([True, False, True]), 1),
    (S(None), np.array([True, False, True, True]), 2), (BASE[:, :, 0] > 10, S(0, 2)), np.zeros((3, 4, 5), bool),
]  # fmt: skip


@pytest.mark.parametrize("key", KEYS, ids=lambda k: repr(k)[:40].replace("\n", " "))
def test_reading(key: object) -> None:
    got = nd.array(BASE)[key]
    np.testing.assert_array_equal(got.asnumpy(), BASE[key])


@pytest.mark.parametrize("key", KEYS, ids=lambda k: repr(k)[:40].replace("\n", " "))
def test_writing(key: object) -> None:
    for make in (lambda shape: 7.0, lambda shape: np.arange(np.prod(shape), dtype=np.float32).reshape(shape)):
        value = make(BASE[key].shape)
        want, got = BASE.copy(), nd.array(BASE)
        want[key] = value
        got[key] = value if np.isscalar(value) else nd.array(value)
        np.testing.assert_array_equal(got.asnumpy(), want)


@pytest.mark.parametrize("key", KEYS[:22], ids=lambda k: repr(k)[:40])
def test_basic_indices_are_views(key: object) -> None:
    x = nd.array(BASE)
    part = x[key]
    assert part._storage_id == x._storage_id
    part[...] = -1
    want = BASE.copy()
    want[key] = -1
    np.testing.assert_array_equal(x.asnumpy(), want)


def test_indices_as_arrays_of_ours() -> None:
    x = nd.array(BASE)
    np.testing.assert_array_equal(x[nd.array([0, 2])].asnumpy(), BASE[[0, 2]])  # classic: float32 indices
    np.testing.assert_array_equal(x[dnp.array([0, 2])].asnumpy(), BASE[[0, 2]])
    np.testing.assert_array_equal(x[x > 20].asnumpy(), BASE[BASE > 20])
    x[x > 20] = 0
    np.testing.assert_array_equal(x.asnumpy(), np.where(BASE > 20, 0, BASE))


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (3, "index 3 is out of range for axis 0 of size 3"),
        (-4, "index -4 is out of range for axis 0"),
        ((0, 9), "index 9 is out of range for axis 1 of size 4"),
        ((0, 0, 0, 0), "4 indices for an array with 3 axes"),
        ((..., ...), "only one"),
        ([0, 3], "out of range"),
        (np.array([True, False]), "mask of shape"),
        ("a", "whole numbers"),
        (1.5, "whole numbers"),
    ],
)
def test_wrong_indices(key: object, message: str) -> None:
    with pytest.raises((IndexError, TypeError), match=message):
        nd.array(BASE)[key]


def test_writing_casts_and_broadcasts() -> None:
    x = dnp.array([[1, 2], [3, 4]], dtype="int32")
    x[0] = 7.9
    x[:, 1] = dnp.array([5.5, 6.5])
    assert x.tolist() == [[7, 5], [3, 6]] and x.dtype == np.int32
    with pytest.raises(ValueError, match="broadcast"):
        x[0] = dnp.array([1, 2, 3])


def test_gradients_flow_through_indexing() -> None:
    for key in (1, S(0, 2), ([0, 2, 0],), (S(None), [1, 1]), (S(None, None, -1), 0), None):
        x = nd.array(BASE)
        x.attach_grad()
        with autograd.record():
            y = (x[key] * x[key]).sum()
        y.backward()
        want = np.zeros_like(BASE)
        np.add.at(want, key, 2 * BASE[key])
        np.testing.assert_allclose(x.grad.asnumpy(), want)


def test_writing_into_recorded_arrays_is_an_error() -> None:
    x = nd.array(BASE)
    x.attach_grad()
    with autograd.record():
        y = x * 2
        with pytest.raises(RuntimeError, match="would lose gradients"):
            y[0] = 1
        z = nd.zeros((2,))
        z[0] = 1  # not part of any gradient
    assert z.tolist() == [1.0, 0.0]


@given(data=st.data(), shape=hnp.array_shapes(min_dims=1, max_dims=4, max_side=4))
def test_any_basic_index(data: st.DataObject, shape: tuple[int, ...]) -> None:
    key = data.draw(hnp.basic_indices(shape, allow_newaxis=True))
    base = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    np.testing.assert_array_equal(nd.array(base)[key].asnumpy(), base[key])


@given(data=st.data(), shape=hnp.array_shapes(min_dims=1, max_dims=3, max_side=4))
def test_any_integer_index(data: st.DataObject, shape: tuple[int, ...]) -> None:
    key = data.draw(hnp.integer_array_indices(shape))
    base = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    np.testing.assert_array_equal(nd.array(base)[key].asnumpy(), base[key])


@pytest.mark.parametrize(
    "key", KEYS[:24] + [[0, 2], ([0, 1], [2, 3]), (1, [0, 2]), ([0, 1], ...), BASE > 20], ids=lambda k: repr(k)[:40]
)
def test_writing_inside_a_compiled_function(key: object) -> None:
    @jit
    def step(x, v):
        y = x * 1
        y[key] = v
        return y

    want = BASE.copy()
    value = 9.0 if isinstance(key, np.ndarray) else np.arange(BASE[key].size, dtype=np.float32).reshape(BASE[key].shape)
    want[key] = value
    got = step(nd.array(BASE), nd.array(value))
    np.testing.assert_array_equal(got.asnumpy(), want)


def test_what_cannot_be_written_inside_a_compiled_function() -> None:
    @jit
    def step(x):
        y = x * 1
        y[:, [0, 1]] = 0
        return y

    with pytest.raises((TypeError, RuntimeError), match="leading axes"):
        step(nd.array(BASE))
