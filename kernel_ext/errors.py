"""Errors that a cell shows as a small box instead of an internal traceback."""

from __future__ import annotations

import difflib
import shlex
from collections.abc import Iterable

RED, PLAIN = "\x1b[31m", "\x1b[0m"


class CleanError(ValueError):
    """An error in what the user wrote, shown as its text alone: the traceback would only show our own files.

    ``label`` begins the box.

    >>> raise CleanError("there is no network named lenat")
    Traceback (most recent call last):
        ...
    dlcore.kernel_ext.errors.CleanError: there is no network named lenat
    """

    label = "Error"

    def render(self, color: bool = False) -> list[str]:
        """The lines of the box; ``color`` adds the terminal codes that notebooks and terminals understand."""
        return box(self.label, str(self), color)

    def _render_traceback_(self) -> list[str]:
        """What IPython shows in place of a traceback (IPython looks this name up)."""
        return self.render(color=colors_wanted())


def box(label: str, text: str, color: bool) -> list[str]:
    """The lines of a box that begins with `label`.

    >>> box("IndexError", "label 7 is out of range\\n  in the run net", False)
    ['IndexError: label 7 is out of range', '  in the run net']
    """
    first, *rest = text.splitlines() or [""]
    return [f"{RED}{label}{PLAIN}: {first}" if color else f"{label}: {first}", *rest]


# What dlcore raises for what it cannot take.
WRONG = (TypeError, ValueError, RuntimeError, IndexError)


def refusal(magic: str, error: Exception) -> CleanError:
    """What `error` says, as the answer of a magic.

    >>> str(refusal("%lr_find", ValueError("lr_find: expected at least 10 steps")))
    '%lr_find: expected at least 10 steps'
    """
    return CleanError(f"{magic}: {str(error).removeprefix(magic.lstrip('%') + ': ')}")


def colors_wanted() -> bool:
    """Whether IPython colours what it prints."""
    from IPython import get_ipython

    shell = get_ipython()
    return shell is not None and str(getattr(shell, "colors", "")).lower() != "nocolor"


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that looks most like ``word``, or None when nothing does.

    >>> nearest("convv", ["dense", "conv"])
    'conv'
    """
    choices = {name.lower(): name for name in known}
    close = difflib.get_close_matches(word.lower(), choices, n=1, cutoff=0.6)
    return choices[close[0]] if close else None


def words_of(line: str, magic: str) -> list[str]:
    """The words after a magic, as a shell reads them. Raises CleanError for a quotation that does not end.

    >>> words_of("net --data 'my data'", "%train")
    ['net', '--data', 'my data']
    """
    try:
        return shlex.split(line)
    except ValueError as error:
        raise CleanError(f"{magic}: {str(error).lower()} in: {line}") from None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``'; did you mean "conv"?'`` for the nearest known word, else nothing."""
    close = nearest(word, known)
    return f'; did you mean "{close}"?' if close else ""
