"""Datasets: things with a length and an element for every index."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from dlcore._hints import Hinted, explained, hinted
from dlcore.init import host_generator

from ._plan import Parts, parts_of

Split = tuple[Any, tuple[Callable[[Any], Any], ...], list[np.ndarray]]
Stages = tuple[Any, tuple[Callable[[np.ndarray], np.ndarray], ...]]


class Dataset(Hinted):
    """Base of all datasets: a subclass gives `__getitem__(index)` and `__len__()`.

    >>> import dlcore as dl
    >>> class Squares(dl.gluon.data.Dataset):
    ...     def __len__(self):
    ...         return 4
    ...     def __getitem__(self, i):
    ...         return i * i
    >>> list(Squares().transform(lambda v: v + 1))
    [1, 2, 5, 10]
    """

    def __getitem__(self, index: int) -> Any:
        raise NotImplementedError(f"{type(self).__name__} has no __getitem__(index)")

    def __len__(self) -> int:
        raise NotImplementedError(f"{type(self).__name__} has no __len__()")

    def __iter__(self) -> Iterator[Any]:
        # Without this Python would count up until an IndexError, which a computed dataset never raises.
        return (self[index] for index in range(len(self)))

    def take_batch(self, indices: np.ndarray) -> Any:
        """Many elements at once as stacked NumPy arrays, or None where there is no quick way.

        `DataLoader` asks this first; a dataset that holds whole arrays answers with one vectorised index.
        """
        return None

    def _parts(self) -> Parts | None:
        """The arrays that batches are cut out of, for those that hold any; see `_plan`."""
        return None

    def _stages(self) -> Stages | None:
        """A dataset and functions that make batches of this one's first items out of batches of its; None elsewhere."""
        return None

    def _split(self) -> Split | None:
        """What has the elements' first items by their indices, what is done to them, and the arrays with the others.

        Where these are arrays; None elsewhere.
        """
        return None

    @hinted("Dataset.transform")
    def transform(self, fn: Callable[..., Any], lazy: bool = True) -> Dataset:
        """A dataset with `fn(*element)` for every element; computed when asked for, or now if not `lazy`."""
        changed = _Transformed(self, fn)
        return changed if lazy else SimpleDataset([changed[i] for i in range(len(changed))])

    def transform_first(self, fn: Callable[[Any], Any], lazy: bool = True) -> Dataset:
        """Like `transform`, on the first item of every element only: the image, not its label."""
        changed = _FirstTransformed(self, fn)
        return changed if lazy else SimpleDataset([changed[i] for i in range(len(changed))])

    def filter(self, fn: Callable[[Any], bool]) -> Dataset:
        """The elements for which `fn(element)` is true."""
        return _Chosen(self, [i for i in range(len(self)) if fn(self[i])])

    def shard(self, num_shards: int, index: int) -> Dataset:
        """Part `index` of `num_shards` parts in order, whose lengths differ by at most one."""
        if not 0 <= index < num_shards:
            raise ValueError(f"shard: expected 0 <= index < {num_shards}, got {index}")
        size, rest = divmod(len(self), num_shards)
        start = size * index + min(index, rest)
        return _Chosen(self, range(start, start + size + (index < rest)))

    def take(self, count: int | None) -> Dataset:
        """The first `count` elements, or all of them if there are fewer or `count` is None."""
        return _Chosen(self, range(len(self) if count is None else min(count, len(self))))

    def sample(self, sampler: Sequence[int]) -> Dataset:
        """The elements that `sampler` lists, in its order."""
        return _Chosen(self, list(sampler))


class SimpleDataset(Dataset):
    """A dataset over anything that has a length and can be indexed, a list for instance.

    >>> SimpleDataset([10, 20])[1]
    20
    """

    def __init__(self, data: Sequence[Any]) -> None:
        self._data = data

    def __len__(self) -> int:
        return len(self._data)

    def __getitem__(self, index: int) -> Any:
        return self._data[index]


class ArrayDataset(Dataset):
    """Arrays of equal length side by side: element `i` is `(a[i], b[i], ...)`, or `a[i]` for one array.

    Takes NumPy arrays, NDArrays, lists and datasets. Whole batches are cut out of arrays with one index each.
    Raises ValueError when the lengths differ.

    >>> ArrayDataset(np.array([1, 2, 3]), ["a", "b", "c"])[2]
    (np.int64(3), 'c')
    """

    @hinted("ArrayDataset")
    def __init__(self, *arrays: Any) -> None:
        if not arrays:
            raise ValueError("ArrayDataset: expected at least one array, got none")
        lengths = [len(array) for array in arrays]
        if len(set(lengths)) > 1:
            raise ValueError(f"ArrayDataset: all arrays must have the same length, got {lengths}")
        self._length = lengths[0]
        self._data = list(arrays)
        self._columns = [_column(array) for array in arrays]

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: int) -> Any:
        if len(self._data) == 1:
            return self._data[0][index]
        return tuple([array[index] for array in self._data])  # a list is quicker than a generator here

    def take_batch(self, indices: np.ndarray) -> Any:
        parts = [None if column is None else column[indices] for column in self._columns]
        if any(part is None for part in parts):
            return None
        return parts[0] if len(parts) == 1 else tuple(parts)

    def _split(self) -> Split | None:
        arrays = all(isinstance(array, np.ndarray) and array.dtype != object for array in self._data)
        return (self._data[0], (), self._data[1:]) if arrays else None

    def _parts(self) -> Parts | None:
        columns = [column for column in self._columns if column is not None]
        return Parts(columns, alone=len(columns) == 1) if len(columns) == len(self._columns) else None


