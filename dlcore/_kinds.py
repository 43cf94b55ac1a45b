"""What a type hint lets in, and the words for it: every public signature is also the check of its arguments.

A hint says more than a type where it is `Annotated` with a `Limit`: `Count` is an int from 1 on. Add a kind of value
here and use it as a hint; do not test for it where it is taken. This module stands left of every room, imports nothing
of the project, and is not asked before a public function or class is first called (`_arguments.py`).
"""

from __future__ import annotations

import builtins
import collections.abc as abc
import operator
import os
import types
import typing
from collections.abc import Callable
from types import NoneType
from typing import Annotated, Any, Literal, NamedTuple, TypeAlias

FITS, WRONG_VALUE, WRONG_TYPE = 0, 1, 2
_LOOKED_AT = 64  # so many elements of a long sequence are looked at


class Limit(NamedTuple):
    """What is wanted of a value beside its type: words that go behind those of the type, and a test."""

    words: str
    fits: Callable[[Any], bool]


class Kind(NamedTuple):
    """A kind of value of its own: words for one and for several, and FITS, WRONG_VALUE or WRONG_TYPE of a value."""

    one: str
    several: str
    judge: Callable[[Any], int]
    each: Any = None  # the kind of the elements of a sequence
    plain: Callable[[Any], Any] | None = None  # a value that fits as Python's own: of NumPy's scalars, of arrays


Count: TypeAlias = Annotated[int, Limit(" of at least 1", lambda n: n >= 1)]
Natural: TypeAlias = Annotated[int, Limit(" of at least 0", lambda n: n >= 0)]
Length: TypeAlias = Annotated[int, Limit(" of at least 1, or 0 if the first batch is to tell", lambda n: n >= -1)]
Counts: TypeAlias = Count | abc.Sequence[Count]
Naturals: TypeAlias = Natural | abc.Sequence[Natural]
Positive: TypeAlias = Annotated[float, Limit(" above 0", lambda x: x > 0)]
Chance: TypeAlias = Annotated[float, Limit(" between 0 and 1", lambda x: 0 <= x <= 1)]


def _of_type(test: Callable[[Any], bool]) -> Callable[[Any], int]:
    return lambda value: FITS if test(value) else WRONG_TYPE


def _whole(value: Any) -> bool:
    try:
        operator.index(value)
    except TypeError:
        return False
    return True


def _number(value: Any) -> bool:
    if isinstance(value, (int, float)):
        return True
    return hasattr(value, "__float__") and not isinstance(value, type) and getattr(value, "size", 1) == 1


def _truth(value: Any) -> bool:
    if isinstance(value, bool) or type(value).__name__ in ("bool", "bool_"):
        return True  # Python's, NumPy's
    return _whole(value) and operator.index(value) in (0, 1)


def _plain_number(value: Any) -> Any:
    """A scalar of NumPy's as a float; an array of ours stays, as gradients may flow through it."""
    return value if hasattr(value, "asnumpy") or isinstance(value, (int, float)) else float(value)


def no_array(value: Any) -> bool:
    """Whether nobody could take `value` for an array of numbers, whatever library made it."""
    plain = (str, bytes, bytearray, abc.Mapping, abc.Set, type, types.FunctionType, types.BuiltinFunctionType)
    if isinstance(value, (list, tuple)):
        return _no_numbers(value)
    return value is None or isinstance(value, plain) or type(value) is object


def _no_numbers(listed: Any) -> bool:
    """Whether a nested list is ragged or holds anything but numbers and arrays."""
    import numpy  # asked about lists only, when the core has it loaded long since

    if any(hasattr(one, "asnumpy") or hasattr(one, "dtype") for one in listed):
        return False
    try:
        return numpy.array(listed).dtype.kind not in "biufcV"
    except (TypeError, ValueError):
        return True


def _path(value: Any) -> bool:
    return isinstance(value, (str, os.PathLike)) and "\0" not in os.fspath(value)


