"""LibSVMIter: batches of sparse examples from text files."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dlcore import _core
from dlcore.array.sparse import CSRNDArray, csr_matrix

from ._iterators import DataDesc, DataIter
from ._place import whole_numbers

Path = str | os.PathLike[str]


class LibSVMIter(DataIter):
    """Batches in compressed sparse rows from text files with one example a line: its label, then `column:number` for
    every number that is not zero. Columns count from 0.

    data_libsvm: the file. data_shape: (columns,). label_libsvm, label_shape: a second file whose lines hold labels with
    more than one number, given as sparse rows too. num_parts, part_index: only one of equal shares of the examples. A
    last batch that is too short is filled up from the beginning (`batch.pad` says by how many); with `round_batch`
    False it is left out.

    Raises OSError for a file that cannot be read, ValueError naming file and line for text that is not of this form,
    IndexError for a column outside data_shape.

    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "x"
    >>> _ = file.write_text("1 0:0.5 2:1.5\\n0 1:2\\n1\\n")
    >>> batches = list(LibSVMIter(file, (3,), batch_size=2))
    >>> batches[0].data, batches[0].label[0].tolist(), batches[1].pad
    ([<CSRNDArray 2x3, 3 stored, float32 @cpu(0)>], [1.0, 0.0], 1)
    """

    def __init__(
        self,
        data_libsvm: Path,
        data_shape: Sequence[int],
        label_libsvm: Path | None = None,
        label_shape: Sequence[int] = (1,),
        num_parts: int = 1,
        part_index: int = 0,
        batch_size: int = 1,
        round_batch: bool = True,
        data_name: str = "data",
        label_name: str = "softmax_label",
    ) -> None:
        super().__init__(batch_size)
        if not 0 <= part_index < num_parts:
            raise ValueError(f"LibSVMIter: expected part_index between 0 and {num_parts - 1}, got {part_index}")
        labels, self._data = _read(data_libsvm, data_shape)
        self._label: Any = labels
        if label_libsvm is not None:
            self._label = _read(label_libsvm, label_shape)[1]
        if len(self._label) != len(self._data):
            raise ValueError(f"LibSVMIter: {len(self._data)} examples in {data_libsvm}, {len(self._label)} labels")
        share = len(self._data) // num_parts
        chosen = slice(part_index * share, (part_index + 1) * share)
        self._data, self._label = self._data[chosen], self._label[chosen]
        self.num_data, self._round = share, round_batch
        if share < (1 if round_batch else batch_size):
            raise ValueError(f"LibSVMIter: {share} examples do not make a batch of {batch_size}")
        self._names = data_name, label_name
        self.cursor = -batch_size

    @property
    def provide_data(self) -> list[DataDesc]:
        """Name and shape of the data."""
        return [DataDesc(self._names[0], (self.batch_size, *self._data.shape[1:]), layout="NC")]

    @property
    def provide_label(self) -> list[DataDesc]:
        """Name and shape of the labels."""
        return [DataDesc(self._names[1], (self.batch_size, *self._label.shape[1:]), layout="NC")]

    def reset(self) -> None:
        """Begin a new pass."""
        self.cursor = -self.batch_size

    def state(self) -> dict[str, Any]:
        """The place in the data, as JSON can hold it: `load_state` goes on from there."""
        return {"samples": self.num_data, "cursor": self.cursor}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on where an iterator over the same file stood when `state()` was asked; do not `reset` first.

        ValueError, with nothing changed, for another number of examples and for a damaged state.
        """
        n, size = self.num_data, self.batch_size
        _, self.cursor = whole_numbers("LibSVMIter", state, samples=(n, n), cursor=(-size, n + size))

    def iter_next(self) -> bool:
        """Go to the next batch; False after the last."""
        self.cursor += self.batch_size
        return self.cursor + (1 if self._round else self.batch_size) <= self.num_data

    def getindex(self) -> np.ndarray:
        """The numbers of the examples in this batch."""
        return np.arange(self.cursor, self.cursor + self.batch_size) % self.num_data

    def getdata(self) -> list[Any]:
        """The examples of this batch."""
        return [self._data[self.getindex()]]

    def getlabel(self) -> list[Any]:
        """Their labels."""
        at = self.getindex()
        return [self._label[at] if isinstance(self._label, CSRNDArray) else _core.from_numpy(self._label[at])]

    def getpad(self) -> int:
        """How many examples at the end of this batch only fill it up."""
        return max(0, self.cursor + self.batch_size - self.num_data)


def _read(path: Path, shape: Sequence[int]) -> tuple[np.ndarray, CSRNDArray]:
    """The first number of every line, and the rest as sparse rows."""
    if len(tuple(shape)) != 1:
        raise ValueError(f"LibSVMIter: expected a shape of one size, the number of columns, got {tuple(shape)}")
    labels: list[float] = []
    columns: list[int] = []
    values: list[float] = []
    indptr = [0]
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            words = line.split("#", 1)[0].split()
            if not words:
                continue
            try:
                pairs = [word.split(":") for word in (words if ":" in words[0] else words[1:])]
                labels.append(0.0 if ":" in words[0] else float(words[0]))
                found = {int(column): float(value) for column, value in pairs}
                if len(found) < len(pairs) or max(found, default=0) >> 63:
                    raise ValueError  # a column twice, or one that is no place
            except ValueError:
                raise ValueError(
                    f"{os.fspath(path)}, line {number}: expected a label and column:number pairs, got "
                    f"{line.strip()[:80]!r} (each column once)"
                ) from None
            columns += found
            values += found.values()
            indptr.append(len(columns))
    try:
        data = csr_matrix((np.array(values, np.float32), columns, indptr), shape=(len(labels), int(shape[0])))
    except IndexError as error:
        raise IndexError(f"{os.fspath(path)}: {error}; columns count from 0") from None
    return np.array(labels, np.float32), data
