"""DLPack 1.x both ways: with NumPy, and with stand-ins that count what the protocol promises."""

from __future__ import annotations

import ctypes
import gc
from typing import Any

import numpy as np
import pytest
from capsules import BF16, CODES, DELETER, Managed, Producer, Versioned, api

import dlcore as dl
from dlcore import _core, autograd
from dlcore.array import np as dnp

DTYPES = ["bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "float32",
          "float64", "complex64", "complex128", BF16]  # fmt: skip


def layouts(dtype: Any) -> list[np.ndarray]:
    values = np.arange(24).reshape(2, 3, 4).astype(dtype)
    return [
        values,
        values.T,
        values[:, ::-1, ::2],
        values[:, :0],
        values[0, 0, :1].reshape(()),
        np.broadcast_to(values[:1], (5, 3, 4)),
    ]


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("version", [None, (1, 0), (1, 7)], ids=str)
def test_taking_every_dtype_and_layout(dtype: Any, version: tuple[int, int] | None) -> None:
    for source in layouts(dtype):
        producer = Producer(source, version)
        x = dnp.from_dlpack(producer)
        assert x.dtype == source.dtype and x.shape == np.shape(source)
        np.testing.assert_array_equal(x.asnumpy(), source)
        assert not source.size or x._ptr == source.ctypes.data
        assert producer.deleted == 0
        del x
        assert producer.deleted == 1


def test_the_deleter_is_called_once_when_the_last_view_is_gone() -> None:
    producer = Producer(np.arange(6.0))
    x = dnp.from_dlpack(producer)
    view, on, there = x[2:], x._numpy_view(), np.from_dlpack(x)
    del x
    gc.collect()
    assert producer.deleted == 0
    del view, on
    assert producer.deleted == 0
    del there
    gc.collect()
    assert producer.deleted == 1


def test_a_capsule_is_taken_once() -> None:
    producer = Producer(np.arange(3.0))
    capsule = producer.capsule()
    x = _core.from_dlpack(capsule)
    assert api.PyCapsule_GetName(capsule) == b"used_dltensor_versioned" and x.tolist() == [0.0, 1.0, 2.0]
    with pytest.raises(ValueError, match="taken already"):
        _core.from_dlpack(capsule)
    del x
    assert producer.deleted == 1
    ours = dnp.ones(3).__dlpack__()
    there = dnp.from_dlpack(ours)
    with pytest.raises(ValueError, match="taken already"):
        dnp.from_dlpack(ours)
    assert there.tolist() == [1.0] * 3


def test_a_producer_without_a_deleter() -> None:
    producer = Producer(np.arange(3.0))
    capsule = producer.capsule()
    Versioned.from_address(api.PyCapsule_GetPointer(capsule, b"dltensor_versioned")).deleter = DELETER()
    assert dnp.from_dlpack(capsule).tolist() == [0.0, 1.0, 2.0]


def test_what_the_producer_is_asked() -> None:
    old, new = Producer(np.ones(2), None), Producer(np.ones(2))
    dnp.from_dlpack(old)
    dnp.from_dlpack(new)
    assert old.asked == [{"max_version": (1, 0)}, {}] and new.asked == [{"max_version": (1, 0)}]


@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        ({"version": (2, 0)}, BufferError, r"version 2\.0 of DLPack, 1\.x is understood"),
        ({"lanes": 2}, BufferError, "2 lanes have no dtype"),
        ({"code": 2, "bits": 8}, BufferError, "type code 2 with 8 bits"),
        ({"code": 3}, BufferError, "type code 3"),
        ({"device_type": 8}, BufferError, "device type 8 cannot be used"),
        ({"ndim": 99}, BufferError, "99 axes, at most"),
        ({"ndim": -1}, BufferError, "-1 axes"),
        ({"data": None}, BufferError, "elements, but no memory"),
    ],
)
def test_what_cannot_be_taken(change: dict[str, Any], kind: type[Exception], message: str) -> None:
    producer = Producer(np.arange(3.0), **change)
    with pytest.raises(kind, match=message):
        dnp.from_dlpack(producer)
    assert producer.deleted == 0  # the capsule was not taken: it stays the producer's


