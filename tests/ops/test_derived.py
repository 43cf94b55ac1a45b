"""Every operator, by what its stanza says: oracle, gradients, errors, example. Nothing here names an operator."""

from __future__ import annotations

import pytest
from ops import harness, slopes

from dlcore.ops import RECORDS, Op

ALL = [pytest.param(r, id=r.name) for r in RECORDS.values()]
PUBLIC = [pytest.param(r, id=r.name) for r in RECORDS.values() if not r.internal]
DIFFERENTIABLE = [
    pytest.param(r, id=r.name) for r in RECORDS.values() if slopes.differentiable(r) and slopes.gives_real(r)
]
ERRORS = [pytest.param(r, row, id=f"{r.name}-{k}") for r in RECORDS.values() for k, row in enumerate(r.errors)]


@pytest.mark.parametrize("record", ALL)
def test_agrees_with_its_oracle(record: Op) -> None:
    for dtype in harness.dtypes_of(record):
        harness.check_oracle(record, dtype)


@pytest.mark.parametrize("record", DIFFERENTIABLE)
def test_first_and_second_derivatives(record: Op) -> None:
    assert slopes.check_gradients(record), f"{record.name}: no sample has a float array that a gradient flows to"


@pytest.mark.parametrize(("record", "row"), ERRORS)
def test_errors(record: Op, row: harness.Bad) -> None:
    harness.check_error(record, row)


TAKES_ARRAYS = [pytest.param(r, id=r.name) for r in RECORDS.values() if r.inputs and not r.inputs[0].scalar]


@pytest.mark.parametrize("record", TAKES_ARRAYS)
def test_text_is_no_array(record: Op) -> None:
    with pytest.raises(TypeError, match="cannot make an array of"):
        harness.call_with_text(record)


@pytest.mark.parametrize("record", PUBLIC)
def test_example(record: Op) -> None:
    harness.check_example(record)


@pytest.mark.parametrize("record", ALL)
def test_stanza_is_complete(record: Op) -> None:
    assert record.doc.endswith("."), "a sentence of documentation"
    assert record.ref, "an oracle"
    assert record.samples, "samples"
    assert record.internal or record.example, "an example"
    assert record.elementwise == (record.tile is not None)
