"""NumPy, buffers, pickle, copy, matplotlib and pandas take arrays as they are."""

from __future__ import annotations

import copy
import hashlib
import io
import math
import pickle
from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
import pytest

import dlcore as dl
from dlcore import autograd
from dlcore.array import np as dnp

BF16 = np.dtype(ml_dtypes.bfloat16)
PLAIN = ["bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "float32",
         "float64", "complex64", "complex128"]  # fmt: skip


def sample(dtype: Any = "float32") -> np.ndarray:
    return np.arange(6).reshape(2, 3).astype(dtype)


# ---- numpy.asarray and buffers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [*PLAIN, BF16], ids=str)
def test_asarray_looks_at_the_memory(dtype: Any) -> None:
    for x in (dnp.array(sample(dtype)), dnp.array(sample(dtype)).T, dnp.array(sample(dtype))[:, ::-2]):
        there = np.asarray(x)
        assert there.dtype == x.dtype and there.shape == x.shape
        np.testing.assert_array_equal(there, x.asnumpy())
        assert there.ctypes.data == x._ptr and there.flags.writeable
        copied = np.array(x)
        assert copied.ctypes.data != x._ptr and copied.dtype == x.dtype


def test_whole_numbers_of_64_bits_are_numpys_int64() -> None:
    """Not its longlong, which is as wide and is printed under that name."""
    for name in ("int64", "uint64"):
        x = dnp.ones(2, dtype=name)
        for there in (x.asnumpy(), x._numpy_view(), np.asarray(x), np.array(x), np.from_dlpack(x)):
            assert there.dtype.char == np.dtype(name).char and repr(there[0]) == f"np.{name}(1)"


def test_writing_through_the_view_writes_the_array() -> None:
    x = dnp.zeros((2, 3))
    np.asarray(x)[1] = 5
    memoryview(x)[0, 2] = 7.0
    assert x.tolist() == [[0.0, 0.0, 7.0], [5.0, 5.0, 5.0]]


def test_the_view_outlives_the_array() -> None:
    x = dnp.array(sample())
    there, view = np.asarray(x), memoryview(x)
    del x
    dnp.zeros((2, 3))  # would take the memory if it had been given back
    np.testing.assert_array_equal(there, sample())
    assert view.tolist() == sample().tolist()


def test_read_only_where_it_must_be() -> None:
    variable, given = dnp.ones(3), np.ones(3)
    variable.attach_grad()
    given.flags.writeable = False
    for x in (variable, dnp.asarray(given), dnp.broadcast_to(dnp.ones(1), (3,))):
        assert memoryview(x).readonly and not np.asarray(x).flags.writeable and not x.__array__().flags.writeable
        with pytest.raises(TypeError, match="read-write"):
            io.BytesIO(bytes(12)).readinto(x)
        assert x.tolist() == [1.0] * 3
    x = dnp.ones(3)
    assert not memoryview(x).readonly and io.BytesIO(bytes(12)).readinto(x) == 12 and x.tolist() == [0.0] * 3


def test_memoryview_tells_format_shape_and_strides() -> None:
    x = dnp.array(sample("int32"))
    for y in (x, x.T, x[:, ::-1]):
        view, there = memoryview(y), y._numpy_view()
        assert (view.format, view.shape, view.strides, view.ndim) == ("i", there.shape, there.strides, 2)
        assert view.tolist() == there.tolist()
        assert (view.c_contiguous, view.f_contiguous) == (there.flags.c_contiguous, there.flags.f_contiguous)
    assert memoryview(dnp.array(3.0)).tolist() == 3.0 and memoryview(dnp.zeros((0, 2))).nbytes == 0
    assert bytes(x) == sample("int32").tobytes()
    assert hashlib.sha1(x).digest() == hashlib.sha1(sample("int32")).digest() and len(bytearray(x)) == 24
    for not_in_order in (x.T, x[:, ::-1]):
        with pytest.raises(BufferError, match="not contiguous"):
            io.BytesIO().write(not_in_order)


def test_what_has_no_buffer() -> None:
    with pytest.raises(BufferError, match="bfloat16 has no buffer format"):
        memoryview(dnp.ones(2, dtype="bfloat16"))
    with pytest.raises(RuntimeError, match="compile|trace|jit"):
        dl.jit(lambda x: dnp.array(np.asarray(x)))(dnp.ones(2))