def test_negative_and_impossible_sizes() -> None:
    for sizes in ((-1,), (2**62,)):
        with pytest.raises(BufferError, match="of axis 0 is impossible"):
            dnp.from_dlpack(Producer(np.arange(1.0), shape=(ctypes.c_int64 * 1)(*sizes)))


def test_no_dlpack_at_all() -> None:
    for thing in (3, "text", [1, 2], object()):
        with pytest.raises(TypeError, match="expected an object with __dlpack__"):
            dnp.from_dlpack(thing)
    stranger = api.PyCapsule_New(id(self_made := object()), b"strange", None)
    with pytest.raises(TypeError, match="capsule called 'strange' is no DLPack capsule"):
        dnp.from_dlpack(stranger)
    assert self_made


def test_strides_may_be_left_out_and_an_offset_given() -> None:
    source = np.arange(12.0).reshape(3, 4)
    none = ctypes.POINTER(ctypes.c_int64)()
    assert dnp.from_dlpack(Producer(source, strides=none)).tolist() == source.tolist()
    shape = (ctypes.c_int64 * 2)(2, 4)
    moved = dnp.from_dlpack(Producer(source, shape=shape, byte_offset=4 * 8))
    assert moved.tolist() == source[1:].tolist()


def test_elements_off_their_boundary_are_copied() -> None:
    raw = np.zeros(8 * 4 + 1, np.uint8)
    source = raw[1:].view(np.float64)
    source[:] = [1, 2, 3, 4]
    producer = Producer(source[::-1])
    x = dnp.from_dlpack(producer)
    assert x.tolist() == [4.0, 3.0, 2.0, 1.0] and x._ptr % 8 == 0 and (x + 1).tolist()[0] == 5.0
    with pytest.raises(BufferError, match="not aligned.*copy=False"):
        dnp.from_dlpack(Producer(source), copy=False)


def test_read_only_memory_stays_read_only() -> None:
    source = np.arange(3.0)
    x = dnp.from_dlpack(Producer(source, flags=1))
    for write in (lambda: x.__setitem__(0, 1.0), lambda: x.__iadd__(1.0), lambda: dnp.exp(source, out=x)):
        with pytest.raises(ValueError, match="read-only"):
            write()
    assert source.tolist() == [0.0, 1.0, 2.0] and (x + 1).tolist() == [1.0, 2.0, 3.0]
    assert not np.asarray(x).flags.writeable and not np.from_dlpack(x).flags.writeable
    with pytest.raises(BufferError, match=r"read-only.*max_version=\(1, 0\)"):
        x.__dlpack__()
    capsule = x.__dlpack__(max_version=(1, 0))
    assert Versioned.from_address(api.PyCapsule_GetPointer(capsule, b"dltensor_versioned")).flags == 1
    dnp.from_dlpack(Producer(source))[:] = 9
    assert source.tolist() == [9.0] * 3


def test_broadcast_memory_is_given_as_read_only() -> None:
    x = dnp.broadcast_to(dnp.ones(1), (3,))
    assert not np.from_dlpack(x).flags.writeable and np.from_dlpack(x.copy()).flags.writeable
    assert dnp.from_dlpack(x.__dlpack__(max_version=(1, 0))).tolist() == [1.0] * 3


def test_pytorch_is_not_given_negative_strides() -> None:
    """It ends the process at them, those of NumPy's arrays too."""
    place: dict[str, Any] = {"__name__": "torch.utils.dlpack"}
    exec("def take(x): return x.__dlpack__(max_version=(1, 0))", place)
    x = dnp.arange(6).reshape(2, 3)
    with pytest.raises(BufferError, match=r"negative strides, was given strides \(3, -1\); give it x.copy\(\)"):
        place["take"](x[:, ::-1])
    for fits in (x, x.T, x[:, ::2], x[:0, ::-1], x[:, ::-1].copy()):
        assert dnp.from_dlpack(place["take"](fits)).tolist() == fits.tolist()
    assert np.from_dlpack(x[:, ::-1]).tolist() == x[:, ::-1].tolist()