def _column(array: Any) -> np.ndarray | None:
    """A NumPy array from which batches can be cut, sharing memory where that is possible."""
    if isinstance(array, np.ndarray):
        return None if array.dtype == object else array
    if hasattr(array, "_numpy_view"):
        return array._numpy_view() if array._device.startswith("cpu") else array.asnumpy()
    return None


class _Chosen(Dataset):
    """Some elements of another dataset."""

    def __init__(self, source: Dataset, indices: Sequence[int]) -> None:
        self._source = source
        self._indices = indices
        self._lookup = np.asarray(indices, np.int64)

    def __len__(self) -> int:
        return len(self._indices)

    def __getitem__(self, index: int) -> Any:
        return self._source[self._indices[index]]

    def take_batch(self, indices: np.ndarray) -> Any:
        return self._source.take_batch(self._lookup[indices])

    def _parts(self) -> Parts | None:
        parts = parts_of(self._source)
        return None if parts is None else parts.chosen(self._lookup)


class _Transformed(Dataset):
    """Another dataset with a function of whole elements."""

    def __init__(self, source: Dataset, fn: Callable[..., Any]) -> None:
        self._source, self._fn = source, fn

    def __len__(self) -> int:
        return len(self._source)

    def __getitem__(self, index: int) -> Any:
        element = self._source[index]
        try:
            return self._fn(*element) if isinstance(element, tuple) else self._fn(element)
        except TypeError as error:
            if better := explained("Dataset.transform", error):
                raise better from None
            raise

    def take_batch(self, indices: np.ndarray) -> Any:
        batch_fn = getattr(self._fn, "batch", None)
        batch = self._source.take_batch(indices) if batch_fn else None
        if batch_fn is None or batch is None or isinstance(batch, tuple):
            return None
        return batch_fn(batch)

    def _parts(self) -> Parts | None:
        parts = parts_of(self._source)
        return parts.changed(self._fn) if parts is not None and parts.alone else None


class _FirstTransformed(_Transformed):
    """Another dataset with a function of the first item of every element."""

    def __getitem__(self, index: int) -> Any:
        element = self._source[index]
        try:
            return (self._fn(element[0]), *element[1:]) if isinstance(element, tuple) else self._fn(element)
        except TypeError as error:
            if better := explained("Dataset.transform_first", error):
                raise better from None
            raise

    def _split(self) -> Split | None:
        found = split_of(self._source)
        return None if found is None else (found[0], (*found[1], self._fn), found[2])

    def _stages(self) -> Stages | None:
        batch_fn = getattr(self._fn, "batch", None)
        if batch_fn is None:
            return None
        source, before = stages_of(self._source) or (self._source, ())
        return source, (*before, batch_fn)

    def take_batch(self, indices: np.ndarray) -> Any:
        batch_fn = getattr(self._fn, "batch", None)
        batch = self._source.take_batch(indices) if batch_fn else None
        if batch_fn is None or batch is None:
            return None
        return (batch_fn(batch[0]), *batch[1:]) if isinstance(batch, tuple) else batch_fn(batch)

    def _parts(self) -> Parts | None:
        parts = parts_of(self._source)
        return None if parts is None else parts.changed(self._fn)


def split_of(dataset: Any) -> Split | None:
    """`_split` of a dataset, None where a subclass gives elements of its own."""
    found: Split | None = _said(dataset, "_split", "__getitem__")
    return found


def stages_of(dataset: Any) -> Stages | None:
    """`_stages` of a dataset, None where a subclass gives elements or batches of its own."""
    found: Stages | None = _said(dataset, "_stages", "__getitem__", "take_batch")
    return found


def _said(dataset: Any, how: str, *unless: str) -> Any:
    """What a dataset's method says, None where a class further down gives one of the others a form of its own."""
    for kind in type(dataset).__mro__:
        if how in vars(kind):
            same = all(getattr(type(dataset), name) is getattr(kind, name) for name in unless)
            return getattr(dataset, how)() if same else None
    return None


def random_order(length: int, generator: np.random.Generator | None = None) -> np.ndarray:
    """A random order of 0 .. length-1, from `generator` or from the seeded state of `dlcore`."""
    return (generator or host_generator()).permutation(length)
