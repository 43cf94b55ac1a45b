"""x[key] and x[key] = value against NumPy, which is the oracle for every case."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import pytest

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
    ([0, 1], ..., [1, 2], 0), ([0, 1], [1, 2], 0, ...), (..., BASE > 20), ([0, 1], [1, 2], S(None)), ([2, 0], ...),
    (np.array([0, -1], np.int32), np.array([1, 2], np.uint8)), (np.array(1), [0, 3], -2), np.arange(5000) % 3,
    (np.arange(6)[::-2] // 2, 1),
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


@pytest.mark.parametrize("key", [*KEYS[:3], *KEYS[4:22]], ids=lambda k: repr(k)[:40])
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
    rows, columns = dnp.array([[0], [-1]]), dnp.array([3, 1, 0])
    np.testing.assert_array_equal(x[rows, columns].asnumpy(), BASE[[[0], [-1]], [3, 1, 0]])
    np.testing.assert_array_equal(x[rows, 2, [4]].asnumpy(), BASE[[[0], [-1]], 2, [4]])
    np.testing.assert_array_equal(x[:, :, columns].asnumpy(), BASE[:, :, [3, 1, 0]])
    x[x > 20] = 0
    np.testing.assert_array_equal(x.asnumpy(), np.where(BASE > 20, 0, BASE))


def test_numbers_are_copies() -> None:
    """As in NumPy: else an exchange of two numbers, and every shuffle made of them, would lose one."""
    x, y = dnp.arange(4), dnp.array([[1.0, 2.0], [3.0, 4.0]])
    x[0], x[3] = x[3], x[0]
    y[0, 0], y[-1, -1] = y[1, 1], y[0, 0]
    assert x.tolist() == [3, 1, 2, 0] and y.tolist() == [[4.0, 2.0], [3.0, 1.0]]
    for key in ((0, 1), (np.int64(0), 1), (dnp.array(0), 1)):
        number = y[key]
        number += 10
        assert y.tolist() == [[4.0, 2.0], [3.0, 1.0]]
    place = y[0, 1, ...]
    place += 5
    assert y[0, 1] == 7.0, "with an ellipsis it is a view, as in NumPy"
    place -= 5
    y[1, 1] += 1
    y[()] -= 1
    assert y.tolist() == [[3.0, 1.0], [2.0, 1.0]]
    z = dnp.array(5.0)
    z[()] = 6
    assert float(z) == 6.0
    for number in x:
        number += 1
    order = np.random.default_rng(0)
    with pytest.warns(UserWarning, match="Sequence"):
        order.shuffle(x)
    assert sorted(x.tolist()) == [0, 1, 2, 3]


def test_numbers_are_copies_while_compiling_and_recording() -> None:
    def exchange(x: Any) -> Any:
        x = x * 1
        first = x[0]
        first += 100
        x[0], x[1] = x[1], x[0]
        x[2] += 5
        return x

    x = dnp.array([1.0, 2.0, 3.0])
    x.attach_grad()
    with autograd.record():
        y = exchange(x)
    y.backward(dnp.array([1.0, 10.0, 100.0]))
    assert y.tolist() == jit(exchange)(x.detach()).tolist() == [2.0, 1.0, 8.0]
    assert x.grad.tolist() == [10.0, 1.0, 100.0]


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


def test_writing_into_a_variable_while_recording_is_an_error() -> None:
    x = nd.array(BASE)
    x.attach_grad()
    with autograd.record():
        with pytest.raises(RuntimeError, match="variable"):
            x[0] = 1
        z = nd.zeros((2,))
        z[0] = 1  # not part of any gradient
    assert z.tolist() == [1.0, 0.0]


WRITES = [
    (0, (4, 5)), (S(1, None), (5,)), ((S(None), 1), (3, 5)), ((..., S(None, None, -2)), (4, 1)), ((0, 1, 2), ()),
    ((None, 1), (1, 4, 5)), ([0, 2], (2, 4, 5)), ((S(None), [1, 3]), (3, 2, 5)), (([0, 1], S(None), [2, 3]), (2, 4)),
    ([1, 1, 0], (3, 4, 5)), (BASE > 20, ()), (BASE > 50, (9,)), ((S(None), BASE[0] > 7), (5 + 7,)),
    (np.array([True, False, True]), (5,)),
]  # fmt: skip


@pytest.mark.parametrize(("key", "shape"), WRITES, ids=lambda k: repr(k)[:40].replace("\n", " "))
def test_gradients_flow_to_what_is_written_and_to_what_is_left(key: object, shape: tuple[int, ...]) -> None:
    value = np.random.default_rng(0).normal(size=shape)
    weights = np.random.default_rng(1).normal(size=BASE.shape)
    x, v = dnp.array(BASE, dtype="float64"), dnp.array(value)
    x.attach_grad()
    v.attach_grad()
    with autograd.record():
        y = x * x
        y[key] = v * v
        first = (y * y * dnp.array(weights)).sum()
        gx, gv = autograd.grad(first, [x, v], create_graph=True, retain_graph=True)
        (gx.sum() + gv.sum()).backward()
    # By hand: which element of x or of v each element of y is.
    source = -1 - np.arange(BASE.size).reshape(BASE.shape)
    source[key] = np.arange(value.size).reshape(shape)
    of_v, of_x = np.zeros(value.size), np.where(source < 0, weights, 0)
    np.add.at(of_v, source[source >= 0], weights[source >= 0])
    of_v = of_v.reshape(shape)
    wide = BASE.astype(np.float64)
    np.testing.assert_allclose(gx.asnumpy(), of_x * 4 * wide**3, rtol=1e-12)
    np.testing.assert_allclose(gv.asnumpy(), of_v * 4 * value**3, rtol=1e-12)
    np.testing.assert_allclose(x.grad.asnumpy(), of_x * 12 * wide**2, rtol=1e-12)
    np.testing.assert_allclose(v.grad.asnumpy(), of_v * 12 * value**2, rtol=1e-12)


def test_a_buffer_filled_row_by_row_while_recording() -> None:
    w = dnp.array([1.0, 2.0])
    w.attach_grad()
    with autograd.record():
        out = dnp.zeros((3, 2))
        for k in range(3):
            out[k] = w * (k + 1)
            out[k, 1:] += w[0]
        (out * out).sum().backward()
    np.testing.assert_allclose(w.grad.asnumpy(), [28 * 1 + 2 * (2 + 1 + 4 + 1 + 6 + 1), 28 * 2 + 12 * 1])


def test_what_the_gradient_needs_must_not_be_overwritten() -> None:
    x = nd.array(BASE)
    x.attach_grad()
    with autograd.record():
        y = x * 2
        z = (y * y).sum()
        y[0] = 1
    with pytest.raises(RuntimeError, match="changed in place"):
        z.backward()


@pytest.mark.parametrize("key", KEYS, ids=lambda k: repr(k)[:40].replace("\n", " "))
def test_writing_inside_a_compiled_function(key: object) -> None:
    @jit
    def step(x, v):
        y = x * 1
        y[key] = v
        return y

    want = BASE.copy()
    value = np.arange(BASE[key].size, dtype=np.float32).reshape(BASE[key].shape)
    want[key] = value
    got = step(nd.array(BASE), nd.array(value))
    np.testing.assert_array_equal(got.asnumpy(), want)


@pytest.mark.parametrize("key", KEYS, ids=lambda k: repr(k)[:40].replace("\n", " "))
def test_reading_inside_a_compiled_function(key: object) -> None:
    got = jit(lambda x: x[key] * 2)(nd.array(BASE))
    np.testing.assert_array_equal(got.asnumpy(), BASE[key] * 2)


def test_positions_and_masks_that_a_compiled_function_gets() -> None:
    @jit
    def step(x, i, v):
        y = x + 0
        y[:, i] = v
        y[y > 50] = -1
        y[0, i, 2] += 5
        return y, x[i[:2], ..., i[1:]]

    i = np.array([1, 0, 2])
    want = BASE.copy()
    want[:, i] = 7
    want[want > 50] = -1
    want[0, i, 2] += 5
    got, read = step(nd.array(BASE), dnp.array(i), dnp.array(7.0))
    np.testing.assert_array_equal(got.asnumpy(), want)
    i = np.array([2, 0, 1])
    got, read = step(nd.array(BASE), dnp.array(i), dnp.array(7.0))
    np.testing.assert_array_equal(read.asnumpy(), BASE[i[:2], ..., i[1:]])


def test_augmented_assignment_inside_a_compiled_function() -> None:
    def step(x, v):
        y = x * 1
        y[0:2] += v
        y[:, 1] *= 2
        y[..., -1, None] -= y[0, 0, 0]
        y[[0, 0]] += 1
        part = y[2]
        part /= 4
        return y, part

    x, v = nd.array(BASE), nd.array(BASE[0, 0])
    for got, want in zip(jit(step)(x, v), step(x, v), strict=True):
        np.testing.assert_array_equal(got.asnumpy(), want.asnumpy())

    @jit
    def late(x):
        y = x * 1
        first, second = y[0], y[0:2]
        first += 1
        return second if x.shape[0] == 3 else second * 2

    for taken in (x, x[1:]):
        with pytest.raises(RuntimeError, match="take the view again after the change"):
            late(taken)
    with pytest.raises(TypeError, match="in-place add: the result is float"):
        jit(lambda i: i.__setitem__(0, operator.iadd(i[0:2], 0.5)))(dnp.array([1, 2, 3]))


def test_writes_inside_a_compiled_function_have_gradients() -> None:
    def loss(x, v):
        y = x * x
        y[1:, ::2] = v
        y[[0, 0], 1] = v[0] * 3
        return (y * y).sum()

    grads = []
    for call in (loss, jit(loss)):
        x, v = nd.array(BASE), nd.array(BASE[1:, ::2] / 7)
        x.attach_grad()
        v.attach_grad()
        with autograd.record():
            y = call(x, v)
        y.backward()
        grads.append((x.grad.asnumpy(), v.grad.asnumpy()))
    for a, b in zip(*grads, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)
    assert np.abs(grads[0][1]).sum() > 0


@pytest.mark.parametrize("write", [False, True])
def test_what_a_compiled_function_cannot_know_names_the_line(write: bool) -> None:
    @jit
    def step(x, v):
        y = x * 1
        if write:
            y[y > 20] = v
        else:
            y = y[y > 20]  # the line
        return y

    with pytest.raises(RuntimeError, match=r"depends on its\s+values(.|\n)*test_indexing\.py:\d+ in step: y"):
        step(nd.array(BASE), nd.array(np.ones(39)))
    got = nd.array(BASE)
    assert got[got > 20].shape == (39,)


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ((S(None), [0, 4]), "index 4 is out of range for axis 1 of size 4"),
        ((None, S(None), [0], [7]), "index 7 is out of range for axis 2 of size 5"),
        (([0], S(None), [-6]), "index -6 is out of range for axis 2 of size 5"),
        (([0], 9), "index 9 is out of range for axis 1 of size 4"),
        ((S(None), np.array([2**64 - 1], np.uint64)), "index 18446744073709551615 is out of range for axis 1"),
        (([0, 1], [0, 1, 2]), "broadcast"),
        ([[1, 2], [3]], "ragged"),
        ([1, 1.5], "whole numbers"),
        ([1, "a"], "whole numbers"),
        (S(None, None, 0), "step"),
        (S(0.5, None), "whole numbers"),
        ((0, BASE[0, :3] > 1), r"mask of shape \(3, 5\) does not fit axes 1 to 2"),
    ],
)
def test_errors_name_axis_index_and_size(key: object, message: str) -> None:
    x = nd.array(BASE)
    with pytest.raises((IndexError, ValueError, TypeError), match=message):
        x[key]
    with pytest.raises((IndexError, ValueError, TypeError), match=message):
        x[key] = 1
    np.testing.assert_array_equal(x.asnumpy(), BASE)


def test_truth_values_and_ranges_as_indices() -> None:
    x = nd.array(BASE)
    for key in (True, False, np.True_, (True, 1), (S(None), False), (True, [0, 1]), (0, True, [0, 1]), range(2)):
        np.testing.assert_array_equal(x[key].asnumpy(), BASE[key], err_msg=repr(key))
        y, want = nd.array(BASE), BASE.copy()
        y[key] = want[key] = 3
        np.testing.assert_array_equal(y.asnumpy(), want, err_msg=repr(key))


def test_values_of_every_kind() -> None:
    x = dnp.zeros((3, 4), dtype="float64")
    x[0] = [0.1, 0.2, 0.3, 0.4]
    x[1] = np.ones((1, 1, 4))
    x[2, :3] = range(3)
    x[2, [3]] = (dnp.array(7),)
    want = [[0.1, 0.2, 0.3, 0.4], [1, 1, 1, 1], [0, 1, 2, 7]]
    np.testing.assert_array_equal(x.asnumpy(), want)
    x[:, :2] = x[:, 2:]
    np.testing.assert_array_equal(x[:, 0].asnumpy(), [0.3, 1, 2])
    x[[0, 1]] = x[[1, 0]]
    np.testing.assert_array_equal(x[0].asnumpy(), [1, 1, 1, 1])
    for bad in ("word", None, object()):
        with pytest.raises(TypeError):
            x[[0]] = bad
    with pytest.raises(ValueError, match=r"\(3,\)"):
        x[[0]] = [1, 2, 3]


def test_an_array_from_outside_keeps_its_numbers_inside_a_compiled_function() -> None:
    outside, changed = dnp.array([3.0, 1.0, 2.0]), dnp.array([0.0])
    order = jit(lambda x: x[np.argsort(outside.asnumpy())])(dnp.array([10, 20, 30]))
    assert order.tolist() == [20, 30, 10]

    @jit
    def step(x):
        changed[:] = x
        return changed.asnumpy()

    with pytest.raises(RuntimeError, match="needs the value of an array"):
        step(dnp.array([1.0]))
