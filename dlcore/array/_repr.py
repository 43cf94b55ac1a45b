"""How arrays are shown: as NumPy shows them, with shape, dtype and device where these do not go without saying.

Of a large array only the corners that are printed are read. The notebook's picture of one is in `_repr_html.py`.
"""

from __future__ import annotations

import numpy as np

from .. import _core
from .._core import NDArray

_USUAL = {"float32", "int64", "bool"}
_EDGE = 3  # as many numbers of each end of an axis as NumPy prints


def _values(x: NDArray) -> np.ndarray:
    values = x.asnumpy()
    return values.astype(np.float32) if x._dtype_name == "bfloat16" else values


def _corners(x: NDArray) -> np.ndarray:
    """A small array that NumPy, asked to summarise, prints as it would print all of x."""
    recording = _core.set_recording(False)
    try:
        for axis, n in enumerate(x.shape):
            if n > 2 * _EDGE + 1:
                key = (slice(None),) * axis
                ends = [x[(*key, slice(0, _EDGE + 1))], x[(*key, slice(n - _EDGE, n))]]
                x = _joined(ends, axis)
    finally:
        _core.set_recording(recording)
    return _values(x)


def _joined(parts: list[NDArray], axis: int) -> NDArray:
    from ..ops import F

    return F.concat(*parts, axis=axis)


def is_large(x: NDArray) -> bool:
    """Whether NumPy's print options ask for a summary."""
    return x.size > np.get_printoptions()["threshold"]


def _shown(x: NDArray) -> tuple[np.ndarray, int | None]:
    """What to print, and the threshold for NumPy's summary (None: its own)."""
    if not is_large(x) or np.get_printoptions()["edgeitems"] != _EDGE:
        return _values(x), None
    return _corners(x), 0


def to_repr(x: NDArray) -> str:
    """array([1., 2.]), with dtype= and device= where they are unusual; inside a trace only what is known."""
    if x._is_traced:
        return f"<NDArray {'x'.join(map(str, x.shape)) or '()'} {x._dtype_name}, known only when the trace runs>"
    values, threshold = _shown(x)
    body = np.array2string(values, separator=", ", prefix="array(", threshold=threshold)
    extra = "" if x._dtype_name in _USUAL and x.size else f", dtype={x._dtype_name}"
    extra += f", shape={x.shape}" if is_large(x) or (x.size == 0 and x.shape != (0,)) else ""
    extra += "" if x._device == "cpu(0)" else f", device={x._device}"
    return f"array({body}{extra})"


def to_str(x: NDArray) -> str:
    """The numbers alone, as NumPy prints them."""
    if x._is_traced:
        return to_repr(x)
    values, threshold = _shown(x)
    return str(values) if threshold is None else np.array2string(values, threshold=threshold)


def to_format(x: NDArray, spec: str) -> str:
    """format(x, ".4f") for arrays of one number; without a spec str(x)."""
    if spec and x.size != 1:
        raise TypeError(f"format: expected an array of one number for {spec!r}, got shape {x.shape}")
    return format(x.item(), spec) if spec else to_str(x)
