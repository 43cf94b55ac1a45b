"""ImageDetIter: batches of pictures with boxes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from . import _augment
from ._det_augmenters import CreateDetAugmenter, DetAugmenter
from ._image_iter import FilePath, ImageIter
from ._iterators import DataDesc


class ImageDetIter(ImageIter):
    """Batches (n, c, h, w) of pictures, and labels (n, objects, width), filled up with rows of -1.

    Sources and other words as `ImageIter`. A label in the source is flat: how long its head is (2 or more), how many
    numbers an object has (5 or more), the rest of the head, then the objects: class, left, top, right, bottom as shares
    of the picture, and more. aug_list: DetAugmenters; else those that `CreateDetAugmenter` makes from the other words.
    label_shape is found by a walk through all labels; `reshape` and `sync_label_shape` make it larger.
    ValueError for a label of another form, naming the picture.

    >>> import tempfile, pathlib
    >>> from dlcore.io import encode_image
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "a.png").write_bytes(encode_image(np.zeros((8, 8, 3), np.uint8), ".png"))
    >>> label = [2, 5, 1, 0.1, 0.1, 0.5, 0.6, 0, 0.2, 0.2, 0.9, 0.9]
    >>> batches = ImageDetIter(1, (3, 4, 4), imglist=[[label, "a.png"]], path_root=folder)
    >>> batch = batches.next()
    >>> batch.data[0].shape, batch.label[0].shape, batch.label[0][0, 0].asnumpy()
    ((1, 3, 4, 4), (1, 2, 5), array([1. , 0.1, 0.1, 0.5, 0.6], dtype=float32))
    """

    def __init__(
        self,
        batch_size: int,
        data_shape: Sequence[int],
        path_imgrec: FilePath | None = None,
        path_imglist: FilePath | None = None,
        path_root: FilePath = "",
        path_imgidx: FilePath | None = None,
        shuffle: bool = False,
        part_index: int = 0,
        num_parts: int = 1,
        aug_list: Sequence[DetAugmenter] | None = None,
        imglist: Sequence[Any] | None = None,
        data_name: str = "data",
        label_name: str = "label",
        last_batch_handle: str = "pad",
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            batch_size, data_shape, 1, path_imgrec, path_imglist, path_root, path_imgidx, shuffle, part_index,
            num_parts, [], imglist, data_name, label_name, last_batch_handle=last_batch_handle, seed=seed,
        )  # fmt: skip
        self._det = list(CreateDetAugmenter(data_shape, **kwargs) if aug_list is None else aug_list)
        wrong = [type(a).__name__ for a in self._det if not isinstance(a, DetAugmenter)]
        if wrong:
            raise TypeError(f"ImageDetIter: aug_list: expected DetAugmenters, got {wrong[0]}")
        shapes = [self._objects(picture()[0], k).shape for k, picture in enumerate(self._pictures)]
        self.label_shape = max(rows for rows, _ in shapes), max(width for _, width in shapes)

    @property
    def provide_label(self) -> list[DataDesc]:
        """Name and shape of the labels of a batch."""
        shape = getattr(self, "label_shape", (1, 5))
        return [DataDesc(self._names[1], (self.batch_size, *shape), "float32")]

    def _objects(self, label: Any, index: int) -> np.ndarray:
        flat = np.ravel(np.asarray(label, np.float32))
        head, width = (int(flat[0]), int(flat[1])) if flat.size >= 2 else (0, 0)
        if head < 2 or width < 5 or flat.size <= head or (flat.size - head) % width:
            raise ValueError(
                f"ImageDetIter: picture {index}: expected a label of a head of 2 or more numbers and objects of 5 or "
                f"more, got {flat.size} numbers that begin {flat[:2].tolist()}"
            )
        objects = flat[head:].reshape(-1, width)
        good = objects[(objects[:, 3] > objects[:, 1]) & (objects[:, 4] > objects[:, 2])]
        if not len(good):
            raise ValueError(f"ImageDetIter: picture {index}: none of its {len(objects)} boxes has an area")
        return good

    def _augment(self, image: np.ndarray, label: Any) -> tuple[np.ndarray, Any]:
        made, objects = image, self._objects(label, -1)
        for augmenter in self._det:
            made, objects = augmenter(made, objects)  # type: ignore[assignment]
        return _augment.pixels(made), objects

    def _labels(self, label: Any, index: int) -> Any:
        rows, width = self.label_shape
        if label.shape[0] > rows or label.shape[1] > width:
            raise ValueError(f"ImageDetIter: picture {index}: label {label.shape} in a label_shape of {(rows, width)}")
        full = np.full((rows, width), -1, np.float32)
        full[: label.shape[0], : label.shape[1]] = label
        return full

    def reshape(self, data_shape: Sequence[int] | None = None, label_shape: Sequence[int] | None = None) -> None:
        """Other shapes for the batches to come. ValueError for a label_shape that is smaller than now."""
        if label_shape is not None:
            rows, width = (int(n) for n in label_shape)
            if rows < self.label_shape[0] or width < self.label_shape[1]:
                raise ValueError(f"ImageDetIter.reshape: {(rows, width)} is smaller than {self.label_shape}")
            self.label_shape = rows, width
        if data_shape is not None:
            self.data_shape = tuple(data_shape)

    def sync_label_shape(self, it: ImageDetIter, verbose: bool = False) -> ImageDetIter:
        """Give both iterators the larger of the two label shapes; gives the other one."""
        shape = tuple(max(a, b) for a, b in zip(self.label_shape, it.label_shape, strict=True))
        if verbose:
            print(f"label_shape: {self.label_shape} and {it.label_shape} become {shape}")
        self.reshape(label_shape=shape)
        it.reshape(label_shape=shape)
        return it
