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


# What other libraries ask and give ----------------------------------------------------------------------------------


def unpack(capsule: object) -> tuple[np.ndarray, int, int | None]:
    """(values over the memory itself, its address, flags: None from before DLPack 1), as long as the array lives."""
    name = api.PyCapsule_GetName(capsule)
    pointer = api.PyCapsule_GetPointer(capsule, name)
    versioned = name == b"dltensor_versioned"
    held: Any = (Versioned if versioned else Managed).from_address(pointer)
    t = held.tensor
    kinds = {**{code: kind for kind, code in CODES.items()}, 4: "bfloat16"}
    dtype = BF16 if t.code == 4 else np.dtype("bool" if t.code == 6 else f"{kinds[t.code]}{t.bits // 8}")
    shape, address = tuple(t.shape[: t.ndim]), (t.data or 0) + t.byte_offset
    size = dtype.itemsize
    strides = [s * size for s in t.strides[: t.ndim]]
    if 0 in shape:
        return np.zeros(shape, dtype), address, held.flags if versioned else None
    low = sum(min(0, s * (n - 1)) for s, n in zip(strides, shape, strict=True))
    high = sum(max(0, s * (n - 1)) for s, n in zip(strides, shape, strict=True)) + size
    memory = (ctypes.c_uint8 * (high - low)).from_address(address + low)
    return np.ndarray(shape, dtype, memory, -low, strides), address, held.flags if versioned else None


def compact(values: np.ndarray) -> bool:
    """Whether the memory is that of the array with its axes in some order, without gaps or repetitions."""
    room = values.itemsize
    for n, s in sorted(zip(values.shape, values.strides, strict=True), key=lambda pair: pair[1]):
        if n > 1:
            if s != room:
                return False
            room *= n
    return True


def take_as_jax(x: Any, copy: bool | None = None) -> tuple[np.ndarray, bool]:
    """(values, whether the memory is shared): what `jax.dlpack.from_dlpack` of JAX 0.10 asks, on a CPU.

    It names no version, so it gets a capsule from before DLPack 1; XLA wants compact memory that starts at a multiple
    of 64 bytes, and copies what does not.
    """
    kind, index = x.__dlpack_device__()
    assert {1: "cpu", 2: "cuda", 3: "cuda", 10: "rocm"}[kind] == "cpu" and index == 0
    capsule = x.__dlpack__(stream=None)
    assert api.PyCapsule_GetName(capsule) == b"dltensor"
    values, address, _ = unpack(capsule)
    if not compact(values) and values.size:
        raise NotImplementedError("Only DLPack tensors with trivial (compact) striding are supported")
    aligned = address % 64 == 0
    if copy is False and not aligned:
        raise ValueError("the source data buffer is not aligned to 64 bytes")
    shared = aligned and not copy
    return values if shared else values.copy(), shared


class JaxArray(Producer):
    """A `jax.Array` of JAX 0.10: it never changes, and has no way to say so."""

    def __init__(self, values: np.ndarray) -> None:
        super().__init__(values, None)

    def __dlpack__(  # type: ignore[override]
        self, *, stream: Any = None, max_version: Any = None, dl_device: Any = None, copy: bool | None = None
    ) -> object:
        self.asked.append({"stream": stream, "max_version": max_version, "dl_device": dl_device, "copy": copy})
        if max_version is not None and max_version < (0, 5):
            raise BufferError(
                f"JAX does not support any version below (0, 5) but version ({max_version}) was requested"
            )
        return self.capsule()


