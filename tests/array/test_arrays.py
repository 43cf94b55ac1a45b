"""Making arrays, their signs and methods, how they are shown, and sharing memory with others."""

from __future__ import annotations

import copy

import ml_dtypes
import numpy as np
import pytest
from values import DTYPES

import dlcore as dl
from dlcore import _core, autograd
from dlcore.array import array, asarray, cpu, gpu, nd
from dlcore.array import np as dnp
from dlcore.array.context import Context

BF16 = np.dtype(ml_dtypes.bfloat16)


@pytest.mark.parametrize("dtype", [*DTYPES, BF16], ids=str)
def test_numpy_and_back_in_every_dtype(dtype: object) -> None:
    source = np.array([[0, 1, 2], [3, 4, 5]]).astype(dtype)
    for layout in (source, source.T, source[:, ::-1], source[:0], source[0, 0]):
        x = array(layout)
        assert x.dtype == source.dtype and x.shape == np.shape(layout)
        np.testing.assert_array_equal(x.asnumpy(), layout)


def test_defaults_of_lists_and_numbers() -> None:
    assert array([1, 2]).dtype == np.int64 and array([1.0]).dtype == np.float32 and array([True]).dtype == np.bool_
    assert array(2).shape == () and array([]).dtype == np.float32 and array([]).shape == (0,)
    assert array(np.float64(2)).dtype == np.float64 and array([np.float64(2)]).dtype == np.float64
    assert array([[1, 2], [3, 4]], dtype="float16").dtype == np.float16
    assert nd.array([1, 2]).dtype == np.float32 and nd.array(np.ones(2)).dtype == np.float32
    assert nd.array(np.ones(2, np.uint8)).dtype == np.uint8
    assert array([array([1.0, 2.0]), array([3.0, 4.0])]).shape == (2, 2)


