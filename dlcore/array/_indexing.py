"""x[key] and x[key] = value, as in NumPy.

Whole numbers, slices, ... and None give views; whole numbers alone, for every axis, a copy of that number, so that
x[i], x[j] = x[j], x[i] exchanges them. Arrays of whole numbers and masks give copies, with NumPy's rules on
where the new axes go. Assignment writes in place; where gradients are recorded or a function is compiled it makes the
changed array and lets x continue as that one, so gradients flow to the value and to what is left of x.

How a key is understood: `_key.parse`. Inside a compiled function every shape must be known, so what depends on the
values of a mask (x[mask], x[mask] = several numbers) is an error there.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import Any

import numpy as np

from .. import _core
from .._core import NDArray
from .._kinds import shown
from ..ops import F
from . import _key
from ._copies import copy_on
from ._key import Key

_PLAIN = (int, slice, type(None), type(Ellipsis))


class _Taken(threading.local):
    """The views that were taken last inside a compiled function, each with what it is a view of and the key."""

    def __init__(self) -> None:
        self.views: deque[tuple[NDArray, NDArray, Any]] = deque(maxlen=8)

    def find(self, view: NDArray) -> tuple[NDArray, NDArray, Any] | None:
        return next((entry for entry in self.views if entry[0] is view), None)


_taken = _Taken()


def getitem(self: NDArray, key: Any) -> NDArray:
    """x[key]; see the module."""
    if not _core.is_tracing():
        index = _rows(self, key)
        if index is not None:
            return F.take(self, index)
        places = _points(self, key)
        if places is not None:
            try:
                return F.gather_nd(self, *places)
            except (IndexError, ValueError):
                pass  # told in full below
        if _is_mask_of(self, key):
            return _chosen(self, 0, key)
        parsed = _key.parse(self, key, masks_stay=True)
        return F.copy(read(parsed)) if _is_number(parsed) else read(parsed)
    parsed = _key.parse(self, key)
    found = read(parsed)
    if _is_number(parsed):
        return F.copy(found)
    if not parsed.arrays:
        _taken.views.append((found, self, key))
    return found


def _is_mask_of(x: NDArray, key: Any) -> bool:
    """Whether the key is a lone mask over the leading axes, the most common kind of mask."""
    if type(key) is not NDArray or key._dtype_name != "bool" or key._device != x._device:
        return False
    return key.ndim > 0 and key.shape == x.shape[: key.ndim]


def _is_number(key: Key) -> bool:
    """Whether a key names one number by whole numbers alone."""
    return bool(key.kinds) and all(kind == "int" for kind in key.kinds) and not _dotted(key.source)


def _dotted(source: Any) -> bool:
    return source is Ellipsis or (type(source) is tuple and any(k is Ellipsis for k in source))


def is_part(array: NDArray) -> bool:
    """Whether the array is one of the last x[key] that were taken inside a compiled function."""
    return _taken.find(array) is not None


def write_through(part: NDArray, value: NDArray) -> NDArray:
    """x[key] = value where `part` is x[key], and x[key] as it is then: inside a compiled function a view cannot be
    written to, so x[key] += v writes to x."""
    entry = _taken.find(part)
    assert entry is not None
    setitem(entry[1], entry[2], value)
    return getitem(entry[1], entry[2])


def _rows(x: NDArray, key: Any) -> NDArray | None:
    """A lone array or list of positions along the first axis, the most common of the harder indices; else None."""
    if type(key) is list:
        if not key or type(key[0]) is not int:
            return None
        try:
            key = np.array(key)
        except ValueError:  # ragged: told elsewhere
            return None
    elif not isinstance(key, (NDArray, np.ndarray)):
        return None
    if np.dtype(key.dtype).kind not in "iu" or not x.ndim:
        return None
    return _key.positions(x, key, tuple(key.shape))


def _points(x: NDArray, key: Any) -> list[NDArray] | None:
    """Arrays of positions along the leading axes, x[i, j]; else None."""
    if type(key) is not tuple or not 2 <= len(key) <= x.ndim:
        return None
    places = []
    for k in key:
        if not isinstance(k, (NDArray, np.ndarray)) or np.dtype(k.dtype).kind not in "iu":
            return None
        places.append(_key.positions(x, k, tuple(k.shape)))
    return places


def setitem(self: NDArray, key: Any, value: Any) -> None:
    """x[key] = value, in place; see the module."""
    kind = type(key)
    if kind is int or kind is slice or (kind is tuple and all(type(k) in _PLAIN for k in key)):
        if not _core.is_tracing() and not _core.is_recording():  # the common case
            part = self[key, ...] if kind is int else self[key]
            if not part.ndim and kind is tuple and Ellipsis not in key:
                part = self[(*key, ...)]  # the place itself, not its number
            _core.assign(part, value if type(value) is float else _lean(self, value, part.ndim))
            return
    if _taken.views and _core.is_tracing():
        entry = _taken.views[-1]
        if entry[0] is value and entry[1] is self and entry[2] is key:
            return  # the end of x[key] += v
    if key is Ellipsis or (type(key) is slice and key == slice(None)):
        _core.assign(self, _lean(self, value, self.ndim))
        return
    watched = _core.is_tracing() or _core.is_recording()
    if not watched and type(value) in (float, int) and _is_mask_of(self, key) and key.shape == self.shape:
        if self._dtype_name in ("float32", "float64"):
            F.where(key, value, self, out=self)
            return
    index = None if watched else _rows(self, key)
    if index is not None:
        if type(value) is not int and type(value) is not float:
            value = _key.without_leading(_fitting(self, value), index.ndim + self.ndim - 1)
        F.index_put(self, value, index, out=self)
        return
    parsed = _key.parse(self, key, masks_stay=True)
    if _core.is_tracing() or (_core.is_recording() and (self._tracked or _tracked(value))):
        if isinstance(value, NDArray) and value._storage_id == self._storage_id:
            _settle(parsed, value)
        made = replaced(parsed, value)
        _core.assign(self, made if made.shape == self.shape else F.reshape(made, self.shape))
    elif not parsed.arrays and parsed.mask is None:
        _core.assign(_view(parsed), _lean(self, value, len(parsed.shape)))
    else:
        replaced(parsed, value, parsed.x)


def _settle(key: Key, value: NDArray) -> None:
    """x[key] += v wrote v into the view x[key] already; x then only has to learn of it."""
    if key.arrays or key.mask is not None or not value._storage_id:
        return
    recording = _core.set_recording(False)
    try:
        part = _view(key)
    finally:
        _core.set_recording(recording)
    if (part._ptr, part.shape, part._strides) == (value._ptr, value.shape, value._strides):
        _core.settle(key.x, value)


def _tracked(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return any(map(_tracked, value))
    return isinstance(value, NDArray) and value._tracked


def _lean(x: NDArray, value: Any, ndim: int) -> Any:
    """A value for `assign`, which takes numbers and arrays that are not on a side of their own."""
    if isinstance(value, (list, tuple, range)) or getattr(value, "ndim", 0) > ndim:
        return _key.without_leading(_fitting(x, value), ndim)
    if value is None:
        raise TypeError(f"assignment: cannot make numbers of None for an array of shape {x.shape}")
    return value


def _view(key: Key) -> NDArray:
    """A view: cut every axis, then drop those with a number and insert those for None."""
    x = key.x
    if key.size != x.shape or any(s != 1 for s in key.step):
        x = F.slice(x, key.start, key.size, key.step)
    elif key.shape == x.shape:
        return F.slice(x, key.start, key.size)
    return x if key.shape == x.shape else F.reshape(x, key.shape)


def read(key: Key) -> NDArray:
    """The part of its array that a key names."""
    if key.mask is not None:
        return _chosen(key.x, *key.mask)
    if not key.arrays:
        return _view(key)
    x = key.x
    try:
        if key.taken is not None:
            axis, index = key.taken
            return F.take(_view(key), _key.positions(x, index, tuple(index.shape)), axis)
        return F.gather_nd(x, *_key.mesh(x, key))
    except IndexError:
        raise _key.located(x, key) from None


def _chosen(x: NDArray, axis: int, mask: Any) -> NDArray:
    """The numbers that a mask over some axes chooses, by their places counted across these axes: those of all that is
    there, where nothing follows what is done, without a list of the places."""
    if not axis and isinstance(mask, NDArray) and not (_core.is_tracing() or _core.is_recording()):
        if mask._device == x._device == "cpu(0)" and x._contiguous:
            return _core.chosen_numbers(x, mask)
    (places,) = _key.places(mask, flat=True)
    shape = x.shape
    if mask.ndim > 1:
        x = F.reshape(x, (*shape[:axis], mask.size, *shape[axis + mask.ndim :]))
    return F.take(x, _key.positions(x, places, places.shape), axis)


def replaced(key: Key, value: Any, out: NDArray | None = None) -> NDArray:
    """A key's array with the part that it names replaced: a new array, or `out`."""
    x = key.x
    value = _fitting(x, value)
    if key.mask is not None:
        return _masked(key, value, out)
    if not key.arrays:
        return F.slice_assign(x, _laid_over(key, value), key.start, key.size, key.step, out=out)
    value = _key.without_leading(value, len(key.result_shape))
    try:
        return F.index_put(x, value, *_key.mesh(x, key), out=out)
    except IndexError:
        raise _key.located(x, key) from None


