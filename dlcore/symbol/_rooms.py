"""`sym.linalg`, `sym.random`, `sym.sparse`, `sym._internal`: the same operators, in the places that MXNet has them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dlcore._hints import missing
from dlcore.array._signs import sign_of

from . import _build
from ._make import function
from ._old_names import composed, renamed
from ._operators import known, names
from ._symbol import Symbol, make_call


class Room:
    """Operators whose names begin with one of `before`, without it.

    >>> from dlcore import sym
    >>> sym.linalg.gemm2(sym.var("a"), sym.var("b"), name="c").list_outputs()
    ['c_output']
    """

    def __init__(self, name: str, *before: str) -> None:
        self._name, self._before = name, before

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_"):
            for before in self._before:
                if known(before + name):
                    return function(before + name)
        raise missing(f"dlcore.symbol.{self._name}", f"symbol.{self._name}", name, dir(self))

    def __dir__(self) -> list[str]:
        return sorted({name.removeprefix(before) for before in self._before for name in names()
                       if before and name.startswith(before)})  # fmt: skip


class Internal:
    """Operators by the names that MXNet's files have for them: `_internal._plus_scalar(x, scalar=1)`."""

    def __getattr__(self, name: str) -> Callable[..., Symbol]:
        here = renamed(name, "", [], {"shape": (), "value": 0})[0]
        if name.startswith("__") or not (known(here) or sign_of(name) is not None or name == "_square_sum"):
            raise missing("dlcore.symbol._internal", "symbol", name)
        return lambda *args, **kwargs: _made(name, args, kwargs)


def _made(op: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Symbol:
    label, attr = kwargs.pop("name", None), kwargs.pop("attr", None)
    arrays = [value for value in (*args, *kwargs.values()) if isinstance(value, Symbol)]
    attrs = {key: value for key, value in kwargs.items() if not isinstance(value, Symbol)}
    for value in args:
        if isinstance(value, (bool, int, float)):
            attrs["scalar"] = value
    entries = [one._single(op) for one in arrays]
    label = label or _build._name(op.lower())
    call = composed(op, label, entries, attrs, {})
    if call is not None:
        return Symbol([(call, 0)])
    op, entries, attrs = renamed(op, label, entries, attrs)
    return make_call(op, [Symbol([entry]) for entry in entries], attrs, label, attr)


linalg, random, sparse = Room("linalg", "linalg_"), Room("random", "random_", "sample_", ""), Room("sparse", "")
_internal = Internal()
