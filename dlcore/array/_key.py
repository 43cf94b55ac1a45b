"""What stands between the brackets of x[...], understood once for reading and for writing.

`parse` gives a Key: the basic part as a window (start, size, step of every axis) and the arrays of whole numbers that
run over some axes. Every array here is one of positions: masks have become the list of their places, unless a write
wants to keep a mask as it is.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .. import _core
from .._core import NDArray
from .._fault import own_fault
from ..ops import F
from ._copies import copy_on

_BASIC = (int, slice, type(None), type(Ellipsis), np.integer)


@dataclass
class Key:
    """An index.

    x        the array it is for: the one given, or a view of it with an axis more where a lone truth value stands
    source   what was given
    kinds    for every axis of x and every new one, in order: "slice", "int", "new" or "array"
    start, size, step   the window that ints and slices cut out of x; axes with arrays are whole in it
    shape    of that window without the axes of ints and with the new ones
    arrays   (axis of x, positions), in order; a plain number among arrays is one of them
    front    whether the axes of the arrays go to the front of the result; else they stand where the arrays stood
    taken    for a lone array: its axis in the window's `shape`, and itself
    mask     (axis, mask) of a lone mask that was kept
    """

    x: NDArray
    source: Any
    kinds: list[str] = field(default_factory=list)
    start: tuple[int, ...] = ()
    size: tuple[int, ...] = ()
    step: tuple[int, ...] = ()
    shape: tuple[int, ...] = ()
    arrays: list[tuple[int, Any]] = field(default_factory=list)
    front: bool = False
    taken: tuple[int, Any] | None = None
    mask: tuple[int, Any] | None = None

    @property
    def joint(self) -> tuple[int, ...]:
        """The shape that the arrays are broadcast to."""
        shapes = [tuple(a.shape) for _, a in self.arrays]
        try:
            return np.broadcast_shapes(*shapes)
        except ValueError:
            raise IndexError(f"index arrays of shapes {', '.join(map(str, shapes))} cannot be broadcast") from None

    @property
    def result_shape(self) -> tuple[int, ...]:
        """The shape of x[key]."""
        if not self.arrays:
            return self.shape
        before, after = self._around()
        return (*self.joint, *before, *after) if self.front else (*before, *self.joint, *after)

    def _around(self) -> tuple[list[int], list[int]]:
        """The lengths of the axes without arrays, before and after the first array."""
        sizes = iter(self.shape)
        before: list[int] = []
        after: list[int] = []
        side = before
        for kind in self.kinds:
            if kind == "array":
                next(sizes)
                side = after
            elif kind != "int":
                side.append(next(sizes))
        return before, after


def parse(x: NDArray, source: Any, masks_stay: bool = False) -> Key:
    """Understands an index of x. With `masks_stay` a mask beside which only whole axes stand is kept as a mask."""
    keys = source if isinstance(source, tuple) else (source,)
    keys = tuple(k if isinstance(k, _BASIC) and not isinstance(k, bool) else _array(k) for k in keys)
    full = _full(x, keys)
    if any(_is_mask(k) and k.ndim == 0 for k in full):
        x, full = _without_flags(x, full)
    advanced = [k for k in full if not isinstance(k, _BASIC)]
    key = Key(x, source)
    if masks_stay and len(advanced) == 1 and _is_mask(advanced[0]) and advanced[0].ndim:
        whole = [k for k in full if k is not Ellipsis]
        if all(k is advanced[0] or (type(k) is slice and k == slice(None)) for k in whole):
            axis = [k is advanced[0] for k in whole].index(True)
            _check_mask(x, advanced[0], axis)
            key.mask = (axis, advanced[0])
            return key
    if advanced:
        _core.note_sizes()
    _fill(x, key, _places(x, full), bool(advanced))
    return key


def _fill(x: NDArray, key: Key, full: list, advanced: bool) -> None:
    start, size, step, shape = [], [], [], []
    axis = 0
    spots = []  # where arrays stand among all keys
    for spot, k in enumerate(full):
        if k is Ellipsis:
            continue
        if k is None:
            key.kinds.append("new")
            shape.append(1)
            continue
        n = x.shape[axis]
        if isinstance(k, slice):
            first, stop, by = _bounds(k, n)
            count = len(range(first, stop, by))
            if k.step not in (None, 1) or _shortened(k, n) or first > stop:
                _core.note_sizes()
            window = (first if count else 0, count, by)
            key.kinds.append("slice")
        elif advanced:  # an array, or a number that joins the arrays
            key.arrays.append((axis, _number(x, axis, k) if isinstance(k, (int, np.integer)) else k))
            spots.append(spot)
            window = (0, n, 1)
            key.taken = (len(key.kinds), key.arrays[0][1])
            key.kinds.append("array")
        else:
            window = (int(_number(x, axis, k)), 1, 1)
            key.kinds.append("int")
        start.append(window[0])
        size.append(window[1])
        step.append(window[2])
        if key.kinds[-1] != "int":
            shape.append(window[1])
        axis += 1
    key.start, key.size, key.step, key.shape = tuple(start), tuple(size), tuple(step), tuple(shape)
    if spots:
        if len(spots) > 1:
            _ = key.joint  # index arrays that do not go together are an error now
            key.front = spots[-1] - spots[0] >= len(spots)
            key.taken = None


def _bounds(k: slice, n: int) -> tuple[int, int, int]:
    try:
        return k.indices(n)
    except TypeError:
        raise TypeError(f"a slice needs whole numbers or None, got {k}") from None
    except ValueError:
        raise ValueError(f"the step of a slice must not be zero, got {k}") from None


def _shortened(k: slice, n: int) -> bool:
    """Whether a slice reaches beyond its axis: of a longer one it takes more."""
    return any(bound is not None and not -n <= bound <= n for bound in (k.start, k.stop))


def _number(x: NDArray, axis: int, index: Any) -> np.ndarray:
    n, index = x.shape[axis], operator.index(index)
    if not -n <= index < n:
        raise out_of_range(x, axis, index)
    return np.asarray(index % n)


def out_of_range(x: NDArray, axis: int, index: Any) -> IndexError:
    """The error for a position outside its axis."""
    size = x.shape[axis]
    return IndexError(
        f"indexing: index {index} is out of range for axis {axis} of size {size} (array of shape {x.shape})"
    )


def located(x: NDArray, key: Key) -> Exception:
    """Which position of which array is out of range, told in x's own axes."""
    for axis, index in key.arrays:
        values = host(index)
        n = x.shape[axis]
        wrong = values[(values < -n) | (values >= n)]
        if wrong.size:
            return out_of_range(x, axis, wrong.flat[0])
    return own_fault(f"indexing: an index was refused that is in range of shape {x.shape}")