def test_array_method_of_numpy_2() -> None:
    x = dnp.array(sample())
    assert np.shares_memory(x.__array__(), x._numpy_view()) and np.shares_memory(x.__array__(copy=False), np.asarray(x))
    assert not np.shares_memory(x.__array__(copy=True), np.asarray(x))
    assert x.__array__(np.float64).dtype == np.float64 and x.__array__("float32", copy=None).dtype == np.float32
    with pytest.raises(ValueError, match="copy=False.*float32.*float64"):
        x.__array__(np.float64, copy=False)


def test_asarray_without_a_copy() -> None:
    ours, theirs = dnp.ones(3), np.ones(3, np.float32)
    assert dnp.asarray(ours, copy=False) is ours and dnp.asarray(theirs, copy=False)._ptr == theirs.ctypes.data
    assert dnp.asarray(ours, copy=True)._ptr != ours._ptr and dnp.asarray(theirs, copy=True)._ptr != theirs.ctypes.data
    swapped = theirs.astype(">f4")
    for source, dtype in ((ours, "float64"), (theirs, "float64"), ([1.0], None), (1.0, None), (swapped, None)):
        with pytest.raises(ValueError, match="asarray: copy=False, but a .* must be copied"):
            dnp.asarray(source, dtype=dtype, copy=False)
    assert dnp.asarray(swapped).tolist() == [1.0] * 3


# ---- numpy's functions -----------------------------------------------------------------------------------------------

CALLS: list[tuple[str, Callable[[Any], Any]]] = [
    ("sum", lambda a: np.sum(a, axis=1)),
    ("sum keepdims", lambda a: np.sum(a, 0, keepdims=True)),
    ("sum dtype by position", lambda a: np.sum(a, 0, np.float64)),
    ("mean", lambda a: np.mean(a, axis=(0, 1))),
    ("amax", lambda a: np.max(a, 1)),
    ("concatenate", lambda a: np.concatenate([a, a], axis=1)),
    ("concatenate by position", lambda a: np.concatenate((a, a), 1)),
    ("stack", lambda a: np.stack([a, a * 2], axis=-1)),
    ("where", lambda a: np.where(a > 2, a, -a)),
    ("clip", lambda a: np.clip(a, 1, 3)),
    ("transpose", lambda a: np.transpose(a, (1, 0))),
    ("reshape", lambda a: np.reshape(a, (3, 2))),
    ("expand_dims", lambda a: np.expand_dims(a, 1)),
    ("dot", lambda a: np.dot(a, a.T)),
    ("matmul", lambda a: np.matmul(a, a.T)),
    ("einsum", lambda a: np.einsum("ij,kj->ik", a, a)),
    ("tensordot", lambda a: np.tensordot(a, a, axes=([1], [1]))),
    ("argmax", lambda a: np.argmax(a, axis=1)),
    ("sort", lambda a: np.sort(a, axis=1)),
    ("cumsum", lambda a: np.cumsum(a, axis=1)),
    ("zeros_like", lambda a: np.zeros_like(a)),
    ("ones like", lambda a: np.full_like(a, 7)),
    ("roll", lambda a: np.roll(a, 1, axis=1)),
    ("tile", lambda a: np.tile(a, (2, 1))),
    ("norm", lambda a: np.linalg.norm(a)),
    ("exp", lambda a: np.exp(a)),
    ("add.reduce", lambda a: np.add.reduce(a, axis=1)),
    ("maximum.reduce", lambda a: np.maximum.reduce(a)),
    ("multiply out of both", lambda a: np.multiply(a, np.ones(3, np.float32))),
    ("multiply numpy first", lambda a: np.ones((2, 3), np.float32) * a),
    ("power", lambda a: np.power(a, 2)),
]


@pytest.mark.parametrize(("name", "call"), CALLS, ids=[n for n, _ in CALLS])
def test_numpy_functions_run_here(name: str, call: Callable[[Any], Any]) -> None:
    got, want = call(dnp.array(sample())), call(sample())
    assert isinstance(got, dl.NDArray), name
    np.testing.assert_allclose(got.asnumpy(), want, rtol=1e-6)
    assert got.shape == np.shape(want)


