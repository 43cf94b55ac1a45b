"""What a compiled function cannot do, said with the user's own line and with what to write in its place."""

from __future__ import annotations

import linecache
import types

from dlcore import _core

from ._source import is_own

IMPERATIVE = "or run it imperatively: without dl.jit, with net.hybridize(active=False), with %train NET --imperative"
OFFERS = {
    "if": "in place of a Python branch: dl.cond(condition, true_fn, false_fn, ...), or where(condition, a, b)",
    "while": "in place of a Python loop: dl.while_loop(condition, body, loop_vars, max_iterations)",
    "for": "in place of a Python loop: dl.foreach(body, data, states), or dl.while_loop where the count is computed",
    "shape": "the shape of its result depends on numbers: keep the shape, and choose with where(condition, a, b)",
    "number": "keep it an array (dl.cond, dl.while_loop and dl.foreach decide on arrays), or read it after",
}
_HELPERS = {"call", "getitem", "to_format"}  # between the user's line and the array, without a name of their own there
_SHAPED = {"unique", "nonzero", "argwhere", "flatnonzero", "boolean_mask", "repeat", "compress", "extract", "where"}


def explained(error: BaseException) -> _core.TraceError:
    """The error of a trace with the user's line and, where a number was needed, what to write instead."""
    frame, line, called = _place(error.__traceback__)
    text = str(error)
    if "needs the value" not in text and "depends on" not in text:
        return _core.TraceError(f"{text}{_at(frame, line)}")
    if called and not text.startswith(f"{called}:"):
        text = f"{called}: {text}"
    kind = "shape" if called in _SHAPED or "depends on" in text else _kind(frame, line)
    return _core.TraceError(f"{text}{_at(frame, line)}\n  {OFFERS[kind]};\n  {IMPERATIVE}")


def user_line(traceback: types.TracebackType | None) -> str:
    """The innermost line of a traceback that is not dlcore's own, as "\\n  at file:line in name: text"."""
    frame, line, _ = _place(traceback)
    return _at(frame, line)


def _place(traceback: types.TracebackType | None) -> tuple[types.FrameType | None, int, str]:
    """The user's frame and line, and the public function of dlcore that was called there ("" for an operator)."""
    frame, line, called = None, 0, ""
    while traceback is not None:
        code = traceback.tb_frame.f_code
        if not is_own(code.co_filename):
            frame, line, called = traceback.tb_frame, traceback.tb_lineno, ""
        elif not called and not code.co_name.startswith(("_", "<")) and code.co_name not in _HELPERS:
            called = code.co_name
        traceback = traceback.tb_next
    return frame, line, called


def _at(frame: types.FrameType | None, line: int) -> str:
    if frame is None:
        return ""
    code = frame.f_code
    text = linecache.getline(code.co_filename, line).strip()
    return f"\n  at {_cell(frame) or code.co_filename}:{line} in {code.co_name}: {text}"


def _cell(frame: types.FrameType) -> str:
    """What a notebook calls the cell that a frame's code was written in, such as "In[3]"; empty elsewhere."""
    shell = frame.f_globals.get("get_ipython")  # in a notebook every cell has it
    name = getattr(getattr(shell() if callable(shell) else None, "compile", None), "format_code_name", None)
    found = name(frame.f_code.co_filename) if callable(name) else None
    return found[1] if isinstance(found, tuple) and len(found) == 2 else ""


def _kind(frame: types.FrameType | None, line: int) -> str:
    """Which statement of the user's asked for the number: "if", "while", "for" or "number"."""
    if frame is None:
        return "number"
    text = linecache.getline(frame.f_code.co_filename, line).strip()
    first = text.replace("(", " ").split(maxsplit=1)[0] if text else ""
    if first in ("if", "elif", "assert"):
        return "if"
    if first in ("while", "for"):
        return first
    return "if" if " if " in text or " and " in text or " or " in text else "number"
