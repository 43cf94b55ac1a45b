"""Gradients of operators, from their records: first and second derivatives against central differences, in float64."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from ops.harness import calls_of, function, generator, listed, to_arrays

from dlcore import _core, autograd
from dlcore._core import NDArray
from dlcore.array import asarray
from dlcore.ops import Op


def differentiable(record: Op) -> list[str]:
    """Names of the inputs a gradient flows to."""
    if (
        not record.smooth
        or (record.grad is None and record.define is None)
        or record.dtype in ("bool_out", "predicate")
    ):
        return []
    usable = [i.name for i in record.inputs if not i.like]
    if isinstance(record.grad, dict):
        return [n for n in usable if record.grad.get(n) is not None]
    if isinstance(record.grad, str):
        program = record.grad_program
        assert program is not None
        return [i.name for i, r in zip(record.inputs, program["results"], strict=False) if r is not None and not i.like]
    return usable


def gives_real(record: Op) -> bool:
    """Whether real inputs give real outputs; operators that make complex numbers have tests of their own."""
    return record.dtype not in ("complex", "to_complex")


def gradient_calls(record: Op) -> Iterator[tuple[list[Any], dict[str, Any]]]:
    """Float64 calls: the samples' own cases, or a plain and a broadcast layout."""
    rng = generator(record)
    for layout, inputs, attrs in calls_of(record, np.dtype(np.float64), rng):
        sizes = [v.size for v in inputs if isinstance(v, np.ndarray)]
        if layout in ("contiguous", "broadcast") and sizes and min(sizes) > 0:
            yield inputs, attrs


def positions(record: Op, inputs: list[Any]) -> list[int]:
    """Which of the given inputs are float arrays that a gradient flows to."""
    names = [i.name for i in record.inputs]
    wanted = differentiable(record)
    found = []
    for k, value in enumerate(inputs):
        name = names[min(k, len(names) - 1)]
        if name in wanted and isinstance(value, np.ndarray) and value.dtype.kind == "f":
            found.append(k)
    return found


def evaluate(record: Op, inputs: list[Any], attrs: dict[str, Any], weights: list[np.ndarray]) -> NDArray:
    """One number: all float outputs weighted and added up."""
    _core.seed(3)
    results = listed(function(record)(*inputs, **attrs))
    total: Any = 0.0
    for y, w in zip(results[: 1 if record.name == "batch_norm_train" else None], weights, strict=False):
        total = total + (y * asarray(w)).sum()
    return total


def moved(inputs: list[Any], where: list[int], directions: list[np.ndarray], step: float) -> list[Any]:
    out = list(inputs)
    for k, d in zip(where, directions, strict=True):
        out[k] = np.asarray(inputs[k] + step * d)
    return out


def gradients(record: Op, inputs: list[Any], attrs: dict, weights: list, where: list[int], create: bool) -> tuple:
    """(variables, gradients): recorded when `create`."""
    arrays = to_arrays(inputs)
    variables = [arrays[k] for k in where]
    for v in variables:
        v.attach_grad()
    with autograd.record():
        total = evaluate(record, arrays, attrs, weights)
        return variables, autograd.grad(total, variables, create_graph=create, retain_graph=create)


def check_gradients(record: Op) -> int:
    """First and second derivatives along random directions against central differences; how many calls were checked."""
    rng = np.random.default_rng(5)
    checked = 0
    for inputs, attrs in gradient_calls(record):
        where = positions(record, inputs)
        outputs = listed(function(record)(*to_arrays(inputs), **attrs))
        if not where or outputs[0].dtype != np.float64:  # a cast to something coarser
            continue
        checked += 1
        weights = [rng.uniform(0.5, 1.5, y.shape) for y in outputs]
        directions = [rng.uniform(-1, 1, inputs[k].shape) for k in where]
        check_first(record, inputs, attrs, weights, where, directions)
        seconds = [rng.uniform(-1, 1, inputs[k].shape) for k in where]
        check_second(record, inputs, attrs, weights, where, directions, seconds)
    return checked


def near(got: float, want: float, scale: float, limit: float) -> bool:
    return abs(got - want) <= limit * max(1.0, abs(want), scale)


def check_first(record: Op, inputs: list, attrs: dict, weights: list, where: list[int], directions: list) -> None:
    _, found = gradients(record, inputs, attrs, weights, where, create=False)
    got = sum(float((g.asnumpy() * d).sum()) for g, d in zip(found, directions, strict=True))
    step = 1e-6
    high = float(evaluate(record, to_arrays(moved(inputs, where, directions, step)), attrs, weights))
    low = float(evaluate(record, to_arrays(moved(inputs, where, directions, -step)), attrs, weights))
    want = (high - low) / (2 * step)
    assert near(got, want, 0.0, 1e-7 * max(1.0, abs(high)) + 1e-6), (
        f"{record.name} {attrs}: gradient {got}, by differences {want}"
    )
    for g, k in zip(found, where, strict=True):
        assert g.shape == inputs[k].shape and g.dtype == inputs[k].dtype, f"{record.name}: gradient of input {k}"


def check_second(
    record: Op, inputs: list, attrs: dict, weights: list, where: list[int], directions: list, seconds: list
) -> None:
    def slope(point: list[Any]) -> float:
        _, found = gradients(record, point, attrs, weights, where, create=False)
        return sum(float((g.asnumpy() * v).sum()) for g, v in zip(found, seconds, strict=True))

    variables, found = gradients(record, inputs, attrs, weights, where, create=True)
    with autograd.record():
        total: Any = 0.0
        for g, v in zip(found, seconds, strict=True):
            total = total + (g * asarray(v)).sum()
    got = 0.0
    if isinstance(total, NDArray) and total._tracked:
        total.backward()
        got = sum(float((v.grad.asnumpy() * d).sum()) for v, d in zip(variables, directions, strict=True))
    step = 1e-5
    high, low = (slope(moved(inputs, where, directions, s)) for s in (step, -step))
    want = (high - low) / (2 * step)
    limit = 1e-5 * max(1.0, abs(high)) + 1e-5
    assert near(got, want, 0.0, limit), f"{record.name} {attrs}: second derivative {got}, by differences {want}"
