"""`mxnet.profiler`: spans, counters and marks of your own, as a table and as a trace that a browser shows.

Between `set_state("run")` and `set_state("stop")` everything that is begun and ended here is kept; `dumps` gives a
table, `dump` writes a file that chrome://tracing and Perfetto read. What operators and kernels take is not in it: that
is shown by `%profile` in a notebook and by `dlcore.explain`.

>>> set_config(filename="trace.json", aggregate_stats=True)
>>> set_state("run")
>>> with Task("load", Domain("data")):
...     pass
>>> set_state("stop")
>>> "load" in dumps(reset=True)
True
"""

from __future__ import annotations

import json
import os
import threading
import time
from typing import Any

from dlcore import _answers
from dlcore.io import atomic_write

__all__ = ["Counter", "Domain", "Event", "Frame", "Marker", "Task", "dump", "dump_profile", "dumps", "pause",
           "profiler_set_config", "profiler_set_state", "resume", "set_config", "set_state"]  # fmt: skip

_KNOWN = frozenset(
    """filename profile_all profile_symbolic profile_imperative profile_memory profile_api contiguous_dump dump_period
    aggregate_stats profile_process""".split()
)
_lock = threading.Lock()
_events: list[dict[str, Any]] = []
_settings: dict[str, Any] = {"filename": "profile.json", "running": False, "paused": False}


def _microseconds() -> float:
    return time.perf_counter_ns() / 1000


def _keep(name: str, phase: str, domain: str, **more: Any) -> None:
    if _settings["running"] and not _settings["paused"]:
        event = {"name": name, "ph": phase, "cat": domain, "ts": _microseconds(), "pid": os.getpid()}
        with _lock:
            _events.append({**event, "tid": threading.get_ident(), **more})


def set_config(**kwargs: Any) -> None:
    """Say where `dump` writes (`filename`); MXNet's other words are accepted. TypeError for a word that it has not.

    >>> set_config(filename="trace.json")
    """
    kwargs.pop("profile_process", None)
    unknown = [name for name in kwargs if name not in _KNOWN]
    if unknown:
        raise TypeError(f"profiler.set_config: no argument is called {', '.join(unknown)}")
    _settings["filename"] = kwargs.get("filename", _settings["filename"])


def set_state(state: str = "stop", profile_process: str = "worker") -> None:
    """Begin ("run") or end ("stop") keeping. ValueError for another word.

    >>> set_state("stop")
    """
    if state not in ("run", "stop"):
        raise ValueError(f"profiler.set_state: state must be 'run' or 'stop', got {state!r}")
    _settings.update(running=state == "run", paused=False)


def pause(profile_process: str = "worker") -> None:
    """Keep nothing until `resume`.

    >>> pause()
    """
    _settings["paused"] = True


def resume(profile_process: str = "worker") -> None:
    """Go on after `pause`.

    >>> resume()
    """
    _settings["paused"] = False


def dump(finished: bool = True, profile_process: str = "worker") -> None:
    """Write what was kept to the file of `set_config`, as a trace; `finished` ends keeping as well.

    >>> import pathlib, tempfile, dlcore as dl
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "profile.json"
    >>> set_config(filename=str(file))
    >>> set_state("run")
    >>> y = dl.jit(lambda x: x * 2)(dl.np.ones((4,)))
    >>> set_state("stop")
    >>> dump()
    >>> file.exists()
    True
    """
    if finished:
        set_state("stop")
    with _lock:
        text = json.dumps({"traceEvents": _events, "displayTimeUnit": "ms"})
    with atomic_write(_settings["filename"]) as stream:
        stream.write(text.encode())


def dumps(reset: bool = False, format: str = "table", sort_by: str = "total", ascending: bool = False) -> str:
    """The spans that were kept, by name: how often, how long in all, at least, at most and on average, in ms.

    format: "table" or "json". sort_by: "total", "avg", "min", "max" or "count". reset: forget them afterwards.

    >>> dumps(format="json")
    '{"spans": {}}'
    """
    if format not in ("table", "json") or sort_by not in ("total", "avg", "min", "max", "count"):
        raise ValueError(f"profiler.dumps: no format {format!r} sorted by {sort_by!r}")
    with _lock:
        spans: dict[str, list[float]] = {}
        for event in _events:
            if event["ph"] == "X":
                spans.setdefault(f"{event['cat']} {event['name']}".strip(), []).append(event["dur"] / 1000)
        if reset:
            _events.clear()
    rows = {
        name: {"count": len(t), "total": sum(t), "min": min(t), "max": max(t), "avg": sum(t) / len(t)}
        for name, t in spans.items()
    }
    ordered = sorted(rows.items(), key=lambda pair: pair[1][sort_by], reverse=not ascending)
    if format == "json":
        return json.dumps({"spans": dict(ordered)})
    lines = [f"{'name':40s} {'count':>8s} {'total ms':>12s} {'min ms':>10s} {'max ms':>10s} {'avg ms':>10s}"]
    for name, row in ordered:
        numbers = f"{row['count']:8d} {row['total']:12.4f} {row['min']:10.4f} {row['max']:10.4f} {row['avg']:10.4f}"
        lines.append(f"{name:40s} {numbers}")
    return "\n".join(lines)


