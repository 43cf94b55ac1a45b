"""Whether work on one stream of the pretended device waits for that of another which touched the same memory.

Everything is done at once and in order there, so a wait that is missing would not be seen by its results. Each stream
has a clock of what it knows of the others; events carry it, and waiting for a stream on the host tells all of them.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterator
from typing import Any

import numpy as np

watching = False
_blocks: list[tuple[int, int]] = []  # of the device's memory, by address
_last: dict[int, tuple[int, int]] = {}  # of each block: the stream that touched it last, and its time then
_clocks: dict[int, dict[int, int]] = {}
_host: dict[int, int] = {}


def block(start: int, nbytes: int) -> None:
    """Memory that was handed out just now."""
    if watching:
        bisect.insort(_blocks, (start, start + nbytes))


def touch(stream: int, *values: Any) -> None:
    """Arrays are read or written on a stream."""
    if not watching:
        return
    clock = _clocks.setdefault(stream, {})
    now = clock[stream] = clock.get(stream, 0) + 1
    for address in _addresses(values):
        place = _place(address)
        other, time = _last.get(place, (stream, 0))
        if other != stream and max(clock.get(other, 0), _host.get(other, 0)) < time:
            raise AssertionError(f"stream {stream:#x} touches what stream {other:#x} may still be working on")
        _last[place] = (stream, now)


def record(stream: int) -> dict[int, int]:
    """What an event of a stream tells those that wait for it."""
    return dict(_clocks.get(stream, {}))


def wait(stream: int, told: dict[int, int]) -> None:
    """A stream waits for an event."""
    _learn(_clocks.setdefault(stream, {}), told)


def synchronize(stream: int) -> None:
    """The host waits for a stream: what is queued from now on comes later."""
    _learn(_host, _clocks.get(stream, {}))


def forget() -> None:
    """Everything is done and known, as when the whole device was waited for."""
    _last.clear()


def _learn(clock: dict[int, int], told: dict[int, int]) -> None:
    for stream, time in told.items():
        clock[stream] = max(clock.get(stream, 0), time)


def _addresses(value: Any) -> Iterator[int]:
    if isinstance(value, np.ndarray):
        if value.size and value.dtype.names is None:
            yield value.__array_interface__["data"][0]
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from _addresses(part)
    elif hasattr(value, "_ptr"):
        yield value._ptr


def _place(address: int) -> int:
    """The block that an address lies in; what NumPy has made on the way is a block of its own."""
    at = bisect.bisect_right(_blocks, (address, 2**64)) - 1
    return _blocks[at][0] if at >= 0 and address < _blocks[at][1] else address