def take_as_torch(x: Any, copy: bool | None = None, stream: int = 0) -> tuple[np.ndarray, int, int | None]:
    """What `torch.from_dlpack` of PyTorch 2.13 asks: fewer and fewer words, until none is refused.

    stream   on CUDA, its current stream, of which the default one (0) is called 1
    """
    words: dict[str, Any] = {"max_version": (1, 0), **({} if copy is None else {"copy": copy})}
    kind = x.__dlpack_device__()[0]
    assert kind in (1, 2)
    if kind == 2:
        words["stream"] = stream or 1
    for dropped in (None, "max_version", "copy", "dl_device"):
        words.pop(dropped, None)  # type: ignore[arg-type]
        try:
            return unpack(x.__dlpack__(**words))
        except TypeError:
            if dropped == "dl_device":
                raise
    raise AssertionError("unreachable")


class TorchTensor(Producer):
    """A `torch.Tensor` of PyTorch 2.13: -1 and None are its streams on a CPU, 0 and 2 none on CUDA; variables are
    refused."""

    def __init__(self, values: np.ndarray, requires_grad: bool = False, kind: int = 1) -> None:
        super().__init__(values, device_type=kind)
        self.requires_grad = requires_grad

    def detach(self) -> TorchTensor:
        return TorchTensor(self.values)

    def __dlpack__(  # type: ignore[override]
        self, *, stream: Any = -1, max_version: Any = None, dl_device: Any = None, copy: bool | None = None
    ) -> object:
        if self.requires_grad:
            raise BufferError("Can't export tensors that require gradient, use tensor.detach()")
        if stream is not None and type(stream) is not int:
            raise TypeError("stream must be ``int`` or ``none``")
        self.asked.append({"stream": stream, "max_version": max_version, "dl_device": dl_device, "copy": copy})
        if self.__dlpack_device__()[0] == 2:
            if stream in (0, 2):
                raise BufferError(f"unsupported stream on CUDA: {stream}")
        else:
            assert stream in (-1, None)
        if max_version is None or max_version[0] < 1:
            return Producer(self.values, None).capsule()
        return TorchTensor(self.values.copy()).capsule() if copy else self.capsule()


def take_as_cupy(x: Any, stream: int = 0, copy: bool | None = None) -> tuple[tuple[int, ...], int, int | None]:
    """(shape, address, flags) of what `cupy.from_dlpack` of CuPy 14 asks: its stream, whose default is CUDA's 1."""
    kind, _ = x.__dlpack_device__()
    if kind not in (2, 13):
        raise TypeError("CPU arrays cannot be directly imported to CuPy. Use `cupy.array(numpy.from_dlpack(input))`")
    try:
        capsule = x.__dlpack__(stream=stream or 1, max_version=(1, 0), copy=copy)
    except TypeError:
        if copy is not None:
            raise
        capsule = x.__dlpack__(stream=stream or 1)
    name = api.PyCapsule_GetName(capsule)
    held: Any = (Versioned if name == b"dltensor_versioned" else Managed).from_address(
        api.PyCapsule_GetPointer(capsule, name)
    )
    t = held.tensor
    assert t.lanes == 1 and t.device_type in (2, 13)
    return tuple(t.shape[: t.ndim]), t.data + t.byte_offset, getattr(held, "flags", None)


class CupyArray(Producer):
    """A `cupy.ndarray` of CuPy 14 over memory of device `kind`: it takes every stream CUDA has but complains of 0."""

    def __init__(self, values: np.ndarray, kind: int = 2) -> None:
        super().__init__(values, device_type=kind)

    def __dlpack__(  # type: ignore[override]
        self, *, stream: Any = None, max_version: Any = None, dl_device: Any = None, copy: bool | None = None
    ) -> object:
        self.asked.append({"stream": stream, "max_version": max_version, "dl_device": dl_device, "copy": copy})
        if stream is not None and (not isinstance(stream, int) or stream < -1 or stream == 0):
            raise ValueError(
                "On CUDA, the valid stream for the DLPack protocol is -1, 1, 2, or any larger value, "
                f"but {stream} was provided"
            )
        if dl_device is not None and tuple(dl_device) != self.__dlpack_device__():
            raise BufferError("unsupported device requested.")
        if max_version is None or max_version[0] < 1:
            self.version = None
        return self.capsule()
