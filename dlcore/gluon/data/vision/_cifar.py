"""CIFAR10 and CIFAR100."""

from __future__ import annotations

import os
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from dlcore._hints import hinted
from dlcore.io import cache_dir, download
from dlcore.io._download import print_progress

from ._labelled import LabelledPictures


class CIFAR10(LabelledPictures):
    """Photographs of 32x32 pixels of ten kinds of things: 50,000 for training, 10,000 for testing (Krizhevsky, 2009).

    An element is (image, label): an NDArray (32, 32, 3) uint8 and a NumPy int32, or what `transform(image, label)`
    makes of them. root: folder with the authors' binary version, unpacked or as they publish it (default: `cifar10` in
    `$DLCORE_DATA` or `~/.cache/dlcore`); if it is not there, 162 MB are fetched into it and checked by SHA-256, unless
    `$DLCORE_OFFLINE` is set. Raises FileNotFoundError saying what to put where if that fails.

    >>> import pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> one = bytes([3]) + bytes(3 * 32 * 32)  # a label, then the red, green and blue planes
    >>> (folder / "test_batch.bin").write_bytes(one * 2)
    6146
    >>> cats = CIFAR10(root=folder, train=False)
    >>> len(cats), cats[0][0].shape, cats.classes[cats[0][1]]
    (2, (32, 32, 3), 'cat')
    """

    _address: ClassVar[str] = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
    _sha256: ClassVar[str] = "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"
    _folder: ClassVar[str] = "cifar10"
    _inside: ClassVar[str] = "cifar-10-batches-bin"
    _train: ClassVar[list[str]] = [f"data_batch_{k}.bin" for k in range(1, 6)]
    _test: ClassVar[list[str]] = ["test_batch.bin"]
    _labels: ClassVar[int] = 1
    classes: ClassVar[list[str]] = [
        "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
    ]  # fmt: skip

    @hinted("CIFAR10")
    def __init__(
        self,
        root: str | os.PathLike[str] | None = None,
        train: bool = True,
        transform: Callable[[Any, Any], Any] | None = None,
    ) -> None:
        folder = Path(root).expanduser() if root is not None else cache_dir(self._folder)
        names = self._train if train else self._test
        parts = [self._records(name, content) for name, content in self._contents(folder, names)]
        records = np.concatenate(parts)
        pixels = records[:, self._labels :].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
        super().__init__(np.ascontiguousarray(pixels), records[:, self._which()].astype(np.int32), transform)
        self._part = "train" if train else "test"

    def _which(self) -> int:
        """The column of the label that counts."""
        return 0

    def _records(self, name: str, content: bytes) -> np.ndarray:
        size = self._labels + 3072
        if not content or len(content) % size:
            raise ValueError(
                f"{type(self).__name__}: {name}: expected records of {size} bytes, got {len(content)} bytes"
            )
        return np.frombuffer(content, np.uint8).reshape(-1, size)

    def _contents(self, folder: Path, names: list[str]) -> list[tuple[str, bytes]]:
        for place in (folder, folder / self._inside):
            if all((place / name).is_file() for name in names):
                return [(str(place / name), (place / name).read_bytes()) for name in names]
        archive = folder / self._address.rsplit("/", 1)[1]
        if not archive.is_file():
            self._fetch(archive, names)
        with tarfile.open(archive) as packed:
            found, there = [], packed.getnames()
            for name in names:  # read, never unpacked to disk: no path of the archive is trusted
                inside = f"{self._inside}/{name}"
                member = packed.extractfile(inside) if inside in there else None
                if member is None:
                    raise ValueError(f"{archive}: there is no {inside} in it")
                found.append((f"{archive}:{name}", member.read()))
        return found

    def _fetch(self, archive: Path, names: list[str]) -> None:
        reason = "DLCORE_OFFLINE is set, so nothing was fetched"
        if os.environ.get("DLCORE_OFFLINE", "") in ("", "0"):
            try:
                download([self._address], archive, sha256=self._sha256, timeout=10.0, progress=print_progress)
                return
            except OSError as error:
                reason = str(error)
        raise FileNotFoundError(
            f"{type(self).__name__}: {', '.join(names)} are not in {archive.parent}, and {archive.name} could not be "
            f"fetched ({reason}). Put either there, or pass their folder as root="
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._part}, {len(self):,} images)"


class CIFAR100(CIFAR10):
    """Photographs of a hundred kinds of things, 600 each, in twenty groups. See `CIFAR10`.

    fine_label: the kind (0 to 99) as the label, not the group (0 to 19).

    >>> import pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> one = bytes([4, 55]) + bytes(3 * 32 * 32)  # a coarse label, a fine one, then the red, green and blue planes
    >>> (folder / "test.bin").write_bytes(one * 2)
    6148
    >>> [int(CIFAR100(root=folder, train=False, fine_label=fine)[0][1]) for fine in (False, True)]
    [4, 55]
    """

    _address: ClassVar[str] = "https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz"
    _sha256: ClassVar[str] = "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec"
    _folder: ClassVar[str] = "cifar100"
    _inside: ClassVar[str] = "cifar-100-binary"
    _train: ClassVar[list[str]] = ["train.bin"]
    _test: ClassVar[list[str]] = ["test.bin"]
    _labels: ClassVar[int] = 2
    classes: ClassVar[list[str]] = []

    @hinted("CIFAR100")
    def __init__(
        self,
        root: str | os.PathLike[str] | None = None,
        fine_label: bool = False,
        train: bool = True,
        transform: Callable[[Any, Any], Any] | None = None,
    ) -> None:
        self._fine = fine_label
        super().__init__(root, train, transform)

    def _which(self) -> int:
        return int(self._fine)
