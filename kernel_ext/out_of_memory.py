"""When memory runs out: what the failed cell held is freed, and the largest holders are named by variable."""

from __future__ import annotations

import gc
import sys
import traceback
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any

MEBIBYTE = 1 << 20
MOST = 8


def release(error: BaseException, trace: TracebackType | None, *showers: Any) -> None:
    """Let go of what the frames of a failed cell hold: their locals, and every place that keeps the error.

    `showers` are the objects that showed it and remember it.
    """
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        traceback.clear_frames(one.__traceback__)
        one.__traceback__ = None  # a frame keeps a copy of its locals where somebody has looked at them
        waiting += [one.__cause__, one.__context__]
    traceback.clear_frames(trace)
    for shower in showers:
        if hasattr(shower, "tb"):
            shower.tb = None
    for name in ("last_traceback", "last_value", "last_exc", "last_type"):
        if hasattr(sys, name):
            setattr(sys, name, None)
    gc.collect()


def holders(namespace: Mapping[str, Any]) -> list[tuple[str, int, str]]:
    """(name, bytes, what it is) of what the notebook's variables and `Out` hold, the largest first.

    What several names share counts for the first of them.
    """
    counted: set[int] = set()
    found = []
    for name, value in [*_named(namespace)]:
        size = sum(_sizes(value, counted))
        if size:
            found.append((name, size, type(value).__name__))
    return sorted(found, key=lambda entry: -entry[1])


def report(namespace: Mapping[str, Any]) -> str:
    """The largest holders as lines of text; what helps against each."""
    listed = holders(namespace)[:MOST]
    if not listed:
        return "No variable of the notebook holds arrays; the cell asked for too much at once."
    width = max(len(name) for name, *_ in listed)
    lines = [f"  {name.ljust(width)}  {size / MEBIBYTE:9.1f} MiB  {kind}" for name, size, kind in listed]
    advice = "`del NAME` frees one; smaller batches or fewer snapshots (--batch, snapshots=) need less."
    return "\n".join(["What the failed cell held has been freed. Of the rest, most is held by", *lines, advice])


def _named(namespace: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    hidden = {"In", "Out", "get_ipython", "exit", "quit"}
    for name, value in list(namespace.items()):
        if not name.startswith("_") and name not in hidden:
            yield name, value
    for number, value in list((namespace.get("Out") or {}).items()):
        yield f"Out[{number}]", value


def _sizes(value: Any, counted: set[int], depth: int = 0) -> Iterator[int]:
    """The bytes of every array below a value, each once."""
    if id(value) in counted or isinstance(value, type):
        return
    counted.add(id(value))
    size = getattr(value, "nbytes", None)
    if isinstance(size, int) and hasattr(value, "dtype"):
        yield size
        yield from _sizes(getattr(value, "grad", None), counted, depth + 1)
    elif hasattr(value, "collect_params"):
        for parameter in value.collect_params().values():
            try:
                yield from _sizes(parameter.data(), counted, depth + 1)
            except Exception:  # noqa: S112 - a parameter that has no array yet holds nothing
                continue
    elif depth < 3 and hasattr(value, "snapshots") and hasattr(value, "history"):
        yield from (snapshot.nbytes for snapshot in getattr(value, "_ring", None) or ())
    elif depth < 3 and isinstance(value, (list, tuple, set)):
        for part in value:
            yield from _sizes(part, counted, depth + 1)
    elif depth < 3 and isinstance(value, dict):
        for part in value.values():
            yield from _sizes(part, counted, depth + 1)
