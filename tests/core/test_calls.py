"""The short way of calls: Python's signs, F's callables and methods give what the long way gives, errors included."""

from __future__ import annotations

import inspect
import pickle
import sys
import threading
from typing import Any

import numpy as np
import pytest

import dlcore as dl
from dlcore import _core, autograd, nd
from dlcore.ops import RECORDS, F

DTYPES = ("bool", "int8", "uint8", "int32", "int64", "uint64", "float16", "bfloat16", "float32", "float64", "complex64")
ELEMENTWISE = [r.name for r in RECORDS.values() if r.expr and len(r.inputs) in (1, 2) and not r.attrs and r.n_out == 1]


def of(values: Any, dtype: str = "float32") -> Any:
    return nd.array(values, dtype=dtype)


def spread(x: Any) -> Any:
    """The same numbers with gaps between them, which no short way takes."""
    wide = nd.zeros((2 * x.shape[0],), dtype=x.dtype)
    wide[::2] = x
    return wide[::2]


def outcome(call: Any) -> Any:
    """What a call gives or raises, in a form that compares."""
    try:
        result = call()
    except (TypeError, ValueError, RuntimeError) as error:
        return type(error), str(error)
    return result._dtype_name, result.shape, result.asnumpy().tobytes()


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_the_short_way_gives_what_the_long_way_gives(name: str) -> None:
    function = getattr(F, name)
    two = len(RECORDS[name].inputs) == 2
    for first in DTYPES:
        a = of([1, 0, 1, 1] if first == "bool" else [1, 2, 3, 5], first)
        others: list[Any] = [of([1, 1, 3, 2], second) for second in DTYPES] + [2, 0.5, True] if two else [None]
        for other in others:
            long = [spread(a)] + ([] if other is None else [spread(other) if hasattr(other, "shape") else other])
            short = [a] + ([] if other is None else [other])
            assert outcome(lambda: function(*short)) == outcome(lambda: function(*long)), (first, other)  # noqa: B023
            if other is not None and not hasattr(other, "shape"):
                assert outcome(lambda: function(*short[::-1])) == outcome(lambda: function(*long[::-1])), (first, other)  # noqa: B023


def test_signs_are_their_operators() -> None:
    a, b = of([5.0, -7.0, 2.5]), of([2.0, 3.0, -1.5])
    x, y = a.asnumpy(), b.asnumpy()
    for sign in ("+", "-", "*", "/", "//", "%", "<", "<=", "==", "!=", ">", ">="):
        for left, right, p, q in ((a, b, x, y), (a, 2.0, x, 2.0), (3, b, 3, y), (x, b, x, y), (a, y, x, y)):
            got, want = eval(f"p {sign} q", {"p": left, "q": right}), eval(f"p {sign} q", {"p": p, "q": q})
            assert isinstance(got, nd.NDArray) and got.dtype == want.dtype, sign
            np.testing.assert_allclose(got.asnumpy(), want, rtol=1e-6, err_msg=sign)
    np.testing.assert_allclose((abs(b) ** a).asnumpy(), abs(y) ** x, rtol=1e-6)
    np.testing.assert_allclose((2**b).asnumpy(), 2**y, rtol=1e-6)
    assert (a**2).asnumpy().tolist() == (x * x).tolist() and (-a).tolist() == (-x).tolist() and (+a) is not None
    i, j = of([6, 5], "int32"), of([3, 1], "int32")
    p, q = i.asnumpy(), j.asnumpy()
    for sign in ("&", "|", "^", "<<", ">>"):
        assert eval(f"i {sign} j").tolist() == eval(f"p {sign} q").tolist(), sign
    assert (~i).tolist() == (~p).tolist() and (~(i > 5)).tolist() == [False, True]
    m = of([[1.0, 2.0], [3.0, 4.0]])
    assert (m @ m).tolist() == [[7.0, 10.0], [15.0, 22.0]] and (m @ of([1.0, 1.0])).tolist() == [3.0, 7.0]
    assert ([[1.0, 0.0], [0.0, 1.0]] @ m).tolist() == m.tolist()


