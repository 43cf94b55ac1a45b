"""Memory given to JAX and taken from it."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import dlcore as dl
from dlcore.array import np as dnp

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_platforms", "cpu")
DTYPES = "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 bfloat16 float32 float64 complex64 complex128"


@pytest.mark.parametrize("dtype", DTYPES.split())
def test_both_ways_without_a_copy(dtype: str) -> None:
    x = dnp.array(np.arange(24).reshape(2, 3, 4) % 5).astype(dtype)
    for ours in (x, x.T, x.transpose(0, 2, 1), x + x, dl.jit(lambda v: (v, v * v))(x)[1]):
        there = jax.dlpack.from_dlpack(ours, copy=False)
        assert there.unsafe_buffer_pointer() == ours._ptr and there.dtype == ours.dtype
        np.testing.assert_array_equal(np.asarray(there), ours.asnumpy())
    theirs = jnp.arange(6).reshape(2, 3).astype(dtype)
    for take in (dnp.from_dlpack, dnp.asarray):
        back = take(theirs)
        assert back._ptr == theirs.unsafe_buffer_pointer() and back.dtype == theirs.dtype
        np.testing.assert_array_equal(back.asnumpy(), np.asarray(theirs))


def test_what_jax_must_copy_or_cannot_take() -> None:
    x = dnp.arange(24.0).reshape(2, 3, 4)
    assert np.array_equal(jax.dlpack.from_dlpack(x[1]), x[1].asnumpy())
    with pytest.raises(ValueError, match="not aligned to 64 bytes"):
        jax.dlpack.from_dlpack(x[1], copy=False)
    for view in (x[:, ::2], x[::-1], dnp.broadcast_to(x[:1], (5, 3, 4))):
        with pytest.raises(Exception, match="compact"):
            jax.dlpack.from_dlpack(view)
        assert np.array_equal(jax.dlpack.from_dlpack(view.copy(), copy=False), view.asnumpy())


def test_arrays_of_jax_never_change() -> None:
    theirs = jnp.arange(3.0)
    x = dnp.from_dlpack(theirs)
    with pytest.raises(ValueError, match="read-only"):
        x[0] = 7
    assert theirs.tolist() == [0.0, 1.0, 2.0] and (x + theirs).tolist() == [0.0, 2.0, 4.0]
    with pytest.raises(BufferError, match="read-only"):
        jax.dlpack.from_dlpack(x)
    assert jax.dlpack.from_dlpack(x.copy()).tolist() == [0.0, 1.0, 2.0]


def test_jax_computes_with_what_we_give() -> None:
    x = dnp.arange(1.0, 4.0)
    assert jnp.sum(jnp.asarray(x)) == 6.0 and jax.grad(lambda v: (v**2).sum())(jnp.asarray(x)).tolist() == [2, 4, 6]