_NUMBER = Kind("a number", "numbers", _of_type(_number), plain=_plain_number)
_ARRAY = Kind("an array", "arrays", _of_type(lambda v: hasattr(v, "shape") and hasattr(v, "dtype")))
PATH = Kind("a file name", "file names", _of_type(_path))
NUMBERS = Kind("an array of numbers", "arrays of numbers", _of_type(lambda v: not no_array(v)))
Array: TypeAlias = Annotated[Any, NUMBERS]
_FUNCTION = Kind("a function", "functions", _of_type(callable))
_DICT = Kind("a dict", "dicts", _of_type(lambda v: isinstance(v, abc.Mapping) or hasattr(v, "keys")))
_PLAIN: dict[Any, Kind] = {
    int: Kind("a whole number", "whole numbers", _of_type(_whole), plain=operator.index),
    float: _NUMBER,
    bool: Kind("True or False", "truth values", _of_type(_truth), plain=bool),
    str: Kind("a string", "strings", _of_type(lambda v: isinstance(v, str))),
    NoneType: Kind("None", "None", _of_type(lambda v: v is None)),
    os.PathLike: PATH,
    callable: _FUNCTION,
    abc.Callable: _FUNCTION,
    dict: _DICT,
    abc.Mapping: _DICT,
    abc.MutableMapping: _DICT,
}
_ARRAYS = {"NDArray", "ndarray"}  # by name: neither the core nor NumPy is imported here
_LISTS = (list, abc.Sequence, abc.MutableSequence, abc.Collection, abc.Iterable)


class _Names(dict):  # type: ignore[type-arg]
    """The names a hint may use: those of its module; what is imported for type checkers only is not checked."""

    def __init__(self, known: dict[str, Any]) -> None:
        super().__init__()
        self.known = known

    def __missing__(self, name: str) -> Any:
        return self.known.get(name, getattr(builtins, name, Any))


def kind_of(hint: Any, known: dict[str, Any]) -> Kind | None:
    """The kind of value that a hint, written in a module with the names `known`, lets in; None if that is anything."""
    if isinstance(hint, str):
        try:
            hint = eval(hint, known, _Names(known))
        except Exception:  # a hint that only a type checker can read
            return None
    if hint is Any:
        return None
    if hint in _PLAIN if isinstance(hint, abc.Hashable) else False:
        return _PLAIN[hint]
    if hint is None:
        return _PLAIN[NoneType]
    origin, inside = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        return _limited(kind_of(inside[0], known), inside[1:])
    if origin in (typing.Union, types.UnionType):
        return _either([kind_of(part, known) for part in inside])
    if origin is Literal:
        return _one_of(inside)
    if origin is tuple:
        return _tuple([kind_of(part, known) for part in inside if part is not ...], ... not in inside)
    if origin in _LISTS:
        return _list(kind_of(inside[0], known) if inside else None, lengthless=origin is abc.Iterable)
    if origin in _PLAIN:
        return _PLAIN[origin]
    if origin is type:
        return _subclass(inside[0], known)
    if isinstance(hint, typing.TypeVar):
        return kind_of(hint.__bound__, known) if hint.__bound__ is not None else None
    if isinstance(hint, typing.ForwardRef):
        return kind_of(hint.__forward_arg__, known)
    if isinstance(hint, type) and hint is not object:
        return _class(hint)
    return None


def _subclass(hint: Any, known: dict[str, Any]) -> Kind:
    base = known.get(hint.__forward_arg__, Any) if isinstance(hint, typing.ForwardRef) else hint
    if not isinstance(base, type) or base is Any:
        return Kind("a class", "classes", _of_type(lambda v: isinstance(v, type)))
    return Kind(
        f"a class derived from {base.__name__}",
        f"classes derived from {base.__name__}",
        _of_type(lambda v: isinstance(v, type) and issubclass(v, base)),
    )


