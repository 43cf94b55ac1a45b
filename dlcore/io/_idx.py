"""IDX, the format of MNIST's files: a magic number, the sizes, then the elements, all big-endian."""

from __future__ import annotations

import gzip
import math
import os
import struct
import zlib
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from ._atomic import atomic_write

# Third byte of the magic number -> element type (the format's description is on MNIST's own page).
_TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


def _head(where: Path, stream: BinaryIO) -> tuple[np.dtype, tuple[int, ...]]:
    """Type and shape that the beginning of a file tells."""
    start = stream.read(4)
    if len(start) < 4 or start[:2] != b"\0\0" or start[2] not in _TYPES:
        raise ValueError(
            f"{where}: expected an IDX file (two zero bytes, a type, a rank), got {start.hex() or 'nothing'}"
        )
    rank = start[3]
    if rank > 64:
        raise ValueError(f"{where}: an array has at most 64 axes, an IDX file of {rank} cannot be read")
    sizes = stream.read(4 * rank)
    if len(sizes) < 4 * rank:
        raise ValueError(f"{where}: the IDX header needs {4 + 4 * rank} bytes, the file has {4 + len(sizes)}")
    return np.dtype(_TYPES[start[2]]), struct.unpack(f">{rank}I", sizes)


def _elements(stream: BinaryIO, size: int) -> bytes:
    """So many bytes and one more, or what is there: a file that unpacks to far more does not fill the memory."""
    parts, left = [], size + 1
    while left and (part := stream.read(min(left, 1 << 20))):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def read_idx(path: str | os.PathLike[str]) -> np.ndarray:
    """Read an IDX file, plain or gzipped, into an array in the machine's byte order (read-only for bytes).

    Raises FileNotFoundError, and ValueError naming the file when it is not IDX or has the wrong length.

    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "labels.gz"
    >>> write_idx(file, np.arange(3, dtype=np.uint8))
    >>> read_idx(file)
    array([0, 1, 2], dtype=uint8)
    """
    where = Path(path)
    with open(where, "rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        stream: Any = gzip.GzipFile(fileobj=file) if packed else file
        try:
            dtype, shape = _head(where, stream)
            expected = math.prod(shape) * dtype.itemsize
            data = _elements(stream, expected)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise ValueError(f"{where}: the gzip data is damaged or cut short ({error})") from error
    if len(data) != expected:
        offset = 4 + 4 * len(shape)
        has = f"has {offset + len(data)}" if len(data) < expected else "is longer"
        raise ValueError(f"{where}: an IDX file of shape {shape} has {offset + expected} bytes, this one {has}")
    array = np.frombuffer(data, dtype).reshape(shape)
    return array if dtype.itemsize == 1 else array.astype(dtype.newbyteorder("="))


def write_idx(path: str | os.PathLike[str], array: np.ndarray) -> None:
    """Write `array` (uint8, int8, int16, int32, float32 or float64) as IDX; gzipped when the name ends in .gz.

    >>> import pathlib, tempfile
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "labels"
    >>> write_idx(file, np.array([3, 1], np.uint8))
    >>> read_idx(file)
    array([3, 1], dtype=uint8)
    """
    wanted = array.dtype.newbyteorder(">") if array.dtype.itemsize > 1 else array.dtype
    codes = {np.dtype(name): code for code, name in _TYPES.items()}
    if wanted not in codes:
        raise TypeError(
            f"write_idx: IDX has no dtype {array.dtype}; expected uint8, int8, int16, int32, float32 or float64"
        )
    header = bytes([0, 0, codes[wanted], array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    data = header + array.astype(wanted, copy=False).tobytes()
    with atomic_write(path) as stream:
        stream.write(gzip.compress(data, 9, mtime=0) if str(path).endswith(".gz") else data)
