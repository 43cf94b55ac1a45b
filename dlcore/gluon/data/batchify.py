"""How single elements become a batch: Stack, Pad, Group, AsList; and `default`, which the loader uses.

>>> import numpy as np
>>> Pad(val=-1)([np.array([1, 2]), np.array([3])]).asnumpy().tolist()
[[1, 2], [3, -1]]
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from dlcore import _answers, _core

__all__ = ["AsList", "Group", "Pad", "Stack", "Tuple", "default", "to_ndarray"]


def _host(item: Any) -> np.ndarray:
    if isinstance(item, np.ndarray):
        return item
    if hasattr(item, "asnumpy"):
        return item._numpy_view() if item._device.startswith("cpu") else item.asnumpy()
    array = np.asarray(item)
    if isinstance(item, np.generic):
        return array
    # A Python number has no width of its own: take the usual ones for training.
    return array.astype({"f": np.float32, "i": np.int32}.get(array.dtype.kind, array.dtype), copy=False)


def to_ndarray(batch: Any) -> Any:
    """NumPy arrays, also inside tuples, lists and dicts, as NDArrays on the CPU.

    An array that owns its memory is taken over without a copy: do not write to it afterwards.

    >>> to_ndarray({"x": np.ones(2, np.float32)})["x"].shape
    (2,)
    """
    return _ours(batch)


def _ours(batch: Any) -> Any:
    if isinstance(batch, np.ndarray):
        fresh = batch.flags.owndata and batch.flags.writeable and batch.flags.c_contiguous
        return _core.from_numpy(batch, copy=not fresh)
    if isinstance(batch, (tuple, list)):
        return [_ours(part) for part in batch]
    if isinstance(batch, dict):
        return {key: _ours(part) for key, part in batch.items()}
    return batch


class Stack:
    """Stack elements of one shape along a new first axis.

    >>> Stack()([np.ones(3), np.zeros(3)]).shape
    (2, 3)
    """

    def __call__(self, items: Sequence[Any]) -> _core.NDArray:
        made: _core.NDArray | None = _core.stacked(items) if type(items) is list else None
        if made is not None:
            return made
        hosts = items if all(type(item) is np.ndarray for item in items) else [_host(item) for item in items]
        shapes = {host.shape for host in hosts}
        if len(shapes) > 1:
            raise ValueError(f"Stack: all elements of a batch must have one shape, got {sorted(shapes)}")
        shape, dtype = hosts[0].shape, hosts[0].dtype
        if not shape or any(host.dtype != dtype for host in hosts):
            return to_ndarray(np.stack(hosts))
        batch = np.empty((len(hosts), *shape), dtype)
        np.concatenate(hosts, out=batch.reshape(len(hosts) * shape[0], *shape[1:]))
        return to_ndarray(batch)


class Pad:
    """Stack elements of different lengths, filling up with `val` at the end of every axis.

    >>> Pad()([np.ones(2), np.ones(3)]).shape
    (2, 3)
    """

    def __init__(self, val: float = 0, dtype: Any = None, round_to: int | None = None) -> None:
        self._val, self._dtype, self._round_to = val, dtype, round_to

    def __call__(self, items: Sequence[Any]) -> _core.NDArray:
        hosts = [_host(item) for item in items]
        if len({host.ndim for host in hosts}) > 1:
            raise ValueError(f"Pad: all elements must have one rank, got shapes {[host.shape for host in hosts]}")
        sizes = [max(axis) for axis in zip(*(host.shape for host in hosts), strict=True)]
        if self._round_to:
            sizes = [-(-size // self._round_to) * self._round_to for size in sizes]
        batch = np.full((len(hosts), *sizes), self._val, self._dtype or hosts[0].dtype)
        for row, host in zip(batch, hosts, strict=True):
            row[tuple(slice(size) for size in host.shape)] = host
        return to_ndarray(batch)


class AsList:
    """Leave the elements as a list, texts for instance.

    >>> AsList()(["a", "b"])
    ['a', 'b']
    """

    def __call__(self, items: Sequence[Any]) -> list[Any]:
        return list(items)


class Group:
    """One batchify function for each item of the elements.

    >>> x, names = Group(Stack(), AsList())([(1.0, "a"), (2.0, "b")])
    >>> names
    ['a', 'b']
    """

    def __init__(self, *functions: Callable[[Sequence[Any]], Any]) -> None:
        self._functions = functions

    def __call__(self, items: Sequence[tuple[Any, ...]]) -> tuple[Any, ...]:
        if len(items[0]) != len(self._functions):
            raise ValueError(f"Group: expected elements of {len(self._functions)} items, got one of {len(items[0])}")
        columns = zip(*items, strict=True)
        return tuple(function(column) for function, column in zip(self._functions, columns, strict=True))


Tuple = Group


def default(items: Sequence[Any]) -> Any:
    """Stack numbers and arrays; go into tuples and lists item by item. See `Stack`.

    >>> x, y = default([(np.ones(2), 1), (np.ones(2), 0)])
    >>> x.shape, y.shape
    ((2, 2), (2,))
    """
    if isinstance(items[0], (tuple, list)):
        sizes = {len(item) if isinstance(item, (tuple, list)) else 1 for item in items}
        if len(sizes) > 1:
            raise ValueError(f"default: all elements of a batch must have as many items, got {sorted(sizes)}")
        return [default(column) for column in zip(*items, strict=True)]
    return Stack()(items)


_answers.guard(__name__, __all__)