def test_copy_keyword() -> None:
    source = np.arange(3.0)
    copied, shared = dnp.from_dlpack(source, copy=True), dnp.from_dlpack(source, copy=False)
    source[0] = 7
    assert copied.tolist()[0] == 0.0 and shared.tolist()[0] == 7.0
    x = dnp.ones(3)
    assert np.from_dlpack(x, copy=True).ctypes.data != x._ptr == np.from_dlpack(x, copy=False).ctypes.data
    capsule = x.__dlpack__(max_version=(1, 0), copy=True)
    assert Versioned.from_address(api.PyCapsule_GetPointer(capsule, b"dltensor_versioned")).flags == 2


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("version", [None, (1, 0)], ids=str)
def test_giving_every_dtype_and_layout(dtype: Any, version: tuple[int, int] | None) -> None:
    for source in layouts(dtype):
        x = dnp.asarray(source)
        if not source.flags.writeable:
            x = dnp.broadcast_to(dnp.array(source[:1]), source.shape)
        capsule = x.__dlpack__() if version is None else x.__dlpack__(max_version=version)
        name = b"dltensor" if version is None else b"dltensor_versioned"
        assert api.PyCapsule_GetName(capsule) == name
        pointer = api.PyCapsule_GetPointer(capsule, name)
        tensor = Managed.from_address(pointer).tensor if version is None else Versioned.from_address(pointer).tensor
        assert (tensor.ndim, tensor.bits, tensor.lanes) == (x.ndim, x.itemsize * 8, 1)
        assert tensor.code == (4 if source.dtype == BF16 else CODES[source.dtype.kind])
        assert tuple(tensor.shape[: x.ndim]) == x.shape and tuple(tensor.strides[: x.ndim]) == x._strides
        assert (tensor.device_type, tensor.device_id) == x.__dlpack_device__() == (1, 0)
        assert (tensor.data or 0) + tensor.byte_offset == x._ptr
        np.testing.assert_array_equal(dnp.from_dlpack(capsule).asnumpy(), source)


def test_a_capsule_that_nobody_takes_frees_its_memory() -> None:
    held = _core.memory_stats()["allocated"]
    x = dnp.zeros((1000, 1000))
    capsule = x.__dlpack__()
    del x
    assert _core.memory_stats()["allocated"] >= held + 4_000_000
    del capsule
    assert _core.memory_stats()["allocated"] < held + 4_000_000


def test_what_the_consumer_may_ask_for() -> None:
    x = dnp.ones(3)
    assert x.__dlpack__(stream=None, max_version=None, dl_device=(1, 0), copy=None)
    with pytest.raises(ValueError, match="stream must be None, got 1"):
        x.__dlpack__(stream=1)
    with pytest.raises(BufferError, match=r"on cpu\(0\).*asked for on \(2, 0\)"):
        x.__dlpack__(dl_device=(2, 0))
    with pytest.raises(TypeError):
        x.__dlpack__(strange=1)


def test_inside_a_compiled_function_there_is_no_memory() -> None:
    with pytest.raises(RuntimeError, match="__dlpack__"):
        dl.jit(lambda x: dnp.from_dlpack(x.__dlpack__()))(dnp.ones(3))


def test_gradients_do_not_follow_a_capsule() -> None:
    x = dnp.ones(3)
    x.attach_grad()
    with autograd.record():
        y = dnp.from_dlpack((x * 2).__dlpack__())
    assert not y._tracked and y.tolist() == [2.0] * 3


def test_asarray_takes_what_speaks_dlpack() -> None:
    producer = Producer(np.arange(3.0))
    assert dnp.asarray(producer)._ptr == producer.values.ctypes.data
    assert dnp.array(producer)._ptr != producer.values.ctypes.data
    assert (dnp.ones(3) + producer).tolist() == [1.0, 2.0, 3.0]
    assert dnp.asarray(producer, copy=False)._ptr == producer.values.ctypes.data
    with pytest.raises(ValueError, match="copy=False"):
        dnp.asarray(producer, dtype="float32", copy=False)
