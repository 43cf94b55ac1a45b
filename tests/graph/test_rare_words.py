"""Errors of graphs and compiled functions that no other test meets, each provoked once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from graph.programs import array, trace_of

import dlcore as dl
from dlcore import autograd, nd
from dlcore.graph._compiled import device_of
from dlcore.graph._control import Loop
from dlcore.graph._ops import normal_attrs
from dlcore.ops import F


def summed() -> Loop:
    """A loop of three steps that adds up rows of two numbers."""
    two = array(np.ones(2), "float32")
    return Loop(trace_of(lambda s, x: F.add(s, x), two, two), None, carried=1, scanned=1, length=3)


def loop(cond: Any, func: Any, *loop_vars: Any) -> None:
    dl.jit(lambda *given: dl.while_loop(cond, func, list(given), max_iterations=3))(*loop_vars)


def changes(i: Any) -> Any:
    SEEN[:] = 1
    return i < 3


SEEN = nd.zeros((1,))
ONE, ROWS_OF_TWO = ("float32", (2,)), ("float32", (3, 2))
ROWS: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (
        lambda: device_of([SimpleNamespace(_device=f"gpu({k})", ndim=1) for k in range(2)]),
        ValueError,
        r"a compiled function got arrays on gpu\(0\) and gpu\(1\); move them with as_in_context",
    ),
    (lambda: normal_attrs("sum", {"q": 1}), TypeError, r"sum: unknown attributes \['q'\]"),
    (lambda: summed().check([ONE, ("float32", (5, 2))]), ValueError, r"a loop of 3 steps cannot scan .*\[\(5, 2\)\]"),
    (
        lambda: replace(summed(), counted=True).check([ONE, ROWS_OF_TWO]),
        ValueError,
        r"a counted loop takes an int64 number first, got \[\('float32', \(2,\)\)\]",
    ),
    (
        lambda: replace(summed(), condition=trace_of(F.abs, array(np.ones(2), "float32"))).check([ONE, ROWS_OF_TWO]),
        ValueError,
        r"the condition of a loop gives one number, not shape \(2,\)",
    ),
    (
        lambda: loop(lambda i: i < 3, lambda i: i, nd.array(0.0)),
        TypeError,
        r"while_loop: func must give \(outputs, loop_vars\), it gave NDArray",
    ),
    (
        lambda: loop(changes, lambda i: (i, i + 1), nd.array(0.0)),
        RuntimeError,
        "while_loop: inside a compiled function, cond may change no array and draw no random numbers",
    ),
]


@pytest.mark.parametrize(("call", "kind", "match"), ROWS, ids=lambda v: v[:24] if isinstance(v, str) else "")
def test_it_is_said(call: Callable[[], object], kind: type[Exception], match: str) -> None:
    summed().check([ONE, ROWS_OF_TWO])
    with pytest.raises(kind, match=match):
        call()


def test_what_a_loop_needs_for_its_gradient_may_not_change() -> None:
    @dl.jit
    def slopes(x: Any, w: Any) -> Any:
        x.attach_grad()
        with autograd.record():
            h = x * w
            y = dl.foreach(lambda row, s: (s, s * row * h[0]), x, nd.ones((2,)))[1].sum()
        h[:] = 0
        y.backward()
        return x.grad

    with pytest.raises(RuntimeError, match=r"backward of a loop of 3 steps.* of shape \(3, 2\) that it needs was"):
        slopes(nd.ones((3, 2)), nd.ones((2,)))


def test_a_drawing_loop_has_no_second_gradient_inside() -> None:
    def drawn(x: Any) -> Any:
        return dl.foreach(lambda row, s: (s, s * row * F.random_uniform(0.0, 1.0, (2,))), x, nd.ones((2,)))[1].sum()

    twice = dl.jit(autograd.gradient(lambda x: F.square(autograd.gradient(drawn)(x)).sum()))
    with pytest.raises(RuntimeError, match="draws random numbers, so inside a compiled function it has no gradient of"):
        twice(nd.ones((3, 2)))
