"""The symbolic face: networks described before there is any array, then bound to arrays and run.

Here: `Symbol` (_symbol), variables and Group (_make), the calls it consists of (_call, _build), the operators it may
name (_operators), output heads such as SoftmaxOutput (_heads), what MXNet infers about shapes and dtypes (_shapes,
_types), files (_json), loops and branches (contrib), and Executor (_executor).
Not here: a graph format. A Symbol only lists calls; binding replays them through `dlcore.graph`'s tracer, so what runs
is the graph that `hybridize()` makes. Training loops are in `dlcore.module`.
Every operator is an attribute: `sym.FullyConnected(data, num_hidden=10, name="fc1")`, `sym.relu(x)`.
Next: `_symbol.Symbol`, then `_executor.Executor`; a new layer needs a line in `_operators` and one in `_shapes`.
"""

from __future__ import annotations

from typing import Any

from dlcore import _answers
from dlcore._hints import missing

from . import contrib
from ._executor import Executor
from ._heads import HEADS
from ._make import Group, Variable, fromjson, function, load, load_json, var
from ._operators import known, names
from ._rooms import _internal as _internal
from ._rooms import linalg, random, sparse
from ._symbol import Symbol

__all__ = ["Executor", "Group", "Symbol", "Variable", "contrib", "fromjson", "linalg", "load", "load_json", "random",
           "sparse", "var"]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name.startswith("__") or not known(name):
        raise missing("dlcore.symbol", "symbol", name, [*names(), *HEADS, *__all__])
    value = globals()[name] = function(name)
    return value


def __dir__() -> list[str]:
    return sorted({*__all__, *names()})


_answers.guard(__name__, __all__)
