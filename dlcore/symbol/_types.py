"""Dtypes without shapes: what each operator makes of the dtypes of its inputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from dlcore.ops import RECORDS

from ._call import Call, order
from ._operators import CLASSIC, operators, parameters

_FLOATS = ("float16", "bfloat16", "float32", "float64")


def infer(heads: list[Any], known: Mapping[str, str]) -> tuple[dict[Call, str], list[str]]:
    """The dtype of every variable and every head.

    A variable has the dtype given here, its own, or else that of the data it is used with (float32 where the data is
    no floating-point array); one that is used alone is float32.
    """
    calls = order(heads)
    names = {call.name for call in calls if not call.op}
    for name in known:
        if name not in names:
            raise ValueError(f"there is no argument {name!r}; the arguments are {', '.join(sorted(names))}")
    found: dict[Call, list[str]] = {}
    for call in calls:
        if not call.op:
            own = known.get(call.name, call.notes.get("__dtype__"))
            if own is not None:
                found[call] = [dtype_name(own)]
            continue
        for one, _ in call.inputs:
            if one not in found:
                first = next((found[c][i] for c, i in call.inputs if c in found), "float32")
                found[one] = [first if first in _FLOATS else "float32"]
        found[call] = [_result(call, [found[c][i] for c, i in call.inputs])] * call.n_out
        if call.op == "topk" and call.n_out == 2:  # the values, and where they are
            found[call][0] = found[call.inputs[0][0]][call.inputs[0][1]]
    return {c: d[0] for c, d in found.items() if not c.op}, [
        found.get(c, ["float32"])[i * (c in found)] for c, i in heads
    ]


def dtype_name(dtype: Any) -> str:
    """A dtype in any of its spellings as its name.

    >>> dtype_name(np.float32)
    'float32'
    """
    return dtype if isinstance(dtype, str) else np.dtype(dtype).name


def _common(dtypes: list[str]) -> str:
    floats = [d for d in dtypes if d in _FLOATS]
    if len(set(floats)) > 1:
        return "float64" if "float64" in floats else "float32"
    return floats[0] if floats else np.result_type(*dtypes).name


def _result(call: Call, dtypes: list[str]) -> str:
    own = parameters(call.op).get("dtype")
    asked = call.attrs.get("dtype", own.default if own is not None else None)
    if call.op == "topk" and call.attrs.get("ret_typ") in ("value", "mask"):
        return dtypes[0]
    if asked is not None:
        return dtype_name(asked)
    if call.op in ("Embedding", "embedding"):
        return dtypes[-1]
    record = RECORDS.get(operators().get(call.op, call.op))
    if not dtypes:
        return "float32"
    rule = "first" if record is None or call.op in CLASSIC - set(RECORDS) else record.dtype
    if rule in ("bool_out", "predicate"):
        return "bool"
    if rule == "index_out":
        return "int64"
    if rule == "select":
        return _common(dtypes[1:] or dtypes)
    if rule in ("first", "same", "int_only", "attr_or_first") or rule.startswith("attr"):
        return dtypes[0]
    common = _common(dtypes)
    if rule in ("floating", "mean"):
        return common if common in _FLOATS else "float32"
    if rule == "sum" and common not in _FLOATS:
        return "uint64" if common.startswith("u") else "int64"
    if rule in ("promote", "arith", "signed") and common not in _FLOATS and _has_fraction(call):
        return "float32"
    return common


def _has_fraction(call: Call) -> bool:
    return any(isinstance(value, float) for value in call.attrs.values())


def scalar_type(name: str) -> type:
    """NumPy's class of the numbers of a dtype."""
    if name == "bfloat16":
        import ml_dtypes

        return ml_dtypes.bfloat16
    return np.dtype(name).type
