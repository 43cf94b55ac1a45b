"""What ``use`` finds: a network to copy, a reusable block to make one from, or a Gluon block to take as it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import did_you_mean
from .errors import NetworkError
from .plan import Plan, Reusable
from .tree import Name, Use
from .values import Values, short


def is_gluon_block(value: object) -> bool:
    """Whether ``value`` is a Gluon block (looked up only when somebody asks)."""
    from dlcore.gluon import Block

    return isinstance(value, Block)


def network_names(namespace: Mapping[str, Any]) -> list[str]:
    """The names in ``namespace`` that ``use`` would take."""
    return [name for name, value in namespace.items() if not name.startswith("_") and usable(value)]


def usable(value: object) -> bool:
    """A network, a reusable block, or a Gluon block."""
    return isinstance(value, Reusable) or is_gluon_block(value)


def find_part(use: Use, values: Values, stack: tuple[str, ...]) -> tuple[Any, str]:
    """The Plan or the Gluon block that ``use`` puts in its place, and the name to call it by."""
    error = values.source.error
    span = use.block.span
    if isinstance(use.block, Name):
        name = use.block.name
        if name in stack:
            chain = " -> ".join((*stack[stack.index(name) :], name))
            raise error(f"a network cannot use itself ({chain})", span)
        if name not in values.namespace and name not in values.arguments:
            hint = did_you_mean(name, [*values.arguments, *network_names(values.namespace)])
            raise error(f'the notebook has no network "{name}"{hint}', span)
        found = values.arguments.get(name, values.namespace.get(name))
    else:
        name, found = "block", values.evaluate(use.block)
    args = [values.evaluate(value) for value in use.args or ()]
    keywords = {key: values.evaluate(value) for key, value in use.keywords}
    if isinstance(found, Reusable):
        try:
            arguments = found.arguments(*args, **keywords)
        except TypeError as problem:
            raise error(str(problem), span) from None
        try:
            return found.plan(arguments, stack), name
        except NetworkError as problem:
            raise values.source.error_within(problem, name, span) from None
    if use.args is not None:
        if is_gluon_block(found) or not callable(found):
            raise error(f"{name} takes no values in brackets; write: use {name}", span)
        found = _call(found, args, keywords, name, use, values)
    if not is_gluon_block(found):
        raise error(f"{name} is not a network but {short(found)}", span)
    plan = getattr(found, "plan", None)
    return (plan if isinstance(plan, Plan) else found), name


def _call(found: Any, args: list[Any], keywords: dict[str, Any], name: str, use: Use, values: Values) -> Any:
    """A Python class or function that makes a block."""
    try:
        return found(*args, **keywords)
    except Exception as problem:
        text = f"{name}(...) fails: {type(problem).__name__}: {problem}"
        raise values.source.error(text, use.block.span) from problem
