"""Sparse arrays in `.params` files, storage 1 (row_sparse) and 2 (csr), after the version and the storage:

    i32 rank, i64 per axis of the stored numbers   i32 rank, i64 per axis   i32 device kind   i32 device number
    i32 dtype   for each array of places i32 dtype, i32 rank, i64 per axis   the numbers   each array of places

The places are the rows of a row_sparse array, or of a csr array first where each row begins and then the columns.
"""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING, Any

from dlcore import _core
from dlcore.array._dtypes import NUMBERED
from dlcore.array.sparse import CSRNDArray, RowSparseNDArray

if TYPE_CHECKING:
    from ._params import _Reader

KINDS = {1: "row_sparse", 2: "csr"}
_WHOLE = ("int32", "int64")


def read(reader: _Reader, storage: int, what: str) -> CSRNDArray | RowSparseNDArray:
    """The sparse array that begins here; ValueError for places that no array of its shape has."""
    what = f"{what} ({KINDS[storage]})"
    stored, shape = reader.shape(f"the stored numbers of {what}"), reader.shape(what)
    _, _, number = reader.numbers("iii", f"device and dtype of {what}")
    parts = []
    for place in ("rows",) if storage == 1 else ("begins", "columns"):
        (kind,) = reader.numbers("i", f"the dtype of the {place} of {what}")
        if reader.dtype(kind, what).name not in _WHOLE:
            reader.fail(f"the {place} of {what} have dtype {NUMBERED[kind]}, expected whole numbers")
        parts.append((reader.dtype(kind, what), reader.shape(f"the {place} of {what}")))
    data = reader.elements(stored, reader.dtype(number, what), what)
    places = [reader.elements(size, kind, what).asnumpy() for kind, size in parts]
    if not shape or min(shape) < 0 or math.prod(shape) >= 1 << 63 or (storage == 2 and len(shape) != 2):
        reader.fail(f"{what} has the impossible shape {shape}")
    made: CSRNDArray | RowSparseNDArray
    if storage == 1:
        made = RowSparseNDArray(data, places[0], shape)
    else:
        made = CSRNDArray(data, places[1], places[0], shape)
    try:
        made.check_format()
    except (IndexError, ValueError) as error:
        reader.fail(f"{what}: {error}")
    return made


def write(stream: Any, array: CSRNDArray | RowSparseNDArray, version: int, device: bytes) -> None:
    """The array as MXNet writes it."""
    host, storage = array.data.asnumpy(), 2 if isinstance(array, CSRNDArray) else 1
    places = [array.indptr, array.indices] if isinstance(array, CSRNDArray) else [array.indices]
    hosts = [p.asnumpy().astype("<i8") for p in places]
    stream.write(struct.pack("<Ii", version, storage) + _shape(host.shape) + _shape(array.shape) + device)
    stream.write(struct.pack("<i", NUMBERED.index(host.dtype.name)))
    for place in hosts:
        stream.write(struct.pack("<i", NUMBERED.index("int64")) + _shape(place.shape))
    stream.write(host.astype(host.dtype.newbyteorder("<"), copy=False).tobytes())
    for place in hosts:
        stream.write(place.tobytes())


def _shape(shape: tuple[int, ...]) -> bytes:
    return struct.pack(f"<i{len(shape)}q", len(shape), *shape)


SPARSE = (CSRNDArray, RowSparseNDArray)


def dense(value: Any) -> _core.NDArray:
    """A dense array of the same numbers, for what knows only those."""
    return value.tostype("default") if isinstance(value, SPARSE) else value
