"""How arrays are shown: as NumPy shows them, with dtype and device where they are not the usual ones."""

from __future__ import annotations

import numpy as np

from .._core import NDArray

_USUAL = {"float32", "int64", "bool"}


def _values(x: NDArray) -> np.ndarray:
    values = x.asnumpy()
    return values.astype(np.float32) if x._dtype_name == "bfloat16" else values


def to_repr(x: NDArray) -> str:
    """array([1., 2.]), with dtype= and device= where they are unusual; inside a trace only what is known."""
    if x._is_traced:
        return f"<NDArray {'x'.join(map(str, x.shape)) or '()'} {x._dtype_name}, known only when the trace runs>"
    body = np.array2string(_values(x), separator=", ", prefix="array(")
    extra = "" if x._dtype_name in _USUAL and x.size else f", dtype={x._dtype_name}"
    extra += f", shape={x.shape}" if x.size == 0 and x.shape != (0,) else ""
    extra += "" if x._device == "cpu(0)" else f", device={x._device}"
    return f"array({body}{extra})"


def to_str(x: NDArray) -> str:
    """The numbers alone, as NumPy prints them."""
    return to_repr(x) if x._is_traced else str(_values(x))


def to_format(x: NDArray, spec: str) -> str:
    """format(x, ".4f") for arrays of one number; without a spec str(x)."""
    return format(x.item(), spec) if spec else to_str(x)
