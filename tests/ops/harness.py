"""Turns an operator's record into checks: oracle, error rows, example; gradients are in slopes.py.

Used by test_derived.py for every operator, and by test_new_stanza.py to show that a new one gets all of it.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from typing import Any

import ml_dtypes
import numpy as np
import pytest
import scipy.special

from dlcore import _core, jit
from dlcore._core import NDArray
from dlcore.ops import F, Op
from dlcore.ops._samples import Bad, Draw

BF16 = np.dtype(ml_dtypes.bfloat16)
FLOATS = [np.dtype("float16"), BF16, np.dtype("float32"), np.dtype("float64")]
INTS = [np.dtype(n) for n in ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")]
BOOL = [np.dtype("bool")]
# The usual tolerance, relative to max(1, |expected|): a few units in the last place.
TOLERANCE = {"float16": 1.5e-3, "bfloat16": 1.2e-2, "float32": 2e-6, "float64": 1e-13}
# Which dtypes a dtype rule is tested with.
DTYPES = {
    "arith": FLOATS + INTS,
    "signed": FLOATS + INTS,
    "promote": FLOATS + INTS,
    "floating": FLOATS + INTS + BOOL,
    "bool_out": FLOATS + INTS + BOOL,
    "predicate": FLOATS + INTS + BOOL,
    "same": FLOATS + INTS,
    "real": FLOATS + INTS + BOOL,
    "real_floating": FLOATS + INTS + BOOL,
    "complex": FLOATS + INTS,
    "to_complex": FLOATS + INTS,
    "from_complex": FLOATS + INTS,
    "first": FLOATS + INTS + BOOL,
    "integer": INTS + BOOL,
    "int_only": INTS,
    "sum": FLOATS + INTS + BOOL,
    "mean": FLOATS + INTS + BOOL,
    "index_out": FLOATS + INTS,
    "select": FLOATS + INTS + BOOL,
}
ONLY_FLOAT_FAMILIES = {"conv", "factorisation", "norm", "loss", "optimizer", "random", "rnn", "attention", "vision"}
SHIFTS = {"left_shift", "right_shift"}


# Drawing inputs -----------------------------------------------------------------------------------------------------


def dtypes_of(record: Op) -> list[np.dtype]:
    """The dtypes that `record` is tested with."""
    if record.family == "random":
        return FLOATS[2:]
    if record.family in ONLY_FLOAT_FAMILIES or not (record.kernel or record.expr):
        return FLOATS
    allowed = DTYPES.get(record.dtype, FLOATS)
    return [d for d in allowed if d.kind != "b"] if record.name in SHIFTS else allowed


def draw_array(draw: Any, dtype: np.dtype, rng: np.random.Generator, shape: tuple[int, ...] | None = None) -> Any:
    """A NumPy array for a Draw; numbers and None stay."""
    if not isinstance(draw, Draw):
        return draw
    shape = draw.shape if draw.shape is not None else shape
    kind = np.dtype(draw.dtype) if draw.dtype else dtype
    if draw.kind == "fixed":
        value = np.asarray(draw.value)
        if shape is not None and value.ndim == 1 and draw.dtype is None:
            value = np.resize(value, shape)
        if kind.kind in "iub" and value.dtype.kind == "f":
            value = np.nan_to_num(value, posinf=9, neginf=0)
            value = np.maximum(value, 0) if kind.kind == "u" else value
        return np.asarray(value.astype(kind))
    shape = shape or ()
    if draw.kind == "flag":
        return np.asarray(rng.integers(0, 2, shape)).astype(bool)
    if kind.kind in "iub" or draw.kind == "whole":
        low, high = int(np.ceil(draw.low)), int(np.floor(draw.high))
        low = max(low, 0) if kind.kind in "ub" else low
        high = min(high, 1) if kind.kind == "b" else high
        return np.asarray(rng.integers(low, max(low, high) + 1, shape)).astype(kind)
    if draw.apart:  # different even after rounding to bfloat16
        n = int(np.prod(shape))
        values = np.linspace(draw.low, draw.high, n + 2)[1:-1] if n < 64 else np.arange(n) - n / 2
        return rng.permutation(values).reshape(shape).astype(kind)
    return np.asarray(rng.uniform(draw.low, draw.high, shape)).astype(kind)


def strided(value: Any) -> Any:
    """The same numbers in another layout: every second element of a reversed buffer."""
    if not isinstance(value, np.ndarray) or value.ndim == 0:
        return value
    room = np.zeros([2 * n for n in value.shape], value.dtype)
    view = room[tuple(slice(None, None, -2) for _ in value.shape)]
    view[...] = value
    return view


def elementwise_shapes(count: int) -> Iterator[tuple[str, list[tuple[int, ...]]]]:
    """Layouts for `count` inputs: name and shapes."""
    yield "contiguous", [(4, 5)] * count
    yield "strided", [(3, 5)] * count
    cycle = [(4, 1), (5,), (1, 5), (2, 1, 1)]
    yield "broadcast", [cycle[i % 4] for i in range(count)] if count > 1 else [(4, 5)]
    yield "empty", [(0, 3)] * count
    yield "scalar", [()] * count


def calls_of(record: Op, dtype: np.dtype, rng: np.random.Generator) -> Iterator[tuple[str, list[Any], dict[str, Any]]]:
    """All calls the samples stand for: layout, NumPy inputs, attributes."""
    samples = record.samples
    if isinstance(samples, list):
        for row in samples:
            inputs = [draw_array(d, dtype, rng) for d in row.inputs]
            yield "contiguous", inputs, row.attrs
            if any(isinstance(v, np.ndarray) and v.ndim for v in inputs):
                yield "strided", [strided(v) for v in inputs], row.attrs
        return
    draws = samples if type(samples) is tuple else (samples,) * len(record.inputs)  # a Draw is a tuple too
    for layout, shapes in elementwise_shapes(len(draws)):
        if layout == "broadcast" and record.dtype.startswith("update:"):
            continue  # an optimizer's arrays have one shape
        inputs = [draw_array(d, dtype, rng, s) for d, s in zip(draws, shapes, strict=True)]
        yield layout, [strided(v) if layout == "strided" else v for v in inputs], {}


def generator(record: Op) -> np.random.Generator:
    return np.random.default_rng(sum(map(ord, record.name)))


def function(record: Op) -> Any:
    return getattr(F, record.name)


def to_arrays(inputs: list[Any]) -> list[Any]:
    return [_core.from_numpy(v, copy=True) if isinstance(v, np.ndarray) else v for v in inputs]


def listed(value: Any) -> list[Any]:
    """The results of an operator, also of one that has a single one."""
    return list(value) if isinstance(value, (tuple, list)) else [value]


def results_compiled(record: Op, arrays: list[Any], attrs: dict[str, Any]) -> list[NDArray]:
    """What the operator gives in a compiled function of its arrays."""
    places = [i for i, a in enumerate(arrays) if isinstance(a, NDArray)]

    def call(*given: NDArray) -> Any:
        full = list(arrays)
        for i, x in zip(places, given, strict=True):
            full[i] = x
        return function(record)(*full, **attrs)

    return listed(jit(call)(*[arrays[i] for i in places]))


# Oracle -------------------------------------------------------------------------------------------------------------


def oracle(record: Op, inputs: list[Any], attrs: dict[str, Any]) -> Any:
    """What NumPy (or a function in dlcore.ops.reference) says."""
    with np.errstate(all="ignore"):
        return _oracle(record, inputs, attrs)


def _oracle(record: Op, inputs: list[Any], attrs: dict[str, Any]) -> Any:
    ref = record.ref
    if callable(ref):
        return ref(*inputs, **attrs)
    if re.fullmatch(r"[\w.]+", ref) and not ref == "x":
        module, _, name = ref.rpartition(".")
        return getattr(importlib.import_module(module), name)(*inputs, **attrs)
    scope: dict[str, Any] = {a.name: a.default for a in record.attrs} | attrs
    scope |= {"np": np, "sp": scipy.special, "tuple": tuple, "range": range}
    variadic = [i for i in record.inputs if i.variadic]
    fixed = [i for i in record.inputs if not i.variadic]
    scope |= {i.name: v for i, v in zip(fixed, inputs, strict=False)}
    if variadic:
        scope[variadic[0].name] = inputs[len(fixed) :]
    return eval(ref, scope)  # noqa: S307  (the text of our own stanza)


def widened(record: Op, inputs: list[Any], dtype: np.dtype) -> list[Any]:
    """Oracle inputs: floating-point ones in float64; whole numbers too where the operator works in floats."""
    to_float = record.dtype in ("floating", "mean", "real_floating") and dtype.kind in "iub"

    def wide(value: Any) -> Any:
        if not isinstance(value, np.ndarray):
            return value
        is_float = value.dtype.kind == "f" or value.dtype == BF16
        return value.astype(np.float64) if is_float or to_float else value

    return [wide(v) for v in inputs]


def expected_dtype(record: Op, inputs: list[Any], attrs: dict[str, Any], index: int) -> np.dtype | None:
    """The dtype that output `index` must have; None where the rule leaves it to the definition."""
    if not (record.kernel or record.expr) or record.random:
        return None
    arrays = [v for v in inputs if isinstance(v, np.ndarray)]
    first = arrays[0].dtype if arrays else None
    rule = record.dtype
    if rule in ("bool_out", "predicate"):
        return np.dtype(bool)
    if rule == "index_out":
        return np.dtype(np.int64)
    if rule in ("attr:dtype", "attr_or_first"):
        default = next(a.default for a in record.attrs if a.name == "dtype")
        named = attrs.get("dtype", default)
        return first if named is None else np.dtype(named)
    if rule == "select":
        return arrays[1].dtype
    if rule in ("complex", "to_complex", "from_complex"):
        wide = any(v.dtype in (np.float64, np.complex128) for v in arrays)
        if rule == "from_complex":
            return np.dtype(np.float64 if wide else np.float32)
        return np.dtype(np.complex128 if wide else np.complex64)
    if rule.startswith("update:"):
        return inputs[int(rule[7:].split(",")[index])].dtype
    assert first is not None
    is_float = first.kind in "fc" or first == BF16
    if rule in ("real", "real_floating") and first.kind == "c":
        return np.dtype(np.float32 if first.itemsize == 8 else np.float64)
    if rule == "wide" and first.itemsize == 2:
        return np.dtype(np.float32)
    if rule in ("floating", "mean", "real_floating", "wide"):
        return first if is_float else np.dtype(np.float32)
    if rule == "sum" and not is_float:
        return np.dtype(np.uint64 if first.kind == "u" else np.int64)
    return first


def tolerance(record: Op, got: np.dtype, inputs: list[Any]) -> float:
    """Half-precision inputs allow half-precision errors wherever they end up."""
    names = [got.name] + [v.dtype.name for v in inputs if isinstance(v, np.ndarray)]
    parts = {"complex64": "float32", "complex128": "float64"}
    names = [parts.get(n, n) for n in names]
    return max(record.tol.get(n, TOLERANCE.get(n, 0.0)) for n in names)


def check_oracle(record: Op, dtype: np.dtype) -> None:
    """Compares one dtype in all layouts."""
    rng = generator(record)
    for layout, inputs, attrs in calls_of(record, dtype, rng):
        where = f"{record.name} {dtype.name} {layout} {[getattr(v, 'shape', v) for v in inputs]} {attrs}"
        _core.seed(7)
        given = [_core.from_numpy(v, copy=False) if isinstance(v, np.ndarray) else v for v in inputs]
        attrs_here = dict(attrs)
        if record.random and "dtype" in {a.name for a in record.attrs} and "dtype" not in attrs:
            name = next(a.default for a in record.attrs if a.name == "dtype")
            attrs_here["dtype"] = dtype.name if name == "float32" else name
        results = function(record)(*given, **attrs_here)
        results = results if isinstance(results, tuple) else (results,)
        if record.random or record.ref.endswith("_moments"):
            y = results[0].asnumpy().astype(np.float64)
            assert oracle(record, [y, *widened(record, inputs, dtype)], attrs), where
            continue
        wanted = oracle(record, widened(record, inputs, dtype), attrs)
        wanted = wanted if isinstance(wanted, (tuple, list)) else (wanted,)
        assert len(results) == len(wanted), where
        for k, (got, want) in enumerate(zip(results, wanted, strict=True)):
            compare(record, got, np.asarray(want), inputs, attrs, k, where)


def compare(record: Op, got: NDArray, want: np.ndarray, inputs: list, attrs: dict, index: int, where: str) -> None:
    assert got.shape == want.shape, f"{where}: shape {got.shape}, the oracle's {want.shape}"
    need = expected_dtype(record, inputs, attrs, index)
    # Singular values and sizes of determinants are real.
    if need is not None and need.kind == "c" and want.dtype.kind == "f" and record.family == "factorisation":
        need = np.dtype(np.float32 if need.itemsize == 8 else np.float64)
    if need is not None:
        assert got.dtype == need, f"{where}: dtype {got.dtype}, expected {need}"
    have = got.asnumpy()
    if have.dtype.kind in "iub" and want.dtype.kind in "iub":
        np.testing.assert_array_equal(have, want.astype(have.dtype), err_msg=where)
        return
    error = errors(have, want)
    limit = tolerance(record, got.dtype, inputs)
    assert error.size == 0 or error.max() <= limit, (
        f"{where}: error {error.max():.3g} is over {limit:.3g}; got {have.ravel()[:6]}, expected {want.ravel()[:6]}"
    )


def errors(have: np.ndarray, want: np.ndarray) -> np.ndarray:
    """How far each number is off, relative to max(1, |expected|); infinite where only one is NaN or infinite."""
    wide = np.complex128 if have.dtype.kind == "c" else np.float64
    have, want = have.astype(wide), want.astype(wide)
    same = (have == want) | (np.isnan(have) & np.isnan(want))
    with np.errstate(invalid="ignore", over="ignore"):
        error = np.where(same, 0.0, np.abs(have - want) / np.maximum(1.0, np.abs(want)))
    return np.where(np.isnan(error), np.inf, error)


# Error rows and examples --------------------------------------------------------------------------------------------


def check_error(record: Op, row: Bad) -> None:
    rng = generator(record)
    inputs = to_arrays([draw_array(d, np.dtype(np.float32), rng) for d in row.inputs])
    kind = {k.__name__: k for k in (ValueError, TypeError, IndexError, RuntimeError)}[row.raises]
    with pytest.raises(kind, match=row.match):
        function(record)(*inputs, **row.attrs)


def call_with_text(record: Op) -> None:
    """Calls with a word where the first array belongs, the rest as in the first sample."""
    rng = generator(record)
    _, inputs, attrs = next(calls_of(record, np.dtype(np.float32), rng))
    function(record)("word", *to_arrays(inputs[1:]), **attrs)


def check_example(record: Op) -> None:
    call, arrow, value = record.example.partition(" -> ")
    assert arrow, f"{record.name}: the example needs 'call -> value'"
    got = eval(call, {record.name: function(record), "float": float})  # noqa: S307  (the text of our own stanza)
    want = eval(value, {"float": float})  # noqa: S307
    many = isinstance(got, tuple)
    assert many == isinstance(want, tuple), f"{record.name}: {got} against {want}"
    for g, w in zip(got if many else (got,), want if many else (want,), strict=True):
        w = np.asarray(w)
        assert g.shape == w.shape, f"{record.name}: shape {g.shape} against {w.shape} in the example"
        have = g.asnumpy()
        have = have if have.dtype.kind == "c" else have.astype(np.float64)
        np.testing.assert_allclose(have, w, rtol=2e-6, atol=1e-6)
