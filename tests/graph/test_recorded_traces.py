"""Functions compiled while gradients are recorded: no gradient is lost, and the tape keeps nothing of the trace."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from graph.programs import array

import dlcore as dl
from dlcore import _core, autograd
from dlcore.ops import F
from dlcore.ops._record import RECORDS

COMPOSITES = [n for n, r in RECORDS.items() if not r.kernel and r.define_program is not None and r.grad_program]


def gradient(function: Any, values: np.ndarray) -> np.ndarray:
    x = array(values)
    x.attach_grad()
    with autograd.record():
        y = (function(x) ** 2).sum()
    y.backward()
    return x.grad.asnumpy()


@pytest.mark.parametrize("name", COMPOSITES)
def test_composites_with_a_gradient_of_their_own(name: str) -> None:
    """Their parts are traced, and gradients flow through those."""
    values = np.random.default_rng(0).normal(size=(4, 6))
    function = getattr(F, name)
    expected = gradient(function, values)
    assert np.abs(expected).max() > 0.1
    np.testing.assert_allclose(gradient(dl.jit(function), values), expected, rtol=1e-12)


def test_lengths_have_no_slope_at_the_origin_compiled_or_not() -> None:
    values = np.array([[0.0, 0.0], [3.0, 4.0]])
    expected = [[0.0, 0.0], [6.0, 8.0]]
    lengths = lambda x: F.norm2(x, axis=1)  # noqa: E731
    np.testing.assert_allclose(gradient(lengths, values), expected)
    np.testing.assert_allclose(gradient(dl.jit(lengths), values), expected)


def test_an_array_written_by_a_compiled_function_has_the_record_of_the_call_not_of_the_trace() -> None:
    """The first call traces, the second does not: afterwards the array is a result of either, as outside of jit."""
    held = array(np.zeros(3))
    x = array(np.array([1.0, 2.0, 3.0]))
    x.attach_grad()

    @dl.jit
    def f(x: Any) -> Any:
        _core.assign(held, x * 2)
        return (held * x).sum()

    for _ in range(2):
        with autograd.record():
            y = f(x) + (held * held).sum()
        y.backward()
        np.testing.assert_array_equal(x.grad.asnumpy(), [12, 24, 36])
        np.testing.assert_array_equal(held.asnumpy(), [2, 4, 6])


@pytest.mark.parametrize("wrap", [dl.jit, lambda function: function], ids=["compiled", "not"])
def test_what_the_tape_knew_of_an_array_ends_where_it_is_overwritten(wrap: Any) -> None:
    w = array(np.ones(3))
    w.attach_grad()
    with autograd.record():
        held = w * 5
        wrap(lambda x: _core.assign(held, x))(array(np.zeros(3)))
        total = held.sum() + (w * 2).sum()
    total.backward()
    np.testing.assert_array_equal(w.grad.asnumpy(), [2, 2, 2])
    np.testing.assert_array_equal(held.asnumpy(), [0, 0, 0])


def test_what_the_tape_knew_of_an_array_is_there_again_after_a_trace_that_failed() -> None:
    w = array(np.ones(3))
    w.attach_grad()
    with autograd.record():
        held = w * 5

        @dl.jit
        def f(x: Any) -> Any:
            _core.assign(held, x)
            return float(x.sum())

        with pytest.raises(_core.TraceError):
            f(array(np.zeros(3)))
        total = held.sum()
    total.backward()
    np.testing.assert_array_equal(w.grad.asnumpy(), [5, 5, 5])
