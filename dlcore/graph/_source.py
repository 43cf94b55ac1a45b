"""Which line of the user's program each traced call came from, so that a compiled step can name it in an error."""

from __future__ import annotations

import bisect
import os
import sys
from types import FrameType
from typing import Any

PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# In a checkout dlcore.kernel_ext and dlcore.widgets lie beside the package, once installed they lie in it.
_BESIDE = [os.path.join(os.path.dirname(PACKAGE), name) for name in ("kernel_ext", "widgets")]
_OWN = tuple(
    folder + os.sep
    for folder in (PACKAGE, *(f for f in _BESIDE if not os.path.isdir(os.path.join(PACKAGE, os.path.basename(f)))))
)


def is_own(filename: str) -> bool:
    """Whether a file belongs to dlcore (or is code that it generated), so that its lines mean little to a user."""
    return filename.startswith((*_OWN, "<operator "))


class SourceLines:
    """Follows the user's lines while a tracer records. Does nothing under a debugger or a coverage tool.

    Use as a context manager around the traced function; afterwards `of(i)` is the line of record i.
    """

    def __init__(self, tracer: Any) -> None:
        self._tracer = tracer
        self._counts: list[int] = []
        self._places: list[str] = []
        self._active = False
        self._around: Any = None  # what follows the trace around this one

    def __enter__(self) -> SourceLines:
        self._around = sys.gettrace()
        if self._around is None or isinstance(getattr(self._around, "__self__", None), SourceLines):
            self._active = True
            sys.settrace(self._on_call)
        return self

    def __exit__(self, *error: object) -> None:
        if self._active:
            sys.settrace(self._around)
            self._active = False

    def of(self, record: int) -> str:
        """ "file:line" of a record, empty when unknown."""
        at = bisect.bisect_right(self._counts, record) - 1
        return self._places[at] if at >= 0 else ""

    def _on_call(self, frame: FrameType, event: str, argument: Any) -> Any:
        return None if is_own(frame.f_code.co_filename) else self._on_line

    def _on_line(self, frame: FrameType, event: str, argument: Any) -> Any:
        if event == "return":  # back in the caller, in the middle of a line of its own
            back = frame.f_back
            while back is not None and is_own(back.f_code.co_filename):
                back = back.f_back
            if back is not None:
                self._mark(back)
        else:
            self._mark(frame)
        return self._on_line

    def _mark(self, frame: FrameType) -> None:
        place = f"{frame.f_code.co_filename}:{frame.f_lineno}"
        count = self._tracer.n_records
        if self._counts and self._counts[-1] == count:
            self._places[-1] = place
        else:
            self._counts.append(count)
            self._places.append(place)
