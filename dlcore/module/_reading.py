"""What a module reads: descriptions of batches, batches, devices, and how a parameter begins."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from dlcore import _core, init
from dlcore._warn import warn


def shapes_of(described: Any) -> dict[str, tuple[int, ...]]:
    """Shapes by name from DataDesc objects or (name, shape) pairs."""
    return {str(d[0]): tuple(int(n) for n in d[1]) for d in described or []}


def dtypes_of(described: Any) -> dict[str, str]:
    return {str(d[0]): np.dtype(d.dtype).name for d in described or [] if getattr(d, "dtype", None) is not None}


def one_device(context: Any) -> Any:
    """The device of a module; the first of several, where one executor takes the whole batch."""
    if not isinstance(context, (list, tuple)):
        return context
    if len(context) > 1:
        warn(
            f"Module: whole batches run on {context[0]}, and the other {len(context) - 1} devices are not used; "
            "several workers share batches, see dlcore.parallel"
        )
    return context[0] if context else None


def named(what: str, names: list[str], arrays: Sequence[Any]) -> dict[str, Any]:
    if len(arrays) != len(names):
        raise ValueError(f"forward: the batch has {len(arrays)} {what}, expected {len(names)}: {', '.join(names)}")
    return dict(zip(names, arrays, strict=True))


def fill(name: str, array: _core.NDArray, initializer: Any, own: str | None) -> None:
    """Fills a parameter by its variable's own `init`, else by the initializer's rule for its name."""
    if own is None:
        initializer(name, array)
        return
    kind, words = json.loads(own) if own.startswith("[") else (own, {})
    made = init.FusedRNN(**words) if kind == "fusedrnn" else init.create(kind, **words)
    if isinstance(made, init.FusedRNN) and made.init is None:
        made.init = initializer
    made.fill(array)
