"""NumPy's elementwise functions on our arrays: numpy.add(x, y, out=z, where=m), numpy.add.reduce(x), numpy_array * x.

They become calls of our operators, through which gradients flow. What has none of that name, or not with these
arguments, is computed by NumPy on the values (`_numpy_api.by_numpy`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import _core
from .._core import NDArray
from ..ops import F
from ._convert import asarray, dtype_name
from ._dunders import invert
from ._float_parts import frexp, ldexp, spacing
from ._numpy_api import by_numpy
from ._pointwise import divmod, modf
from ._products import matmul, matvec, vecdot, vecmat
from ._reducing import cumprod, cumsum

# NumPy's reductions by the ufunc that they repeat, running ones too, and ufuncs that have another name here.
REDUCTIONS = {
    "add": "sum",
    "multiply": "prod",
    "maximum": "max",
    "minimum": "min",
    "logical_and": "all",
    "logical_or": "any",
}
RUNNING: dict[str, Callable[..., NDArray]] = {"add": cumsum, "multiply": cumprod}
UFUNCS = {
    "absolute": "abs",
    "true_divide": "divide",
    "rad2deg": "degrees",
    "deg2rad": "radians",
    "conjugate": "conj",
}
# Not operators, but functions of dlcore.np.
_COMPOSED: dict[str, Callable[..., Any]] = {
    f.__name__: f for f in (divmod, frexp, invert, ldexp, matmul, matvec, modf, spacing, vecdot, vecmat)
}
_RANK = {"b": 0, "u": 1, "i": 2, "f": 3, "V": 3, "c": 4}  # V: bfloat16


def array_ufunc(self: NDArray, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
    """What `ufunc` (its method `__call__`, `reduce`, ...) makes of inputs or out= arrays of which one is ours."""
    out = kwargs.pop("out", None) or (None,)
    mask = kwargs.pop("where", True) if method == "__call__" else True
    name = f"numpy.{ufunc.__name__}"
    if method == "at":
        return _at(name, ufunc, *inputs)
    if any(isinstance(o, np.ndarray) for o in out):  # NumPy's memory is NumPy's to write to
        masked = {} if mask is True else {"where": mask}
        return by_numpy(name, getattr(ufunc, method), inputs, {**kwargs, **masked, "out": out})
    for o in out:
        if o is not None and not isinstance(o, NDArray):
            raise TypeError(f"{name}: out= must be an array, got {type(o).__name__}")
    casting = kwargs.pop("casting", "same_kind")
    result = _result(name, ufunc, method, inputs, kwargs)
    values = result if isinstance(result, tuple) else (result,)
    targets = (*out, *(None,) * (len(values) - len(out)))
    given = tuple(_written(name, v, t, mask, casting) for v, t in zip(values, targets, strict=True))
    return given if isinstance(result, tuple) else given[0]


def _written(name: str, value: Any, target: NDArray | None, mask: Any, casting: str) -> Any:
    """The value, in `target` if there is one; where the mask is False that keeps what it has."""
    if target is None:
        return value if mask is True else F.where(mask, value, 0)
    _check_casting(name, value, target, casting)
    shape = np.broadcast_shapes(np.shape(value), np.shape(mask))
    if np.broadcast_shapes(shape, target.shape) != target.shape:
        raise ValueError(f"{name}: the result has shape {shape}, out= has shape {target.shape}")
    _core.assign(target, value if mask is True else F.where(mask, value, target))
    return target


def _check_casting(name: str, value: Any, target: NDArray, casting: str) -> None:
    """NumPy's "same_kind": numbers go into a dtype of their kind or a later one of bool, unsigned, signed, float,
    complex."""
    if casting != "unsafe" and _RANK[value.dtype.kind] > _RANK[target.dtype.kind]:
        raise TypeError(f"{name}: the result is {value.dtype}, out= holds {target.dtype}; casting='unsafe' writes it")


def _result(name: str, ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    plain = {k: v for k, v in kwargs.items() if v is not None or k == "axis"}
    made = None
    if method == "__call__" and not plain.keys() - {"dtype"}:
        made = _called(ufunc, inputs, plain.get("dtype"))
    elif method == "outer" and not plain and len(inputs) == 2:
        left, right = map(asarray, inputs)
        made = _called(ufunc, (F.reshape(left, (*left.shape, *(1,) * right.ndim)), right), None)
    elif method == "reduce" and ufunc.__name__ in REDUCTIONS and not plain.keys() - {"axis", "keepdims", "dtype"}:
        made = getattr(inputs[0], REDUCTIONS[ufunc.__name__])(**{"axis": 0, **plain})
    elif method == "accumulate" and ufunc.__name__ in RUNNING and not plain.keys() - {"axis", "dtype"}:
        made = RUNNING[ufunc.__name__](inputs[0], **{"axis": 0, **plain})
    return by_numpy(name, getattr(ufunc, method), inputs, kwargs) if made is None else made


def _called(ufunc: np.ufunc, inputs: tuple[Any, ...], dtype: Any) -> Any:
    """Our function of that name on the inputs, or on these as `dtype`; None where we have none."""
    name = ufunc.__name__
    function = _COMPOSED.get(name) or getattr(F, UFUNCS.get(name, name), None)
    if function is None or dtype is None:
        return None if function is None else function(*inputs)
    kind = dtype_name(dtype)
    wide = [asarray(x) for x in inputs]
    if any(_RANK[x.dtype.kind] > _RANK[np.dtype(dtype).kind] for x in wide):
        return None  # NumPy says why not
    made = function(*(x if x._dtype_name == kind else F.cast(x, kind) for x in wide))
    return made if isinstance(made, NDArray) and made._dtype_name == kind else None


def _at(name: str, ufunc: np.ufunc, target: Any, *rest: Any) -> None:
    """ufunc.at(target, places, values): places that are named twice are written twice."""
    if not isinstance(target, NDArray):
        by_numpy(f"{name}.at", ufunc.at, (target, *rest), {})
        return
    values = by_numpy(f"{name}.at", np.array, (target,), {})
    by_numpy(f"{name}.at", ufunc.at, (values, *rest), {})
    _core.assign(target, values)