class Domain:
    """A group of spans, counters and marks, by name.

    >>> str(Domain("data"))
    'data'
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def __str__(self) -> str:
        return self.name

    def new_task(self, name: str) -> Task:
        """A `Task` of this group."""
        return Task(name, self)

    def new_frame(self, name: str) -> Frame:
        """A `Frame` of this group."""
        return Frame(name, self)

    def new_counter(self, name: str, value: float | None = None) -> Counter:
        """A `Counter` of this group."""
        return Counter(name, self, value)

    def new_marker(self, name: str) -> Marker:
        """A `Marker` of this group."""
        return Marker(name, self)


def _parted(first: Any, second: Any) -> tuple[str, str]:
    """Name and group, in MXNet's order (domain, name) or the other."""
    name, domain = (second, first) if isinstance(first, Domain) else (first, second)
    return str(name), "" if domain is None else str(domain)


class Event:
    """A span: from `start` to `stop`, or a `with` block. Several may be open at once, also of one name.

    >>> with Event("sort"):
    ...     pass
    """

    def __init__(self, name: Any, domain: Any = None) -> None:
        self.name, self._domain = _parted(name, domain)
        self._begun: float | None = None

    def start(self) -> None:
        """Begin the span."""
        self._begun = _microseconds()

    def stop(self) -> None:
        """End the span; RuntimeError if it has not begun."""
        if self._begun is None:
            raise RuntimeError(f"profiler: {self.name!r} was stopped before it began")
        begun, self._begun = self._begun, None
        _keep(self.name, "X", self._domain, ts=begun, dur=_microseconds() - begun)

    def __enter__(self) -> Event:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def __str__(self) -> str:
        return self.name


class Task(Event):
    """A span that belongs to a group: `Task(domain, name)`; see `Event`.

    >>> task = Task(Domain("data"), "read")
    >>> task.start(); task.stop()
    """


class Frame(Event):
    """A span that comes again and again, such as one batch; see `Event`.

    >>> str(Frame(Domain("data"), "batch"))
    'batch'
    """


class Counter:
    """A number whose course is kept: `set_value`, `increment`, `decrement`, also as += and -=.

    >>> counter = Counter("samples", value=2)
    >>> counter += 3
    >>> counter.value
    5
    """

    def __init__(self, name: Any, domain: Any = None, value: float | None = None) -> None:
        self.name, self._domain = _parted(name, domain)
        self.value: float = 0
        if value is not None:
            self.set_value(value)

    def set_value(self, value: float) -> None:
        """Make it `value`."""
        self.value = value
        _keep(self.name, "C", self._domain, args={self.name: value})

    def increment(self, delta: float = 1) -> None:
        """Add `delta`."""
        self.set_value(self.value + delta)

    def decrement(self, delta: float = 1) -> None:
        """Take `delta` away."""
        self.set_value(self.value - delta)

    def __iadd__(self, delta: float) -> Counter:
        self.increment(delta)
        return self

    def __isub__(self, delta: float) -> Counter:
        self.decrement(delta)
        return self


class Marker:
    """A moment with a name.

    >>> Marker("epoch begins").mark()
    """

    _SCOPES = {"global": "g", "process": "p", "thread": "t", "task": "t", "marker": "t"}

    def __init__(self, name: Any, domain: Any = None) -> None:
        self.name, self._domain = _parted(name, domain)

    def mark(self, scope: str = "process") -> None:
        """Keep this moment. ValueError for an unknown scope."""
        if scope not in self._SCOPES:
            raise ValueError(f"Marker.mark: scope must be one of {', '.join(self._SCOPES)}, got {scope!r}")
        _keep(self.name, "i", self._domain, s=self._SCOPES[scope])


def profiler_set_config(mode: str = "symbolic", filename: str = "profile.json") -> None:
    """The oldest form of `set_config`.

    >>> profiler_set_config(filename="trace.json")
    """
    set_config(filename=filename)


def profiler_set_state(state: str = "stop") -> None:
    """The oldest form of `set_state`.

    >>> profiler_set_state("stop")
    """
    set_state(state)


def dump_profile() -> None:
    """The oldest form of `dump`.

    >>> import pathlib, tempfile
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "profile.json"
    >>> set_config(filename=str(file))
    >>> dump_profile()
    >>> "traceEvents" in file.read_text()
    True
    """
    dump(True)


_answers.guard(__name__, __all__)
