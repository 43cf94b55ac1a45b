"""Arrays inside tuples, lists and dicts: taken out in a fixed order and put back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from .._core import NDArray


def flatten(nest: Any, what: str) -> tuple[list[NDArray], Callable[[Iterator[Any]], Any]]:
    """The arrays in `nest`, and a function that builds the same nest of other things.

    Raises TypeError, naming `what`, for anything but arrays, tuples, lists and dicts.
    """
    arrays: list[NDArray] = []
    return arrays, _visit(nest, arrays, what)


def _visit(part: Any, arrays: list[NDArray], what: str) -> Callable[[Iterator[Any]], Any]:
    if isinstance(part, NDArray):
        arrays.append(part)
        return next
    if isinstance(part, dict):
        keys, builders = list(part), [_visit(v, arrays, what) for v in part.values()]
        return lambda items: {k: b(items) for k, b in zip(keys, builders, strict=True)}
    if isinstance(part, (list, tuple)):
        builders = [_visit(v, arrays, what) for v in part]
        kind = type(part)
        if isinstance(part, list):
            return lambda items: [b(items) for b in builders]
        if hasattr(part, "_fields"):  # a named tuple
            return lambda items: kind(*[b(items) for b in builders])
        return lambda items: tuple([b(items) for b in builders])
    raise TypeError(f"{what} must be arrays, or tuples, lists or dicts of arrays; got {type(part).__name__}")


def same_arrays(given: Any, like: list[NDArray], what: str) -> list[NDArray]:
    """The arrays of `given`, one for each of `like` and of its shape."""
    arrays, _ = flatten(given, what)
    if len(arrays) != len(like):
        raise ValueError(f"{what}: expected {len(like)} arrays, got {len(arrays)}")
    for i, (a, b) in enumerate(zip(arrays, like, strict=True)):
        if a.shape != b.shape:
            raise ValueError(f"{what}: array {i} has shape {a.shape}, expected {b.shape}")
    return arrays