def _is_mask(key: Any) -> bool:
    dtype = getattr(key, "dtype", None)
    return dtype is not None and dtype == np.bool_


def _array(key: Any) -> Any:
    """A key as an array of whole numbers, or a mask."""
    if not isinstance(key, NDArray):
        try:
            if isinstance(key, (list, tuple)) and any(isinstance(k, NDArray) for k in key):
                key = [k.asnumpy() if isinstance(k, NDArray) else k for k in key]
            key = np.asarray(key)
        except ValueError:
            raise IndexError(f"indexing: an index list must not be ragged, got {key!r}") from None
        if key.size == 0 and key.dtype == np.float64:  # an empty list
            key = key.astype(np.int64)
    kind = np.dtype(key.dtype).kind
    if kind not in "biu":
        if isinstance(key, NDArray) and kind == "f":  # classic indices are often float32
            return F.cast(key, "int64")
        raise IndexError(
            f"indexing: an index must be whole numbers, slices, None, ... or a mask, got an array of {key.dtype}"
        )
    return key


def _width(key: Any) -> int:
    """How many axes a key takes: a mask as many as it has."""
    return key.ndim if _is_mask(key) else 1


def _full(x: NDArray, keys: tuple) -> list:
    """Puts slices where "..." stands, and at the end, so that every axis has a key."""
    used = sum(_width(k) for k in keys if k is not None and k is not Ellipsis)
    if sum(k is Ellipsis for k in keys) > 1:
        raise IndexError("only one '...' may be in an index")
    if used > x.ndim:
        raise IndexError(f"{used} indices for an array with {x.ndim} axes (shape {x.shape})")
    fill: list = [slice(None)] * (x.ndim - used)
    out: list = []
    for k in keys:
        if k is Ellipsis:
            out += fill or [k]  # one that stands for no axis still parts the arrays on its sides
            fill = []
        else:
            out.append(k)
    return out + fill


def _check_mask(x: NDArray, mask: Any, axis: int) -> None:
    want = x.shape[axis : axis + mask.ndim]
    if tuple(mask.shape) != want:
        raise IndexError(
            f"a mask of shape {tuple(mask.shape)} does not fit axes {axis} to {axis + mask.ndim - 1} of an array of "
            f"shape {x.shape}"
        )


def _places(x: NDArray, full: list) -> list:
    """The keys with every mask replaced by the arrays of its places."""
    out: list = []
    axis = 0
    for k in full:
        if not _is_mask(k):
            out.append(k)
            axis += k is not None and k is not Ellipsis
            continue
        _check_mask(x, k, axis)
        if isinstance(k, NDArray):
            if _core.is_tracing():
                raise _core.TraceError(
                    "x[mask]: how many numbers a mask chooses depends on its values, but inside jit or hybridize "
                    "arrays have only a shape and a dtype"
                )
            k = host(k)
        out += [np.ascontiguousarray(i) for i in np.nonzero(k)]
        axis += k.ndim
    return out


