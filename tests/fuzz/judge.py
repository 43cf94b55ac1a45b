"""What a random call may do: give the right numbers, or refuse in words that name the operator. Runs in a child."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from fuzz.calls import BF16, Array, Call, make
from ops import harness

from dlcore import _core, autograd, jit
from dlcore._core import NDArray
from dlcore.ops import RECORDS, F, Op

REFUSALS = (TypeError, ValueError, IndexError, OverflowError, NotImplementedError, ZeroDivisionError, MemoryError)
# What a gradient of a gradient may say: it is stated in the operator's stanza by `_no_gradient`.
NO_DERIVATIVE = "has no derivative of that order"
# Rules by which inputs of several dtypes are cast to the dtype of the result before anything is computed.
CAST_FIRST = ("promote", "arith", "floating")
SMALL = 2000  # numbers in all inputs together: oracles are slow loops


class Wrong(AssertionError):
    """What a call did that it must not."""


def listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (tuple, list)) else [value]


def names_the_operator(call: Call, text: str) -> bool:
    """At its beginning; a compiled program's parts may say it under their own names when it runs."""
    start = text.partition(":")[0]
    if call.op[0] == "_" and start.isidentifier():
        return True  # nobody calls a hidden operator: it speaks in the name of the one that does
    if call.mode == "compiled" and (start in RECORDS or f"_{start}" in RECORDS or start == "jit"):
        return True
    name = call.op
    return re.search(rf"(?<![a-z]){re.escape(name)}(?![a-z])", text) is not None


def run(call: Call, given: list[Any]) -> list[NDArray]:
    """The call in its mode."""
    function = getattr(F, call.op)
    arrays = [_core.from_numpy(v, copy=False) if isinstance(v, np.ndarray) else v for v in given]
    if call.mode == "compiled":
        places = [i for i, v in enumerate(arrays) if isinstance(v, NDArray)]

        def body(*some: NDArray) -> Any:
            full = list(arrays)
            for i, x in zip(places, some, strict=True):
                full[i] = x
            return function(*full, **call.attrs)

        return listed(jit(body)(*[arrays[i] for i in places]))
    if call.mode == "gradient":
        variables = [v for v in arrays if isinstance(v, NDArray) and v.dtype.kind in "fVc"]
        for v in variables:
            v.attach_grad()
        with autograd.record():
            results = listed(function(*arrays, **call.attrs))
        if variables and isinstance(results[0], NDArray) and results[0]._tracked:
            head = results[0]
            head.backward(_core.from_numpy(np.ones(head.shape, head.dtype)) if head.dtype.kind == "c" else None)
            for v in variables:
                if v.grad.shape != v.shape or v.grad.dtype != v.dtype:
                    raise Wrong(f"the gradient is {v.grad.dtype}{v.grad.shape} of {v.dtype}{v.shape}")
        return [r.detach() if isinstance(r, NDArray) else r for r in results]
    results = listed(function(*arrays, **call.attrs))
    if call.mode == "out":
        before = [r.asnumpy().copy() for r in results]
        outs = [_core.from_numpy(np.zeros(r.shape, r.dtype), copy=True) for r in results]
        _core.seed(7)
        function(*arrays, **call.attrs, out=outs[0] if len(outs) == 1 else tuple(outs))
        if not RECORDS[call.op].random:
            for a, b in zip(before, outs, strict=True):
                if a.tobytes() != b.asnumpy().tobytes() and not np.array_equal(
                    a, b.asnumpy(), equal_nan=a.dtype.kind in "fc"
                ):
                    raise Wrong(f"out= got {b.asnumpy().ravel()[:6]}, the plain call {a.ravel()[:6]}")
    return results


