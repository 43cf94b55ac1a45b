"""What every classic function takes besides its own arguments: out=, name=, MXNet's names for operands, and a hint."""

from __future__ import annotations

import difflib
import functools
import inspect
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ..._answers import CAUGHT, better
from ..._core import NDArray
from ..._hints import old_modules
from ..._warn import warn
from ...ops import Op
from .._convert import asarray

# Said to MXNet's graph, to cuDNN or to its int8 operators: of no consequence here.
IGNORED = frozenset({"name", "attr", "cudnn_tune", "cudnn_off", "cudnn_algo_verbose", "workspace", "is_int",
                     "min_calib_range", "max_calib_range"})  # fmt: skip


def write(results: Any, out: Any, name: str) -> Any:
    """Puts results into the given array, or arrays."""
    if isinstance(out, NDArray):
        out[...] = results[0] if isinstance(results, (tuple, list)) else results
        return out
    results = list(results) if isinstance(results, (tuple, list)) else [results]
    if not isinstance(out, (tuple, list)) or len(out) != len(results):
        raise TypeError(f"nd.{name}: out= must be an array for each of {len(results)} results")
    for target, result in zip(out, results, strict=True):
        target[...] = result
    return out


def operands(record: Op) -> dict[str, str]:
    """MXNet's names of an operator's arrays: data, or lhs and rhs."""
    own = [i.name for i in record.inputs if not i.variadic]
    found = dict(zip(("lhs", "rhs"), own, strict=False)) if len(own) == 2 else {}
    found.update(dict(zip(("data", "index", "label"), own, strict=False)))
    return {k: v for k, v in found.items() if k not in record.order}


def classic(
    function: Callable[..., Any], name: str, also: dict[str, str] | None = None, space: str = "nd"
) -> Callable[..., Any]:
    """The function as `space` offers it under `name`; `also` are other names of its arguments."""
    parameters = inspect.signature(function).parameters
    own = {n for n, p in parameters.items() if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)}
    free = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    renamed = also or {}

    def named(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        out = kwargs.get("out") if "out" in own else kwargs.pop("out", None)
        for key in [k for k in kwargs if k not in own]:
            if key in renamed:
                kwargs[renamed[key]] = kwargs.pop(key)
            elif key in IGNORED:
                del kwargs[key]
            elif not free and passed_over(f"{space}.{name}", parameters.values(), key):
                del kwargs[key]
            elif not free:
                raise TypeError(unknown(f"{space}.{name}", key, [*own, *renamed, "out"]))
        results = function(*args, **kwargs)
        if out is None:
            return results
        return out if "out" in own else write(results, out, name)

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            if not kwargs or (kwargs.keys() <= own and "out" not in kwargs):
                return function(*args, **kwargs)
            return named(args, kwargs)
        except CAUGHT as error:
            found = better(function, name, error, args, kwargs)
            if found is None:
                raise
            raise found from found.__cause__

    call.__name__ = call.__qualname__ = name
    if renamed:
        pair = {renamed.get("lhs"), renamed.get("rhs")} == {"a", "b"}
        shown = {"a": "lhs", "b": "rhs"} if pair else {"x": "data"} if renamed.get("data") == "x" else {}
        there = [p.replace(name=shown.get(n, n)) for n, p in parameters.items()]
        call.__signature__ = inspect.signature(function).replace(parameters=there)  # type: ignore[attr-defined]
    return call


def of_arrays(function: Callable[..., Any], count: int) -> Callable[..., Any]:
    """A function of operators whose first `count` arguments may also be lists, numbers or NumPy's arrays."""
    first = list(inspect.signature(function).parameters)[:count]

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        given = [asarray(a) for a in args[:count]]
        named = {k: asarray(v) if k in first else v for k, v in kwargs.items()}
        return function(*given, *args[count:], **named)

    call.__module__ = __package__  # a classic name now
    return call


def unknown(name: str, key: str, known: Sequence[str]) -> str:
    """The text about an argument that a function does not have."""
    near = difflib.get_close_matches(key, known, 1, 0.5)
    hint = f"did you mean {near[0]!r}?" if near else f"it takes {', '.join(sorted(set(known)))}"
    return f"{name}: there is no argument {key!r}; {hint}"


def passed_over(where: str, takes: Iterable[inspect.Parameter], word: str) -> bool:
    """Whether old programs may say `word` to a function of arrays alone: MXNet listened to nothing there.

    A warning then says so. Functions that take more than arrays refuse words they do not know, there as here.
    """
    if not old_modules or not all(one.default is one.empty or one.name == "out" for one in takes):
        return False
    warn(f"{where}: there is no argument {word!r}; it is passed over, as MXNet did")
    return True


def offer(scope: dict[str, Any], names: Sequence[str], space: str) -> None:
    """Makes the functions of a module classic ones, in place."""
    for name in names:
        if callable(scope[name]) and not isinstance(scope[name], type):
            scope[name] = classic(scope[name], name, space=space)
