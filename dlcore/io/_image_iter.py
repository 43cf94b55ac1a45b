"""Iterators over pictures: `ImageIter` from record files, lists or folders, `ImageRecordIter` with MXNet's words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import EllipsisType
from typing import Any

import numpy as np

from dlcore import _core
from dlcore._core import NDArray

from . import _augment
from ._augmenters import Augmenter, CastAug, ColorNormalizeAug, CreateAugmenter, HorizontalFlipAug
from ._iterators import DataDesc, DataIter, batch_of
from ._picture_files import FilePath, Records, in_turn, listed, of_record, places_in
from ._pictures import KEEP_MB, PictureBatches, Together
from ._place import whole_numbers
from ._rows import QUICK_BYTES

_HANDLES = ("pad", "discard", "roll_over")


class ImageIter(DataIter):
    """Batches (n, c, h, w) of pictures and their labels.

    One source: path_imgrec, a record file made with im2rec (path_imgidx, its index, saves a walk through it);
    path_imglist, a text file of lines "number, labels, file" with tabs between; imglist, lists [label, file]. Files are
    looked for in path_root. aug_list: augmenters for each picture; else those that `CreateAugmenter` makes from the
    other words (resize=, rand_crop=, rand_mirror=, mean=, std=, ...). label_width: how many numbers a label has.
    num_parts, part_index: only one of equal shares, for workers. seed: of the order with shuffle=True, another for
    each pass. keep_mb: PNG pictures of one size stay in memory decoded where all of them take no more MiB than this, so
    that later passes are quick; 0 keeps none. preprocess_threads: so many decode pictures of other kinds, as far as
    there are cores. at_least: see `decode_image`. last_batch_handle: "pad" fills the last batch up from the beginning
    and says by how many in `pad`, "discard" leaves it out, "roll_over" begins the next pass with its examples.

    Needs Pillow. ValueError without a source, and naming shapes, for a picture that does not fit after augmentation.

    >>> import pathlib, tempfile
    >>> from dlcore.io import encode_image
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "a.png").write_bytes(encode_image(np.zeros((8, 8, 3), np.uint8), ".png"))
    >>> batches = ImageIter(1, (3, 4, 4), imglist=[[7, "a.png"]], path_root=folder)
    >>> batch = batches.next()
    >>> batch.data[0].shape, batch.label[0].asnumpy()
    ((1, 3, 4, 4), array([7.], dtype=float32))
    """

    def __init__(
        self,
        batch_size: int,
        data_shape: Sequence[int],
        label_width: int = 1,
        path_imgrec: FilePath | None = None,
        path_imglist: FilePath | None = None,
        path_root: FilePath = "",
        path_imgidx: FilePath | None = None,
        shuffle: bool = False,
        part_index: int = 0,
        num_parts: int = 1,
        aug_list: Sequence[Augmenter] | None = None,
        imglist: Sequence[Any] | None = None,
        data_name: str = "data",
        label_name: str = "softmax_label",
        dtype: Any = "float32",
        last_batch_handle: str = "pad",
        seed: int = 0,
        keep_mb: float = KEEP_MB,
        preprocess_threads: int = 4,
        at_least: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(batch_size)
        name = type(self).__name__
        if len(tuple(data_shape)) != 3 or data_shape[0] not in (1, 3):
            raise ValueError(
                f"{name}: expected data_shape (channels, height, width), 1 or 3 channels; got {data_shape}"
            )
        if last_batch_handle not in _HANDLES:
            raise ValueError(f"{name}: last_batch_handle must be one of {_HANDLES}, got {last_batch_handle!r}")
        if not 0 <= part_index < num_parts:
            raise ValueError(f"{name}: expected part_index between 0 and {num_parts - 1}, got {part_index}")
        flag = int(data_shape[0] == 3)
        places: list[int] = []
        if path_imgrec is not None:
            file = Path(path_imgrec)
            records, places = Records(file), places_in(file, path_imgidx)
            pictures = [of_record(records, place, flag, at_least) for place in places]
        elif path_imglist is not None or imglist is not None:
            pictures = listed(path_imglist, imglist, path_root, flag, at_least)
        else:
            raise ValueError(f"{name}: expected one of path_imgrec, path_imglist, imglist; got none")
        share = len(pictures) // num_parts
        mine = slice(part_index * share, (part_index + 1) * share) if num_parts > 1 else slice(None)
        self._pictures, self._together = pictures[mine], Together(path_imgrec, places[mine], keep_mb)
        if not self._pictures:
            raise ValueError(f"{name}: no pictures in {path_imgrec or path_imglist or 'imglist'}")
        self.data_shape, self.label_width, self.dtype = tuple(data_shape), label_width, np.dtype(dtype)
        self.auglist = list(CreateAugmenter(data_shape, **kwargs) if aug_list is None else aug_list)
        self._names, self._shuffle, self._handle = (data_name, label_name), shuffle, last_batch_handle
        self._threads = preprocess_threads
        self._seed, self._passes = seed, 0
        self._before, self._rest = np.zeros(0, np.int64), np.zeros(0, np.int64)  # left over by the pass before, by this
        self._order, self._at = np.zeros(0, np.int64), 0
        self.reset()

    @property
    def num_data(self) -> int:
        """How many pictures there are."""
        return len(self._pictures)

    @property
    def provide_data(self) -> list[DataDesc]:
        """Name, shape and dtype of the pictures of a batch."""
        return [DataDesc(self._names[0], (self.batch_size, *self.data_shape), self.dtype)]

    @property
    def provide_label(self) -> list[DataDesc]:
        """Name and shape of the labels of a batch."""
        shape = (self.batch_size,) if self.label_width == 1 else (self.batch_size, self.label_width)
        return [DataDesc(self._names[1], shape, "float32")]

    def reset(self) -> None:
        """Begin a new pass."""
        self._begin(self._passes + 1, self._rest)

    def _begin(self, passes: int, before: np.ndarray) -> None:
        """Pass number `passes`, which begins with what one before it left over."""
        order = np.arange(self.num_data)
        if self._shuffle:
            order = np.random.default_rng([self._seed, passes]).permutation(self.num_data)
        self._passes, self._before, self._rest = passes, before, before[:0]
        self._order, self._at = np.concatenate([before, order]), -self.batch_size

    def state(self) -> dict[str, Any]:
        """The place in the data, as JSON can hold it: `load_state` goes on from there. See `gluon.save_checkpoint`.

        What augmenters draw follows the seeded state, which is not part of it.
        """
        before = [int(index) for index in self._before]
        return {"samples": self.num_data, "passes": self._passes, "at": self._at, "before": before}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on where an iterator with the same arguments stood when `state()` was asked; do not `reset` first.

        ValueError, with nothing changed, for another number of pictures and for a damaged state.
        """
        n, size, name = self.num_data, self.batch_size, type(self).__name__
        before = state.get("before")
        if not isinstance(before, list) or len(before) >= size:
            raise ValueError(f"{name}: not a place in this data: before is {before!r}")
        for index in before:
            whole_numbers(name, {"before": index}, before=(0, n - 1))
        numbers = {key: value for key, value in state.items() if key != "before"}
        _, passes, at = whole_numbers(
            name, numbers, samples=(n, n), passes=(1, 1 << 62), at=(-size, len(before) + n + 2 * size)
        )
        self._begin(passes, np.array(before, np.int64))
        self._at = at
        if self._handle == "roll_over" and 0 < len(self._order) - at < size:
            self._rest = self._order[at:]

    def iter_next(self) -> bool:
        self._at = min(self._at + self.batch_size, len(self._order) + self.batch_size)
        left = len(self._order) - self._at
        if left >= self.batch_size or (left > 0 and self._handle == "pad"):
            return True
        if left > 0 and self._handle == "roll_over":
            self._rest = self._order[self._at :]
        return False

    def getindex(self) -> np.ndarray:
        if self._at + self.batch_size <= len(self._order):
            return self._order[self._at : self._at + self.batch_size].copy()
        return self._order[np.arange(self._at, self._at + self.batch_size) % len(self._order)]

    def getpad(self) -> int:
        return max(0, self._at + self.batch_size - len(self._order))

    def getdata(self) -> list[NDArray]:
        return self._batch(self.getindex())[0]

    def getlabel(self) -> list[NDArray]:
        return self._batch(self.getindex())[1]

    def next(self) -> Any:
        """The next batch; StopIteration at the end of the pass."""
        if not self.iter_next():
            raise StopIteration
        index = self.getindex()
        data, label = self._batch(index)
        return batch_of(data, label, self.getpad(), index)

    def _quick(self) -> bool:
        size = self.batch_size * int(np.prod(self.data_shape)) * self.dtype.itemsize
        own = type(self).next is ImageIter.next and type(self)._batch is ImageIter._batch
        together = self._all_at_once() if own and size <= QUICK_BYTES else None
        return together is not None and together.quick()

    def _all_at_once(self) -> PictureBatches | None:
        """The way to make a batch by one call, where these pictures and augmenters have one."""
        own = type(self)._augment is ImageIter._augment and type(self)._labels is ImageIter._labels
        return self._together.way(self.auglist, self.data_shape, self.label_width, self.dtype) if own else None

    def _batch(self, chosen: np.ndarray) -> tuple[list[NDArray], list[NDArray]]:
        together, at = self._all_at_once(), self._at + self.batch_size
        then = self._order[at : at + self.batch_size] if at + self.batch_size <= len(self._order) else None
        if together is not None and (batch := together.take(chosen, then)) is not None:
            return batch[:1], batch[1:]
        data = np.empty((self.batch_size, *self.data_shape), self.dtype)
        label = np.zeros(self.provide_label[0].shape, np.float32)
        pictures = in_turn([self._pictures[index] for index in chosen], min(self._threads, _core.num_threads()))
        for row, index in enumerate(chosen):
            try:
                found, image = next(pictures)
            except ValueError as error:
                raise ValueError(f"{type(self).__name__}: picture {index}: {error}") from error
            image, found = self._augment(image, found)
            if image.transpose(2, 0, 1).shape != self.data_shape:
                raise ValueError(
                    f"{type(self).__name__}: picture {index} is {image.transpose(2, 0, 1).shape} after augmentation, "
                    f"expected data_shape {self.data_shape}"
                )
            data[row] = image.transpose(2, 0, 1)
            label[row] = self._labels(found, index)
        return [_core.from_numpy(data)], [_core.from_numpy(label)]

    def _augment(self, image: np.ndarray, label: Any) -> tuple[np.ndarray, Any]:
        made: Any = image
        for augmenter in self.auglist:
            made = augmenter(made)
        return _augment.pixels(made), label

    def _labels(self, label: Any, index: int) -> Any:
        flat = np.ravel(np.asarray(label, np.float32))
        if flat.size < self.label_width:
            raise ValueError(
                f"{type(self).__name__}: picture {index} has {flat.size} labels, expected "
                f"label_width={self.label_width}"
            )
        return flat[0] if self.label_width == 1 else flat[: self.label_width]


