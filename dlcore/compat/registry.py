"""`mxnet.registry`: classes that are made by name, for libraries that keep such tables of their own.

>>> class Shape: pass
>>> register = get_register_func(Shape, "shape")
>>> @register
... class Square(Shape):
...     def __init__(self, side=1):
...         self.side = side
>>> create = get_create_func(Shape, "shape")
>>> create("square", side=3).side, create('["square", {"side": 2}]').side
(3, 2)
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

__all__ = ["get_alias_func", "get_create_func", "get_register_func", "get_registry"]

_Class = TypeVar("_Class", bound=type)
_tables: dict[type, dict[str, type]] = {}


def _checked(base_class: type, klass: Any, place: str) -> None:
    if not (isinstance(klass, type) and issubclass(klass, base_class)):
        raise TypeError(f"{place}: expected a subclass of {base_class.__name__}, got {klass!r}")


def get_registry(base_class: type) -> dict[str, type]:
    """A copy of the table of `base_class`: names in lower case, classes.

    >>> get_registry(int)
    {}
    """
    return dict(_tables.get(base_class, {}))


def get_register_func(base_class: type, nickname: str) -> Callable[..., Any]:
    """`register(klass, name=None)`, which gives a class its name (its own if None); a later one takes the name over.

    nickname: what is made, for error messages. TypeError for what is no subclass of `base_class`.

    >>> register = get_register_func(dict, "table")
    >>> register(type("Ordered", (dict,), {})).__name__, list(get_registry(dict))
    ('Ordered', ['ordered'])
    """

    def register(klass: _Class, name: str | None = None) -> _Class:
        _checked(base_class, klass, f"register {nickname}")
        _tables.setdefault(base_class, {})[(name or klass.__name__).lower()] = klass
        return klass

    return register


def get_alias_func(base_class: type, nickname: str) -> Callable[..., Any]:
    """`alias(*names)`, a decorator that gives a class several names.

    >>> alias = get_alias_func(list, "stack")
    >>> made = alias("stack", "pile")(type("Stack", (list,), {}))
    >>> sorted(get_registry(list))
    ['pile', 'stack']
    """
    register = get_register_func(base_class, nickname)

    def alias(*names: str) -> Callable[[_Class], _Class]:
        def name_it(klass: _Class) -> _Class:
            for name in names:
                register(klass, name)
            return klass

        return name_it

    return alias


def get_create_func(base_class: type, nickname: str) -> Callable[..., Any]:
    """`create(name, ...)`: a new object of the class of that name; what is one already is given back.

    The name may be JSON too, '["name", {"argument": 1}]' or '{"name": "...", ...}' with the name under `nickname`.
    ValueError for a name that is not known, listing those that are.

    >>> get_create_func(float, "number")("half")
    Traceback (most recent call last):
    ValueError: create number: expected one of no names, got 'half'
    """

    def create(*args: Any, **kwargs: Any) -> Any:
        what, *rest = args if args else [kwargs.pop(nickname, None)]
        if isinstance(what, base_class):
            if rest or kwargs:
                raise ValueError(f"create {nickname}: a {base_class.__name__} takes no further arguments")
            return what
        if isinstance(what, dict):
            return create(**what)
        if not isinstance(what, str):
            raise TypeError(f"create {nickname}: expected a name or a {base_class.__name__}, got {what!r}")
        if what.startswith("["):
            name, given = json.loads(what)
            return create(name, **given)
        if what.startswith("{"):
            return create(**json.loads(what))
        table = _tables.get(base_class, {})
        if what.lower() not in table:
            known = ", ".join(sorted(table)) or "no names"
            raise ValueError(f"create {nickname}: expected one of {known}, got {what!r}")
        return table[what.lower()](*rest, **kwargs)

    return create