@pytest.mark.parametrize(
    ("source", "kind", "message"),
    [([[1], [1, 2]], ValueError, "not of one shape"), ("text", TypeError, "cannot make numbers"),
     ([object()], TypeError, "cannot make numbers"), ([None], TypeError, "cannot make numbers")],
)  # fmt: skip
def test_what_is_no_array(source: object, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        array(source)


def test_copies_and_shared_memory() -> None:
    source = np.zeros(3, np.float32)
    assert array(source)._ptr != asarray(source)._ptr
    shared = asarray(source)
    source[0] = 5
    assert shared.tolist() == [5.0, 0.0, 0.0]
    view = shared._numpy_view()
    view[1] = 6
    assert shared.tolist() == [5.0, 6.0, 0.0]
    assert np.shares_memory(np.asarray(shared.__array__(copy=False)), source)
    x = asarray(source)
    assert asarray(x) is x and array(x)._ptr != x._ptr


def test_dlpack_both_ways() -> None:
    x = array([[1.0, 2.0], [3.0, 4.0]]).T
    there = np.from_dlpack(x)
    assert np.shares_memory(there, x._numpy_view()) and there.tolist() == [[1, 3], [2, 4]]
    back = asarray(_Exporter(np.arange(6.0).reshape(2, 3)))
    assert back.dtype == np.float64 and back.shape == (2, 3)


class _Exporter:
    """Only __dlpack__, so that no other way in can be taken."""

    def __init__(self, values: np.ndarray) -> None:
        self.values = values

    def __dlpack__(self, **options: object) -> object:
        return self.values.__dlpack__()

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.values.__dlpack_device__()


A, B = np.array([[7, -3], [2, 5]], np.int32), np.array([2, 3], np.int32)


@pytest.mark.parametrize(
    "sign", ["+", "-", "*", "/", "//", "%", "**", "<", "<=", "==", "!=", ">", ">=", "&", "|", "^", "<<", ">>", "@"]
)
@pytest.mark.parametrize("left", ["ours", "numpy", "both", "number"])
def test_signs(sign: str, left: str) -> None:
    a, b = (A, 2) if left == "number" else (A, B)
    if sign == "@" and left == "number":
        with pytest.raises(ValueError, match="0-d"):
            eval("x @ y", {"x": asarray(a), "y": b})
        return
    want = eval(f"x {sign} y", {"x": a, "y": b})
    ours = {"x": a if left == "numpy" else asarray(a), "y": b if left in ("ours", "number") else asarray(b)}
    got = eval(f"x {sign} y", ours)
    assert isinstance(got, dl.NDArray)
    np.testing.assert_allclose(got.asnumpy(), want, rtol=1e-6)
    turned = eval(f"2 {sign} x", {"x": asarray(np.abs(a))}) if sign != "@" else None
    if turned is not None:
        np.testing.assert_allclose(turned.asnumpy(), eval(f"2 {sign} x", {"x": np.abs(a)}), rtol=1e-6)


def test_unary_signs() -> None:
    x = array([[1, -2], [0, 3]])
    np.testing.assert_array_equal((-x).asnumpy(), -x.asnumpy())
    np.testing.assert_array_equal(abs(x).asnumpy(), abs(x.asnumpy()))
    np.testing.assert_array_equal((~x).asnumpy(), ~x.asnumpy())
    assert (~array([True, False])).tolist() == [False, True] and (+x).tolist() == x.tolist()


def test_in_place_keeps_the_memory_and_the_dtype() -> None:
    x = array([1.0, 2.0])
    before = x._ptr
    x += 1
    x *= array([2.0, 3.0])
    x -= 1
    x /= 2
    x **= 2
    assert x._ptr == before and x.tolist() == [2.25, 16.0]
    view = array([[1.0, 2.0], [3.0, 4.0]])
    row = view[1]
    row += 10
    assert view.tolist() == [[1.0, 2.0], [13.0, 14.0]]
    with pytest.raises(ValueError, match=r"\(2, 2\) does not fit into an array of shape \(2,\)"):
        x += array([[1.0, 2.0], [3.0, 4.0]])


def test_in_place_does_not_cut_fractions_off() -> None:
    x = array([1, 2])
    x += 3
    x //= 2
    assert x.tolist() == [2, 2] and x.dtype == np.int64
    with pytest.raises(TypeError, match="the result is float32, the array holds int64"):
        x += 1.5
    with pytest.raises(TypeError, match="in-place divide"):
        x /= 2


def test_in_place_while_recording() -> None:
    x = array([1.0, 2.0])
    x.attach_grad()
    with autograd.record():
        y = x * 1
        first = y
        y += x * x
        with pytest.raises(RuntimeError, match="in-place"):
            x += 1
    assert first is y and y.tolist() == [2.0, 6.0]  # as outside of a recording: both names see it
    y.backward()
    assert x.grad.tolist() == [3.0, 5.0]


def test_promotion() -> None:
    kinds = {("float32", "float64"): "float64", ("int32", "float32"): "float32", ("int8", "uint8"): "int16",
             ("bool", "int8"): "int8", ("float16", "float32"): "float32", ("int64", "uint64"): "float64",
             ("int32", "float16"): "float16", ("uint8", "int64"): "int64"}  # fmt: skip
    for (a, b), want in kinds.items():
        for p, q in ((a, b), (b, a)):
            assert (dnp.ones(2, p) + dnp.ones(2, q)).dtype == want, (p, q)
    assert (array([1.0], dtype="float16") * 2.5).dtype == np.float16
    assert (array([1]) * 2.5).dtype == np.float32 and (array([1], dtype="int8") + 1).dtype == np.int8
    assert (array([1]) / array([2])).dtype == np.float32 and (array([True]) + 1).dtype == np.int64
    assert (array([1.0], dtype=BF16) + array([1.0], dtype="float16")).dtype == np.float32
    assert dnp.result_type(array([1], dtype="int8"), 3) == np.int8


def test_numpy_functions_on_our_arrays() -> None:
    x = array([0.0, 1.0])
    for name in ("exp", "sqrt", "negative", "isfinite", "absolute"):
        got = getattr(np, name)(x)
        assert isinstance(got, dl.NDArray)
        np.testing.assert_allclose(got.asnumpy(), getattr(np, name)(x.asnumpy()), rtol=1e-6)
    assert np.add(np.ones(2, np.float32), x).tolist() == [1.0, 2.0]
    assert float(np.mean(x)) == 0.5 and float(np.sum(x)) == 1.0
    assert np.asarray(x).dtype == np.float32 and np.asarray(x, dtype="int32").tolist() == [0, 1]
    out = nd.zeros((2,))
    np.multiply(x, 3, out=out)
    assert out.tolist() == [0.0, 3.0]
    assert isinstance(np.fabs(x), np.ndarray)  # not among ours: computed by NumPy
    assert np.add.reduce(x).item() == 1.0 and np.maximum.reduce(array([[1, 5], [3, 2]]), axis=1).tolist() == [5, 3]


def test_numbers_out_of_arrays() -> None:
    assert array([3]).item() == 3 and isinstance(array([3]).item(), int) and array([[2.5]]).asscalar() == 2.5
    assert float(array(1.5)) == 1.5 and int(array([7])) == 7 and bool(array(0.0)) is False
    assert [10, 20, 30][array(1)] == 20 and f"{array(2.0):.3f}" == "2.000"
    with pytest.raises(ValueError, match="one element"):
        array([1, 2]).item()
    with pytest.raises(ValueError, match="ambiguous"):
        bool(array([1, 2]))
    with pytest.raises(TypeError, match="len"):
        len(array(1))
    assert [row.tolist() for row in array([[1, 2], [3, 4]])] == [[1, 2], [3, 4]]
    assert 2 in array([1, 2]) and 5 not in array([1, 2])


def test_shape_methods() -> None:
    x = array(np.arange(24).reshape(2, 3, 4))
    assert x.T.shape == (4, 3, 2) and x.mT.shape == (2, 4, 3) and x.reshape(4, -1).shape == (4, 6)
    assert x.reshape((0, -1)).shape == (2, 12) and x.reshape(-3, 0).shape == (6, 4) and x.reshape(-2).shape == (2, 3, 4)
    assert x.reshape((-4, 1, 2, -2)).shape == (1, 2, 3, 4) and x.flatten().shape == (2, 12) and x.ravel().shape == (24,)
    assert x.swapaxes(0, 2).shape == (4, 3, 2) and x.transpose(1, 0, 2).shape == (3, 2, 4)
    assert x.expand_dims(1).shape == (2, 1, 3, 4) and x.expand_dims(1).squeeze().shape == (2, 3, 4)
    assert x.reshape(shape=(4, 6)).shape == (4, 6) and x[:0].reshape(0, 5).shape == (0, 5)
    assert x.slice_axis(axis=1, begin=1, end=None).shape == (2, 2, 4)
    assert [p.shape for p in x.split(num_outputs=3, axis=1)] == [(2, 1, 4)] * 3
    assert x.tile((2, 1, 1)).shape == (4, 3, 4) and x.repeat(2, axis=0).shape == (4, 3, 4)
    with pytest.raises(IndexError, match="swapaxes"):
        x.swapaxes(0, 5)
    with pytest.raises(ValueError, match="codes"):
        x.reshape((0, 0, 0, 0))


def test_reducing_methods() -> None:
    data = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
    x = array(data)
    for name in ("sum", "mean", "max", "min", "prod", "std", "var"):
        np.testing.assert_allclose(getattr(x, name)(axis=1).asnumpy(), getattr(data, name)(axis=1), rtol=1e-5)
        np.testing.assert_allclose(
            getattr(x, name)(axis=0, keepdims=True).asnumpy(), getattr(data, name)(axis=0, keepdims=True), rtol=1e-5
        )
    assert x.sum(dtype="float64").dtype == np.float64 and x.sum(axis=0, exclude=True).shape == (3,)
    assert x.argmax(axis=1).tolist() == data.argmax(1).tolist() and x.norm().item() == pytest.approx(
        np.linalg.norm(data)
    )
    assert x.clip(0, 1).max().item() <= 1 and x.clip(min=0).min().item() >= 0 and x.clip().tolist() == x.tolist()
    np.testing.assert_allclose(x.round(2).asnumpy(), data.round(2), rtol=1e-6)


def test_copying_and_casting() -> None:
    x = array([1.5, 2.5])
    y = x.astype("int32")
    assert y.tolist() == [1, 2] and x.astype("float32", copy=False) is x
    z = nd.zeros((2, 2), dtype="float64")
    x.copyto(z)
    assert z.tolist() == [[1.5, 2.5]] * 2
    c = x.copy()
    c += 1
    assert x.tolist() == [1.5, 2.5] and copy.deepcopy(x).tolist() == x.tolist()
    assert x.as_in_context(cpu()) is x and x.copyto(cpu()) is not x


def test_how_arrays_are_shown() -> None:
    assert repr(array([[1.0, 2.0], [3.0, 4.0]])) == "array([[1., 2.],\n       [3., 4.]])"
    assert repr(array([1, 2], dtype="int8")) == "array([1, 2], dtype=int8)"
    assert repr(array(np.zeros((0, 3), np.float32))) == "array([], dtype=float32, shape=(0, 3))"
    assert str(array([1.0])) == "[1.]" and repr(array([1.0], dtype=BF16)) == "array([1.], dtype=bfloat16)"


def test_contexts() -> None:
    assert cpu() == Context("cpu", 0) == "cpu(0)" and gpu(1) != gpu(0) and hash(cpu()) == hash(Context("cpu"))
    assert str(gpu(2)) == "gpu(2)" and Context("gpu:3").device_id == 3 and array([1]).ctx == cpu() == array([1]).device
    with gpu(1):
        assert dl.current_context() == gpu(1)
        with cpu() as here, here:
            assert dl.current_context() == cpu()
        assert dl.current_context() == gpu(1)
    assert dl.current_context() == cpu()
    with pytest.raises(ValueError, match="expected 'cpu'"):
        Context("tpu")
    if dl.num_gpus() == 0:
        with pytest.raises(RuntimeError, match="gpu"):
            nd.zeros((2,), ctx=gpu(0))


def test_memory_is_given_back() -> None:
    x = nd.zeros((1000, 1000))
    held = _core.memory_stats()["allocated"]
    del x
    assert _core.memory_stats()["allocated"] <= held - 4_000_000


@pytest.mark.parametrize("shape", ["word", ("a",), 1.5, None, object()])
def test_a_shape_that_is_no_shape_is_told(shape):
    with pytest.raises(TypeError, match=r"reshape: .*got"):
        nd.ones((2, 3)).reshape(shape)


def test_lists_without_end_and_sizes_beyond_memory_are_told() -> None:
    endless: list = []
    endless.append(endless)
    deep: list = [1.0]
    for _ in range(5000):
        deep = [deep]
    with pytest.raises(ValueError, match=r"array: the lists are not of one shape, got \[\[...\]\]"):
        array(endless)
    with pytest.raises(ValueError, match="array: the lists are not of one shape, got a list that is nested too deep"):
        array(deep)
    with pytest.raises(ValueError, match=r"assignment: the lists are not of one shape, got \[\[...\]\]"):
        array([1.0, 2.0])[0] = endless
    with pytest.raises(TypeError, match="vjp: .*primals a tuple that is nested too deep"):
        autograd.vjp(lambda x: x, deep)
    with pytest.raises(MemoryError, match="arange: the numbers from 0 to 4611686018427387904 in steps of 1 are larger"):
        dnp.arange(2**62)
