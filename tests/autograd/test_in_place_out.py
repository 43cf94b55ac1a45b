"""Writes by out=, by constants and by x += y: recorded, or told to those who share the memory."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from autograd.differences import V, X, check, recorded

import dlcore as dl
from dlcore import autograd
from dlcore.array import np as dnp


def out_of_an_elementwise_operator(x, v):
    made = dnp.zeros((2, 3), dtype="float64")
    dnp.multiply(x, v, out=made)
    return (made * made).sum()


def out_of_another_operator(x, v):
    made = x * 1.0
    dnp.cumsum(v * x, axis=1, out=made)
    return (made * x).sum()


def out_where_a_recorded_array_was(x, v):
    made = x * v
    dnp.multiply(dnp.array(X), 3.0, out=made)
    return (made * v).sum()


def numbers_drawn_where_a_recorded_array_was(x, v):
    made = x * v
    dl.random.seed(3)
    dl.nd.random.uniform(shape=(2, 3), dtype="float64", out=made)
    return (made * v).sum()


@pytest.mark.parametrize(
    "function",
    [
        out_of_an_elementwise_operator,
        out_of_another_operator,
        out_where_a_recorded_array_was,
        numbers_drawn_where_a_recorded_array_was,
    ],
    ids=lambda f: f.__name__,
)
def test_out_is_recorded(function: Callable) -> None:
    check(function)


def constants_into_an_old_view_of_a_buffer(x, v):
    buffer = dnp.zeros((2, 3), dtype="float64")
    row = buffer[1]
    buffer[1] = v
    row[:] = 5.0
    buffer * 1


def an_old_view_of_a_buffer_is_copied_on(x, v):
    buffer, other = dnp.zeros((2, 3), dtype="float64"), dnp.zeros((3,), dtype="float64")
    row = buffer[1]
    buffer[1] = v
    other[:] = row


def constants_into_a_view_made_without_record(x, v):
    h = x * 2
    with autograd.pause():
        row = h[0]
    row[:] = 5.0
    h * 1


def constants_into_what_was_detached(x, v):
    h = x * 2
    h.detach()[0] = 5.0
    h * 1


def out_into_a_view(x, v):
    h = x * 2
    dnp.multiply(dnp.array(V), 3.0, out=h[0])
    h * 1


@pytest.mark.parametrize(
    "action",
    [
        constants_into_an_old_view_of_a_buffer,
        an_old_view_of_a_buffer_is_copied_on,
        constants_into_a_view_made_without_record,
        constants_into_what_was_detached,
        out_into_a_view,
    ],
    ids=lambda f: f.__name__,
)
def test_constants_written_behind_the_back_of_a_recorded_array(action: Callable) -> None:
    with pytest.raises(RuntimeError, match=r"shares its memory with one that was written to in place while recording"):
        recorded(action)


def test_out_into_a_variable_is_refused() -> None:
    with pytest.raises(RuntimeError, match="in-place write to a variable"):
        recorded(lambda x, v: dnp.multiply(dnp.array(X), 2.0, out=x))
    with pytest.raises(RuntimeError, match="in-place write to a view of a variable"):
        recorded(lambda x, v: dnp.multiply(dnp.array(V), 2.0, out=x[0]))


def test_numbers_shown_several_times_cannot_be_written() -> None:
    for scope in (autograd.record(), autograd.pause()):
        x = dnp.array(V)
        x.attach_grad()
        with scope, pytest.raises(ValueError, match=r"assignment: an array of shape \(2, 3\) from broadcast_to"):
            wide = dnp.broadcast_to(x * 2, (2, 3))
            wide[:] = 7.0
    with autograd.record():
        with pytest.raises(ValueError, match="copy"):
            dnp.broadcast_to(x * 2, (2, 3))[0] = 7.0


def test_anomaly_mode_names_both_lines() -> None:
    x = dnp.array(X)
    x.attach_grad()
    with autograd.detect_anomaly(), autograd.record():
        h = x * 2
        y = h * h  # recorded here
        row = h[0]
        h[0] = 1.0  # written here
        with pytest.raises(RuntimeError, match="# written here") as stale:
            row * 2
        with pytest.raises(
            RuntimeError, match="(?s)recorded\n.*# recorded here\n  written .*\n.*# written here"
        ) as needed:
            y.backward(dnp.ones((2, 3)))
    for told in (stale, needed):
        assert __file__ in str(told.value)


def into_what_a_list_holds(x, v):
    held = [x * 1.0]
    h = held[0]
    h += v
    return (held[0] * held[0]).sum()


def in_a_function(x, v):
    def add_to(total):
        total += v * v

    h = x * 2
    add_to(h)
    return (h * x).sum()


@pytest.mark.parametrize("function", [into_what_a_list_holds, in_a_function], ids=lambda f: f.__name__)
def test_a_sign_with_an_equals_sign_changes_the_array_under_all_its_names(function: Callable) -> None:
    check(function)


def test_a_sum_keeps_its_dtype_and_whole_numbers_stay_whole() -> None:
    x = dnp.array([0.5], dtype="float64")
    x.attach_grad()
    with autograd.record():
        total = dnp.zeros((1,), dtype="float32")
        total += x
        count = dnp.array([1])
        with pytest.raises(TypeError, match="in-place add: the result is float64, the array holds int64"):
            count += x
    assert total.dtype == np.float32
    total.backward()
    assert x.grad.tolist() == [1.0]
