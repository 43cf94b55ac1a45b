"""What draws of random numbers are asked for: shapes, dtypes, and parameters that must lie somewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as _np

from .. import _core
from .._core import NDArray
from ._convert import dtype_name
from .context import Context

Shape = int | Sequence[int] | None
Place = Context | str | None
Dims = tuple[int, ...]
NUMBERS = (float, int)  # exactly these: what is given nearly always, and needs no array to be looked at


def all_numbers(values: Sequence[Any]) -> bool:
    for v in values:
        if type(v) not in NUMBERS:
            return False
    return True


def is_array(*values: Any) -> bool:
    for v in values:
        if type(v) not in NUMBERS and isinstance(v, (NDArray, _np.ndarray, list, tuple)):
            return True
    return False


def as_dims(shape: Any, name: str = "random") -> Dims:
    """A shape from an integer or a sequence; negative lengths and fractions are errors."""
    if type(shape) is tuple:
        for n in shape:
            if type(n) is not int or n < 0:
                break
        else:
            return shape
    if isinstance(shape, (int, _np.integer)):
        shape = (shape,)
    if isinstance(shape, (str, bytes)) or not isinstance(shape, Iterable):
        raise TypeError(f"{name}: a shape is whole numbers, got {shape!r}")
    given = tuple(shape)
    for n in given:
        if isinstance(n, bool) or not isinstance(n, (int, _np.integer)):
            raise TypeError(f"{name}: a shape is whole numbers, got {shape!r}")
        if n < 0:
            raise ValueError(f"{name}: a shape has no negative lengths, got {shape!r}")
    return tuple(int(n) for n in given)


def shape_of(value: Any) -> Dims:
    return value.shape if isinstance(value, NDArray) else _np.shape(value)


def dims_of(name: str, size: Shape, *params: Any) -> Dims:
    """`size`, into which the parameters must broadcast, or their common shape."""
    if all_numbers(params):
        return () if size is None else as_dims(size, name)
    shapes = [shape_of(p) for p in params]
    try:
        common = _np.broadcast_shapes(*shapes)
        if size is None:
            return common
        dims = as_dims(size, name)
        if _np.broadcast_shapes(common, dims) == dims:
            return dims
    except ValueError as error:
        if "broadcast" not in str(error):
            raise
        common, dims = (), size  # type: ignore[assignment]
    shown = " and ".join(map(str, shapes))
    raise ValueError(f"{name}: parameters of shapes {shown} do not fit size {size}")


def float_dtype(name: str, dtype: Any) -> tuple[str, str]:
    """The dtype to draw in and the dtype of the result."""
    if dtype is None:
        return "float32", "float32"
    final = str(dtype_name(dtype))
    if final not in ("float16", "bfloat16", "float32", "float64"):
        raise TypeError(f"{name}: dtype must be a floating-point dtype, got {final}")
    return ("float64" if final == "float64" else "float32"), final


def known(value: Any) -> bool:
    """Whether a parameter's numbers can be looked at now: not inside a trace."""
    return not isinstance(value, NDArray) or not _core.is_tracing()


def need(name: str, param: str, value: Any, what: str, fits: Callable[[Any], Any]) -> None:
    """A ValueError unless the parameter's numbers fit; those of a traced array are not looked at."""
    if type(value) in NUMBERS:
        if not fits(value):
            raise ValueError(f"{name}: {param} must be {what}, got {value:g}")
        return
    if not known(value):
        return
    numbers = value.asnumpy() if isinstance(value, NDArray) else _np.asarray(value)
    if numbers.dtype.kind not in "biufV":
        raise TypeError(f"{name}: {param} must be numbers, got {value!r}")
    numbers = numbers.astype("float64")
    good = _np.asarray(fits(numbers))
    if not good.all():
        raise ValueError(f"{name}: {param} must be {what}, got {numbers[~good].flat[0]:g}")


def positive(name: str, param: str, value: Any) -> None:
    need(name, param, value, "above 0", lambda v: v > 0)


def not_negative(name: str, param: str, value: Any) -> None:
    need(name, param, value, "at least 0", lambda v: v >= 0)


def a_chance(name: str, param: str, value: Any, zero: bool = True) -> None:
    words = "between 0 and 1" if zero else "above 0 and at most 1"
    need(name, param, value, words, lambda v: ((v >= 0) if zero else (v > 0)) & (v <= 1))
