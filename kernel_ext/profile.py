"""``%profile`` and ``%%profile``: how long each layer of the notebook's networks takes, as table and Chrome trace."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import CleanError
from .options import Words, forget, offer
from .tables import TextTable
from .timeline import timeline

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

WORDS = Words("profile", "STATEMENT", {"trace": ("word", "FILE")})  # Python itself completes the statement
MOST_ROWS = 25
TRACE = "dlcore_trace.json"
USAGE = "usage: %profile [--trace FILE] STATEMENT, or %%profile [--trace FILE] above a cell"


@dataclass
class Span:
    """One call: seconds from the start, and how long it took in all and apart from the calls inside it."""

    name: str
    kind: str
    start: float
    seconds: float = 0.0
    inside: float = 0.0
    thread: int = 0


@dataclass(repr=False)
class Profile(TextTable):
    """The table of a profile; a notebook shows the timeline of its calls below."""

    spans: list[Span] = field(default_factory=list)

    def _repr_html_(self) -> str:
        return super()._repr_html_() + timeline(self.spans)


@dataclass
class Recorder:
    """Takes the time of every block call while it is on."""

    begun: float = field(default_factory=time.perf_counter)
    spans: list[Span] = field(default_factory=list)
    _open: dict[int, list[Span]] = field(default_factory=dict)

    def enter(self, name: str, kind: str) -> None:
        """A call begins."""
        thread = threading.get_ident()
        self._open.setdefault(thread, []).append(Span(name, kind, time.perf_counter() - self.begun, thread=thread))

    def leave(self, name: str) -> None:
        """The call ends; calls above it that raised are dropped."""
        stack = self._open.get(threading.get_ident(), [])
        while stack:
            span = stack.pop()
            if span.name != name:
                continue
            span.seconds = time.perf_counter() - self.begun - span.start
            if stack:
                stack[-1].inside += span.seconds
            self.spans.append(span)
            return

    def chrome(self) -> str:
        """The calls in the trace format that chrome://tracing and ui.perfetto.dev open."""
        events = [
            {
                "name": span.name, "cat": span.kind, "ph": "X", "pid": 1, "tid": span.thread,
                "ts": span.start * 1e6, "dur": span.seconds * 1e6,
            }
            for span in self.spans
        ]  # fmt: skip
        return json.dumps({"traceEvents": events, "displayTimeUnit": "ms"})

    def table(self) -> Profile:
        """A row for each layer, the longest of its own first, and when each call ran."""
        sums: dict[tuple[str, str], list[float]] = {}
        for span in self.spans:
            entry = sums.setdefault((span.name, span.kind), [0, 0.0, 0.0])
            entry[0] += 1
            entry[1] += span.seconds
            entry[2] += span.seconds - span.inside
        whole = sum(entry[2] for entry in sums.values()) or 1.0
        ordered = sorted(sums.items(), key=lambda item: -item[1][2])
        rows = [
            (name, kind, f"{calls:,.0f}", f"{1e3 * total:.3f}", f"{1e3 * own:.3f}", f"{own / whole:.1%}")
            for (name, kind), (calls, total, own) in ordered[:MOST_ROWS]
        ]
        notes = [f"{len(ordered) - MOST_ROWS} quicker ones are not shown"] if len(ordered) > MOST_ROWS else []
        return Profile(("name", "what", "calls", "all ms", "own ms", "share"), rows, (2, 3, 4, 5), notes, self.spans)


def register(ip: InteractiveShell) -> None:
    """Give the shell the magic."""

    def profile(line: str, cell: str | None = None) -> Profile:
        """Run a statement or a cell and say how long each layer of the notebook's networks took.

        %profile [--trace FILE] STATEMENT        %%profile [--trace FILE] above a cell

        Shows a table and a timeline, and writes a trace that chrome://tracing or ui.perfetto.dev opens
        (dlcore_trace.json unless FILE is named). A hybridized network is one row: dl.explain(NET, x) has its kernels.

        Example: %profile net(x)
        Python: dl.interpret.program(net, x)
        """
        return run(ip, line, cell)

    ip.register_magic_function(profile, "line_cell", "profile")  # type: ignore[arg-type]
    offer(ip, WORDS)


def unregister(ip: InteractiveShell) -> None:
    """Take the completion back."""
    forget(ip, WORDS.magic)


def run(ip: InteractiveShell, line: str, cell: str | None) -> Profile:
    """What the magic does."""
    path, code = _words(line)
    source = code if cell is None else cell
    if not source.strip():
        raise CleanError(f"%profile: there is nothing to run\n{USAGE}")
    if cell is not None and code.strip():
        raise CleanError(f"%%profile: the cell is what is run, so {code.strip()!r} is one too many\n{USAGE}")
    recorder = Recorder()
    what = "the statement" if cell is None else "the cell"
    with watched(ip.user_ns, recorder):
        recorder.enter(what, "Python")
        result = ip.run_cell(source, store_history=False)
        recorder.leave(what)
    if not result.success:
        raise CleanError("%profile: the code above failed, so there is no table")
    from dlcore.io import atomic_write

    with atomic_write(path) as stream:
        stream.write(recorder.chrome().encode())
    table = recorder.table()
    compiled = [name for name, block in networks(ip.user_ns) if getattr(block, "_active", False)]
    if compiled:
        table.notes.append(f"compiled as a whole: {', '.join(compiled)}; dl.explain(NET, x) times their kernels")
    table.notes.append(f"trace for chrome://tracing or ui.perfetto.dev: {path}")
    return table


def _words(line: str) -> tuple[Path, str]:
    words = line.strip().split(None, 2)
    if not words or not words[0].startswith("--"):
        return Path(TRACE), line
    option, equals, value = words[0].partition("=")
    if option != "--trace":
        from .errors import did_you_mean

        raise CleanError(f"%profile: there is no option {option}{did_you_mean(option, ['--trace'])}\n{USAGE}")
    rest = words[1:] if equals else words[2:]
    if not equals and len(words) < 2:
        raise CleanError(f"%profile: --trace needs a file\n{USAGE}")
    return Path(value if equals else words[1]), " ".join(rest)


def networks(namespace: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """The networks that variables hold, each once."""
    from dlcore.gluon import Block

    found: dict[int, tuple[str, Any]] = {}
    for name, value in list(namespace.items()):
        if isinstance(value, Block) and not name.startswith("_"):
            found.setdefault(id(value), (name, value))
    return list(found.values())


@contextmanager
def watched(namespace: Mapping[str, Any], recorder: Recorder) -> Iterator[None]:
    """While it lasts, every block of the notebook's networks tells the recorder of its calls."""
    handles, known = [], set()
    for name, net in networks(namespace):
        for path, block in _blocks(net, name):
            if id(block) in known:
                continue
            known.add(id(block))
            kind = type(block).__name__
            handles.append(block.register_forward_pre_hook(lambda _b, _i, p=path, k=kind: recorder.enter(p, k)))
            handles.append(block.register_forward_hook(lambda _b, _i, _o, p=path: recorder.leave(p)))
    try:
        yield
    finally:
        for handle in handles:
            handle.detach()


def _blocks(block: Any, path: str) -> Iterator[tuple[str, Any]]:
    yield path, block
    for key, child in block._children.items():
        yield from _blocks(child, f"{path}.{key}")