def compare(record: Op, call: Call, given: list[Any], results: list[NDArray]) -> None:
    """With what NumPy says, where it has something to say."""
    arrays = [v for v in given if isinstance(v, np.ndarray)]
    dtypes = {v.dtype for v, d in zip(given, call.inputs, strict=True) if isinstance(v, np.ndarray)}
    if record.random or not arrays or str(record.ref).endswith("_moments") or sum(a.size for a in arrays) > SMALL:
        return
    if not call.plain and not record.elementwise:
        return
    contents = {v.content for v in call.inputs if isinstance(v, Array)}
    alone = len(call.inputs) == 1 and record.elementwise and free_of(arrays).kind not in "iu"
    if contents != {"sample"} and not alone:
        return  # a loss of a negative probability has no right answer
    if (record.dtype.startswith("update:") or record.internal) and len({np.shape(v) for v in given}) > 1:
        return
    mixed = len(dtypes) > 1 or any(isinstance(v, (float, complex)) for v in given)
    if mixed and record.elementwise and record.dtype in CAST_FIRST and results:
        given = [v.astype(results[0].dtype) if isinstance(v, np.ndarray) else v for v in given]
        arrays = [v for v in given if isinstance(v, np.ndarray)]
    elif not call.plain and mixed:
        return
    free = free_of(arrays)
    if free.kind == "c" and not (record.elementwise and record.takes_complex and contents == {"sample"}):
        return  # the oracles of kernels are real; complex infinities have many right answers
    if free.kind != "c" and free not in harness.dtypes_of(record):
        return
    try:
        wanted = listed(harness.oracle(record, harness.widened(record, given, free), call.attrs))
    except Exception:
        return  # no opinion
    if len(wanted) != len(results):
        raise Wrong(f"{len(results)} results, the oracle has {len(wanted)}")
    for k, (got, want) in enumerate(zip(results, wanted, strict=True)):
        if not record.elementwise and overflows(got, np.asarray(want)):
            continue
        harness.compare(record, got, in_range(np.asarray(want), got.dtype), given, call.attrs, k, "")


def free_of(arrays: list[np.ndarray]) -> np.dtype:
    """The dtype that the call was drawn with."""
    return arrays[0].dtype


def overflows(got: NDArray, want: np.ndarray) -> bool:
    """Whether sums in single precision, as they are meant to be, may have passed its range on the way."""
    large = want.dtype.kind == "f" and bool((np.abs(want[~np.isnan(want)]) > 1e18).any())
    return got.dtype != np.float64 and (large or not np.isfinite(got.asnumpy().astype(np.float64)).all())


def in_range(want: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """What rounding to `dtype` makes of numbers that are too large for it."""
    if want.dtype.kind != "f" or (dtype.kind != "f" and dtype != BF16):
        return want
    with np.errstate(all="ignore"):
        rounded = want.astype(dtype).astype(want.dtype)
        return np.where(np.isinf(rounded), rounded, want)


def judge(call: Call) -> str:
    """ "" where all is well, else what is wrong."""
    record = RECORDS[call.op]
    given = make(call)
    before = [v.tobytes() if isinstance(v, np.ndarray) else v for v in given]
    _core.seed(7)
    try:
        with np.errstate(all="ignore"):
            results = run(call, given)
            for r in results:
                if isinstance(r, NDArray):
                    r.asnumpy()
            if any(v.tobytes() != b for v, b in zip(given, before, strict=True) if isinstance(v, np.ndarray)):
                return "an argument was changed"
            compare(record, call, given, [r for r in results if isinstance(r, NDArray)])
    except REFUSALS as error:
        text = f"{type(error).__name__}: {error}"
        if isinstance(error, MemoryError) and "memory" not in str(error):
            return text
        if isinstance(error, MemoryError) and call.mode == "compiled":
            return ""  # the arena of a compiled program belongs to no one operator
        return "" if names_the_operator(call, str(error)) else f"does not name the operator: {text}"
    except RuntimeError as error:
        refused = (call.mode == "gradient" or call.op == "_no_gradient") and NO_DERIVATIVE in str(error)
        return "" if refused else f"{type(error).__name__}: {error}"
    except Wrong as error:
        return f"wrong: {error}"
    except AssertionError as error:
        return f"wrong: {error}"
    except BaseException as error:
        return f"{type(error).__name__}: {error}"
    finally:
        _core.set_recording(False)
        _core.set_training(False)
    return ""