class ImageRecordIter(ImageIter):
    """Batches (n, c, h, w) of float32 pictures from a record file, with MXNet's words for what is done to them.

    resize: length of the shorter edge first, -1 to leave it. Then a part of data_shape (c, h, w): a random one with
    rand_crop, else the middle; mirrored half of the time with rand_mirror. Then (x - mean_r,g,b) / std_r,g,b * scale,
    on x from 0 to 255. round_batch: the last batch is filled up from the beginning, else left out. keep_mb,
    preprocess_threads, at_least: see `ImageIter`. Other words of old scripts (prefetch_buffer, verbose) are accepted.

    >>> ImageRecordIter(...)
    Traceback (most recent call last):
    TypeError: ImageRecordIter: expected path_imgrec='train.rec', data_shape=(3, 224, 224), batch_size=32; got Ellipsis
    """

    dtype_given = "float32"
    _ignored = ("prefetch_buffer", "verbose", "ctx", "device_id", "dtype")

    def __init__(
        self,
        path_imgrec: FilePath | None | EllipsisType = None,
        data_shape: Sequence[int] | None = None,
        batch_size: int | None = None,
        path_imgidx: FilePath | None = None,
        label_width: int = 1,
        shuffle: bool = False,
        seed: int = 0,
        resize: int = -1,
        rand_crop: bool = False,
        rand_mirror: bool = False,
        mean_r: float = 0,
        mean_g: float = 0,
        mean_b: float = 0,
        std_r: float = 1,
        std_g: float = 1,
        std_b: float = 1,
        scale: float = 1,
        round_batch: bool = True,
        num_parts: int = 1,
        part_index: int = 0,
        data_name: str = "data",
        label_name: str = "softmax_label",
        keep_mb: float = KEEP_MB,
        preprocess_threads: int = 4,
        at_least: int = 0,
        **other: Any,
    ) -> None:
        name = type(self).__name__
        wanted = f"{name}: expected path_imgrec='train.rec', data_shape=(3, 224, 224), batch_size=32"
        if path_imgrec is ... or path_imgrec is None or data_shape is None or batch_size is None:
            got = "Ellipsis" if path_imgrec is ... else f"{path_imgrec!r}, {data_shape!r}, {batch_size!r}"
            raise TypeError(f"{wanted}; got {got}")
        unknown = [word for word in other if word not in self._ignored]
        if unknown:
            raise TypeError(f"{name}: no argument is called {', '.join(unknown)}")
        channels = data_shape[0]
        usual = CreateAugmenter(data_shape, resize=max(resize, 0), rand_crop=rand_crop)
        auglist = [a for a in usual if not isinstance(a, CastAug)]
        auglist += [HorizontalFlipAug(0.5)] if rand_mirror else []
        mean = np.array([mean_r, mean_g, mean_b][:channels], np.float32)
        std = np.array([std_r, std_g, std_b][:channels], np.float32)
        auglist.append(ColorNormalizeAug(mean, std / np.float32(scale)))
        super().__init__(
            batch_size, data_shape, label_width, path_imgrec, path_imgidx=path_imgidx, shuffle=shuffle,
            part_index=part_index, num_parts=num_parts, aug_list=auglist, data_name=data_name, label_name=label_name,
            last_batch_handle="pad" if round_batch else "discard", seed=seed, dtype=self.dtype_given, keep_mb=keep_mb,
            preprocess_threads=preprocess_threads, at_least=at_least,
        )  # fmt: skip


