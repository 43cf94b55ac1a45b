"""Nested arguments as one list and back, as libraries written for MXNet take the inputs of a network apart."""

from __future__ import annotations

from typing import Any

from dlcore import _core
from dlcore.symbol import Symbol

# 0 stands for one array, -1 for None, a list for what was nested.
Form = int | list[Any]


def _flatten(args: Any, inout_str: str) -> tuple[list[Any], Form]:
    """The arrays or symbols in `args`, in order, and how they were nested; ValueError for anything else.

    >>> import dlcore as dl
    >>> _flatten([dl.nd.ones((2,)), (None, dl.nd.zeros((1,)))], "input")[1]
    [0, [-1, 0]]
    """
    if args is None or isinstance(args, (_core.NDArray, Symbol)):
        return [args], -1 if args is None else 0
    if not isinstance(args, (list, tuple)):
        raise ValueError(f"{inout_str}: expected arrays, None, or nested lists of them, got {type(args).__name__}")
    parts = [_flatten(one, inout_str) for one in args]
    return [array for flat, _ in parts for array in flat], [form for _, form in parts]


def _regroup(args: list[Any], fmt: Form) -> tuple[Any, list[Any]]:
    """The first of `args` nested as `_flatten` found them, and what is left over.

    >>> _regroup([1, None, 3, 4], [0, [-1, 0]])
    ([1, [None, 3]], [4])
    """
    if isinstance(fmt, int):
        return args[0], args[1:]
    found = []
    for one in fmt:
        part, args = _regroup(args, one)
        found.append(part)
    return found, args
