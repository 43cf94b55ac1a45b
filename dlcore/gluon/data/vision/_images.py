"""Sets of images in files: one folder a class, or packed into a record file."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from dlcore import _core
from dlcore.io import decode_image
from dlcore.io._pictures import KEEP_MB, RecordPictures, record_pictures
from dlcore.io.recordio import unpack

from .._dataset import Dataset
from .._plan import Parts
from .._record import RecordFileDataset

ENDINGS = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".ppm", ".gif")


def _shaped(image: np.ndarray) -> _core.NDArray:
    return _core.from_numpy(np.ascontiguousarray(image[..., None] if image.ndim == 2 else image))


class ImageFolderDataset(Dataset):
    """Images below `root`, in one folder for each class: root/cat/1.jpg, root/dog/2.png, ...

    An element is (image, label): an NDArray (h, w, 3) uint8 ((h, w, 1) with flag=0) and the number of its folder in
    `synsets`, the sorted names; or what `transform(image, label)` makes of them. Needs Pillow.
    at_least: JPEG files are decoded smaller, as long as both edges stay at least so long; see `io.decode_image`.
    Raises FileNotFoundError where there is no such folder, ValueError where it holds no images.

    >>> import pathlib, tempfile
    >>> from dlcore.io import encode_image
    >>> root = pathlib.Path(tempfile.mkdtemp())
    >>> for kind in ("cat", "dog"):
    ...     (root / kind).mkdir()
    ...     _ = (root / kind / "1.png").write_bytes(encode_image(np.zeros((4, 4, 3), np.uint8), ".png"))
    >>> pictures = ImageFolderDataset(root)
    >>> pictures.synsets, pictures[1][0].shape, pictures[1][1]
    (['cat', 'dog'], (4, 4, 3), 1)
    """

    def __init__(
        self,
        root: str | os.PathLike[str],
        flag: int = 1,
        transform: Callable[[Any, Any], Any] | None = None,
        at_least: int = 0,
    ) -> None:
        self._root = Path(root).expanduser()
        if not self._root.is_dir():
            raise FileNotFoundError(f"ImageFolderDataset: there is no folder {self._root}")
        self._flag, self._transform, self._at_least = flag, transform, at_least
        self.synsets = sorted(path.name for path in self._root.iterdir() if path.is_dir())
        self.items = [
            (str(file), label)
            for label, name in enumerate(self.synsets)
            for file in sorted((self._root / name).rglob("*"))
            if file.suffix.lower() in ENDINGS
        ]
        if not self.items:
            raise ValueError(f"ImageFolderDataset: no images ({', '.join(ENDINGS)}) in the folders of {self._root}")

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> Any:
        file, label = self.items[index]
        image = _shaped(decode_image(file, self._flag, self._at_least))
        return (image, label) if self._transform is None else self._transform(image, label)

    def __repr__(self) -> str:
        return f"ImageFolderDataset({len(self):,} images, {len(self.synsets)} classes)"


class ImageRecordDataset(RecordFileDataset):
    """Images and labels of a record file made with im2rec, `filename` (.rec) with its index (.idx) beside it.

    An element is (image, label): an NDArray (h, w, 3) uint8 ((h, w, 1) with flag=0) and a number, or an array where
    the file has several labels for an image; or what `transform(image, label)` makes of them. Needs Pillow.
    keep_mb: for the batches of a `DataLoader`, PNG pictures of one size stay in memory decoded where all of them take
    no more MiB than this, so that later passes are quick; 0 keeps none.
    at_least: JPEG pictures are decoded smaller, as long as both edges stay at least so long; see `io.decode_image`.

    >>> import pathlib, tempfile
    >>> from dlcore.io import recordio
    >>> file = str(pathlib.Path(tempfile.mkdtemp()) / "a")
    >>> with recordio.MXIndexedRecordIO(file + ".idx", file + ".rec", "w") as records:
    ...     header = recordio.IRHeader(0, 3.0, 0, 0)
    ...     records.write_idx(0, recordio.pack_img(header, np.zeros((4, 4, 3), np.uint8), img_fmt=".png"))
    >>> picture, label = ImageRecordDataset(file + ".rec")[0]
    >>> picture.shape, float(label)
    ((4, 4, 3), 3.0)
    """

    def __init__(
        self,
        filename: str | os.PathLike[str],
        flag: int = 1,
        transform: Callable[[Any, Any], Any] | None = None,
        keep_mb: float = KEEP_MB,
        at_least: int = 0,
    ) -> None:
        super().__init__(filename)
        self._flag, self._transform, self._keep_mb, self._at_least = flag, transform, keep_mb, at_least
        self._pictures: RecordPictures | None = None

    def __getitem__(self, index: int) -> Any:
        header, data = unpack(super().__getitem__(index))
        image = _shaped(decode_image(data, self._flag, self._at_least))
        return (image, header.label) if self._transform is None else self._transform(image, header.label)

    def _parts(self) -> Parts | None:
        if self._transform is not None or self._flag not in (0, 1):
            return None
        if self._pictures is None:
            records, channels = self._file(), 3 if self._flag else 1
            places = [records.idx[key] for key in self._keys]
            self._pictures = record_pictures(self.filename, places, channels, 1, True, self._keep_mb)
        pictures = self._pictures
        if pictures is None or not pictures.kept:
            return None
        columns: list[np.ndarray] = [pictures.pixels, pictures.labels.ravel()]
        ready = None if pictures.whole else lambda rows: pictures.rows_of(rows) is not None
        return Parts(columns, ready=ready, quick=pictures.quick())
