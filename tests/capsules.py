"""DLPack as other libraries speak it, for tests that need none of them: the structures of the ABI, a producer whose
every field can be bent, and what PyTorch, CuPy and JAX ask of a producer and give as one."""

from __future__ import annotations

import ctypes
from typing import Any

import ml_dtypes
import numpy as np

BF16 = np.dtype(ml_dtypes.bfloat16)
CODES = {"b": 6, "i": 0, "u": 1, "f": 2, "c": 5}


class DLTensor(ctypes.Structure):
    _fields_ = [
        ("data", ctypes.c_void_p), ("device_type", ctypes.c_int32), ("device_id", ctypes.c_int32),
        ("ndim", ctypes.c_int32), ("code", ctypes.c_uint8), ("bits", ctypes.c_uint8), ("lanes", ctypes.c_uint16),
        ("shape", ctypes.POINTER(ctypes.c_int64)), ("strides", ctypes.POINTER(ctypes.c_int64)),
        ("byte_offset", ctypes.c_uint64),
    ]  # fmt: skip


DELETER = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


class Managed(ctypes.Structure):
    _fields_ = [("tensor", DLTensor), ("context", ctypes.c_void_p), ("deleter", DELETER)]


class Versioned(ctypes.Structure):
    _fields_ = [
        ("major", ctypes.c_uint32), ("minor", ctypes.c_uint32), ("context", ctypes.c_void_p), ("deleter", DELETER),
        ("flags", ctypes.c_uint64), ("tensor", DLTensor),
    ]  # fmt: skip


api = ctypes.pythonapi
api.PyCapsule_New.restype = ctypes.py_object
api.PyCapsule_New.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
api.PyCapsule_GetPointer.restype = ctypes.c_void_p
api.PyCapsule_GetPointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
api.PyCapsule_GetName.restype = ctypes.c_char_p
api.PyCapsule_GetName.argtypes = [ctypes.py_object]
api.PyCapsule_SetName.argtypes = [ctypes.py_object, ctypes.c_char_p]


class Producer:
    """Gives out a NumPy array's memory by the protocol, with every field to be bent, and counts the deleter's calls."""

    def __init__(self, values: np.ndarray, version: tuple[int, int] | None = (1, 0), flags: int = 0, **fields: Any):
        self.values, self.version, self.flags, self.fields = values, version, flags, fields
        self.deleted = 0
        self.asked: list[dict[str, Any]] = []
        self._kept: list[Any] = []

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.fields.get("device_type", 1), 0

    def __dlpack__(self, **options: Any) -> object:
        self.asked.append(options)
        if self.version is None and "max_version" in options:
            raise TypeError("unexpected keyword argument 'max_version'")
        return self.capsule()

    def capsule(self) -> object:
        v = self.values
        shape = (ctypes.c_int64 * max(v.ndim, 1))(*v.shape)
        strides = (ctypes.c_int64 * max(v.ndim, 1))(*(s // max(v.itemsize, 1) for s in v.strides))
        code = 4 if v.dtype == BF16 else CODES[v.dtype.kind]
        values = dict(data=v.ctypes.data, device_type=1, device_id=0, ndim=v.ndim, code=code, bits=v.itemsize * 8)
        values.update(lanes=1, shape=shape, strides=strides, byte_offset=0)
        values.update(self.fields)
        tensor = DLTensor(**values)
        deleter = DELETER(self._delete)
        if self.version is None:
            managed: Any = Managed(tensor, None, deleter)
        else:
            managed = Versioned(*self.version, None, deleter, self.flags, tensor)
        self._kept += [shape, strides, deleter, managed]
        name = b"dltensor" if self.version is None else b"dltensor_versioned"
        return api.PyCapsule_New(ctypes.addressof(managed), name, None)

    def _delete(self, _: int) -> None:
        self.deleted += 1
