"""NumPy's own functions on our arrays: numpy.concatenate([x, y]), numpy.linalg.norm(x). Elementwise ones: `_ufuncs.py`.

They run here under the same name and give our arrays, also when NumPy arrays are among the operands. What `dlcore.np`
does not have (or not with these arguments) is computed by NumPy on the values and gives NumPy arrays. That is a
TypeError instead where it would lose something: the gradient of a recorded array, or an array on a GPU silently copied.
"""

from __future__ import annotations

import functools
import importlib
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import _core
from .._core import NDArray

_KNOWN_TYPES = (NDArray, np.ndarray, np.generic)
_NO_VALUE = getattr(np, "_NoValue", None)
# These are about memory, text and files: the answer must come from NumPy's own view of the array.
_ABOUT_NUMPY = {"shares_memory", "may_share_memory", "array_repr", "array_str", "array2string", "save", "savez"}
_WRITING = {"copyto", "fill_diagonal", "place", "put", "put_along_axis", "putmask"}  # into their first argument


def array_function(
    self: NDArray, function: Callable[..., Any], types: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """numpy.function(x, ...): ours where we have it, else NumPy's on the values; see the module."""
    if not all(issubclass(t, _KNOWN_TYPES) for t in types):
        return NotImplemented
    written = kwargs.get("out", args[0] if args and function.__name__ in _WRITING else None)
    ours = None if isinstance(written, np.ndarray) else _ours(function)  # NumPy's memory is NumPy's to write to
    call = in_our_signature(function, ours, args, kwargs) if ours is not None else None
    if ours is not None and call is not None:
        return ours(*call[0], **call[1])
    return by_numpy(f"numpy.{function.__name__}", function, args, kwargs)


@functools.cache
def _ours(function: Callable[..., Any]) -> Callable[..., Any] | None:
    """Our function of a NumPy function's module and name."""
    name, module = function.__name__, (getattr(function, "__module__", "") or "")
    if name in _ABOUT_NUMPY:
        return None
    part = {"numpy.linalg": ".linalg", "numpy.fft": ".fft", "numpy": ".np"}.get(module)
    if part is None:
        return None
    try:
        found = getattr(importlib.import_module(part, __package__), name, None)
    except ImportError:
        return None
    return found if callable(found) else None


@functools.cache
def _signature(function: Callable[..., Any]) -> inspect.Signature | None:
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):
        return None


def in_our_signature(
    theirs: Callable[..., Any], ours: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
    """The call in our signature: what NumPy calls by position and has a default is passed by name, since positions
    may differ. None where we do not take such an argument."""
    their_signature, our_signature = _signature(theirs), _signature(ours)
    if their_signature is None or our_signature is None:
        return args, kwargs
    given = their_signature.bind(*args, **kwargs)
    positional: list[Any] = []
    named: dict[str, Any] = {}
    for name, value in given.arguments.items():
        parameter = their_signature.parameters[name]
        if parameter.kind is parameter.VAR_POSITIONAL:
            positional.extend(value)
        elif parameter.kind is parameter.VAR_KEYWORD:
            named.update(value)
        elif parameter.kind is parameter.POSITIONAL_ONLY:
            positional.append(value)
        elif parameter.default is parameter.empty and parameter.kind is not parameter.KEYWORD_ONLY:
            positional.append(value)
        elif value is not _NO_VALUE and value is not parameter.default:
            named[name] = value
    if not all(map(_numeric, positional)):
        return None
    try:
        our_signature.bind(*positional, **named)
    except TypeError:
        return None
    swallows = any(p.kind is p.VAR_KEYWORD for p in our_signature.parameters.values())
    if swallows and not named.keys() <= our_signature.parameters.keys():
        return None
    return tuple(positional), named


def _numeric(value: Any) -> bool:
    """Whether an operand may be numbers; None, dates and objects are NumPy's matter."""
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "biufcV"
    if isinstance(value, (list, tuple)):
        return all(map(_numeric, value))
    return value is not None


def by_numpy(name: str, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What NumPy makes of the values."""
    recording = _core.is_recording()

    def plain(value: Any) -> Any:
        if isinstance(value, NDArray):
            if recording and value._tracked:
                raise TypeError(f"{name} is not available for NDArray with a gradient; use x.asnumpy() to leave it out")
            if not value._device.startswith("cpu"):
                raise TypeError(f"{name} is not available for NDArray on {value._device}; use x.asnumpy()")
            return np.asarray(value)
        if isinstance(value, (list, tuple)):
            return type(value)(plain(v) for v in value) if type(value) in (list, tuple) else value
        return value

    return function(*[plain(a) for a in args], **{k: plain(v) for k, v in kwargs.items()})