def _class(hint: type) -> Kind | None:
    if hint.__name__ in _ARRAYS:
        return _ARRAY
    if getattr(hint, "_is_protocol", False):
        return None
    if hint in (tuple, *_LISTS):
        return _list(None, lengthless=hint is abc.Iterable)
    letters = "AEFHILMNORSX" if hint.__name__[:2].isupper() else "AEIOU"
    article = "an" if hint.__name__[0] in letters else "a"
    return Kind(f"{article} {hint.__name__}", f"{hint.__name__}s", _of_type(lambda v: isinstance(v, hint) or _alike(v)))


def _alike(value: Any) -> bool:
    """Whether a value may behave like one of a class that it is not of: nothing of Python's own, no array."""
    return type(value).__module__ != "builtins" and not hasattr(value, "dtype")


def _limited(kind: Kind | None, more: tuple[Any, ...]) -> Kind | None:
    for extra in more:
        if isinstance(extra, Kind):
            kind = extra
        elif isinstance(extra, Limit) and kind is not None:
            kind = _within(kind, extra)
    return kind


def _within(kind: Kind, limit: Limit) -> Kind:
    def judge(value: Any) -> int:
        return kind.judge(value) or (FITS if limit.fits(value) else WRONG_VALUE)

    return Kind(kind.one + limit.words, kind.several + limit.words, judge, kind.each, kind.plain)


def _either(kinds: list[Kind | None]) -> Kind | None:
    several = [kind for kind in kinds if kind is not None]
    if len(several) < len(kinds):
        return None
    if {_PLAIN[str], PATH} <= set(several):
        several.remove(_PLAIN[str])
    # "None" last, as the least that one wants to know
    several.sort(key=lambda kind: kind is _PLAIN[NoneType])
    words = list(dict.fromkeys(kind.one for kind in several))

    def judge(value: Any) -> int:
        best = WRONG_TYPE
        for kind in several:
            best = min(best, kind.judge(value))
            if best == FITS:
                break  # the others could not even be asked, of a sparse array for instance
        return best

    return Kind(
        " or ".join(words),
        " or ".join(dict.fromkeys(kind.several for kind in several)),
        judge,
        next((kind.each for kind in several if kind.each is not None), None),
        _plain_of(several),
    )


def _plain_of(kinds: list[Kind]) -> Callable[[Any], Any] | None:
    def plain(value: Any) -> Any:
        made = [kind.plain for kind in kinds if kind.judge(value) == FITS]
        return value if None in made else made[0](value)  # type: ignore[misc]  # it is right as it is, or changed

    return plain if any(kind.plain is not None for kind in kinds) else None


def _plain_elements(each: Callable[[int], Kind | None]) -> Callable[[Any], Any]:
    """The elements of a short sequence, each as Python's own; `each` is the kind of the element at a place."""

    def plain(value: Any) -> Any:
        listed = isinstance(value, (list, tuple))
        if not (listed or hasattr(value, "shape")) or len(value) > _LOOKED_AT or (listed and _all_plain(value)):
            return value
        if hasattr(value, "asnumpy") and value.dtype.kind not in "iu":
            return value  # gradients may flow through it
        kinds = [(each(place), one) for place, one in enumerate(value)]
        made = [one if kind is None or kind.plain is None else kind.plain(one) for kind, one in kinds]
        return made if type(value) is list else tuple(made)

    return plain


def _all_plain(values: Any) -> bool:
    return all(type(one) in (int, float, bool, str, NoneType) for one in values)


def _one_of(values: tuple[Any, ...]) -> Kind:
    words = ", ".join(map(repr, values[:-1])) + " or " * (len(values) > 1) + repr(values[-1])
    types_ = tuple({type(value) for value in values})

    def plain(value: Any) -> Any:
        if hasattr(value, "item") and getattr(value, "shape", None) == ():
            value = value.item()
        return bool(value) if bool in types_ and value in (0, 1) else value

    def judge(value: Any) -> int:
        value = plain(value)
        if not isinstance(value, types_):
            return WRONG_TYPE
        return FITS if value in values else WRONG_VALUE

    return Kind(words, words, judge, plain=plain)


