"""Pictures in record files and lists of files, each as a function that reads and decodes it."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from ._image import decode_image
from .recordio import MXRecordIO, index_lines, unpack

FilePath = str | os.PathLike[str]
Picture = Callable[[], tuple[Any, np.ndarray]]  # the label and the picture (h, w, c) of one example


def of_record(file: Records, place: int, flag: int, at_least: int) -> Picture:
    def read() -> tuple[Any, np.ndarray]:
        header, data = unpack(file.at(place))
        return header.label, _three(decode_image(data, flag, at_least))

    return read


class Records:
    """A record file that stays open, read at any place by one thread at a time."""

    def __init__(self, path: Path) -> None:
        self._path, self._lock = path, threading.Lock()
        self._records: MXRecordIO | None = None

    def at(self, place: int) -> bytes:
        """The record that begins at `place`."""
        with self._lock:
            if self._records is None:
                self._records = MXRecordIO(self._path, "r")
            return self._records.read_at(place)

    def __del__(self) -> None:
        if self._records is not None:
            self._records.close()


def of_file(path: Path, label: Any, flag: int, at_least: int) -> Picture:
    return lambda: (label, _three(decode_image(path, flag, at_least)))


def in_turn(reads: Sequence[Picture], threads: int) -> Iterator[tuple[Any, np.ndarray]]:
    """What they read, in this order. Threads work a few pictures ahead: decoders leave others their turn meanwhile."""
    if threads < 2:
        yield from (read() for read in reads)
        return
    with ThreadPoolExecutor(threads, thread_name_prefix="dlcore-pictures") as pool:
        rest = iter(reads)
        waiting = deque(pool.submit(read) for read in islice(rest, 2 * threads))
        try:
            while waiting:
                found = waiting.popleft().result()
                waiting.extend(pool.submit(read) for read in islice(rest, 1))
                yield found
        finally:
            for future in waiting:
                future.cancel()


def _three(image: np.ndarray) -> np.ndarray:
    return image[..., None] if image.ndim == 2 else image


def places_in(path: Path, index: FilePath | None) -> list[int]:
    """Where the records begin: from the index, or by walking through the file."""
    if index is not None:
        return [place for _, place in index_lines(index, str)]
    found: list[int] = []
    with MXRecordIO(path, "r") as records:
        while True:
            place = records.tell()
            if records.read() is None:
                return found
            found.append(place)


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    with open(path, encoding="utf-8", errors="replace") as file:
        yield from ((number, line.rstrip("\r\n")) for number, line in enumerate(file, 1) if line.strip())


def _of_line(path: Path, number: int, line: str) -> list[Any]:
    words = line.split("\t")
    try:
        return [*map(float, words[1:-1]), words[-1]]
    except ValueError:
        raise ValueError(f"{path}, line {number}: expected number, labels, file; got {line[:80]!r}") from None


def listed(
    path: FilePath | None, given: Sequence[Any] | None, root: FilePath, flag: int, at_least: int
) -> list[Picture]:
    """From lines "number, labels..., file" with tabs between, or from lists [label..., file]."""
    if given is None:
        given = [_of_line(Path(path or ""), number, line) for number, line in _lines(Path(path or ""))]
    found = []
    for *label, name in given:
        flat = np.ravel(np.asarray(label, np.float32))
        found.append(of_file(Path(root) / name, float(flat[0]) if flat.size == 1 else flat, flag, at_least))
    return found