class ImageRecordUInt8Iter(ImageRecordIter):
    """`ImageRecordIter` whose pictures are whole numbers from 0 to 255, as they are decoded; mean, std, scale count.

    >>> ImageRecordUInt8Iter.dtype_given
    'uint8'
    """

    dtype_given = "uint8"


class ImageRecordInt8Iter(ImageRecordIter):
    """`ImageRecordIter` whose pictures are whole numbers from -128 to 127; mean_r=128 and its like bring them there.

    >>> ImageRecordInt8Iter.dtype_given
    'int8'
    """

    dtype_given = "int8"


class ImageDetRecordIter(ImageRecordIter):
    """Pictures with boxes: the label of each is the record's whole label, filled up with label_pad_value.

    A label begins with how many numbers its head has and how many each object has (class, left, top, right, bottom,
    as shares of the picture). Pictures are brought to data_shape whole; with rand_mirror, boxes are mirrored with them.
    label_pad_width: the length of a label, 0 for the longest in the file (which then is read through once).

    >>> import pathlib, tempfile
    >>> from dlcore.io import recordio
    >>> file = str(pathlib.Path(tempfile.mkdtemp()) / "a")
    >>> label = np.array([2, 5, 1, 0.1, 0.1, 0.5, 0.6], np.float32)
    >>> with recordio.MXIndexedRecordIO(file + ".idx", file + ".rec", "w") as records:
    ...     header, picture = recordio.IRHeader(0, label, 0, 0), np.zeros((8, 8, 3), np.uint8)
    ...     records.write_idx(0, recordio.pack_img(header, picture, img_fmt=".png"))
    >>> batch = ImageDetRecordIter(file + ".rec", (3, 4, 4), 1).next()
    >>> batch.data[0].shape, batch.label[0].shape
    ((1, 3, 4, 4), (1, 7))
    """

    def __init__(
        self, *args: Any, label_pad_width: int = 0, label_pad_value: float = -1.0, rand_mirror: bool = False,
        **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(*args, **{"label_name": "label", **kwargs})
        self._mirror, self._fill = rand_mirror, label_pad_value
        self.auglist = [a for a in self.auglist if isinstance(a, ColorNormalizeAug)]
        longest = label_pad_width or max(np.size(picture()[0]) for picture in self._pictures)
        self.label_width = max(2, longest)

    def _augment(self, image: np.ndarray, label: Any) -> tuple[np.ndarray, Any]:
        channels, height, width = self.data_shape
        made = _augment.imresize(image, width, height)
        label = np.array(label, np.float32).ravel()
        if self._mirror and _augment.draw()[0] < 0.5:
            made = _augment.made(_augment.pixels(made)[:, ::-1])
            head, size = int(label[0]), int(label[1])
            boxes = label[head:].reshape(-1, size)
            boxes[:, [1, 3]] = 1 - boxes[:, [3, 1]]
        for augmenter in self.auglist:
            made = augmenter(made)
        return _augment.pixels(made), label

    def _labels(self, label: Any, index: int) -> Any:
        flat = np.ravel(np.asarray(label, np.float32))
        if flat.size > self.label_width:
            raise ValueError(
                f"ImageDetRecordIter: picture {index} has a label of {flat.size} numbers, label_pad_width="
                f"{self.label_width}"
            )
        return np.pad(flat, (0, self.label_width - flat.size), constant_values=self._fill)
