"""CSVIter and MNISTIter: batches from files that are read once, at the beginning."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ._idx import read_idx
from ._ndarray_iter import NDArrayIter
from ._place import whole_numbers

Path = str | os.PathLike[str]


class CSVIter(NDArrayIter):
    """Batches from text files with one example a line, numbers between commas.

    data_csv, label_csv: the files; without the second all labels are 0. data_shape, label_shape: the shape of one
        example; its size must be the number of columns.
    round_batch: a last batch that is too short is filled up from the beginning of the file either way (`batch.pad` says
        by how many). If True, the next pass begins after those, so that every example comes equally often; if False,
        it begins at the first.

    Raises OSError for a file that cannot be read, ValueError naming the file for a wrong shape or for text in it.

    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "x.csv"
    >>> _ = file.write_text("1,2\\n3,4\\n5,6\\n")
    >>> batches = CSVIter(file, (2,), batch_size=2)
    >>> [(batch.data[0].asnumpy().tolist(), batch.pad) for batch in batches]
    [([[1.0, 2.0], [3.0, 4.0]], 0), ([[5.0, 6.0], [1.0, 2.0]], 1)]
    """

    def __init__(
        self,
        data_csv: Path,
        data_shape: Sequence[int],
        label_csv: Path | None = None,
        label_shape: Sequence[int] = (1,),
        batch_size: int = 1,
        round_batch: bool = True,
        data_name: str = "data",
        label_name: str = "softmax_label",
    ) -> None:
        self._round, self._start = round_batch, 0
        data = _read_csv(data_csv, data_shape)
        if label_csv is None:
            label = np.zeros((len(data), *label_shape), np.float32)
        else:
            label = _read_csv(label_csv, label_shape)
        if tuple(label_shape) == (1,):
            label = label.reshape(-1)
        super().__init__(data, label, batch_size, data_name=data_name, label_name=label_name)

    def reset(self) -> None:
        """Begin a new pass, with `round_batch` after the examples that filled up the last batch."""
        start = self.getpad() % self.num_data if self._round else 0
        self.hard_reset()
        self._start, self.idx = start, np.arange(start, self.num_data)

    def hard_reset(self) -> None:
        """Begin a new pass with the first example."""
        self._start = 0
        super().hard_reset()

    def state(self) -> dict[str, Any]:
        """The place in the data, as JSON can hold it: `load_state` goes on from there."""
        return {"samples": self.num_data, "start": self._start, "cursor": self.cursor}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on where an iterator over the same file stood when `state()` was asked; do not `reset` first.

        ValueError, with nothing changed, for another number of examples and for a damaged state.
        """
        n, size = self.num_data, self.batch_size
        _, start, cursor = whole_numbers(
            "CSVIter", state, samples=(n, n), start=(0, n - 1), cursor=(-size, n)
        )  # fmt: skip
        self._start, self.idx, self.cursor = start, np.arange(start, n), cursor

    def getindex(self) -> np.ndarray:
        return (self._start + np.arange(self.cursor, self.cursor + self.batch_size)) % self.num_data


def _read_csv(path: Path, shape: Sequence[int]) -> np.ndarray:
    with open(path, encoding="utf-8", errors="replace") as file:
        if not any(line.strip() for line in file):  # of which NumPy would only warn
            raise ValueError(f"{os.fspath(path)}: there are no numbers in it")
    try:
        rows = np.loadtxt(path, np.float32, delimiter=",", ndmin=2, comments=None)
    except ValueError as error:
        raise ValueError(f"{os.fspath(path)}: {error}") from error
    if rows.shape[1] != math.prod(shape):
        raise ValueError(f"{os.fspath(path)}: {rows.shape[1]} columns do not make the shape {tuple(shape)}")
    return rows.reshape(len(rows), *shape)


class MNISTIter(NDArrayIter):
    """Batches of images and labels from IDX files, plain or gzipped; pixels become float32 between 0 and 1 (x / 256).

    flat: images as rows (n, height * width) instead of (n, 1, height, width). shuffle: one random order, from `seed`,
    which every pass repeats. num_parts, part_index: only one of equal shares of the examples, for workers. A last
    batch that is too short is left out, as in MXNet.

    >>> import tempfile, pathlib
    >>> from dlcore.io import write_idx
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> write_idx(folder / "x", np.zeros((5, 28, 28), np.uint8)); write_idx(folder / "y", np.arange(5, dtype=np.uint8))
    >>> batches = MNISTIter(folder / "x", folder / "y", batch_size=2, shuffle=False)
    >>> [batch.data[0].shape for batch in batches]
    [(2, 1, 28, 28), (2, 1, 28, 28)]
    """

    def __init__(
        self,
        image: Path,
        label: Path,
        batch_size: int = 128,
        shuffle: bool = True,
        flat: bool = False,
        seed: int = 0,
        silent: bool = False,
        num_parts: int = 1,
        part_index: int = 0,
        data_name: str = "data",
        label_name: str = "softmax_label",
    ) -> None:
        if not 0 <= part_index < num_parts:
            raise ValueError(f"MNISTIter: expected part_index between 0 and {num_parts - 1}, got {part_index}")
        pixels, numbers = _read(image, 3), _read(label, 1)
        if len(pixels) != len(numbers):
            raise ValueError(f"MNISTIter: {image} has {len(pixels)} images, {label} has {len(numbers)} labels")
        share = len(pixels) // num_parts
        chosen: Any = slice(part_index * share, (part_index + 1) * share)
        pixels, numbers = pixels[chosen], numbers[chosen]
        if shuffle:
            order = np.random.default_rng(seed).permutation(share)
            pixels, numbers = pixels[order], numbers[order]
        scaled = pixels.astype(np.float32) / np.float32(256)
        scaled = scaled.reshape(share, -1) if flat else scaled[:, None]
        super().__init__(scaled, numbers, batch_size, False, "discard", data_name, label_name)


def _read(path: Path, rank: int) -> np.ndarray:
    array = read_idx(path)
    if array.ndim != rank:
        raise ValueError(f"{os.fspath(path)}: expected an IDX file of {rank} axes, got shape {array.shape}")
    return array
