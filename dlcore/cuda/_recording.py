"""What a run that is captured into a CUDA graph must know: what has to stay in memory, what is checked afterwards.

While a run is captured nothing is computed, so no kernel may look at a result. Where an index has to be within bounds,
the kernel notes on the device that one is not; the notes are read when something is copied to the host, and at the next
run if they are there by then.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

CHECKS = 64  # notes of a program
_here = threading.local()


class NotCapturable(RuntimeError):
    """A kernel wants what a captured run cannot give; the text says what."""


class Recording:
    """What belongs to one captured program: objects that its graph points to, and its notes."""

    def __init__(self, xp: Any) -> None:
        self.xp = xp
        self._kept: dict[int, Any] = {}
        self._tell: list[Callable[[int, int], Exception]] = []
        self._notes = xp.zeros((CHECKS, 3), "int64")  # whether something was wrong, what, and where
        self._host: Any = None
        self._done: Any = None
        self.capturing = False

    def begin(self, capturing: bool) -> None:
        """The program is gone over from the start; while it is captured nothing is computed."""
        self.capturing = capturing
        self._tell.clear()

    def keep(self, thing: Any) -> None:
        """Hold what the graph points to: a compiled kernel, a table."""
        self._kept[id(thing)] = thing

    def note(self, wrong: Any, values: Any, tell: Callable[[int, int], Exception]) -> None:
        """Note the first of `values` that is `wrong`, unless an earlier run has left a note."""
        if not wrong.size:
            return
        if len(self._tell) == CHECKS:
            if self.capturing:
                raise NotCapturable(f"more than {CHECKS} checks of indices")
            if bool(wrong.any()):
                place = int(self.xp.argmax(wrong.reshape(-1)))
                raise tell(int(values.reshape(-1)[place]), place)
            return
        xp, slot = self.xp, self._notes[len(self._tell)]
        place = xp.argmax(wrong.reshape(-1))
        value = xp.take(values.reshape(-1), place).astype("int64")
        note = xp.stack([wrong.any().astype("int64"), value, place.astype("int64")])
        slot[...] = xp.where(slot[0] != 0, slot, note)
        self._tell.append(tell)

    def fetch(self) -> bool:
        """Queue a copy of the notes to the host, behind the run; False where there can be none."""
        if not self._tell:
            return False
        if self._host is None:
            from cupyx import empty_pinned

            self._host = empty_pinned(self._notes.shape, "int64")
        stream = self.xp.cuda.get_current_stream()
        self._notes.get(stream=stream, out=self._host, blocking=False)
        self._done = stream.record()
        return True

    def look(self) -> None:
        """Raises what the notes tell, if they have arrived."""
        if self._done is None or not self._done.done:
            return
        self._done = None
        for (wrong, value, place), tell in zip(self._host.tolist(), self._tell, strict=False):
            if wrong:
                self._notes.fill(0)
                error = tell(value, place)
                raise type(error)(
                    f"{error}; the run was a CUDA graph and went on, so what was computed with it is not to be used "
                    "(DLCORE_CUDA_GRAPH=0 stops at the operator)"
                )


def current() -> Recording | None:
    """The recording that is going on in this thread."""
    return getattr(_here, "recording", None)


@contextmanager
def recording(into: Recording, capturing: bool = False) -> Iterator[None]:
    """Kernels of this thread note in `into` what they cannot wait for."""
    _here.recording = into
    into.begin(capturing)
    try:
        yield
    finally:
        _here.recording = None


def from_host(what: str) -> None:
    """To be called before something is brought from the host, which a captured run cannot do."""
    going_on = current()
    if going_on is not None and going_on.capturing:
        raise NotCapturable(f"{what} would have to come from the host")


class Guarded:
    """The array module, but nothing is brought from the host."""

    def __init__(self, xp: Any) -> None:
        self.xp = xp

    def __getattr__(self, name: str) -> Any:
        return getattr(self.xp, name)

    def asarray(self, source: Any, *args: Any, **named: Any) -> Any:
        self._here(source)
        return self.xp.asarray(source, *args, **named)

    def array(self, source: Any, *args: Any, **named: Any) -> Any:
        self._here(source)
        return self.xp.array(source, *args, **named)

    def _here(self, source: Any) -> None:
        if not isinstance(source, self.xp.ndarray):
            from_host("an array")


def hold(thing: Any) -> Any:
    """The same thing, held as long as a graph that is being captured points to it."""
    going_on = current()
    if going_on is not None:
        going_on.keep(thing)
    return thing
