"""What errors say, for every operator: its name, what was expected and what came, both shapes, the layer, the line."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np
import pytest
from ops import harness, wording

from dlcore import _core, gluon, jit
from dlcore._core import NDArray
from dlcore.ops import RECORDS, F, Op

ALL = [pytest.param(r, id=r.name) for r in RECORDS.values()]
FEW = 6  # calls of each operator that are compiled too


def call_of(record: Op, call: wording.Wrong) -> Any:
    return harness.function(record)(*harness.to_arrays(list(call.inputs)), **call.attrs)


def refused(record: Op) -> Iterator[tuple[wording.Wrong, Exception]]:
    """The calls with a wrong array that fail, with their errors."""
    for inputs, attrs in wording.base(record):
        for call in (*wording.wrong_shapes(record, inputs, attrs), *wording.wrong_dtypes(record, inputs, attrs)):
            try:
                call_of(record, call)
            except wording.KINDS as error:
                yield call, error


@pytest.mark.parametrize("record", ALL)
def test_an_error_says_what_was_expected_and_what_came(record: Op) -> None:
    faults = []
    for call in wording.calls(record):
        try:
            call_of(record, call)
        except Exception as error:
            fault = wording.fault(record, call, error)
        else:
            fault = "was taken" if call.sure else ""
        if fault:
            faults.append(f"{call.about} {call.attrs}: {fault}")
    assert not faults, "\n".join(faults)


def compiled(record: Op, call: wording.Wrong) -> None:
    """The call inside a compiled function, its arrays given from outside."""
    given = harness.to_arrays(list(call.inputs))
    places = [k for k, v in enumerate(given) if isinstance(v, NDArray)]

    def body(*some: NDArray) -> Any:
        full = list(given)
        for k, x in zip(places, some, strict=True):
            full[k] = x
        return harness.function(record)(*full, **call.attrs)

    jit(body)(*[given[k] for k in places])


@pytest.mark.parametrize("record", ALL)
def test_compiled_says_the_same(record: Op) -> None:
    for call, error in islice(refused(record), FEW):
        with pytest.raises(type(error)) as told:
            compiled(record, call)
        # What only the numbers show is told by the part of a composite that ran into it, under that part's name.
        first = str(error).partition("\n")[0].removeprefix(f"{record.name}: ")
        assert first in str(told.value), call.about


class Inner(gluon.HybridBlock):
    """Calls an operator on what it is given."""

    def __init__(self, record: Op, call: wording.Wrong) -> None:
        super().__init__()
        self.record, self.call = record, call

    def forward(self, x: Any) -> Any:
        return call_of(self.record, self.call)


class Outer(gluon.HybridBlock):
    """A network with a layer in which something goes wrong."""

    def __init__(self, record: Op, call: wording.Wrong) -> None:
        super().__init__()
        self.encoder = Inner(record, call)

    def forward(self, x: Any) -> Any:
        return self.encoder(x)


@pytest.mark.parametrize("record", ALL)
def test_the_layer_and_the_line_are_named(record: Op) -> None:
    wrong = [c for c, _ in islice(refused(record), 1)]
    inputs, attrs = next(wording.base(record))
    wrong += islice(wording.wrong_types(record, inputs, attrs), 1)
    wrong += islice(wording.wrong_attributes(record, inputs, attrs), 1)
    for call in wrong:
        with pytest.raises(wording.KINDS) as told:
            Outer(record, call)(F.zeros((2,)))
        assert re.search(r"\n  in layer outer\d+\.encoder", str(told.value)), f"{call.about}: {told.value}"
        lines = traceback.extract_tb(told.value.__traceback__)
        assert any(line.filename == __file__ and line.name == "call_of" for line in lines)


def test_a_compiled_function_names_the_line_at_which_numbers_failed() -> None:
    def rows(x: NDArray, i: NDArray) -> NDArray:
        return F.take(x, i)  # here

    line = rows.__code__.co_firstlineno + 1
    with pytest.raises(IndexError, match="take: index 7 is out of range for axis 0 of size 3") as told:
        jit(rows)(F.zeros((3, 2)), F.full(7, (1,), "int64"))
    assert str(told.value).endswith(f"\n  at {__file__}:{line}")


def test_every_operator_was_asked() -> None:
    """Nobody is passed over: each has calls that must fail, and those with arrays have arrays of wrong shapes."""
    for record in RECORDS.values():
        calls = list(wording.calls(record))
        assert sum(c.sure for c in calls) >= 2, record.name
        if any(isinstance(v, np.ndarray) for v in next(wording.base(record))[0]):
            assert any(c.shapes for c in calls) or record.inputs[0].scalar, record.name


def test_bad_words_are_found() -> None:
    """The judge of words can say no."""
    record = RECORDS["dense"]
    call = wording.Wrong("", (), {}, ("(2, 3)",), shapes=2)
    good = ValueError("dense: expected weight (4, 3), got (2, 3)")
    assert wording.fault(record, call, good) == ""
    for bad, lack in (
        (ValueError("expected weight (4, 3), got (2, 3)"), "begin"),
        (ValueError("dense: weight (4, 3) and (2, 3)"), "expected"),
        (ValueError("dense: expected weight (4, 3)"), "name"),
        (ValueError("dense: expected 3 columns, got (2, 3)"), "2 shapes"),
        (AssertionError(""), "AssertionError"),
        (_core.TraceError("dense: must"), "TraceError"),
    ):
        assert lack in wording.fault(record, call, bad)