def test_mixed_operands_give_ours() -> None:
    ours, theirs = dnp.ones((2, 3)), np.ones((2, 3), np.float32)
    for got in (
        ours + theirs,
        theirs + ours,
        np.add(theirs, ours),
        np.concatenate([theirs, ours]),
        np.where(theirs > 0, theirs, ours),
    ):
        assert isinstance(got, dl.NDArray)
    target = dnp.zeros((2, 3))
    assert np.multiply(ours, 3, out=target) is target and target.tolist() == [[3.0] * 3] * 2
    assert np.zeros((2,), like=ours).tolist() == [0.0, 0.0]


def test_gradients_flow_through_numpys_names() -> None:
    x = dnp.array([1.0, 2.0])
    x.attach_grad()
    with autograd.record():
        y = np.sum(np.exp(x) * np.stack([x, x])[0])
    y.backward()
    np.testing.assert_allclose(x.grad.asnumpy(), np.exp([1, 2]) * np.array([2, 3]), rtol=1e-6)


def test_what_is_not_here_is_numpys() -> None:
    x = dnp.array([1.0, 4.0, 9.0])
    for got, want in (
        (np.histogram_bin_edges(x, 3), np.histogram_bin_edges([1.0, 4.0, 9.0], 3)),
        (np.sum(x, where=[True, False, True]), 10.0),
        (np.fabs(x), [1.0, 4.0, 9.0]),
    ):
        np.testing.assert_allclose(np.asarray(got), want)
    assert np.array_repr(x).startswith("array([1., 4., 9.]") and np.shares_memory(x, x)


def test_what_would_lose_a_gradient_is_an_error() -> None:
    x = dnp.ones(3)
    x.attach_grad()
    with autograd.record():
        # Not a method such as fmax.accumulate: NumPy keeps its operands for ever where these end with an error.
        for call in (lambda: np.fabs(x), lambda: np.add.at(x, [0], 1.0)):
            with pytest.raises(TypeError, match=r"numpy\.\w+(\.at)? is not available for NDArray with a gradient"):
                call()


def test_other_types_decide_for_themselves() -> None:
    class Other:
        def __array_function__(self, function, types, args, kwargs):
            return "other"

        def __array_ufunc__(self, *args, **kwargs):
            return "other"

    assert np.concatenate([dnp.ones(2), Other()]) == "other"  # type: ignore[list-item]


# ---- python's own protocols ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [*PLAIN, BF16], ids=str)
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickling_by_value(dtype: Any, protocol: int) -> None:
    for source in (sample(dtype), sample(dtype).T, sample(dtype)[:0], sample(dtype)[0, :1].reshape(())):
        x = dnp.array(source)
        back = pickle.loads(pickle.dumps(x, protocol))
        assert back.dtype == x.dtype and back.shape == x.shape and back._device == x._device
        np.testing.assert_array_equal(back.asnumpy(), source)


def test_pickles_of_recorded_arrays_hold_values_alone() -> None:
    x = dnp.ones(3)
    x.attach_grad()
    with autograd.record():
        y = x * 2
        back = pickle.loads(pickle.dumps({"x": x, "y": y, "x again": x}))
    assert back["y"].tolist() == [2.0] * 3 and not back["y"]._tracked and back["x"].grad is None
    assert back["x"] is back["x again"]


def test_copies() -> None:
    x = dnp.array(sample())
    x.attach_grad()
    with autograd.record():
        y = copy.copy(x)
    y.backward(dnp.full((2, 3), 5.0))
    assert x.grad.tolist() == [[5.0] * 3] * 2
    nest = {"a": x, "b": [x, x[0]]}
    deep = copy.deepcopy(nest)
    assert deep["a"] is deep["b"][0] and deep["a"]._ptr != x._ptr and deep["a"].grad is None
    deep["a"][0] = 9
    assert x.tolist() == sample().tolist()


def test_iteration_length_and_membership() -> None:
    x = dnp.array(sample())
    assert [r.tolist() for r in x] == sample().tolist() and [r.tolist() for r in reversed(x)] == sample()[::-1].tolist()
    assert len(x) == 2 and 5.0 in x and 7.0 not in x and [1.0, 4.0] not in x[:, :2].tolist()[:1]
    a, b = x
    assert a.tolist() == [0.0, 1.0, 2.0] and b.shape == (3,)
    for call in (len, iter, lambda v: 3 in list(v)):
        with pytest.raises(TypeError, match="0-d"):
            call(dnp.array(1.0))


