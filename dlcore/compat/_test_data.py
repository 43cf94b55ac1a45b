"""Digits and files as `mxnet.test_utils` gave them to tutorials and examples."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from dlcore.gluon.data.vision import MNIST
from dlcore.gluon.utils import download as _download
from dlcore.io import NDArrayIter


def download(
    url: str, fname: str | None = None, dirname: str | None = None, overwrite: bool = False, retries: int = 5
) -> str:
    """Fetch a file into `dirname` (default: the working folder) under `fname` (default: its own name); gives its path.

    >>> import pathlib, tempfile
    >>> source = pathlib.Path(tempfile.mkdtemp()) / "words.txt"
    >>> _ = source.write_text("to be")
    >>> open(download(source.as_uri(), dirname=tempfile.mkdtemp() + "/data")).read()
    'to be'
    """
    path = Path(dirname or ".") / (fname or url.rsplit("/", 1)[-1])
    path.parent.mkdir(parents=True, exist_ok=True)
    return os.fspath(_download(url, path, overwrite, retries=retries))


def get_mnist(path: str | None = None) -> dict[str, np.ndarray]:
    """MNIST as `gluon.data.vision.MNIST` finds it: pictures (n, 1, 28, 28) from 0 to 1 and labels, NumPy arrays.

    >>> sorted(get_mnist())
    ['test_data', 'test_label', 'train_data', 'train_label']
    """
    found = {}
    for part in ("train", "test"):
        digits = MNIST(path, train=part == "train")
        found[f"{part}_data"] = np.moveaxis(digits._data, 3, 1).astype(np.float32) / 255
        found[f"{part}_label"] = np.asarray(digits._label)
    return found


def get_mnist_iterator(
    batch_size: int, input_shape: Any, num_parts: int = 1, part_index: int = 0, path: str | None = None
) -> tuple[NDArrayIter, NDArrayIter]:
    """Iterators over the training pictures, shuffled, and the test pictures, in `input_shape`: (784,) or (1, 28, 28).

    num_parts, part_index: of so many equal parts of the training pictures, only one.

    >>> train, test = get_mnist_iterator(100, (784,))
    >>> test.provide_data[0].shape
    (100, 784)
    """
    digits, shape = get_mnist(path), (-1, *tuple(input_shape))
    own = slice(part_index, None, num_parts)
    train = NDArrayIter(digits["train_data"][own].reshape(shape), digits["train_label"][own], batch_size, shuffle=True)
    return train, NDArrayIter(digits["test_data"].reshape(shape), digits["test_label"], batch_size)