def test_what_signs_do_with_other_objects() -> None:
    a = of([1.0, 2.0])
    assert (a == None) is False and (a != None) is True  # noqa: E711
    assert len({a, of([1.0, 2.0]), a}) == 2 and a in [a]
    assert (a + [1, 2]).tolist() == [2.0, 4.0] and ([1, 2] + a).tolist() == [2.0, 4.0]
    with pytest.raises(TypeError, match="add: cannot make an array of <class 'object'>"):
        a + object()
    with pytest.raises(ValueError, match=r"add: shapes \(2,\) and \(3,\) cannot be broadcast"):
        a + of([1.0, 2.0, 3.0])
    with pytest.raises(TypeError, match="in-place divide: the result is float32, the array holds int32"):
        i = of([1, 2], "int32")
        i /= 2
    with pytest.raises(TypeError, match="0-d array"):
        len(of(1.0))
    with pytest.raises(TypeError, match="as an index"):
        [1, 2][of(1.0)]
    assert [1, 2][of(1, "int64")] == 2 and float(of(2.5)) == 2.5 and int(of([3.0])) == 3 and bool(of([0.0])) is False
    with pytest.raises(ValueError, match="truth value"):
        bool(a)


def test_in_place_writes_into_the_array() -> None:
    for dtype in ("int32", "float32", "float16"):
        a = of([4, 8], dtype)
        place, version = a._ptr, a._version
        a += 1
        a *= of([2, 2], dtype)
        a -= 2.0 if dtype != "int32" else 2
        assert a._ptr == place and a._version == version + 3 and a.tolist() == [8, 16] and a._dtype_name == dtype


def test_a_recorded_value_that_was_changed_is_noticed() -> None:
    x = of([1.0, 2.0])
    x.attach_grad()
    with autograd.record():
        y = x * 2.0
        z = y * y
    with autograd.pause():
        y += 1.0
    with pytest.raises(RuntimeError, match="backward of multiply.*changed in place"):
        z.backward()


def test_an_error_names_the_layer() -> None:
    _core.push_scope("net")
    _core.push_scope("dense0")
    try:
        with pytest.raises(ValueError, match="in layer net.dense0"):
            of([1.0, 2.0]) + of([1.0, 2.0, 3.0])
    finally:
        _core.pop_scope()
        _core.pop_scope()
    assert _core.current_scope() == ""


def test_operators_are_called_as_python_functions_are() -> None:
    assert str(inspect.signature(F.sum)) == "(x, axis=None, keepdims=False, *, out=None)"
    assert F.sum.__name__ == "sum" and "axis" in F.sum.__doc__ and pickle.loads(pickle.dumps(F.sum)) is F.sum
    x = of([[1.0, 2.0], [3.0, 4.0]])
    assert F.sum(x, 0).tolist() == F.sum(x, axis=0).tolist() == F.sum(axis=0, x=x).tolist() == [4.0, 6.0]
    assert F.sum(x, keepdims=True).shape == (1, 1) and F.sum(x, **{"ax" + "is": 1}).tolist() == [3.0, 7.0]
    out = nd.zeros((2,))
    assert F.sum(x, 0, out=out) is not None and out.tolist() == [4.0, 6.0]
    assert F.concat(x, x, axis=1).shape == (2, 4) and F.dense(x, x, None).shape == (2, 2)
    for wrong, text in (
        (lambda: F.add(x), "add.. missing 1 required positional argument: 'b'"),
        (lambda: F.relu(x, x), "relu.. takes 1 positional argument but 2 were given"),
        (lambda: F.add(x, x, out, x), "add.. takes 2 positional arguments but 4 were given"),
        (lambda: F.add(x, x, c=1), "add.. got an unexpected keyword argument 'c'"),
        (lambda: F.add(x, x, a=x), "add.. got multiple values for argument 'a'"),
        (lambda: F.sum(x, "0"), "sum: axis must be an integer or a tuple of integers, got '0'"),
        (lambda: F.add(x, x, out=(x, x)), "out= must name 1 arrays, got 2"),
        (lambda: F.add(x, x, out=(None,)), "add: out= must be an array for every output, got None"),
    ):
        with pytest.raises(TypeError, match=text):
            wrong()
    with pytest.raises(ValueError, match="add: 1000000000000000000000 does not fit into 64 bits for argument 'b'"):
        F.add(x, 10**21)
    with pytest.raises(ValueError, match="add: the lists are not of one shape, got .* for argument 'b'"):
        F.add(x, [[1, 2], [3]])


