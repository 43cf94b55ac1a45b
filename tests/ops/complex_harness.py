"""Checks of operators on complex arrays, from their records: oracle, gradients of first and second order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from ops import harness, slopes

from dlcore import _core, autograd
from dlcore._core import NDArray
from dlcore.ops import F, Op
from dlcore.ops._samples import Draw

COMPLEX = [np.dtype("complex64"), np.dtype("complex128")]
# A few units in the last place, as for the real types; the real types' exceptions hold for complex numbers too.
TOLERANCE = {"complex64": ("float32", 4e-6), "complex128": ("float64", 2e-13)}


def calls(record: Op, dtype: np.dtype) -> Iterator[tuple[str, list[Any], dict[str, Any]]]:
    """The calls of the record's samples with an imaginary part added to every array that follows the test's dtype."""
    rng = harness.generator(record)
    stays_real = record.dtype == "to_complex"
    follows = [not stays_real and d.dtype is None and d.kind in ("real", "fixed") for d in draws_of(record)]
    real = np.dtype(np.float32 if dtype.itemsize == 8 else np.float64)
    for layout, inputs, attrs in harness.calls_of(record, real, rng):
        if any(a.name == "dtype" and a.type == "dtype" for a in record.attrs):
            if attrs.get("dtype", "complex128") != "complex128":
                continue
            attrs = {**attrs, "dtype": "complex128"}
        if np.dtype(attrs.get("dtype") or "complex128").kind != "c":
            continue
        given = []
        for k, value in enumerate(inputs):
            if isinstance(value, np.ndarray) and value.dtype == real and follows[min(k, len(follows) - 1)]:
                imaginary = rng.uniform(-1, 1, value.shape)
                made = (value + 1j * imaginary).astype(dtype)
                value = harness.strided(made) if layout == "strided" else made
            given.append(value)
        yield layout, given, attrs


def draws_of(record: Op) -> list[Draw]:
    samples = record.samples
    if isinstance(samples, list):
        most = max((row.inputs for row in samples), key=len)
        return [d if isinstance(d, Draw) else Draw("flag", 0, 0, None, "bool") for d in most] or [Draw("flag", 0, 0)]
    return list(samples) if type(samples) is tuple else [samples] * len(record.inputs)


def check_oracle(record: Op, dtype: np.dtype) -> int:
    """Compares with NumPy in all layouts; how many calls were compared."""
    name, usual = TOLERANCE[dtype.name]
    limit = max(usual, record.tol.get(name, 0.0))
    count = 0
    for layout, inputs, attrs in calls(record, dtype):
        where = f"{record.name} {dtype.name} {layout} {attrs}"
        wide = [v.astype(np.complex128) if isinstance(v, np.ndarray) and v.dtype.kind == "c" else v for v in inputs]
        results = harness.listed(harness.function(record)(*harness.to_arrays(inputs), **attrs))
        wanted = harness.oracle(record, wide, attrs)
        wanted = list(wanted) if isinstance(wanted, (tuple, list)) else [wanted]
        assert len(results) == len(wanted), where
        for got, want in zip(results, map(np.asarray, wanted), strict=True):
            check_dtype(got.dtype, want.dtype, np.dtype(attrs.get("dtype") or dtype), where)
            assert got.shape == want.shape, where
            have = got.asnumpy().astype(np.complex128)
            if have.size:
                error = np.abs(have - want) / np.maximum(1.0, np.abs(want))
                assert error.max() <= limit, f"{where}: error {error.max():.3g}; got {have.ravel()[:4]}, {want}"
        count += 1
    return count


def check_dtype(got: np.dtype, want: np.dtype, dtype: np.dtype, where: str) -> None:
    """The oracle computes in complex128: its kind, in the precision of the inputs, is what must come out."""
    if want.kind in "fc":
        single = {"f": np.float32, "c": np.complex64}
        want = np.dtype(single[want.kind]) if dtype.itemsize == 8 else want
    assert got == want, f"{where}: dtype {got}, expected {want}"


def loss(record: Op, inputs: list[Any], attrs: dict[str, Any], weights: list[np.ndarray]) -> NDArray:
    """A real number in which every part of every output counts."""
    total: Any = 0.0
    for y, w in zip(harness.listed(harness.function(record)(*inputs, **attrs)), weights, strict=True):
        if y._dtype_name in ("float64", "complex128"):
            total = total + F.sum(F.real(F.multiply(y, _core.from_numpy(w))))
    return total


def inner(gradients: list[NDArray], directions: list[np.ndarray]) -> float:
    """What a step along the directions changes, to first order: Re(conj(g) d), as g is the steepest ascent."""
    return sum(float(np.real(np.vdot(g.asnumpy(), d))) for g, d in zip(gradients, directions, strict=True))


def gradients_at(record: Op, inputs: list, attrs: dict, weights: list, places: list[int], create: bool) -> tuple:
    arrays = harness.to_arrays(inputs)
    variables = [arrays[k] for k in places]
    for v in variables:
        v.attach_grad()
    with autograd.record():
        total = loss(record, arrays, attrs, weights)
        return variables, autograd.grad(total, variables, create_graph=create, retain_graph=create)


def check_gradients(record: Op) -> int:
    """First and second derivatives along random complex directions against differences; how many calls were checked."""
    rng = np.random.default_rng(11)

    def draw(shape: tuple[int, ...], kind: str = "c") -> np.ndarray:
        return rng.uniform(-1, 1, shape) + (1j * rng.uniform(-1, 1, shape) if kind == "c" else 0.0)

    wanted = slopes.differentiable(record)
    names = [i.name for i in record.inputs]
    checked = 0
    for layout, inputs, attrs in calls(record, np.dtype(np.complex128)):
        places = [
            k
            for k, v in enumerate(inputs)
            if isinstance(v, np.ndarray) and v.dtype.kind in "fc" and names[min(k, len(names) - 1)] in wanted and v.size
        ]
        if layout not in ("contiguous", "broadcast") or not places:
            continue
        outputs = harness.listed(harness.function(record)(*harness.to_arrays(inputs), **attrs))
        if not any(y._dtype_name in ("float64", "complex128") for y in outputs):
            continue
        weights = [draw(y.shape) for y in outputs]
        directions, seconds = ([draw(inputs[k].shape, inputs[k].dtype.kind) for k in places] for _ in range(2))
        _check_call(record, inputs, attrs, weights, places, directions, seconds)
        checked += 1
    return checked


def _check_call(
    record: Op, inputs: list, attrs: dict, weights: list, places: list[int], directions: list, seconds: list
) -> None:
    def value(step: float) -> float:
        moved = slopes.moved(inputs, places, directions, step)
        return float(loss(record, harness.to_arrays(moved), attrs, weights).item())

    def slope(step: float) -> float:
        moved = slopes.moved(inputs, places, directions, step)
        return inner(gradients_at(record, moved, attrs, weights, places, False)[1], seconds)

    variables, found = gradients_at(record, inputs, attrs, weights, places, create=True)
    for g, k in zip(found, places, strict=True):
        assert (g.shape, g.dtype) == (inputs[k].shape, inputs[k].dtype), f"{record.name}: gradient of input {k}"
    got, want = inner(found, directions), (value(1e-6) - value(-1e-6)) / 2e-6
    assert abs(got - want) <= 2e-6 * max(1.0, abs(want)), (
        f"{record.name} {attrs}: gradient {got}, by differences {want}"
    )
    with autograd.record():
        total: Any = 0.0
        for g, v in zip(found, seconds, strict=True):
            total = total + F.sum(F.real(F.multiply(F.conj(g), _core.from_numpy(v))))
    got = 0.0
    if isinstance(total, NDArray) and total._tracked:
        got = inner(autograd.grad(total, variables), directions)
    want = (slope(1e-5) - slope(-1e-5)) / 2e-5
    assert abs(got - want) <= 3e-5 * max(1.0, abs(want)), (
        f"{record.name} {attrs}: second derivative {got}, by differences {want}"
    )
