"""Pictures of a record file, decoded many at once by the core, and kept while they fit into memory."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from dlcore import _core

from ._augment import ANY, short_size
from ._augmenters import (
    Augmenter,
    CastAug,
    CenterCropAug,
    ColorNormalizeAug,
    ForceResizeAug,
    HorizontalFlipAug,
    RandomCropAug,
    ResizeAug,
)
from ._image import resize_method
from ._values import scale_of, values_of
from .recordio import MXRecordIO, unpack

KEEP_MB = 256.0


class RecordPictures:
    """PNG pictures of one size and their labels: record i begins at byte places[i] of the file.

    keep_mb: where all pictures take no more MiB than this, what was decoded stays, and `pixels` and `labels` have a
    row for each; a file that changes meanwhile is not looked at again. Otherwise they hold one batch. A batch that
    cannot be read so (another size, another kind of file, too few labels, damage) is for others, who say why.
    plain: only records with one label in their head.
    """

    def __init__(
        self, path: str | os.PathLike[str], places: Sequence[int], shape: Sequence[int], width: int, plain: bool,
        keep_mb: float,
    ) -> None:  # fmt: skip
        self._file = open(path, "rb", buffering=0)  # noqa: SIM115 (open as long as this object is)
        self._places, self._shape, self._plain = np.asarray(places, np.int64), tuple(shape), plain
        order = np.argsort(self._places)
        self._sizes = np.zeros(len(order), np.int64)  # up to where the next one begins: as a rule that is all of it
        self._sizes[order] = np.diff(self._places[order], append=os.fstat(self._file.fileno()).st_size)
        self.kept = len(places) * int(np.prod(shape)) <= keep_mb * 2**20
        self._have, self._left = np.zeros(len(places), bool), len(places)
        self.width = width
        self._hold(len(places) if self.kept else 0)

    def _hold(self, count: int) -> None:
        self.pixels = np.empty((count, *self._shape), np.uint8)
        self.labels = np.empty((count, self.width), np.float32)

    @property
    def whole(self) -> bool:
        """Whether all pictures are there, each in the row of its number."""
        return self.kept and self._left == 0

    def quick(self) -> bool:
        """Whether a batch is worth no thread of its own: all is decoded, or a step takes all cores there are anyhow."""
        return self._left == 0 or _core.num_threads() <= 2

    def rows_of(self, indices: np.ndarray) -> np.ndarray | None:
        """In which rows the pictures `indices` are now; None where one of them cannot be read so."""
        if not self.kept:
            if len(indices) != len(self.pixels):
                self._hold(len(indices))
            rows = np.arange(len(indices))
            return None if self._fill(indices, rows) else rows
        if self._left:
            missing = np.unique(indices[~self._have[indices]])
            failed = self._fill(missing, missing) if len(missing) else []
            self._have[np.delete(missing, failed)] = True
            self._left = len(self._have) - int(self._have.sum())
            if failed:
                return None
        return indices

    def _fill(self, indices: np.ndarray, rows: np.ndarray) -> list[int]:
        places, sizes = self._places[indices], self._sizes[indices]
        failed: list[int] = _core.fill_pictures(
            self._file.fileno(), places, sizes, rows, self.pixels, self.labels, self._plain
        )
        return failed

    def __del__(self) -> None:
        if hasattr(self, "_file"):
            self._file.close()


def record_pictures(
    path: str | os.PathLike[str], places: Sequence[int], channels: int, width: int, plain: bool, keep_mb: float
) -> RecordPictures | None:
    """The pictures of a file whose first record has one that the core can decode; else None."""
    if not len(places):
        return None
    with MXRecordIO(path, "r") as records:
        try:
            picture = _core.decode_png(unpack(records.read_at(places[0]))[1], channels)
        except ValueError:  # a damaged record, which whoever reads it alone will name
            return None
    return None if picture is None else RecordPictures(path, places, picture.shape, width, plain, keep_mb)


class PictureBatches:
    """Batches (n, c, h, w) and their labels by one call or two, as the augmenters would make them one by one.

    Those that draw take a block of the seeded stream each, picture after picture; the core takes the same blocks.
    """

    def __init__(self, pictures: RecordPictures, picture: tuple[Any, ...]) -> None:
        self._pictures, self._picture = pictures, picture
        self._pixels: np.ndarray | None = None  # what the plan was made for

    def quick(self) -> bool:
        """Whether a small batch is worth no thread of its own."""
        return self._pictures.quick()

    def take(self, indices: np.ndarray, then: np.ndarray | None = None) -> list[Any] | None:
        """Pictures and labels, None where they cannot be had so. then: which will be asked for next, if known."""
        rows = self._pictures.rows_of(indices)
        if rows is None:
            return None
        if self._pixels is not self._pictures.pixels:
            self._pixels = self._pictures.pixels
            labels = self._pictures.labels
            columns = [self._pixels, labels.ravel() if self._pictures.width == 1 else labels]
            self._plan = _core.BatchPlan(columns, None, self._picture)
        then = then if self._pictures.whole else None
        batch: list[Any] = self._plan.take(rows, (), 1.0, True, then)
        return batch


def picture_batches(
    pictures: RecordPictures, augmenters: Sequence[Augmenter], data_shape: tuple[int, ...], dtype: np.dtype
) -> PictureBatches | None:
    """How to make batches with these augmenters, if they all cut, mirror or change values one by one."""
    height, width, channels = pictures._shape
    steps: list[tuple[Any, ...]] = []
    tail: list[Augmenter] = []
    for augmenter in augmenters:
        kind = type(augmenter)
        if kind in (CastAug, ColorNormalizeAug):
            tail.append(augmenter)
        elif isinstance(augmenter, HorizontalFlipAug) and kind is HorizontalFlipAug:
            steps.append(("across", augmenter.p))
        elif kind in (ResizeAug, ForceResizeAug):
            w, h = _new_size(augmenter, height, width)
            how: int = vars(augmenter)["interp"]
            if how == ANY or min(w, h) < 1:  # drawn for each picture; or an error
                return None
            steps.append(("resize", w, h, resize_method(how, (height, width), (h, w))))
            width, height = w, h
        elif isinstance(augmenter, ForceResizeAug) and kind in (CenterCropAug, RandomCropAug):
            w, h = augmenter.size
            if w > width or h > height:
                return None
            if kind is RandomCropAug:
                steps.append(("crop", w, h, 0))
            else:
                steps.append(("cut", (width - w) // 2, (height - h) // 2, w, h))
            width, height = w, h
        else:
            return None
    if (channels, height, width) != tuple(data_shape):
        return None
    found = values_of([*map(_on_arrays, tail), lambda made: np.moveaxis(made, -1, 0).astype(dtype)], channels)
    if found is None:
        return None
    normal = next((a for a in tail if isinstance(a, ColorNormalizeAug)), ColorNormalizeAug(0.0, 1.0))
    mean, std = (0.0 if normal.mean is None else normal.mean), (1.0 if normal.std is None else normal.std)
    picture = (steps, [0] * channels, *found, scale_of(1.0, mean, std, channels))
    return PictureBatches(pictures, picture)


def _new_size(augmenter: Augmenter, height: int, width: int) -> tuple[int, int]:
    if isinstance(augmenter, ResizeAug):
        return short_size(height, width, augmenter.size)
    w, h = vars(augmenter)["size"]
    return w, h


def _on_arrays(augmenter: Augmenter) -> Any:
    return lambda made: augmenter(made).asnumpy()


class Together:
    """Makes an iterator's batches of pictures by one call, as long as its pictures and augmenters have such a way."""

    def __init__(self, path: str | os.PathLike[str] | None, places: Sequence[int], keep_mb: float) -> None:
        self._source = path, places, keep_mb
        self._pictures: RecordPictures | None = None
        self._way: PictureBatches | None = None
        self._augmenters: list[Augmenter] | None = None  # what the way was made for

    def way(
        self, augmenters: list[Augmenter], data_shape: tuple[int, ...], width: int, dtype: np.dtype
    ) -> PictureBatches | None:
        """The way with these augmenters, None where there is none."""
        if self._augmenters != augmenters:
            path, places, keep_mb = self._source
            if self._augmenters is None and path is not None:
                self._pictures = record_pictures(path, places, data_shape[0], width, False, keep_mb)
            self._augmenters = list(augmenters)
            found = self._pictures
            self._way = None if found is None else picture_batches(found, augmenters, data_shape, dtype)
        return self._way
