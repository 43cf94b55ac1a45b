"""Memory given to PyTorch and JAX and taken from them, as they ask and answer; `make peers` has the real ones."""

from __future__ import annotations

import gc
from typing import Any

import numpy as np
import pytest
from capsules import JaxArray, TorchTensor, take_as_jax, take_as_torch
from capsules import Producer as Plain

import dlcore as dl
from dlcore.array import np as dnp

DTYPES = "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 bfloat16 float32 float64 complex64 complex128"


@pytest.mark.parametrize("dtype", DTYPES.split())
@pytest.mark.parametrize("size", [1, 3, 16, 17, 1000, 70_000])
def test_jax_shares_every_array_of_ours(dtype: str, size: int) -> None:
    """New arrays, results of operators and of compiled functions start at multiples of 64 bytes."""
    x = dnp.array(np.arange(size) % 7).astype(dtype)
    kept = [x, x.T, dnp.zeros(size, dtype=dtype), x + x, x.copy(), dl.jit(lambda v: (v + v, v * v))(x)[1]]
    for made in kept:
        values, shared = take_as_jax(made, copy=False)
        assert shared and values.dtype == made.dtype
        np.testing.assert_array_equal(values, made.asnumpy())


def test_jax_and_views() -> None:
    x = dnp.arange(24.0).reshape(2, 3, 4)
    for view, shared in {x.T: True, x.transpose(0, 2, 1): True, x[0, 0, 0]: True, x[1]: False, x[:, :0]: True}.items():
        values, same = take_as_jax(view)
        assert same == shared or not view.size
        np.testing.assert_array_equal(values, view.asnumpy())
    with pytest.raises(ValueError, match="not aligned"):
        take_as_jax(x[1], copy=False)
    for view in (x[:, ::2], x[::-1], dnp.broadcast_to(x[:1], (5, 3, 4))):
        with pytest.raises(NotImplementedError, match="compact"):
            take_as_jax(view)
        assert take_as_jax(view.copy(), copy=False)[1], "as a copy it can be taken"


@pytest.mark.parametrize("dtype", DTYPES.split())
def test_arrays_of_jax_are_shared_and_never_written(dtype: str) -> None:
    theirs = JaxArray(np.arange(6).reshape(2, 3).astype(dtype))
    before = theirs.values.copy()
    for take in (dnp.from_dlpack, dnp.asarray):
        x: Any = take(theirs)
        assert x._ptr == theirs.values.ctypes.data and x.dtype == dtype and x.tolist() == before.tolist()
        for write in (lambda x=x: x.__setitem__(0, 1), lambda x=x: x.__iadd__(x), lambda x=x: dnp.add(x, x, out=x)):
            with pytest.raises(ValueError, match="read-only"):
                write()
    assert theirs.asked == [{"stream": None, "max_version": (1, 0), "dl_device": None, "copy": None}] * 2
    assert (theirs.values == before).all()
    del x, write
    gc.collect()
    assert theirs.deleted == 2
    mine = dnp.array(theirs)
    mine[:] = 1
    assert (theirs.values == before).all() and (dnp.ones((2, 3), dtype=dtype) + theirs).shape == (2, 3)
    assert dnp.from_dlpack(theirs, copy=False)._ptr == theirs.values.ctypes.data and theirs.asked[-1]["copy"] is False


def test_what_never_changes_goes_back_to_jax_as_a_copy() -> None:
    x = dnp.from_dlpack(JaxArray(np.arange(3.0)))
    with pytest.raises(BufferError, match="read-only.*copy it"):
        take_as_jax(x)
    assert take_as_jax(x.copy())[0].tolist() == [0.0, 1.0, 2.0]


def test_a_capsule_in_hand_may_be_written() -> None:
    """What `to_dlpack_for_write` of old scripts gives: nobody can be asked whether it may."""
    values = np.zeros(3)
    dnp.from_dlpack(Plain(values, None).capsule())[:] = 2
    assert values.tolist() == [2.0] * 3
    x = dl.nd.zeros(3)
    dnp.from_dlpack(x.to_dlpack_for_write())[:] = 5
    assert x.tolist() == [5.0] * 3


def test_a_producer_that_only_copies_refuses_not_to() -> None:
    class Copier(JaxArray):
        def __dlpack__(self, *, copy: bool | None = None, **more: Any) -> object:
            if copy is False:
                raise BufferError("a copy is needed")
            return super().__dlpack__(copy=copy, **more)

    assert dnp.from_dlpack(Copier(np.ones(2))).tolist() == [1.0, 1.0]
    with pytest.raises(BufferError, match="a copy is needed"):
        dnp.from_dlpack(Copier(np.ones(2)), copy=False)


@pytest.mark.parametrize("dtype", "bool uint8 int64 float16 bfloat16 float32 float64 complex64 complex128".split())
def test_pytorch_both_ways(dtype: str) -> None:
    theirs = TorchTensor(np.arange(6).reshape(2, 3).astype(dtype).T)
    x = dnp.from_dlpack(theirs)
    assert x._ptr == theirs.values.ctypes.data and x.shape == (3, 2) and x.dtype == dtype
    x[0] = x[1]
    assert (theirs.values[0] == theirs.values[1]).all(), "PyTorch's memory may be written"
    values, address, flags = take_as_torch(x)
    assert address == x._ptr and flags == 0 and values.strides == theirs.values.strides
    np.testing.assert_array_equal(values, theirs.values)
    values, address, flags = take_as_torch(x, copy=True)
    assert address != x._ptr and flags == 2
    with pytest.raises(BufferError, match="grad"):
        dnp.from_dlpack(TorchTensor(np.zeros(3), requires_grad=True))
