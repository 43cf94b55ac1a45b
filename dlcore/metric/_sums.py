"""What a metric adds up: numbers, which a compiled function that updates the metric keeps in arrays of its own."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from dlcore import _core
from dlcore.array._copies import copy_on
from dlcore.graph import invalidate, outside_trace, write_last
from dlcore.ops import F

LATER = "instead return labels and predictions from the function, and call update with them after it"
_lock = threading.Lock()


class Sum:
    """An attribute of a metric that `update` adds to: a number, or a NumPy array of counts.

    Inside a function that is being compiled, reading it gives an array of the program, and setting it says what it is
    after each run. From then on the number is in that array, wherever it is read or set. A run that fails changes
    nothing. whole: numbers without a fraction are ints.
    """

    def __init__(self, whole: bool = False) -> None:
        self._whole = whole

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, metric: Any, owner: type | None = None) -> Any:
        if metric is None:
            return self
        if _core.is_tracing():
            return F.copy(self._array(metric))
        array = arrays(metric).get(self._name)
        if array is not None:
            return self._number(array)
        try:
            return metric.__dict__[self._name]
        except KeyError:
            raise AttributeError(f"{type(metric).__name__!r} object has no attribute {self._name!r}") from None

    def __set__(self, metric: Any, value: Any) -> None:
        if _core.is_tracing():
            array = self._array(metric)
            write_last(array)
            recording = _core.set_recording(False)  # what is counted has no gradient
            try:
                _core.assign(array, F.reshape(F.cast(value, array._dtype_name), array.shape))
            finally:
                _core.set_recording(recording)
            return
        array = arrays(metric).get(self._name)
        if array is not None:
            number = np.asarray(value) if isinstance(value, (int, float, np.generic, np.ndarray)) else None
            if number is not None and number.shape == array.shape:
                _core.assign(array, _core.from_numpy(number.astype(array.dtype)))
                return
            del arrays(metric)[self._name]
            invalidate()  # compiled functions have the array in hand
        metric.__dict__[self._name] = value

    def _array(self, metric: Any) -> Any:
        """The array that compiled functions read and write, made of the number so far when first asked for."""
        with _lock:
            found = arrays(metric).get(self._name)
            if found is None:
                value = metric.__dict__.get(self._name)
                if not isinstance(value, (int, float, np.generic, np.ndarray, _core.NDArray)):
                    held = f"{self._name} holds no number but {type(value).__name__}"
                    raise refused(metric, f"its {held}, to which no compiled function can add")
                found = metric._arrays[self._name] = outside_trace(lambda: _array_of(value, _device(metric)))
            return found

    def _number(self, array: Any) -> Any:
        """What an array says, as the plain number or NumPy array that would be here without it."""
        values = array.asnumpy()
        if values.ndim:
            return values
        number = float(values)
        return int(number) if self._whole and number.is_integer() else number


def refused(metric: Any, why: str, instead: str = LATER) -> _core.TraceError:
    """The error for a metric that a compiled function cannot update."""
    return _core.TraceError(f"metric {metric.name!r} ({type(metric).__name__}): {why}\n  {instead}")


def arrays(metric: Any) -> dict[str, Any]:
    """The arrays of a metric's sums, by name; none before a compiled function has updated it."""
    found: dict[str, Any] = metric.__dict__.setdefault("_arrays", {})
    return found


def place(metric: Any, device: str) -> None:
    """Keep the sums on `device`, where the labels are: a compiled function must not mix devices."""
    if device != _device(metric):
        metric.__dict__["_device"] = device
        held = arrays(metric)
        held.update(outside_trace(lambda: {name: copy_on(array, device) for name, array in held.items()}))
        if held:
            invalidate()


def plain(metric: Any) -> dict[str, Any]:
    """The attributes of a metric with its sums as numbers: what a copy of it begins with."""
    found = {name: value for name, value in vars(metric).items() if name not in ("_arrays", "_device")}
    for name in arrays(metric):
        found[name] = getattr(metric, name)
    return found


def _device(metric: Any) -> str:
    return str(metric.__dict__.get("_device", "cpu(0)"))


def _array_of(value: Any, device: str) -> Any:
    """An array with a number, in float64, or with the numbers of an array, in its own dtype."""
    values = value if isinstance(value, np.ndarray) else np.array(float(value), np.float64)
    return copy_on(_core.from_numpy(np.array(values)), device)
