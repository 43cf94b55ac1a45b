"""MXNet's `.params` files, which `mx.nd.save` and Gluon's `save_parameters` write.

The layout, all little-endian: u64 0x112, u64 0, u64 number of arrays, the arrays, u64 number of names, and each name as
u64 length and bytes. An array begins with a u32 that tells its version:

    V3, V2   i32 storage (0 dense)   i32 rank   i64 per axis   i32 device kind   i32 device number   i32 dtype   data
    V1                               i32 rank   i64 per axis   i32 device kind   i32 device number   i32 dtype   data
    older    (the u32 is the rank)              u32 per axis   i32 device kind   i32 device number   i32 dtype   data

Before V3 rank 0 stands for "no array"; in V3 it is a number, and rank -1 stands for "no array". Sparse arrays, of other
storages, are read and written in `_params_sparse`.
"""

from __future__ import annotations

import math
import os
import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NoReturn

import numpy as np

from dlcore import _core
from dlcore._core import NDArray
from dlcore.array._dtypes import NUMBERED
from dlcore.io import atomic_write, load_arrays

from . import _params_sparse

_LIST, _V1, _V2, _V3 = 0x112, 0xF993FAC8, 0xF993FAC9, 0xF993FACA
_MAX_RANK = 32
_MAX_BYTES = 1 << 48  # of an array, were its empty axes of length one: no real file comes near
_CPU = struct.pack("<ii", 1, 0)


def _numpy_dtype(number: int) -> np.dtype:
    if NUMBERED[number] == "bfloat16":
        import ml_dtypes

        return np.dtype(ml_dtypes.bfloat16)
    return np.dtype(NUMBERED[number]).newbyteorder("<")


class _Reader:
    """Takes a file's bytes from front to back; ValueError where they do not suffice."""

    def __init__(self, name: str, data: bytes) -> None:
        self._name, self._data, self._at = name, memoryview(data), 0

    def fail(self, what: str) -> NoReturn:
        raise ValueError(f"{self._name}: byte {self._at}: {what}")

    @property
    def left(self) -> int:
        return len(self._data) - self._at

    def take(self, size: int, what: str) -> memoryview:
        if size > self.left:
            self.fail(f"{what} needs {size} bytes, the file has {self.left} more")
        self._at += size
        return self._data[self._at - size : self._at]

    def numbers(self, layout: str, what: str) -> tuple[Any, ...]:
        return struct.unpack("<" + layout, self.take(struct.calcsize("<" + layout), what))

    def array(self, what: str) -> Any:
        (magic,) = self.numbers("I", what)
        if magic in (_V2, _V3):
            (storage,) = self.numbers("i", what)
            if storage in _params_sparse.KINDS:
                return _params_sparse.read(self, storage, what)
            if storage != 0:
                self.fail(f"{what} is of storage {storage}, which is not known")
        (rank,) = self.numbers("i", what) if magic in (_V1, _V2, _V3) else (magic,)
        if rank == (-1 if magic == _V3 else 0):
            self.fail(f"{what} was saved before it had values")
        shape = self._axes(rank, "q" if magic in (_V1, _V2, _V3) else "I", what)
        _, _, number = self.numbers("iii", f"device and dtype of {what}")
        return self.elements(shape, self.dtype(number, what), what)

    def shape(self, what: str) -> tuple[int, ...]:
        """A rank and as many sizes."""
        (rank,) = self.numbers("i", f"the rank of {what}")
        return self._axes(rank, "q", what)

    def _axes(self, rank: int, kind: str, what: str) -> tuple[int, ...]:
        if not 0 <= rank <= _MAX_RANK:
            self.fail(f"{what} has rank {rank}, expected at most {_MAX_RANK}: not an array, or of an unknown version")
        return self.numbers(f"{rank}{kind}", f"the shape of {what}")

    def dtype(self, number: int, what: str) -> np.dtype:
        """The dtype of a number of the format."""
        if not 0 <= number < len(NUMBERED):
            self.fail(f"{what} has the unknown dtype number {number}")
        return _numpy_dtype(number)

    def elements(self, shape: tuple[int, ...], dtype: np.dtype, what: str) -> NDArray:
        """The numbers of an array that come next."""
        if min(shape, default=0) < 0 or math.prod(max(n, 1) for n in shape) * dtype.itemsize > _MAX_BYTES:
            self.fail(f"{what} has the impossible shape {shape}")
        data = self.take(math.prod(shape) * dtype.itemsize, f"{what} of shape {shape} and dtype {dtype.name}")
        if dtype == np.bool_:
            return _core.from_numpy(np.frombuffer(data, np.uint8).reshape(shape) != 0)
        found = np.frombuffer(data, dtype).reshape(shape)
        return _core.from_numpy(found.astype(dtype.newbyteorder("="), copy=False), True)

    def name(self, what: str) -> str:
        (size,) = self.numbers("Q", what)
        try:
            return str(self.take(size, what), "utf-8")
        except UnicodeDecodeError:
            self.fail(f"{what} is not text")


