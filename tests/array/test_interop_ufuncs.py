"""NumPy's elementwise functions with out=, where=, dtype= and their methods; writes into NumPy's memory; divmod."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import dlcore as dl
from dlcore import autograd
from dlcore.array import np as dnp


def sample(dtype: Any = "float32") -> np.ndarray:
    return np.arange(6).reshape(2, 3).astype(dtype)


METHODS: list[tuple[str, Callable[[Any], Any]]] = [
    ("dtype", lambda a: np.add(a, 1, dtype=np.float64)),
    ("outer", lambda a: np.multiply.outer(a, a[0])),
    ("outer, NumPy first", lambda a: np.less.outer(np.arange(3.0), a)),
    ("accumulate", lambda a: np.add.accumulate(a, axis=1)),
    ("accumulate products", lambda a: np.multiply.accumulate(a)),
    ("divmod", lambda a: np.divmod(a, 2)[0]),
    ("divmod, NumPy first", lambda a: divmod(np.full(3, 7, np.float32), a + 1)[1]),
    ("modf", lambda a: np.modf(a / 4)[0]),
    ("frexp", lambda a: np.frexp(a)[1]),
    ("ldexp", lambda a: np.ldexp(a, np.array([1, 2, 3]))),
    ("vecdot", lambda a: np.vecdot(a, a)),
    ("invert", lambda a: np.invert(a > 2)),
]


@pytest.mark.parametrize(("name", "call"), METHODS, ids=[n for n, _ in METHODS])
def test_they_are_ours(name: str, call: Callable[[Any], Any]) -> None:
    got, want = call(dnp.array(sample())), call(sample())
    assert isinstance(got, dl.NDArray) and got.dtype == want.dtype, name
    np.testing.assert_allclose(got.asnumpy(), want, rtol=1e-6)


def test_by_numpy_where_we_have_none() -> None:
    x = dnp.array(sample())
    for call in (
        lambda a: np.add.reduce(a, axis=1, initial=5.0),
        lambda a: np.add.reduce(a, where=sample() > 1),
        lambda a: np.add.reduceat(a, [0, 1], axis=1),
        lambda a: np.logical_xor.reduce(a),
    ):
        np.testing.assert_array_equal(call(x), call(sample()))


def test_where_leaves_the_rest_of_out_as_it_is() -> None:
    mask = sample() > 2
    ours, theirs = dnp.full((2, 3), 9.0), np.full((2, 3), 9, np.float32)
    got = np.add(dnp.array(sample()), 1, where=mask, out=ours)
    np.add(sample(), 1, where=mask, out=theirs)
    assert got is ours and ours.tolist() == theirs.tolist()
    np.multiply(sample(), 2, where=dnp.array(mask), out=ours)
    np.multiply(sample(), 2, where=mask, out=theirs)
    assert ours.tolist() == theirs.tolist()
    whole, part = dnp.zeros(3), dnp.zeros(3)
    assert np.modf(dnp.array([1.5, 2.0, -0.25]), out=(part, whole))[0] is part
    assert part.tolist() == [0.5, 0.0, -0.25] and whole.tolist() == [1.0, 2.0, 0.0]
    assert np.divmod(dnp.array([7]), 2, out=(None, dnp.zeros(1)))[1].tolist() == [1.0]


def test_what_out_cannot_hold_is_an_error() -> None:
    x, whole = dnp.array(sample()), dnp.zeros((2, 3), dtype="int32")
    with pytest.raises(TypeError, match=r"numpy.add: the result is float32, out= holds int32"):
        np.add(x, 0.5, out=whole)
    assert np.add(x, 0.5, out=whole, casting="unsafe").tolist() == [[0, 1, 2], [3, 4, 5]]
    with pytest.raises(ValueError, match=r"shape \(2, 3\), out= has shape \(3,\)"):
        np.add(x, 1, out=dnp.zeros(3))
    with pytest.raises(TypeError, match="ufunc"):
        np.add(x, 1, dtype="int32")


def test_numpys_memory_takes_our_values() -> None:
    x, there = dnp.array(sample()), np.zeros((2, 3), np.float32)
    kept = there
    there += x
    there *= x
    assert kept is there and there.tolist() == (sample() ** 2).tolist()
    assert np.sum(x, axis=0, out=there[0]).tolist() == [3.0, 5.0, 7.0] and there[0].tolist() == [3.0, 5.0, 7.0]
    np.copyto(there, x)
    np.put(there, [0], x[1, :1])
    np.putmask(there, sample() > 4, -x)
    assert there.tolist() == [[3.0, 1.0, 2.0], [3.0, 4.0, -5.0]]
    np.add.at(there, (0, [1, 1]), x[0, 1:])
    assert there[0].tolist() == [3.0, 4.0, 2.0]
    x.attach_grad()
    with autograd.record(), pytest.raises(TypeError, match="numpy.add is not available for NDArray with a gradient"):
        there += x


def test_at_counts_places_that_are_named_twice() -> None:
    x = dnp.zeros(3)
    np.add.at(x, [0, 0, 2], dnp.array([1.0, 2.0, 5.0]))
    np.negative.at(x, [2])
    assert x.tolist() == [3.0, 0.0, -5.0]


def test_gradients_flow_through_methods() -> None:
    x = dnp.array([1.0, 2.0, 3.0])
    x.attach_grad()
    with autograd.record():
        y = np.sum(np.multiply.outer(x, x)) + np.sum(np.add.accumulate(x)) + np.sum(np.add(x, 0, dtype="float64"))
    y.backward()
    assert x.grad.tolist() == [2 * 6 + n + 1.0 for n in (3, 2, 1)]


def test_divmod_of_python() -> None:
    x = dnp.array([7, -7])
    assert [v.tolist() for v in divmod(x, 2)] == [[3, -4], [1, 1]]
    assert [v.tolist() for v in divmod(20, x)] == [[2, -3], [6, -1]]


def test_powers_take_no_modulus() -> None:
    with pytest.raises(TypeError, match=r"takes no modulus; use pow\(x, y\) % m"):
        pow(dnp.array([2, 3]), 2, 3)
    assert pow(dnp.array([2, 3]), 2).tolist() == [4, 9] and pow(2, dnp.array([2, 3])).tolist() == [4, 8]
