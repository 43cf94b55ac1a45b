"""`dlcore.nd`: the classic names of MXNet over the same arrays and operators.

Every operator and every alias in the stanzas is here (nd.exp, nd.broadcast_add, ...), and the functions of `_names`,
whose arguments are MXNet's. All take `out=` and pass over `name=`. Unlike MXNet, whole numbers and dtypes follow NumPy:
`==` mixes dtypes and gives bool, argmax gives int64. docs/reference/mxnet.md says where each of MXNet's names is.
"""

from __future__ import annotations

import difflib
import importlib
from typing import Any

from .._core import NDArray
from ..ops import RECORDS, F
from ..ops.composite import FUNCTIONS
from . import linalg, random, sparse
from ._names import (
    basic,
    creation,
    custom,
    densities,
    draws,
    heads,
    layers,
    more,
    sequences,
    shapes,
    softmaxes,
    spatial,
    updates,
    updates_many,
    vision,
)
from ._names._call import classic, operands
from ._products import batch_dot
from .context import Context, cpu, current_context, gpu, num_gpus

_HOMES = ("dlcore.array._names", "dlcore.array.random", "dlcore.array.np_random", "dlcore.array._np_random")
_TABLE: dict[str, Any] = {
    name: function
    for module in (
        basic,
        creation,
        custom,
        shapes,
        more,
        layers,
        softmaxes,
        spatial,
        sequences,
        draws,
        densities,
        heads,
        updates,
        updates_many,
        vision,
    )
    for name, function in vars(module).items()
    if name[0] != "_" and callable(function) and getattr(function, "__module__", "").startswith(_HOMES)
}
for _name, _function in dict(
    batch_dot=batch_dot, cast_storage=sparse.cast_storage, dot=sparse.dot, sparse_retain=sparse.retain
).items():  # fmt: skip
    _TABLE[_name] = _function
del batch_dot
# Second names of the functions above.
_ALSO = {
    "Concat": "concat", "ElementWiseSum": "add_n", "Pad": "pad", "Reshape": "reshape", "SliceChannel": "split",
    "BatchNorm_v1": "BatchNorm", "Convolution_v1": "Convolution", "SwapAxis": "swapaxes",
    "choose_element_0index": "pick", "crop": "slice", "broadcast_axes": "broadcast_axis", "max_axis": "max",
    "min_axis": "min", "sequence_last": "SequenceLast", "sequence_reverse": "SequenceReverse", "sum_axis": "sum",
}  # fmt: skip
_TABLE.update({name: _TABLE[of] for name, of in _ALSO.items()})

_LINALG = """extractdiag extracttrian gelqf gemm gemm2 makediag maketrian potrf potri sumlogdiag syevd syrk trmm
    trsm"""
for _name in _LINALG.split():
    _TABLE[f"linalg_{_name}"] = getattr(linalg, _name)


def _operators() -> dict[str, str]:
    found = {n: r.name for r in RECORDS.values() if not r.internal for n in (r.name, *r.aliases)}
    return {**found, **{n: n for n in FUNCTIONS}}


_ROOMS = ("_internal", "contrib", "image", "np", "npx", "sparse")  # np, npx: what hybrid_forward(F, x) calls as F.npx


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        value: Any = importlib.import_module(f".{name}", __package__)
    elif name in _TABLE:
        value = classic(_TABLE[name], name)
    else:
        target = None if name.startswith("_") else _operators().get(name)
        if target is None:
            near = difflib.get_close_matches(name, __dir__(), 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise AttributeError(f"dlcore.nd has no {name!r}{hint}")
        record = RECORDS.get(target)
        also = operands(record) if record else {"data": "x"}
        if target == "power":
            also.update(base="a", exp="b")
        value = classic(getattr(F, target), name, also)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    own = {
        "Context",
        "NDArray",
        "contrib",
        "cpu",
        "current_context",
        "gpu",
        "image",
        "linalg",
        "num_gpus",
        "random",
        "sparse",
    }
    return sorted({*own, *_TABLE, *_operators()})


__all__ = ["Context", "NDArray", "cpu", "current_context", "gpu", "linalg", "num_gpus", "random", "sparse"]
