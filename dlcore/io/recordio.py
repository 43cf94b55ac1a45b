"""RecordIO: many records in one file, as MXNet's tools write it, with an index for reading in any order.

A record is the number 0xced7230a, a word with its length (29 bits) and its kind (3 bits), the bytes, and padding to
four. Bytes that hold that number at a multiple of four are cut there into parts of kinds 1, 2, 3 (first, middle,
last), so that a reader can find the beginning of a record from anywhere in the file; the number itself is left out.

>>> import tempfile, pathlib
>>> file = pathlib.Path(tempfile.mkdtemp()) / "notes.rec"
>>> with MXRecordIO(file, "w") as out:
...     out.write(b"one"); out.write(b"two")
>>> with MXRecordIO(file, "r") as notes:
...     notes.read(), notes.read(), notes.read()
(b'one', b'two', None)
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from dlcore import _answers

from ._atomic import atomic_write, begin_part, finish_part

__all__ = ["IRHeader", "MXIndexedRecordIO", "MXRecordIO", "pack", "pack_img", "unpack", "unpack_img"]

_MAGIC = 0xCED7230A
_MAGIC_BYTES = struct.pack("<I", _MAGIC)
_LENGTH = (1 << 29) - 1


class MXRecordIO:
    """A record file that is read (flag "r") or written ("w") from its beginning to its end.

    What is written appears under its name only when the file is closed, whole; an exception inside a `with` block
    leaves the old file as it was. Raises ValueError naming file and place for a file that is damaged or cut off.

    >>> import tempfile
    >>> file = tempfile.mkdtemp() + "/a.rec"
    >>> with MXRecordIO(file, "w") as records:
    ...     records.write(b"one")
    >>> with MXRecordIO(file, "r") as records:
    ...     records.read(), records.read()
    (b'one', None)
    """

    def __init__(self, uri: str | os.PathLike[str], flag: str) -> None:
        if flag not in ("r", "w"):
            raise ValueError(f"{type(self).__name__}: expected flag 'r' or 'w', got {flag!r}")
        self.uri, self.flag = Path(uri), flag
        self._stream: BinaryIO | None = None
        self.open()

    @property
    def writable(self) -> bool:
        """Whether records are written."""
        return self.flag == "w"

    @property
    def is_open(self) -> bool:
        """Whether `close` has not been called."""
        return self._stream is not None

    def open(self) -> None:
        """Begin at the first record, or with an empty file."""
        if self.writable:
            self._stream, self._part = begin_part(self.uri)
        else:
            self._stream = open(self.uri, "rb")
            self._size = os.fstat(self._stream.fileno()).st_size

    def close(self) -> None:
        """Close; what was written takes the name of the file. Harmless the second time."""
        if self._stream is None:
            return
        stream, self._stream = self._stream, None
        try:
            with stream:
                if self.writable:
                    finish_part(stream, self._part, self.uri)
        except BaseException:
            if self.writable:
                Path(self._part).unlink(missing_ok=True)
            raise

    def _drop(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None
            if self.writable:
                Path(self._part).unlink(missing_ok=True)

    def reset(self) -> None:
        """Back to the first record; a file that is written begins again empty."""
        self._drop()
        self.open()

    def tell(self) -> int:
        """The place of the next record in the file, in bytes."""
        return self._opened().tell()

    def read_at(self, place: int) -> bytes:
        """The record that begins at this byte of the file. ValueError where none does."""
        stream = self._opened()
        if self.writable:
            raise ValueError(f"{self.uri}: opened for writing, so nothing can be read")
        if not 0 <= place < self._size:
            raise ValueError(f"{self.uri}: no record begins at byte {place}: the file has {self._size} bytes")
        stream.seek(place)
        return self.read() or b""

    def _opened(self) -> BinaryIO:
        if self._stream is None:
            raise ValueError(f"{self.uri}: the file is closed")
        return self._stream

    def write(self, buf: bytes) -> None:
        """Append one record."""
        if not self.writable:
            raise ValueError(f"{self.uri}: opened for reading, so nothing can be written")
        stream, parts = self._opened(), _parts(bytes(buf))
        for k, part in enumerate(parts):
            kind = 0 if len(parts) == 1 else 1 if k == 0 else 3 if k == len(parts) - 1 else 2
            if len(part) > _LENGTH:
                raise ValueError(f"{self.uri}: a record has at most {_LENGTH} bytes, got {len(part)}")
            stream.write(struct.pack("<II", _MAGIC, kind << 29 | len(part)))
            stream.write(part + bytes(-len(part) % 4))

    def read(self) -> bytes | None:
        """The next record, or None after the last."""
        if self.writable:
            raise ValueError(f"{self.uri}: opened for writing, so nothing can be read")
        first = self._read_part(begins=True)
        if first is None:
            return None
        kind, data = first
        if kind == 0:
            return data
        parts = [data]
        while kind != 3:
            following = self._read_part(begins=False)
            if following is None:
                raise ValueError(f"{self.uri}: the file ends inside a record, at byte {self._size}")
            kind, data = following
            parts.append(data)
        return _MAGIC_BYTES.join(parts)

    def _read_part(self, begins: bool) -> tuple[int, bytes] | None:
        stream = self._opened()
        place = stream.tell()
        head = stream.read(8)
        if not head:
            return None
        magic, word = struct.unpack("<II", head) if len(head) == 8 else (0, 0)
        kind, length = word >> 29, word & _LENGTH
        if magic != _MAGIC or kind not in ((0, 1) if begins else (2, 3)):
            raise ValueError(f"{self.uri}: no record begins at byte {place}: the file is damaged, or not RecordIO")
        if place + 8 + length > self._size:
            raise ValueError(f"{self.uri}: the record at byte {place} has {length} bytes, but the file ends before")
        data = stream.read(length)
        stream.seek(-length % 4, os.SEEK_CUR)
        return kind, data

    def __iter__(self) -> Iterator[bytes]:
        while (record := self.read()) is not None:
            yield record

    def __enter__(self) -> Any:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: Any, trace: TracebackType | None) -> None:
        if kind is None:
            self.close()
        else:
            self._drop()

    def __del__(self) -> None:
        if getattr(self, "_stream", None) is not None:
            self._drop()


def _parts(data: bytes) -> list[bytes]:
    """The bytes between the numbers that would look like the beginning of a record."""
    parts, begin, at = [], 0, data.find(_MAGIC_BYTES)
    while at >= 0:
        if at % 4 == 0:
            parts.append(data[begin:at])
            begin = at + 4
            at = data.find(_MAGIC_BYTES, begin)
        else:
            at = data.find(_MAGIC_BYTES, at + 1)
    return [*parts, data[begin:]]


def index_lines(path: str | os.PathLike[str], key_type: Any = int) -> Iterator[tuple[Any, int]]:
    """The keys and places of an index, line by line; ValueError naming file and line for what is none."""
    with open(path, encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(file, 1):
            try:
                key, place = line.rstrip("\r\n").split("\t")
                found = key_type(key), int(place)
            except ValueError:
                found = None, -1
            if not 0 <= found[1] < 1 << 62:
                shown = line.rstrip("\r\n")[:80]
                raise ValueError(f"{os.fspath(path)}, line {number}: expected key, tab, place; got {shown!r}")
            yield found


class MXIndexedRecordIO(MXRecordIO):
    """A record file with a text file `idx_path` of lines "key, tab, place", read in any order with `read_idx`.

    >>> import tempfile, pathlib
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> with MXIndexedRecordIO(folder / "a.idx", folder / "a.rec", "w") as out:
    ...     for k in range(3):
    ...         out.write_idx(k, str(k * k).encode())
    >>> with MXIndexedRecordIO(folder / "a.idx", folder / "a.rec", "r") as squares:
    ...     squares.keys, squares.read_idx(2)
    ([0, 1, 2], b'4')
    """

    def __init__(
        self, idx_path: str | os.PathLike[str], uri: str | os.PathLike[str], flag: str, key_type: Any = int
    ) -> None:
        self.idx_path, self.key_type = Path(idx_path), key_type
        self.idx: dict[Any, int] = {}
        super().__init__(uri, flag)

    @property
    def keys(self) -> list[Any]:
        """The keys in the order of the index."""
        return list(self.idx)

    def open(self) -> None:
        super().open()
        self.idx = {}
        if self.writable:
            return
        try:
            self.idx = dict(index_lines(self.idx_path, self.key_type))
        except BaseException:
            self._drop()
            raise

    def close(self) -> None:
        if self.is_open and self.writable:
            super().close()
            with atomic_write(self.idx_path) as stream:
                stream.write("".join(f"{key}\t{place}\n" for key, place in self.idx.items()).encode())
        super().close()

    def seek(self, idx: Any) -> None:
        """Go to the record `idx`, which `read` then gives. KeyError for a key that is not in the index."""
        if self.writable:
            raise ValueError(f"{self.uri}: opened for writing, so nothing can be read")
        if idx not in self.idx:
            raise KeyError(f"{self.idx_path} has no key {idx!r}, but {len(self.idx)} others")
        self._opened().seek(min(self.idx[idx], self._size))

    def read_idx(self, idx: Any) -> bytes:
        """The record with the key `idx`."""
        self.seek(idx)
        record = self.read()
        if record is None:
            raise ValueError(f"{self.uri}: the index places {idx!r} at byte {self.idx[idx]}, where the file ends")
        return record

    def write_idx(self, idx: Any, buf: bytes) -> None:
        """Append a record with the key `idx`."""
        key, place = self.key_type(idx), self.tell()
        self.write(buf)
        self.idx[key] = place


class IRHeader(NamedTuple):
    """What stands before an image in its record. label: a number, or an array (`flag` then is its length).

    >>> unpack(pack(IRHeader(0, 4.0, 7, 0), b"data"))
    (IRHeader(flag=0, label=4.0, id=7, id2=0), b'data')
    """

    flag: int
    label: Any
    id: int
    id2: int


_HEADER = struct.Struct("<IfQQ")


def pack(header: IRHeader | tuple[Any, ...], s: bytes) -> bytes:
    """A record's bytes: the header, the labels if there are several, then `s`.

    >>> unpack(pack(IRHeader(0, 3.0, 7, 0), b"image"))
    (IRHeader(flag=0, label=3.0, id=7, id2=0), b'image')
    """
    header = IRHeader(*header)
    if np.ndim(header.label) == 0:
        return _HEADER.pack(header.flag, float(header.label), header.id, header.id2) + s
    label = np.asarray(header.label, "<f4")
    return _HEADER.pack(label.size, 0.0, header.id, header.id2) + label.tobytes() + s


def unpack(s: bytes) -> tuple[IRHeader, bytes]:
    """Header and the rest of a record; a label of several numbers is a float32 array. ValueError if it is too short.

    >>> unpack(pack(IRHeader(0, 4.0, 7, 0), b"data"))[1]
    b'data'
    """
    if len(s) < _HEADER.size:
        raise ValueError(f"unpack: expected a header of {_HEADER.size} bytes, got {len(s)} bytes")
    header = IRHeader(*_HEADER.unpack_from(s))
    rest = s[_HEADER.size :]
    if header.flag > 0:
        if len(rest) < 4 * header.flag:
            raise ValueError(f"unpack: expected {header.flag} labels, got {len(rest)} bytes")
        label = np.frombuffer(rest, "<f4", header.flag)
        header, rest = header._replace(label=label), rest[4 * header.flag :]
    return header, rest


def pack_img(header: IRHeader | tuple[Any, ...], img: Any, quality: int = 95, img_fmt: str = ".jpg") -> bytes:
    """`pack` of an image (h, w, 3) or (h, w), of bytes, encoded as ".jpg" of `quality` (1 to 100) or ".png".

    Needs Pillow. Colours are red, green, blue, in this order, everywhere in dlcore.

    >>> import numpy as np
    >>> packed = pack_img(IRHeader(0, 4.0, 7, 0), np.zeros((2, 3, 3), np.uint8), img_fmt=".png")
    >>> unpack_img(packed)[1].shape
    (2, 3, 3)
    """
    from ._image import encode_image

    return pack(header, encode_image(img, img_fmt, quality))


def unpack_img(s: bytes, iscolor: int = -1) -> tuple[IRHeader, np.ndarray]:
    """Header and image of a record. iscolor: 1 for (h, w, 3), 0 for (h, w), -1 as it was saved.

    >>> import numpy as np
    >>> header, picture = unpack_img(pack_img(IRHeader(0, 4.0, 7, 0), np.zeros((2, 3, 3), np.uint8), img_fmt=".png"))
    >>> header.id, picture.shape
    (7, (2, 3, 3))
    """
    from ._image import decode_image

    header, data = unpack(s)
    return header, decode_image(data, iscolor)


_answers.guard(__name__, __all__)
