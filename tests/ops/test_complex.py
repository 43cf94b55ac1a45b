"""Complex numbers through every operator that takes them, and a clear refusal by every one that does not."""

from __future__ import annotations

import numpy as np
import pytest
from ops import complex_harness, harness

from dlcore import _core, autograd
from dlcore.ops import RECORDS, F, Op

TAKES = [pytest.param(r, id=r.name) for r in RECORDS.values() if r.takes_complex and r.inputs and r.samples]
DIFFERENTIABLE = [p for p in TAKES if harness.differentiable(p.values[0])]
REFUSES = [
    pytest.param(r, id=r.name)
    for r in RECORDS.values()
    if (r.expr or r.kernel) and not r.takes_complex and not r.complex_twin and r.inputs and not r.inputs[0].scalar
]


def array(value: object, dtype: str = "complex128") -> _core.NDArray:
    return _core.from_numpy(np.asarray(value, dtype))


@pytest.mark.parametrize("record", TAKES)
def test_agrees_with_its_oracle(record: Op) -> None:
    counts = [complex_harness.check_oracle(record, dtype) for dtype in complex_harness.COMPLEX]
    assert all(counts), "no sample became complex"


@pytest.mark.parametrize("record", DIFFERENTIABLE)
def test_first_and_second_derivatives(record: Op) -> None:
    assert complex_harness.check_gradients(record), "no sample has a complex array that a gradient flows to"


@pytest.mark.parametrize("record", REFUSES)
def test_the_others_refuse_complex_numbers(record: Op) -> None:
    _, inputs, attrs = next(harness.calls_of(record, np.dtype(np.float32), harness.generator(record)))
    inputs = [v.astype(np.complex64) if isinstance(v, np.ndarray) and v.dtype.kind == "f" else v for v in inputs]
    if not any(isinstance(v, np.ndarray) and v.dtype.kind == "c" for v in inputs):
        inputs[0] = np.asarray(inputs[0]).astype(np.complex64)
    with pytest.raises(TypeError, match="complex64|integer"):
        harness.function(record)(*harness.to_arrays(inputs), **attrs)
