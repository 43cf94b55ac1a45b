"""Finds the network that a magic's argument names, and answers a wrong name with the nearest right one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .errors import CleanError, did_you_mean
from .language import Template
from .language.parts import is_gluon_block, network_names


def find_network(namespace: Mapping[str, Any], name: str) -> Any:
    """The Gluon block that ``name`` means in the notebook: ``net``, ``net.features`` or ``net[0]``.

    Raises CleanError when there is none of that name, or when it is something else.
    """
    root = re.match(r"[^\W\d]\w*", name)
    if root is None or root.group() not in namespace:
        raise CleanError(f"there is no network named {name}{_hint(namespace, name)}")
    try:
        found = namespace[name] if name in namespace else eval(name, dict(namespace))  # the user's own expression
    except Exception as error:
        raise CleanError(f"{name} fails: {type(error).__name__}: {error}") from error
    if isinstance(found, Template):
        raise CleanError(
            f"{name} is a reusable block; make a network of it first: net = {found.signature.replace(name, name, 1)}"
        )
    if isinstance(found, type) or not is_gluon_block(found):
        raise CleanError(f"{name} is not a network but {_kind(found)}{_hint(namespace, name)}")
    return found


def _kind(value: object) -> str:
    kind = value.__name__ if isinstance(value, type) else type(value).__name__
    return f"the class {kind}" if isinstance(value, type) else f"a value of type {kind}"


def _hint(namespace: Mapping[str, Any], name: str) -> str:
    known = network_names(namespace)
    if hint := did_you_mean(name, known):
        return hint
    return f"; the networks are {', '.join(sorted(known))}" if known else "; make one with %%network"


def shape_argument(text: str) -> tuple[int, ...]:
    """``1x28x28`` as (1, 28, 28); raises CleanError for anything else."""
    if not re.fullmatch(r"[1-9]\d*(x[1-9]\d*)*", text):
        raise CleanError(f'"{text}" is not a shape; write it without the batch, like 1x28x28')
    return tuple(map(int, text.split("x")))
