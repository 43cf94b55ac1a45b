"""detect_anomaly: stopping where the first NaN or infinity is made."""

from __future__ import annotations

import linecache
import os
import sys
from types import FrameType, TracebackType

from .. import _core

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_NAN, _NAN_AND_INF = 1, 2


def user_line() -> str:
    """The innermost line on this thread's stack that is not dlcore's own, as "\\n  at file:line in name: text"."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        name = frame.f_code.co_filename
        if not name.startswith((_PACKAGE, "<operator ")):
            text = linecache.getline(name, frame.f_lineno).strip()
            return f"\n  at {name}:{frame.f_lineno} in {frame.f_code.co_name}: {text}"
        frame = frame.f_back
    return ""


class detect_anomaly:  # noqa: N801 - a scope, named as PyTorch's
    """Within this scope an operator that makes a NaN or an infinity out of numbers that were none raises
    FloatingPointError, which names it, its shapes, its layer and the user's line. In `backward` the error names the
    operator whose gradient it was, and the line that recorded it.

    inf=False looks for NaN alone. Arrays that already hold NaN or infinity are nobody's fault. Every result is read
    twice, so this is for looking for a mistake, not for training; outside the scope nothing is checked. Compiled
    functions run uncompiled inside it. It holds for all threads. DLCORE_ANOMALY=1 in the environment switches it on for
    a whole program (DLCORE_ANOMALY=nan: NaN alone).

    >>> from dlcore import np
    >>> with detect_anomaly():
    ...     np.log(np.array([1.0, -1.0]))
    Traceback (most recent call last):
        ...
    FloatingPointError: log of (2,) made NaN in 1 of 2 elements, first at (1,) (result: shape (2,), float32)
      at ...
    """

    def __init__(self, inf: bool = True) -> None:
        self._mode = _NAN_AND_INF if inf else _NAN
        self._before: list[int] = []

    def __enter__(self) -> detect_anomaly:
        self._before.append(_core.set_anomaly(self._mode))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _core.set_anomaly(self._before.pop())