def test_equality_and_hash() -> None:
    x, y = dnp.ones(2), dnp.ones(2)
    assert (x == y).tolist() == [True, True] and (x != y).tolist() == [False, False]
    assert x is not y and len({x, y, x}) == 2 and hash(x) == hash(x)
    assert (x == None) is False and (x != None) is True  # noqa: E711
    with pytest.raises(ValueError, match="ambiguous"):
        bool(x == y)


def test_numbers_and_formats() -> None:
    assert range(10)[dnp.array(3)] == 3 and [5, 6, 7][dnp.array(1, dtype="uint8")] == 6
    for bad, came in ((dnp.array(1.0), r"float32 of shape \(\)"), (dnp.array([1]), r"int64 of shape \(1,\)")):
        with pytest.raises(TypeError, match=f"0-d integer array can be used as an index, got {came}"):
            range(10)[bad]
    assert (
        f"{dnp.array(3.14159):.2f}" == "3.14" and f"{dnp.array([1, 2])}" == "[1 2]" and f"{dnp.array(7):>4d}" == "   7"
    )
    two = dnp.array([1.0, 2.0])
    with pytest.raises(TypeError, match=r"format: expected an array of one number for '.2f', got shape \(2,\)"):
        f"{two:.2f}"
    for kind in (int, float, complex):
        with pytest.raises(ValueError, match=rf"{kind.__name__}\(\) needs an array of one element, this one has shape"):
            kind(two)
    with pytest.raises(ValueError, match=r"item\(\) needs an array of one element"):
        two.item()
    assert round(dnp.array(2.567), 1).tolist() == pytest.approx(2.6) and math.trunc(dnp.array(-2.7)) == -2
    assert round(dnp.array([1.25, -2.5])).tolist() == [1.0, -2.0]
    assert round(dnp.array([12, 27]), -1).tolist() == [10, 30]
    for number in (2.5, 3.5, -0.5, 7):
        assert round(dnp.array(number)) == round(number) and type(round(dnp.array(number))) is int
    assert complex(dnp.array(2.5)) == 2.5 and int(dnp.array([4])) == 4 and dnp.array([[1, 2]]).tolist() == [[1, 2]]
    assert dnp.array(5).tolist() == 5 and dnp.array([1.5], dtype="bfloat16").tolist() == [1.5]


# ---- matplotlib and pandas -------------------------------------------------------------------------------------------


def test_matplotlib_draws_them() -> None:
    plt = pytest.importorskip("matplotlib.pyplot")
    x, y = dnp.linspace(0, 1, 5), dnp.arange(5) ** 2
    variable = dnp.ones(5)
    variable.attach_grad()
    figure, axes = plt.subplots()
    try:
        (line,) = axes.plot(x, y)
        np.testing.assert_allclose(line.get_xydata(), np.stack([np.linspace(0, 1, 5), np.arange(5.0) ** 2], 1))
        axes.plot(variable)
        axes.scatter(x, y, c=y, s=variable * 20)
        image = axes.imshow(dnp.array(np.random.default_rng(0).random((4, 6, 3)).astype(np.float32)))
        assert image.get_array().shape == (4, 6, 3)
        counts, _, _ = axes.hist(dnp.array([0.0, 0.1, 0.9]), bins=2)
        assert counts.tolist() == [2.0, 1.0]
        axes.bar(dnp.arange(3), dnp.array([1.0, 2.0, 3.0]))
        axes.fill_between(x, y, y + 1)
        axes.errorbar(x, y, yerr=variable)
        axes.contourf(dnp.ones((3, 4)) * dnp.arange(4))
        axes.set_xlim(x.min(), x.max())
        figure.canvas.draw()
    finally:
        plt.close(figure)


def test_pandas_takes_them() -> None:
    pd = pytest.importorskip("pandas")
    x = dnp.array(sample())
    frame = pd.DataFrame(x, columns=["a", "b", "c"])
    np.testing.assert_array_equal(frame.to_numpy(), sample())
    frame["d"] = x[:, 1]
    assert frame["d"].tolist() == [1.0, 4.0] and pd.Series(x[0]).dtype == np.float32
    assert pd.DataFrame({"k": dnp.arange(3), "v": dnp.ones(3)})["k"].sum() == 3
    back = dnp.asarray(frame["d"])
    assert isinstance(back, dl.NDArray) and back.tolist() == [1.0, 4.0]
    assert (dnp.ones(2) + frame["d"].to_numpy()).tolist() == [2.0, 5.0]
