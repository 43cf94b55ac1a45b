"""Core arrays as CuPy arrays over the same memory, and bfloat16, which travels as its bits."""

from __future__ import annotations

from typing import Any

from ._call import Array

GPU = 1  # the core's number for this kind of device


def wrap(cupy: Any, array: Any) -> Array:
    """A CuPy array over the memory of a core array on a GPU; bfloat16 as uint16."""
    name = "uint16" if array._dtype_name == "bfloat16" else array._dtype_name
    device = int(array._device[4:-1])
    memory = cupy.cuda.UnownedMemory(array._ptr, max(array.nbytes, 1), array, device)
    return cupy.ndarray(array.shape, name, cupy.cuda.MemoryPointer(memory, 0), array.strides)


def widened(xp: Any, bits: Array) -> Array:
    """bfloat16 bits as float32 values."""
    return (bits.astype("uint32") << xp.uint32(16)).view("float32")


def narrowed(xp: Any, values: Array) -> Array:
    """float32 values as bfloat16 bits: nearest, ties to even; NaN stays NaN."""
    bits = xp.ascontiguousarray(values.astype("float32")).view("uint32")
    rounded = (bits + xp.uint32(0x7FFF) + ((bits >> xp.uint32(16)) & xp.uint32(1))) >> xp.uint32(16)
    quiet = (bits >> xp.uint32(16)) | xp.uint32(0x40)
    return xp.where((bits & xp.uint32(0x7FFFFFFF)) > 0x7F800000, quiet, rounded).astype("uint16")
