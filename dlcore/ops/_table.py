"""The table of all records, and how one is found. It stands below `_record` and `_program`, which both need it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._record import Op

REQUIRED = object()  # marks an argument without a default
RECORDS: dict[str, Op] = {}


def get(name: str) -> Op:
    """The record of operator `name`.

    >>> get("exp").expr
    'exp(x)'
    """
    try:
        return RECORDS[name]
    except KeyError:
        import difflib

        near = difflib.get_close_matches(name, RECORDS, 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise KeyError(f"there is no operator {name!r}{hint}") from None
