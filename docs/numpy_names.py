"""The page that says where each name of NumPy is, from NumPy's own namespaces and `_numpy_names.py`."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import Any

import numpy as np

from dlcore import NDArray
from dlcore import np as xp
from dlcore.array import _numpy_names as names

HEAD = """# Where the names of NumPy are

The names are those of NumPy {version}. A call is taken as NumPy writes it: by NumPy's names of arguments too, with
`out=`, `where=` and `dtype=` where NumPy has them. What differs on purpose:

- The default floating-point dtype is float32: Python floats, and what `/`, `mean` or `sin` make of whole numbers.
- Complex numbers have no order: `max`, `sort`, `<` and their kin are a TypeError (`sort_complex` sorts them).
- `x.sort()` gives the sorted numbers and leaves x as it is. `x.flatten()` gives a matrix, as MXNet's; `x.ravel()` one
  axis.
- One number of an array is an array with no axes, not a NumPy number.
- An integer that does not fit into an array's dtype is a ValueError (NumPy: OverflowError), an empty mask of another
  length an IndexError.
- Nothing warns of infinities and NaN, so that `errstate` has nothing to silence.
- `quantile` takes no weights, `polyfit` neither `full` nor `cov`, `trim_zeros` vectors alone.
- Arrays are on a device, named by `device=`; order "F" chooses the layout in memory, which no result depends on.
"""
_TITLES = {
    "numpy": (np, xp, names.ABSENT),
    "numpy.linalg": (np.linalg, xp.linalg, {"test": names.ABSENT["test"]}),
    "numpy.fft": (np.fft, xp.fft, {"test": names.ABSENT["test"]}),
    "numpy.random": (np.random, xp.random, names.ABSENT_RANDOM),
}


def public(space: Any) -> list[str]:
    """The names that NumPy offers."""
    return [n for n in dir(space) if n[0] != "_"]


def missing() -> list[str]:
    """Names that are neither here nor excused, and excuses for what is here."""
    wrong = []
    for title, (theirs, ours, absent) in _TITLES.items():
        wrong += [f"{title}.{n}" for n in public(theirs) if hasattr(ours, n) == (n in absent)]
    for name in dir(np.ndarray):
        if hasattr(NDArray, name) == (name in names.ABSENT_METHODS):
            wrong.append(f"numpy.ndarray.{name}")
    return wrong


def page() -> str:
    """All names, those that are here first."""
    lines = [HEAD.format(version=np.__version__.rpartition(".")[0])]
    for title, (theirs, ours, absent) in _TITLES.items():
        lines += _section(title, public(theirs), absent, partial(_what, theirs=theirs, ours=ours))
    members = [n for n in dir(np.ndarray) if not hasattr(object, n)]
    lines += _section("numpy.ndarray", members, names.ABSENT_METHODS, lambda n: "")
    return "\n".join(lines) + "\n"


def _section(title: str, listed: list[str], absent: dict[str, str], what: Callable[[str], str]) -> list[str]:
    here = [n for n in listed if n not in absent]
    lines = ["", f"## {title}", "", "Here: " + ", ".join(f"`{n}`{what(n)}" for n in here) + "."]
    gone = [n for n in listed if n in absent]
    if gone:
        lines += ["", "| not here | why |", "|---|---|", *(f"| `{n}` | {absent[n]} |" for n in gone)]
    return lines


def _what(name: str, theirs: Any, ours: Any) -> str:
    """What is to be said of a name beside that it is here."""
    mine, other = getattr(ours, name), getattr(theirs, name)
    if mine is other and not isinstance(other, (type, ModuleType, float, str)) and callable(other):
        return " (NumPy's own)"
    renamed = names.OTHER_NAMES.get(name)
    if renamed and renamed != "bool_" and inspect.isroutine(mine):
        return f" (as `{renamed}`)"
    return ""
