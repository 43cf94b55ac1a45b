"""Arrays inside lists, tuples and dicts: taken out in a fixed order, and put back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from dlcore._core import NDArray

Spec = tuple  # ("array",), ("list"|"tuple", type, children), ("dict", keys, children), ("static", type, value)
_ARRAY: Spec = ("array",)


def flatten(obj: Any, leaves: list[NDArray]) -> Spec:
    """Appends the arrays in `obj` to `leaves` and returns a hashable description of everything else.

    Values that are no arrays are part of the description; TypeError when such a value cannot be hashed.

    >>> flatten((1, 2.0), [])
    ('tuple', <class 'tuple'>, (('static', <class 'int'>, 1), ('static', <class 'float'>, 2.0)))
    """
    if isinstance(obj, NDArray):
        leaves.append(obj)
        return _ARRAY
    if isinstance(obj, np.ndarray):
        from dlcore._core import from_numpy

        leaves.append(from_numpy(obj))
        return _ARRAY
    if isinstance(obj, list):
        return ("list", type(obj), tuple([flatten(item, leaves) for item in obj]))
    if isinstance(obj, tuple):
        return ("tuple", type(obj), tuple([flatten(item, leaves) for item in obj]))
    if isinstance(obj, dict):
        return ("dict", tuple(obj), tuple([flatten(item, leaves) for item in obj.values()]))
    try:
        hash(obj)
    except TypeError:
        raise TypeError(
            f"a compiled function takes arrays, containers of arrays, and hashable values; got {type(obj).__name__}"
        ) from None
    return ("static", type(obj), obj)


def unflatten(spec: Spec, leaves: Iterator[Any]) -> Any:
    """The object that `spec` describes, with its arrays taken from `leaves` in order."""
    kind = spec[0]
    if kind == "array":
        return next(leaves)
    if kind == "static":
        return spec[2]
    if kind == "dict":
        return {key: unflatten(child, leaves) for key, child in zip(spec[1], spec[2], strict=True)}
    items = [unflatten(child, leaves) for child in spec[2]]
    if kind == "list":
        return items
    return spec[1](*items) if hasattr(spec[1], "_fields") else tuple(items)
