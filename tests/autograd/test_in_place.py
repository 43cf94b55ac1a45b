"""Gradients through views and in-place writes: right, or a clear error."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from autograd.differences import V, X, check, recorded

import dlcore as dl
from dlcore import autograd
from dlcore.array import np as dnp


def a_row_is_set(x, v):
    h = x * 2
    h[0] = v * v
    return (h * h).sum()


def a_step_is_set(x, v):
    h = x * x
    h[:, ::2] = v[:2]
    return (h * x).sum()


def set_from_both_ends(x, v):
    h = x * 3
    h[1, 1:] = v[:2] + h[0, :2] * 2
    return (h**2).sum()


def set_by_arrays(x, v):
    h = x * 1.5
    h[[1, 0], [2, 0]] = v[1:] * 2
    return (h * h * x).sum()


def set_by_a_mask(x, v):
    h = x * 1.5
    h[dnp.array(X > 0)] = 7.0
    return (h * h).sum() + v.sum()


def whole(x, v):
    h = x * 1.0
    h[:] = v
    return (h * h * x).sum()


def turned_in_itself(x, v):
    h = x * 2
    h[:] = h[:, ::-1]
    return (h * v).sum()


def an_empty_buffer_is_filled(x, v):
    buffer = dnp.zeros((4, 3), dtype="float64")
    for k in range(4):
        buffer[k] = x[k % 2] * v * k
    return (buffer * buffer).sum()


def a_running_sum(x, v):
    total = dnp.zeros((3,), dtype="float64")
    for row in x:
        total += row * v
    return (total * total).sum()


def a_part_is_added_to(x, v):
    h = x * x
    h[0] += v
    h[:, 1] *= 3.0
    h[1, 2] -= v[0] * v[1]
    return (h * h).sum()


def a_view_after_writing(x, v):
    h = x * x
    h[0] = v
    return (h.T.reshape(-1) * h.T.reshape(-1)).sum()


def a_variable_is_written(x, v):
    h = x * 1.0
    h[1] = v
    h[0, 0] = v[2]
    return (h * h).sum()


ALL = [
    a_row_is_set, a_step_is_set, set_from_both_ends, set_by_arrays, set_by_a_mask, whole, turned_in_itself,
    an_empty_buffer_is_filled, a_running_sum, a_part_is_added_to, a_view_after_writing, a_variable_is_written,
]  # fmt: skip


@pytest.mark.parametrize("function", ALL, ids=lambda f: f.__name__)
def test_gradients_of_writes(function: Callable) -> None:
    check(function)


@pytest.mark.parametrize("function", [a_row_is_set, set_from_both_ends, a_view_after_writing], ids=lambda f: f.__name__)
def test_second_derivatives_of_writes(function: Callable) -> None:
    x, v = dnp.array(X), dnp.array(V)
    found = autograd.hvp(function, (x, v), (dnp.array(X * 0.3), dnp.array(V - 1)))
    slope = autograd.gradient(function, (0, 1))
    ends = [slope(dnp.array(X * (1 + 0.3 * e)), dnp.array(V + e * (V - 1))) for e in (1e-6, -1e-6)]
    for got, a, b in zip(found, *ends, strict=True):
        np.testing.assert_allclose(got.asnumpy(), (a - b).asnumpy() / 2e-6, rtol=1e-6, atol=1e-7)


def test_views_share_gradients_with_what_they_view() -> None:
    check(lambda x, v: (x.T.reshape(3, 2)[::-1] * x.reshape(-1)[1::2][:, None] * v[:, None]).sum())


def stale_base(x, v):
    h = x * 2
    row = h[0]
    row += v
    (h * 1).sum()


def stale_view(x, v):
    h = x * 2
    row = h[0]
    h[0] = v
    (row * 1).sum()


def stale_buffer(x, v):
    buffer = dnp.zeros((2, 3), dtype="float64")
    row = buffer[0]
    row[:] = v
    (buffer * 2).sum()


def stale_head(x, v):
    h = x * 2
    row = h[0]
    row *= v
    h.backward(dnp.ones((2, 3)))


def stale_detached(x, v):
    h = x * 2
    plain = h.detach()
    h[0] = v
    plain * 2


@pytest.mark.parametrize("action", [stale_base, stale_view, stale_buffer, stale_head, stale_detached])
def test_an_array_whose_memory_was_written_behind_its_back(action: Callable) -> None:
    with pytest.raises(RuntimeError, match=r"shares its memory with one that was written to in place while recording"):
        recorded(action)


def write_leaf(x, v):
    x[0] = v


def write_view_of_leaf(x, v):
    row = x[0]
    row += v


def add_to_leaf(x, v):
    x += 1


@pytest.mark.parametrize("action", [write_leaf, write_view_of_leaf, add_to_leaf])
def test_variables_cannot_be_written_while_recording(action: Callable) -> None:
    with pytest.raises(RuntimeError, match="in-place .*variable"):
        recorded(action)
    with autograd.pause():
        action(dnp.array(X), dnp.array(V))


def test_a_refused_write_changes_nothing() -> None:
    x = dnp.array(X)
    x.attach_grad()
    with autograd.record(), pytest.raises(RuntimeError):
        row = x[0]
        row += 1
    assert x.tolist() == X.tolist()


def test_a_needed_value_that_was_overwritten_is_an_error_in_backward() -> None:
    x = dnp.array(X)
    x.attach_grad()
    with autograd.record():
        h = dnp.exp(x)
        h[0] = 0.0
        loss = h.sum()
    with pytest.raises(RuntimeError, match=r"backward of exp \(.*its output was changed in place"):
        loss.backward()


def test_a_factor_is_needed_and_was_overwritten() -> None:
    x, v = dnp.array(X), dnp.array(V)
    v.attach_grad()
    with autograd.record():
        h = x * v
        h[0] *= v
        loss = h.sum()
    with pytest.raises(RuntimeError, match=r"backward of multiply \(\(3,\), \(3,\) -> \(3,\)\): its input was changed"):
        loss.backward()


def test_outside_a_recording_views_stay_views() -> None:
    h = dnp.array(X)
    row = h[0]
    row += 1
    h[1] = 5
    assert h.tolist() == [[1.5, 0.0, 3.0], [5.0, 5.0, 5.0]] and row.tolist() == [1.5, 0.0, 3.0]


def test_writes_inside_a_compiled_function_are_differentiated_too() -> None:
    x, v = dnp.array(X), dnp.array(V)
    for function in (a_row_is_set, a_view_after_writing):
        plain = autograd.gradient(function, (0, 1))(x, v)
        for compiled in (dl.jit(autograd.gradient(function, (0, 1))), autograd.gradient(dl.jit(function), (0, 1))):
            for a, b in zip(plain, compiled(x, v), strict=True):
                np.testing.assert_allclose(a.asnumpy(), b.asnumpy(), rtol=1e-12)
