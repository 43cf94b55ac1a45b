"""The same words on every device: wrong calls of operators and functions, on the processor and on a pretended GPU.

Calls of operators are those of tests/ops/wording.py, the error rows of their stanzas, and some whose numbers are out of
range; those of functions and methods are the ones of `public` and `methods`. Where one device refuses, the other has
to, with the same type and text but for its name. Judged in a child, since what pretends to be a device stays.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from fuzz import methods, public
from ops import harness, wording

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "cuda"))
import pretend  # noqa: E402

import dlcore as dl  # noqa: E402
from dlcore import _core  # noqa: E402
from dlcore.cuda._call import KERNELS  # noqa: E402
from dlcore.ops import RECORDS, Op  # noqa: E402

pretend.install()
CPU, GPU = "cpu(0)", "gpu(0)"
VALUE = "a number that is out of range: "
THOROUGH = os.environ.get("DLCORE_FUZZ") == "thorough"
# What takes the place of one number of an array, by its kind, and of a number among the attributes.
NUMBERS: dict[str, list[float]] = {"i": [-(10**6), 10**6], "u": [200], "f": [-7.0, 0.5, 10.0**6, np.nan]}
# They read memory where it lies: arrays on a GPU are refused before all else.
OF_THE_CPU = {"np.frombuffer", "NDArray.view"}
ATTRIBUTES: dict[str, list[float]] = {"int": [-9, 9], "float": [-1.0, 2.0, np.nan, np.inf]}


class Call(NamedTuple):
    """A call of an operator, and what may be wrong with it."""

    about: str
    inputs: tuple[Any, ...]
    attrs: dict[str, Any]


def calls(record: Op) -> Iterator[Call]:
    for wrong in wording.calls(record):
        yield Call(wrong.about, wrong.inputs, wrong.attrs)
    rng = harness.generator(record)
    for row in record.errors:
        yield Call("error row", tuple(harness.draw_array(d, np.dtype(np.float32), rng) for d in row.inputs), row.attrs)
    for inputs, attrs in wording.base(record):
        yield from numbers(inputs, attrs)
    for a in record.attrs:
        kind = a.type.removeprefix("opt_")
        for value in ATTRIBUTES.get("int" if kind == "ints" else kind, []):
            given = (value,) if kind == "ints" else value
            yield Call(f"{a.name}={given}", tuple(inputs), {**attrs, a.name: given})


def numbers(inputs: list[Any], attrs: dict[str, Any]) -> Iterator[Call]:
    """One number of one array out of range, the others as they were."""
    for k, value in enumerate(inputs):
        if isinstance(value, np.ndarray) and value.size:
            for number in NUMBERS.get(value.dtype.kind, []):
                bent = value.copy()
                bent.reshape(-1)[value.size // 2] = np.asarray(number).astype(value.dtype)
                yield Call(f"{VALUE}{number} in input {k}", (*inputs[:k], bent, *inputs[k + 1 :]), attrs)


def said(call: Any, *args: Any, **kwargs: Any) -> str:
    """What a call is refused with, "" where it is taken; devices and addresses are not told apart."""
    _core.seed(7)
    try:
        with contextlib.redirect_stdout(io.StringIO()), np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            call(*args, **kwargs)
    except Exception as error:
        text = f"{type(error).__name__}: {error}".replace(f", device={GPU}", "").replace(GPU, CPU)
        return re.sub(r"0x[0-9a-f]+", "0x", text)
    return ""


def plain(record: Op, *given: Any, **attrs: Any) -> None:
    harness.function(record)(*given, **attrs)


def on(device: str, record: Op, call: Call, how: Callable[..., None] = plain) -> str:
    arrays = harness.to_arrays(list(call.inputs))
    given = [a.as_in_context(device) if isinstance(a, _core.NDArray) else a for a in arrays]
    attrs = {"device": device, **call.attrs} if any(a.name == "device" for a in record.attrs) else call.attrs
    return said(how, record, *given, **attrs)


def chosen(heard: list[str]) -> set[int]:
    """Which calls are made on the device too: one for each message, and some of those that are taken."""
    kinds = [re.sub(r"[-\d.]+", "0", text) for text in heard]
    taken = [k for k, text in enumerate(heard) if not text]
    return set(range(len(heard))) if THOROUGH else {kinds.index(kind) for kind in kinds} | set(taken[::8])


def of_operator(record: Op) -> Iterator[str]:
    rows = list(calls(record))
    heard = [on(CPU, record, call) for call in rows]
    for k in sorted(chosen(heard)):
        if heard[k] != (there := on(GPU, record, rows[k])):
            yield told(f"{record.name}, {rows[k].about}", heard[k], there)
    found = next((row for row, text in zip(rows, heard, strict=True) if text and row.about.startswith(VALUE)), None)
    if found is not None:
        here, there = on(CPU, record, found, compiled), on(GPU, record, found, compiled)
        if here != there:
            yield told(f"{record.name} compiled, {found.about}", here, there)


def compiled(record: Op, *given: Any, **attrs: Any) -> None:
    harness.results_compiled(record, list(given), attrs)


def told(what: str, here: str, there: str) -> str:
    return f"{what}:\n  CPU {here or 'takes it'}\n  GPU {there or 'takes it'}"


def of_function(one: public.Public) -> Iterator[str]:
    if one.name not in OF_THE_CPU:
        yield from compared(one.name, lambda: one.value, lambda call: (row[1:] for row in public.calls(call)))


def of_method(method: methods.Method) -> Iterator[str]:
    def made() -> Any:
        return getattr(methods.made(method.home), method.attribute)

    if method.name not in OF_THE_CPU:
        yield from compared(method.name, made, lambda call: methods.rows(call, method.attribute in methods.SIGNS))


def compared(name: str, made: Callable[[], Any], rows: Callable[[Any], Iterable[Any]]) -> Iterator[str]:
    """What is said differently by something that is made, and called with rows of arguments, on either device."""
    with dl.Context(CPU):
        call = made()
        heard = [said(call, *args, **kwargs) for args, kwargs in rows(call)]
    again = chosen(heard)
    with dl.Context(GPU):  # where arrays are made unless told otherwise
        call = made()
        for k, (args, kwargs) in enumerate(rows(call)):
            if k in again and heard[k] != (there := said(call, *args, **kwargs)):
                yield told(f"{name}{public.small(args)}{public.small(kwargs)}", heard[k], there)


def other_words() -> Iterator[str]:
    """What is found of a kernel that says something of its own."""
    right = KERNELS["take"]

    def no(call: Any) -> None:
        try:
            right(call)
        except IndexError:
            raise IndexError("take: no") from None

    KERNELS["take"] = no
    try:
        yield from of_operator(RECORDS["take"])
    finally:
        KERNELS["take"] = right


def judge(names: list[str]) -> str:
    """ "" where all of these operators, or pages of functions, say the same, else who does not."""
    found: list[str] = []
    with public.isolated():
        for name in names:
            if name in RECORDS:
                found += of_operator(RECORDS[name])
            elif name == "other words":
                found += other_words()
            elif name == "methods":
                for m in methods.methods()["arrays"]:
                    found += of_method(m)
            else:
                for f in public.public()[name]:
                    if f.name not in public.EXCUSED:
                        found += of_function(f)
    return "\n".join(found)
