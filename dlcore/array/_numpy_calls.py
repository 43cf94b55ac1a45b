"""Calls of `dlcore.np` as NumPy writes them where our own signature differs: np.argmax(a=x), np.sin(x, y), where=.

Nothing here runs in a call that fits. One that does not is held against NumPy's signature: what only chooses how NumPy
computes goes, `out` and `dtype` are applied to the result, all else is passed by its place or its name.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import _core
from .._core import NDArray
from ..ops import RECORDS, F, functions
from ._convert import asarray, dtype_name
from ._numpy_api import in_our_signature
from ._ufuncs import REDUCTIONS

# Arguments that change nothing here, with the values for which that is so (all, if None).
_IDLE: dict[str, tuple[Any, ...] | None] = {
    "casting": ("same_kind", "unsafe"),
    "check_finite": None,
    "kind": None,
    "like": (None,),
    "hermitian": None,
    "max_work": None,
    "order": ("C", "K", "A", None),
    "overwrite_input": None,
    "sorted": None,
    "subok": None,
}
_METHODS = ("reduce", "accumulate", "reduceat", "outer", "at")


def again(name: str, ours: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The result of a call of dlcore.np.`name` ("linalg.svd") in NumPy's signature; NotImplemented if it is none."""
    theirs: Any = np
    for part in name.split("."):
        theirs = getattr(theirs, part, None)
    if not callable(theirs) or isinstance(theirs, type):  # numpy.fft is a module
        return NotImplemented
    if isinstance(theirs, np.ufunc):
        return _elementwise(theirs, args, kwargs)
    plain = {k: v for k, v in kwargs.items() if k not in _IDLE or (_IDLE[k] is not None and v not in (_IDLE[k] or ()))}
    for later in ((), ("out",), ("out", "dtype")):
        kept = {k: v for k, v in plain.items() if k not in later}
        try:
            call = in_our_signature(theirs, ours, args, kept)
        except TypeError:
            return NotImplemented  # not NumPy's signature either
        if call is not None and (later or kept != kwargs or call != (args, kwargs)):
            found = ours(*call[0], **call[1])
            return _finished(name, found, *(plain.get(k) if k in later else None for k in ("out", "dtype")))
    return NotImplemented


def _finished(name: str, found: Any, out: Any, dtype: Any) -> Any:
    if dtype is not None:
        found = F.cast(found, dtype_name(dtype))
    if out is None:
        return found
    if not isinstance(out, NDArray):
        raise TypeError(f"{name}: out= must be an array, got {type(out).__name__}")
    if out.shape != found.shape:
        raise ValueError(f"{name}: out= has shape {out.shape}, the result {found.shape}")
    _core.assign(out, found)
    return out


def _elementwise(ufunc: np.ufunc, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """np.add(x, y, out, where=m, dtype=d): as NumPy's function does on our arrays (`_ufuncs.py`)."""
    if not ufunc.nin <= len(args) <= ufunc.nin + ufunc.nout:
        return NotImplemented
    if kwargs.keys() - {"out", "where", "dtype", "casting", "order", "subok"}:
        return NotImplemented
    given, out = list(args[: ufunc.nin]), args[ufunc.nin :] or kwargs.get("out")
    outs = out if isinstance(out, (tuple, list)) else (out,)
    if not any(isinstance(v, NDArray) for v in (*given, *outs)):
        given[0] = asarray(given[0])
    named = {k: v for k, v in kwargs.items() if k not in ("out", "order", "subok")}
    return ufunc(*given, **named, **({} if out is None else {"out": tuple(outs)}))


def _method(ufunc: np.ufunc, name: str) -> Callable[..., Any]:
    def call(x: Any, *args: Any, **kwargs: Any) -> Any:
        if name == "at" and not isinstance(x, NDArray):
            raise TypeError(f"{ufunc.__name__}.at: a must be an array, got {type(x).__name__}")
        given = asarray(x)
        if name == "reduce" and ufunc.__name__ in REDUCTIONS:
            return _reduced(REDUCTIONS[ufunc.__name__], given, *args, **kwargs)
        found = getattr(ufunc, name)(given, *args, **kwargs)
        return asarray(found) if isinstance(found, (np.ndarray, np.generic)) else found

    call.__name__ = name
    call.__doc__ = f"numpy.{ufunc.__name__}.{name} on these arrays."
    return call


def _reduced(
    name: str, x: NDArray, axis: Any = 0, dtype: Any = None, out: Any = None, keepdims: bool = False, **more: Any
) -> Any:
    kinds = {} if name in ("max", "min", "any", "all") or dtype is None else {"dtype": dtype}
    namespace = importlib.import_module(".np", __package__)
    return getattr(namespace, name)(x, axis=axis, out=out, keepdims=keepdims, **kinds, **more)


def with_methods(value: Any, name: str) -> Any:
    """The operator, with the methods of NumPy's elementwise function of that name."""
    ufunc = getattr(np, name, None)
    if isinstance(ufunc, np.ufunc) and not hasattr(value, "nin"):
        value.nin, value.nout, value.nargs = ufunc.nin, ufunc.nout, ufunc.nargs
        if ufunc.nin == 2 and ufunc.nout == 1:
            for method in _METHODS:
                setattr(value, method, _method(ufunc, method))
    return value


def _unfitting(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return again(RECORDS[name].np_name or name, getattr(F, name), args, kwargs)


functions.unfitting = _unfitting
