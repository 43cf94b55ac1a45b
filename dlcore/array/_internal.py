"""`nd._internal`: operators by the names that MXNet's own layers call them by, "_plus" or "_rminus_scalar"."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..ops import F
from ._names._call import classic
from ._signs import sign_of


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    sign = sign_of(name)
    if sign is None:
        from . import nd

        return getattr(nd, name.lstrip("_"))
    return classic(_function(*sign), name)


def _function(operator: str, number: bool, turned: bool) -> Callable[..., Any]:
    apply = getattr(F, operator)
    if not number:
        return lambda lhs, rhs: apply(lhs, rhs)
    return lambda data, scalar: apply(scalar, data) if turned else apply(data, scalar)
