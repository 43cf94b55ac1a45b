"""Errors of a cell end at the user's own line: dlcore's frames are not shown (``%tb`` shows them all)."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING

from .errors import box, colors_wanted
from .out_of_memory import release, report

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


OF_CELL = "of_dlcore_cell"  # on a SyntaxError: the cell's own text is shown, and not who read it


def is_ours(trace: TracebackType) -> bool:
    """Whether a line of a traceback is dlcore's; what is made of operator stanzas belongs to no module at all."""
    module = trace.tb_frame.f_globals.get("__name__")
    return not module or str(module).startswith("dlcore.")


def own_lines(trace: TracebackType | None) -> TracebackType | None:
    """The traceback without dlcore's lines; None when there are no others."""
    kept: list[TracebackType] = []
    while trace is not None:
        if not is_ours(trace):
            kept.append(trace)
        trace = trace.tb_next
    made: TracebackType | None = None
    for line in reversed(kept):
        made = TracebackType(made, line.tb_frame, line.tb_lasti, line.tb_lineno)
    return made


def register(ip: InteractiveShell) -> None:
    """Have IPython show errors so, unless somebody else has a say in how it shows them."""
    if not ip.custom_exceptions:
        ip.set_custom_exc((Exception,), _show)


def unregister(ip: InteractiveShell) -> None:
    """Show everything again."""
    if ip.custom_exceptions == (Exception,):
        ip.set_custom_exc((), None)


def _show(
    ip: InteractiveShell, kind: type[Exception], error: Exception, trace: TracebackType, tb_offset: int | None = None
) -> None:
    shown = (kind, error, own_lines(trace) or trace)
    ip.showtraceback(shown, tb_offset=tb_offset, running_compiled_code=not getattr(error, OF_CELL, False))
    if isinstance(error, MemoryError):
        release(error, trace, ip.InteractiveTB, ip.SyntaxTB)
        print(report(ip.user_ns))
    else:
        sys.last_traceback = trace  # %tb and %debug see every frame


def counted(number: int, what: str) -> str:
    """`1 step`, `1,200 steps`."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def show_from(ip: InteractiveShell, error: BaseException, trace: TracebackType | None, place: str) -> None:
    """Have IPython show `error` with the user's own lines; `run.wait()` still raises it with all of them.

    Where no line is the user's (it is the data that does not fit) the message alone is shown, and its `place`.
    """
    shown = own_lines(trace)

    def render() -> list[str]:
        if shown is None:
            return box(type(error).__name__, f"{error}\n  {place}", colors_wanted())
        return ip.InteractiveTB.structured_traceback(type(error), error, shown, tb_offset=0)

    error._render_traceback_ = render  # type: ignore[attr-defined]
