"""Every operator as a function: F.relu(x), F.sum(x, axis=0). Made from the stanzas when first looked up.

Types for editors are in F.pyi, which `python -m dlcore.ops.docs --stub` writes from the same stanzas.
"""

from __future__ import annotations

from typing import Any

from . import _record
from .composite import FUNCTIONS
from .functions import make

globals().update(FUNCTIONS)


def __getattr__(name: str) -> Any:
    record = _record.RECORDS.get(name)
    if record is None:
        import difflib

        near = difflib.get_close_matches(name, __dir__(), 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise AttributeError(f"there is no operator {name!r}{hint}")
    function = globals()[name] = make(record)
    return function


def __dir__() -> list[str]:
    return sorted([n for n in _record.RECORDS if not n.startswith("_")] + list(FUNCTIONS))
