"""Datasets over record files."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

from dlcore.io.recordio import MXIndexedRecordIO

from ._dataset import Dataset


class RecordFileDataset(Dataset):
    """The records of a file made with MXNet's tools, as bytes: `filename` (.rec) with its index (.idx) beside it.

    Each thread of a loader reads through a file of its own.

    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "a.rec"
    >>> with MXIndexedRecordIO(file.with_suffix(".idx"), file, "w") as out:
    ...     out.write_idx(0, b"zero")
    >>> RecordFileDataset(file)[0]
    b'zero'
    """

    def __init__(self, filename: str | os.PathLike[str]) -> None:
        self.filename = Path(filename)
        self.idx_file = self.filename.with_suffix(".idx")
        self._local = threading.local()
        self._keys = self._file().keys

    def _file(self) -> MXIndexedRecordIO:
        if not hasattr(self._local, "file"):
            self._local.file = MXIndexedRecordIO(self.idx_file, self.filename, "r")
        return self._local.file

    def __len__(self) -> int:
        return len(self._keys)

    def __getitem__(self, index: int) -> Any:
        return self._file().read_idx(self._keys[index])