def _elements(value: Any) -> list[Any] | None:
    """The first elements of a list or what is like one; None if it is none, or is a string, a dict or a set."""
    if isinstance(value, (str, bytes, abc.Mapping)) or isinstance(value, type):
        return None
    if hasattr(value, "shape"):
        return list(value[:_LOOKED_AT]) if len(value.shape) == 1 else None if len(value.shape) == 0 else [value[0]]
    return list(value[:_LOOKED_AT]) if isinstance(value, (list, tuple)) else [] if hasattr(value, "__len__") else None


def _list(kind: Kind | None, lengthless: bool) -> Kind:
    def judge(value: Any) -> int:
        found = _elements(value)
        if found is None:
            loose = lengthless and not isinstance(value, (str, bytes, type)) and hasattr(value, "__iter__")
            return FITS if loose else WRONG_TYPE
        return FITS if kind is None else max((kind.judge(one) for one in found), default=FITS)

    what = "a sequence" if kind is None else f"a sequence of {kind.several}"
    plain = None if kind is None or kind.plain is None else _plain_elements(lambda place: kind)
    return Kind(what, what.replace("a sequence", "sequences", 1), judge, kind, plain)


def _tuple(kinds: list[Kind | None], fixed: bool) -> Kind:
    if not fixed:
        return _list(kinds[0], lengthless=False)
    same = kinds[0] if len(set(kinds)) == 1 else None

    def judge(value: Any) -> int:
        found = _elements(value)
        if found is None:
            return WRONG_TYPE
        if hasattr(value, "__len__") and len(value) != len(kinds):
            return WRONG_VALUE
        pairs = zip(kinds, found, strict=False)
        return max((kind.judge(one) for kind, one in pairs if kind is not None), default=FITS)

    names = same.several if same else "values"
    plain = _plain_elements(lambda place: kinds[place])
    return Kind(f"{len(kinds)} {names}", f"groups of {len(kinds)} {names}", judge, None, plain)


_PARAMS = Kind("the params of a block", "params", _of_type(lambda v: hasattr(v, "keys") and hasattr(v, "get")))
# What an argument of this name is wherever its hint is `Any`. A room adds what only it knows: dtypes, devices,
# initializers.
NAMED: dict[str, Kind | None] = {
    "prefix": _either([_PLAIN[str], _PLAIN[NoneType]]),
    "params": _either([_PARAMS, _PLAIN[NoneType]]),
    "pred": NUMBERS,
    "sample_weight": NUMBERS,
    "src": NUMBERS,
}


def came(value: Any, kind: Kind) -> str:
    """What came in place of a value of a kind: of a sequence the first element that is wrong."""
    if kind.each is not None and isinstance(value, (list, tuple)):
        for place, one in enumerate(value):
            if kind.each.judge(one) != FITS:
                return f"{shown(one)} at place {place}"
    return shown(value)


def shown(value: Any) -> str:
    """What came, on one short line: arrays by shape and dtype, other values as they are, with their type."""
    shape, dtype = getattr(value, "shape", None), getattr(value, "dtype", None)
    if shape is not None and dtype is not None and not isinstance(value, type):
        return f"an array of shape {tuple(shape)} and dtype {dtype}"
    if isinstance(value, type):
        return f"the class {value.__name__}"
    if callable(value) and hasattr(value, "__name__"):
        return f"the function {value.__name__}"
    name = type(value).__name__
    if value is None or value is ... or isinstance(value, bool):
        return repr(value)
    if type(value).__repr__ is object.__repr__:
        return f"an object of {name}"
    try:
        text = " ".join(repr(value).split())
    except RecursionError:
        return f"a {name} that is nested too deep"
    return f"{text if len(text) <= 60 else text[:57] + '...'} ({name})"
