"""Where parameters are: the names of their devices, and the device of the data while a network runs.

A parameter may be on several devices, an array on each; `Parameter.data()` then gives the one that is where the data of
the outermost running network is.
"""

from __future__ import annotations

import threading
from typing import Any

from dlcore.array import context

# Whether any parameter was ever put on several devices: a network looks where its data is only then.
used = [False]


class _Here(threading.local):
    device: str | None = None


_here = _Here()


def device_names(ctx: Any) -> tuple[str, ...]:
    """("cpu(0)",) for a Context, its name or None; one name each for a list of them, in its order."""
    listed = ctx if isinstance(ctx, (list, tuple)) else [ctx]
    names = tuple(dict.fromkeys(context.device_name(c) for c in listed))
    if not names:
        raise ValueError("ctx: expected a device or a list of devices, got an empty list")
    return names


def device_name(ctx: Any) -> str:
    """The name of the one device that `ctx` names."""
    names = device_names(ctx)
    if len(names) != 1:
        raise ValueError(f"ctx: expected one device, got {list(names)}")
    return names[0]


def here() -> str | None:
    """The device of the data of the network that runs in this thread; None outside."""
    return _here.device


def enter(args: Any) -> str | None:
    """A network begins to run on these inputs; returns what `leave` takes."""
    before = _here.device
    if before is None:
        _here.device = _of(args)
    return before


def leave(before: str | None) -> None:
    """The network of the last `enter` is done."""
    _here.device = before


def _of(args: Any) -> str | None:
    for value in args:
        found = _of(value) if isinstance(value, (list, tuple)) else getattr(value, "_device", None)
        if found is not None:
            return found
    return None
