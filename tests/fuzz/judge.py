"""What a random call may do: give the right numbers, or refuse in words that name the operator. Runs in a child."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from fuzz.calls import Call, make
from fuzz.compare import MOST, Wrong, compare, listed

from dlcore import _core, autograd, jit
from dlcore._core import NDArray
from dlcore.ops import RECORDS, F

REFUSALS = (TypeError, ValueError, IndexError, OverflowError, NotImplementedError, ZeroDivisionError, MemoryError)
# What a gradient of a gradient may say: it is stated in the operator's stanza by `_no_gradient`.
NO_DERIVATIVE = "has no derivative of that order"


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
    if call.mode == "out" and all(r.size <= MOST for r in results):  # not of views of few numbers
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
                if isinstance(r, NDArray) and r.size <= MOST:
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
