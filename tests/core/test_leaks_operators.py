"""Around every operator: as many bytes and array objects are alive after a call as before, whatever came of it."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from ops import harness, slopes

from dlcore import _core, autograd
from dlcore._core import NDArray
from dlcore.ops import RECORDS, Op

ALL = [pytest.param(r, id=r.name) for r in RECORDS.values()]
DIFFERENTIABLE = [
    pytest.param(r, id=r.name) for r in RECORDS.values() if slopes.differentiable(r) and slopes.gives_real(r)
]
REFUSING = [pytest.param(r, id=r.name) for r in RECORDS.values() if r.inputs]


@pytest.fixture(autouse=True, scope="module")
def only_new_objects() -> Iterator[None]:
    """What other tests and imports have left is neither looked through nor counted."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


def alive() -> tuple[int, int]:
    """Bytes that arrays hold, and Python objects that are alive after a collection."""
    gc.collect()
    return _core.memory_stats()["allocated"], len(gc.get_objects())


def check(action: Callable[[], None]) -> None:
    """The second call may fill no cache any more: it must leave nothing."""
    action()
    action()
    before = alive()
    for _ in range(3):
        action()
    bytes_left, objects_left = (b - a for a, b in zip(before, alive(), strict=True))
    assert bytes_left == 0, f"{bytes_left} bytes of arrays stay behind after three calls"
    assert objects_left < 3, f"{objects_left} Python objects stay behind after three calls"


def first_call(record: Op, dtype: type = np.float32) -> tuple[list[Any], dict[str, Any]]:
    _, inputs, attrs = next(harness.calls_of(record, np.dtype(dtype), harness.generator(record)))
    return inputs, attrs


@pytest.mark.parametrize("record", ALL)
def test_forward(record: Op) -> None:
    inputs, attrs = first_call(record)
    function = harness.function(record)
    check(lambda: function(*harness.to_arrays(inputs), **attrs))


@pytest.mark.parametrize("record", DIFFERENTIABLE)
def test_backward_of_both_orders(record: Op) -> None:
    inputs, attrs = next(slopes.gradient_calls(record))
    where = slopes.positions(record, inputs)
    outputs = harness.function(record)(*harness.to_arrays(inputs), **attrs)
    outputs = outputs if isinstance(outputs, tuple) else (outputs,)
    weights = [np.ones(y.shape) for y in outputs]
    del outputs

    def both() -> None:
        _, found = slopes.gradients(record, inputs, attrs, weights, where, create=False)
        variables, found = slopes.gradients(record, inputs, attrs, weights, where, create=True)
        with autograd.record():
            total: Any = 0.0
            for g in found:
                total = total + g.sum()
        if isinstance(total, NDArray) and total._tracked:
            total.backward()

    if where:
        check(both)


@pytest.mark.parametrize("record", REFUSING)
def test_an_error(record: Op) -> None:
    inputs, attrs = first_call(record)
    function = harness.function(record)

    def refused() -> None:
        with pytest.raises(TypeError):
            function(*harness.to_arrays(inputs), **attrs, no_such_argument=1)
        try:  # the last array is a word: those before it have been taken
            function(*harness.to_arrays(inputs[:-1]), "word", **attrs)
        except (TypeError, ValueError):
            pass

    check(refused)


def test_a_leak_is_seen() -> None:
    kept: list[Any] = []
    with pytest.raises(AssertionError, match="12 bytes|192 bytes"):
        check(lambda: kept.append(_core.from_numpy(np.ones(3, np.float32), copy=True)))
    with pytest.raises(AssertionError, match="Python objects"):
        check(lambda: kept.extend([[], [], []]))