def _without_flags(x: NDArray, full: list) -> tuple[NDArray, list]:
    """A lone truth value makes an axis of length 1 or 0: x[True] is x[None], as an array of positions."""
    keys: list = []
    shape: list[int] = []
    axis = 0
    for k in full:
        if _is_mask(k) and k.ndim == 0:
            if isinstance(k, NDArray) and _core.is_tracing():
                raise _core.TraceError(
                    "indexing: x[flag]: the shape depends on the value of the flag; use where(flag, x, y)"
                )
            keys.append(np.zeros(int(bool(k)), np.int64))
            shape.append(1)
            continue
        keys.append(k)
        if k is not None and k is not Ellipsis:
            shape += x.shape[axis : axis + _width(k)]
            axis += _width(k)
    return F.reshape(x, tuple(shape)), keys


def host(array: Any) -> np.ndarray:
    """The values in NumPy, without a copy where that is possible."""
    if not isinstance(array, NDArray):
        return array
    return array._numpy_view() if array._device.startswith("cpu") and not array._is_traced else array.asnumpy()


def on_host(array: NDArray) -> NDArray:
    """The same array, or a copy of one on another device, for code that reads memory."""
    return array if array._device.startswith("cpu") and not array._is_traced else _core.from_numpy(host(array))


def back(x: NDArray, made: NDArray) -> NDArray:
    """What was made of x on the host, on x's device."""
    return made if made._device == x._device else copy_on(made, x._device)


def places(array: Any, flat: bool = False) -> tuple[Any, ...]:
    """Where an array is not zero: places along each axis or, `flat`, one array of them, counted through all."""
    if isinstance(array, NDArray) and array._device.startswith("cpu") and not array._is_traced:
        return _core.places(array, flat)
    values = host(array)
    return (np.flatnonzero(values),) if flat else tuple(np.ascontiguousarray(i) for i in np.nonzero(values))


def mesh(x: NDArray, key: Key) -> list[NDArray]:
    """Positions for the leading axes of x that, broadcast together, stand in the order of the result; all axes behind
    the last one that needs positions are left to be taken whole."""
    count, layout = _layout(x, key)
    ndim = len(layout)
    found: list[NDArray] = []
    arrays = dict(key.arrays)
    joint = layout.index("joint")
    rank = len(key.joint)
    spread = ndim - 1 + rank  # axes of the positions: the arrays' own stand where "joint" stands
    for axis in range(count):
        if axis in arrays:
            index, behind = arrays[axis], ndim - 1 - joint
            shape = (1,) * (spread - behind - index.ndim) + tuple(index.shape) + (1,) * behind
        else:
            start, size, step = key.start[axis], key.size[axis], key.step[axis]
            index = start + step * np.arange(size, dtype=np.int64)
            place = layout.index(axis)
            before = place if place < joint else place - 1 + rank
            shape = (1,) * before + (size,) + (1,) * (spread - before - 1)
        found.append(positions(x, index, shape))
    return found


def _layout(x: NDArray, key: Key) -> tuple[int, list]:
    """How many axes of x need positions, and the result's axes up to those: axis numbers, "new", and "joint" for the
    axes of the arrays."""
    axes: list[Any] = []
    axis = count = 0
    for kind in key.kinds:
        if kind == "new":
            axes.append("new")
            count = axis
            continue
        whole = (key.start[axis], key.size[axis], key.step[axis]) == (0, x.shape[axis], 1)
        axes.append("joint" if kind == "array" else axis)
        axis += 1
        if kind == "array" or not whole:
            count = axis
    kept = [a for a in axes if not (isinstance(a, int) and a >= count)]
    rest = [a for a in kept if a != "joint"]
    place = 0 if key.front else kept.index("joint")
    return count, [*rest[:place], "joint", *rest[place:]]


def positions(x: NDArray, index: Any, shape: tuple[int, ...]) -> NDArray:
    """Positions in this shape, on x's device."""
    if isinstance(index, NDArray):
        index = index if tuple(index.shape) == shape else F.reshape(index, shape)
    else:
        dtype = np.uint64 if index.dtype == np.uint64 else np.int64
        index = np.ascontiguousarray(index, dtype).reshape(shape)
        index = _core.from_numpy(index, _core.is_tracing())
    if index._device != x._device and not index._is_traced:
        return copy_on(index, x._device)
    return index


def without_leading(value: NDArray, ndim: int) -> NDArray:
    """The value without those leading axes of length 1 that it has more than `ndim` axes."""
    extra = value.ndim - ndim
    if extra <= 0 or any(n != 1 for n in value.shape[:extra]):
        return value
    return F.reshape(value, value.shape[extra:])