def _fitting(x: NDArray, value: Any) -> NDArray:
    """The value as an array on x's device; its dtype becomes x's, as an assignment does."""
    if isinstance(value, (list, tuple)) and any(isinstance(v, NDArray) for v in value):
        value = F.stack(*(_fitting(x, v) for v in value))
    if not isinstance(value, NDArray):
        given = value
        try:
            value = np.asarray(value)
        except ValueError:
            raise ValueError(f"assignment: the lists are not of one shape, got {shown(value)}") from None
        if value.dtype.kind not in "biufcV":
            raise TypeError(f"assignment: cannot make numbers of {shown(given)} for an array of {x.dtype}")
        value = _core.from_numpy(np.ascontiguousarray(value).reshape(value.shape), True)
    if value._dtype_name != x._dtype_name:
        value = F.cast(value, x._dtype_name)
    if value._device != x._device and not value._is_traced:
        return copy_on(value, x._device)
    return value


def _laid_over(key: Key, value: NDArray) -> NDArray:
    """A value for a view, with axes where the view's numbers dropped them and none where None made them."""
    value = _key.without_leading(value, len(key.shape))
    if value.ndim == 0:
        return value
    missing = len(key.shape) - value.ndim
    given = iter((None,) * missing + value.shape)
    shape: list[int] = []
    for kind in key.kinds:
        if kind == "int":
            if shape:
                shape.append(1)
            continue
        n = next(given)
        if kind == "slice" and n is not None:
            shape.append(n)
        elif kind == "new" and n not in (None, 1):
            raise ValueError(f"assignment: a value of shape {value.shape} cannot be broadcast to {key.shape}")
    return value if tuple(shape) == value.shape else F.reshape(value, tuple(shape))


def _masked(key: Key, value: NDArray, out: NDArray | None) -> NDArray:
    """A mask over some axes and everything along the others: chosen number by number, so no list of places is made."""
    assert key.mask is not None
    x, (axis, mask) = key.x, key.mask
    behind = x.ndim - axis - mask.ndim
    value = _key.without_leading(value, behind)
    if value.ndim > behind:
        if isinstance(mask, NDArray) and _core.is_tracing():
            raise _core.TraceError(
                f"x[mask] = value with a value of shape {value.shape}: how many numbers the mask chooses depends on "
                "its values, which a compiled function does not know; assign one number, or use where(mask, y, x)"
            )
        return replaced(_key.parse(x, key.source), value, out)
    if isinstance(mask, np.ndarray):
        mask = _core.from_numpy(np.ascontiguousarray(mask), True)
    made = F.where(_key.positions(x, mask, tuple(mask.shape) + (1,) * behind), value, x)
    if made.shape != x.shape:
        raise ValueError(f"assignment: a value of shape {value.shape} cannot be broadcast into x[mask] of x {x.shape}")
    if out is None:
        return made
    _core.assign(out, made)
    return out
