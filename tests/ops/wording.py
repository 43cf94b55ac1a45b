"""Calls with one thing wrong, made from an operator's own samples, and what their errors must say.

Used by test_wording.py for every operator. A call that the operator takes after all is no error and is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from ops import harness

from dlcore.ops import Op
from dlcore.ops._record import REQUIRED, Input

KINDS = (TypeError, ValueError, IndexError)
F32 = np.dtype("float32")
EXPECTED = re.compile(
    r"expected|must|needs?\b|takes?\b|only|cannot|do(?:es)? not|outside|missing|unexpected|(?:out of|in) range"
    r"|not positive definite|Singular"
)
SHAPE = re.compile(r"\((?:\d+,|\d+(?:, \d+)+|)\)")
# What each type of attribute is given in place of a value of its own.
STRANGE: dict[str, list[Any]] = {
    "bool": [np.zeros(2), "False"],
    "int": ["word", 1.5, (1, 2), None],
    "float": ["word", (1.0,), None],
    "str": [3, None, "no such word"],
    "ints": ["word", 1.5, ("a",), None],
    "dtype": ["no such dtype", 3],
    "opt_int": ["word", 1.5, (1, 2)],
    "opt_float": ["word", (1.0,)],
    "opt_ints": ["word", 1.5, ("a",)],
    "opt_dtype": ["no such dtype", 3],
    "obj": [],
}


class Wrong(NamedTuple):
    """A call and what is wrong with it."""

    about: str
    inputs: tuple[Any, ...]
    attrs: dict[str, Any]
    words: tuple[str, ...]  # what its error must name
    kinds: tuple[type[Exception], ...] = KINDS  # if it is one of these
    shapes: int = 0  # so many full shapes must be named
    sure: bool = True  # whether the call must fail


def base(record: Op) -> Iterator[tuple[list[Any], dict[str, Any]]]:
    """Calls that are right: one for each set of shapes among the samples."""
    seen = set()
    for layout, inputs, attrs in harness.calls_of(record, F32, harness.generator(record)):
        key = str([getattr(v, "shape", v) for v in inputs])
        if layout == "contiguous" and key not in seen:
            seen.add(key)
            yield inputs, attrs


def slot(record: Op, k: int) -> Input:
    return record.inputs[min(k, len(record.inputs) - 1)]


def other_shapes(shape: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """Shapes near `shape`: of another rank, or with one size larger."""
    if shape:
        yield ()
        yield shape[1:]
    yield (*shape, 2)
    yield (7, *shape)
    for axis, size in enumerate(shape):
        yield (*shape[:axis], size + 1, *shape[axis + 1 :])


def wrong_shapes(record: Op, inputs: list[Any], attrs: dict[str, Any]) -> Iterator[Wrong]:
    arrays = [k for k, v in enumerate(inputs) if isinstance(v, np.ndarray) and not slot(record, k).scalar]
    for k in arrays:
        value = inputs[k]
        for shape in other_shapes(value.shape):
            bent = list(inputs)
            bent[k] = np.resize(value, shape) if value.size else np.zeros(shape, value.dtype)
            both = len({v.shape for v in bent if isinstance(v, np.ndarray)}) if len(arrays) > 1 else 1
            about = f"input {k} of shape {shape}"
            yield Wrong(about, tuple(bent), attrs, (str(shape),), shapes=min(both, 2), sure=False)


def wrong_dtypes(record: Op, inputs: list[Any], attrs: dict[str, Any]) -> Iterator[Wrong]:
    for k, value in enumerate(inputs):
        if not isinstance(value, np.ndarray):
            continue
        for dtype in ("complex64", "float64", "int32", "bool"):
            if value.dtype != dtype:
                bent = list(inputs)
                with np.errstate(invalid="ignore"):
                    bent[k] = value.astype(dtype)
                yield Wrong(f"input {k} of {dtype}", tuple(bent), attrs, (dtype,), kinds=(TypeError,), sure=False)


def wrong_types(record: Op, inputs: list[Any], attrs: dict[str, Any]) -> Iterator[Wrong]:
    for k in range(len(inputs)):
        part = slot(record, k)
        for value, came in ((["a", "b"], "['a', 'b']"), (object(), "object"), ("word", "str"), ({"a": 1}, "dict")):
            bent = (*inputs[:k], value, *inputs[k + 1 :])
            yield Wrong(f"{came} for {part.name}", bent, attrs, (came, part.name))
        if not part.optional and part.default is REQUIRED:
            yield Wrong(f"None for {part.name}", (*inputs[:k], None, *inputs[k + 1 :]), attrs, (part.name,))


def wrong_attributes(record: Op, inputs: list[Any], attrs: dict[str, Any]) -> Iterator[Wrong]:
    for a in record.attrs:
        for value in STRANGE[a.type]:
            known = value != "no such word" if isinstance(value, str) else True
            bent = {**attrs, a.name: value}
            yield Wrong(f"{a.name}={value!r}", tuple(inputs), bent, (a.name, repr(value)), sure=known)


def windows_of_negative_size(record: Op, inputs: list[Any], attrs: dict[str, Any]) -> Iterator[Wrong]:
    """Numbers that each spatial axis has one of, below what any of them may be."""
    for a in record.attrs:
        if a.name in ("kernel", "stride", "dilate", "pad") and a.type in ("ints", "opt_ints"):
            given = attrs.get(a.name, a.default)
            value = (-3,) * (len(given) if isinstance(given, tuple) else 1)
            yield Wrong(f"{a.name}={value}", tuple(inputs), {**attrs, a.name: value}, (a.name, "-3"), sure=False)


def wrong_counts(record: Op, inputs: list[Any], attrs: dict[str, Any]) -> Iterator[Wrong]:
    yield Wrong("a number as out", tuple(inputs), {**attrs, "out": 3}, ("out", "int"))
    yield Wrong("an argument that is not known", tuple(inputs), {**attrs, "no_such": 1}, ("no_such",))
    required = [i for i in record.inputs if not i.variadic and i.default is REQUIRED and not i.optional]
    if required:
        yield Wrong("no argument", (), {}, (required[0].name,))
    if not (record.inputs and record.inputs[-1].variadic):
        yield Wrong("too many", (*inputs, *[F32.type(1)] * 40), {}, ("takes",))


def calls(record: Op) -> Iterator[Wrong]:
    """Every call with one thing wrong."""
    first = None
    for inputs, attrs in base(record):
        first = first or (inputs, attrs)
        yield from wrong_shapes(record, inputs, attrs)
        yield from wrong_dtypes(record, inputs, attrs)
    assert first is not None
    for more in (wrong_types, wrong_attributes, wrong_counts, windows_of_negative_size):
        yield from more(record, *first)


def fault(record: Op, call: Wrong, error: BaseException) -> str:
    """ "" where the error says what it must, else what it lacks."""
    text = str(error)
    if not isinstance(error, KINDS):
        return f"is a {type(error).__name__}"
    if not record.internal and not re.match(rf"{record.name}(\(\)|:)", text):
        return "does not begin with the operator's name"
    if not EXPECTED.search(text):
        return "does not say what was expected"
    lacking = [w for w in call.words if w not in text]
    if lacking and isinstance(error, call.kinds):
        return f"does not name {lacking}"
    if len(set(SHAPE.findall(text))) < call.shapes:
        return f"does not name {call.shapes} shapes"
    return ""