def load(path: str | os.PathLike[str]) -> dict[str, Any] | list[Any]:
    """The arrays of a `.params` file, on the CPU: a dict, or a list when they were saved without names.

    A safetensors file, whatever it is called, gives a dict too.

    Row-sparse and CSR arrays stay such. Raises FileNotFoundError, and ValueError with the place for a file that is cut
    short, damaged or of another kind. Nothing is allocated that the file's own length does not pay for.

    >>> import dlcore as dl, tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "list.params"
    >>> save(file, [dl.nd.ones((2, 3))])
    >>> load(file)[0].shape
    (2, 3)
    """
    with open(path, "rb") as stream:
        data = stream.read()
    if data[8:9] == b"{":  # never so in a .params file, whose second eight bytes are zero
        return {name: _core.from_numpy(np.array(array)) for name, array in load_arrays(path).items()}
    reader = _Reader(os.fspath(path), data)
    magic, _, count = reader.numbers("QQQ", "the header")
    if magic != _LIST:
        raise ValueError(f"{os.fspath(path)}: expected an MXNet .params file (0x112 first), found {magic:#x}")
    arrays = [reader.array(f"array {number}") for number in _upto(count)]
    (count,) = reader.numbers("Q", "the number of names")
    names = [reader.name(f"name {number}") for number in _upto(count)]
    if reader.left:
        reader.fail(f"{reader.left} bytes are left over")
    if names and (len(names) != len(arrays) or len(set(names)) < len(names)):
        reader.fail(f"{len(arrays)} arrays have {len(names)} names, {len(set(names))} of them different")
    return dict(zip(names, arrays, strict=True)) if names or not arrays else arrays


def _upto(count: int) -> Iterator[int]:
    """0 .. count-1 for counts that `range` cannot take."""
    number = 0
    while number < count:
        yield number
        number += 1


def load_params(path: str | os.PathLike[str]) -> dict[str, NDArray]:
    """The named arrays of a `.params` file, sparse ones as dense; see `load`. ValueError if they have no names.

    Names come as they are: those of a Module's checkpoint begin with "arg:" or "aux:".

    >>> import dlcore as dl, tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "net.params"
    >>> save_params(file, {"weight": dl.nd.ones((2, 3))})
    >>> net = dl.gluon.nn.Dense(2, use_bias=False)
    >>> net.load_dict(load_params(file))
    >>> net.weight.data().shape
    (2, 3)
    """
    found = load(path)
    if isinstance(found, list):
        raise ValueError(f"{os.fspath(path)}: its {len(found)} arrays have no names; load() gives them as a list")
    return {name: _params_sparse.dense(array) for name, array in found.items()}


def save_params(path: str | os.PathLike[str], arrays: Mapping[str, Any]) -> None:
    """Write arrays (NDArray or NumPy) by name so that MXNet can read them; whole or not at all. See `load_params`.

    Arrays are dense V2; numbers and empty arrays, which only MXNet's NumPy mode knows, are V3. TypeError for a dtype
    that the format does not have.

    >>> import tempfile, dlcore as dl
    >>> file = tempfile.mkdtemp() + "/net.params"
    >>> save_params(file, {"arg:w": dl.nd.ones((2, 3)), "aux:mean": dl.nd.zeros((3,))})
    >>> sorted(load_params(file))
    ['arg:w', 'aux:mean']
    """
    save(path, arrays)


def save(path: str | os.PathLike[str], data: Any) -> None:
    """Write an array, a list of arrays, or arrays by name. See `save_params`.

    >>> import tempfile, dlcore as dl
    >>> file = tempfile.mkdtemp() + "/a.params"
    >>> save(file, {"w": dl.nd.ones((2,))})
    >>> dl.nd.load(file)["w"].tolist()
    [1.0, 1.0]
    """
    names = list(data) if isinstance(data, Mapping) else []
    values: Sequence[Any] = list(data.values()) if isinstance(data, Mapping) else _listed(data)
    hosts = [_host(names[k] if names else str(k), value) for k, value in enumerate(values)]
    with atomic_write(path) as stream:
        stream.write(struct.pack("<QQQ", _LIST, 0, len(hosts)))
        for host in hosts:
            if isinstance(host, _params_sparse.SPARSE):
                _params_sparse.write(stream, host, _V2, _CPU)
                continue
            magic = _V2 if host.ndim and host.size else _V3
            stream.write(struct.pack(f"<Iii{host.ndim}q", magic, 0, host.ndim, *host.shape))
            stream.write(_CPU + struct.pack("<i", NUMBERED.index(host.dtype.name)))
            stream.write(host.astype(host.dtype.newbyteorder("<"), copy=False).tobytes())
        stream.write(struct.pack("<Q", len(names)))
        for name in names:
            text = str(name).encode()
            stream.write(struct.pack("<Q", len(text)) + text)


def _listed(data: Any) -> list[Any]:
    return list(data) if isinstance(data, (list, tuple)) else [data]


def _host(name: str, value: Any) -> Any:
    """A NumPy array, or a sparse array as it is."""
    if not hasattr(value, "asnumpy") and not isinstance(value, (np.ndarray, np.generic)):
        raise TypeError(f"save: {name!r}: expected an array, got {type(value).__name__}")
    sparse = isinstance(value, _params_sparse.SPARSE)
    host: Any = value if sparse else value.asnumpy() if hasattr(value, "asnumpy") else np.asarray(value)
    if host.dtype.name not in NUMBERED:
        raise TypeError(f"save: {name!r}: .params files have no dtype {host.dtype}")
    return host