def test_methods_take_what_their_python_forms_take() -> None:
    x = of([[1.0, 2.0], [3.0, 4.0]])
    assert float(x.sum()) == 10.0 and x.sum(0).tolist() == [4.0, 6.0] and x.sum(axis=1, keepdims=True).shape == (2, 1)
    assert x.max(axis=0, exclude=True).tolist() == [2.0, 4.0] and x.sum(dtype="float64")._dtype_name == "float64"
    assert list(inspect.signature(nd.NDArray.sum).parameters)[:3] == ["self", "axis", "dtype"]
    for shape in ((4,), (1, 4), (-1,), (2, -1, 1), [4, 1]):
        want = x.asnumpy().reshape(shape)
        assert x.reshape(shape).tolist() == want.tolist() == x.reshape(*shape).tolist()
        assert x.reshape(shape)._ptr == x._ptr
    assert (
        x.reshape((0, -1)).shape == (2, 2) and x.reshape(-3).shape == (4,) and x.T.reshape(4).tolist() == [1, 3, 2, 4]
    )
    with pytest.raises(ValueError, match=r"reshape: an array of shape \(2, 2\).* cannot take the shape \(3, 3\)"):
        x.reshape(3, 3)
    with pytest.raises(TypeError, match="unexpected keyword argument 'foo'"):
        x.sum(foo=1)


def test_views_by_index_know_their_gradient() -> None:
    x = of(np.arange(12.0).reshape(3, 4))
    x.attach_grad()
    with autograd.record():
        y = (x[1] * x[0, ::-1]).sum() + x[-1, 2] * 2 + x[None, ..., 1:3, 0].sum()
    y.backward()
    want = np.zeros((3, 4))
    want[0], want[1] = [7, 6, 5, 4], [3, 2, 1, 0]
    want[2, 2] += 2
    want[1:3, 0] += 1
    assert x.grad.tolist() == want.tolist()
    assert x[1]._ptr == x._ptr + 16 and x[:, 1]._strides == (4,) and x[...].shape == (3, 4)


def test_threads_that_end_give_back_what_they_hold() -> None:
    kept: list[Any] = []
    before = _core.memory_stats()["allocated"]

    def work() -> None:
        small = [of([1.0, 2.0]) + i for i in range(600)]
        kept.extend(small[:300])

    threads = [threading.Thread(target=work) for _ in range(3)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert _core.memory_stats()["allocated"] >= before + 900 * 64
    kept.clear()  # freed on this thread
    assert _core.memory_stats()["allocated"] == before


def test_inside_a_compiled_function_signs_are_traced() -> None:
    def f(x: Any) -> Any:
        y = (-x + 1) * x[0]
        y *= 2
        return y, (y @ x).reshape(4), y.sum(axis=1)

    x = of([[1.0, 2.0], [3.0, 4.0]])
    for got, want in zip(dl.jit(f)(x), f(x), strict=True):
        assert got.tolist() == want.tolist()
    with pytest.raises(RuntimeError, match="inside jit or hybridize"):
        dl.jit(lambda x: x if x.sum() > 0 else -x)(x)


def test_an_operator_that_nobody_holds_lives_until_python_ends() -> None:
    made = _core.make_operator(RECORDS["negative"].id, [], print, {})
    assert sys.getrefcount(made) == 3  # this name, the argument and the core, which empties it in the end
