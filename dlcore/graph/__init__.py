"""The graph: Python functions on arrays traced into one IR, rewritten by passes, planned, and run without Python.

Here: `jit` and `CachedOp` (compiled functions), `_ir` (Graph, Node, Value), `_trace`, `verify`, passes/ (one file a
pass), `_lower` (to the executable), `interpreter` (NumPy, slow, obvious), `explain`, `cuda_kernels` (fused groups as
CUDA C).
Not here: kernels and the executable (dlcore/csrc), operators (dlcore/ops), anything about layers.
Environment: DLCORE_SHOW=passes|ir|plan|cuda (or several, with commas) prints each stage of compilation to stderr.
Next: `_jit.jit` for the way in, `_compiled.Compiled` for the stages, `passes/__init__.py` for the list of passes.
"""

from dlcore import _answers

from ._cached_op import CachedOp
from ._compiled import Compiled
from ._function import GraphFunction
from ._ir import Graph, Node, State, Value
from ._jit import Jit, generation, invalidate, jit
from ._trace import every_call, is_tracing, outside_trace, trace, write_last
from .explain import Explanation, explain
from .verify import GraphError, verify

__all__ = [
    "CachedOp",
    "Compiled",
    "Explanation",
    "Graph",
    "GraphError",
    "GraphFunction",
    "Jit",
    "Node",
    "State",
    "Value",
    "every_call",
    "explain",
    "generation",
    "invalidate",
    "is_tracing",
    "jit",
    "outside_trace",
    "trace",
    "verify",
    "write_last",
]

_answers.guard(__name__, ["CachedOp", "Compiled", "GraphFunction", "explain", "jit", "trace", "verify"], methods=False)
_answers.answer(__name__, ["every_call", "outside_trace", "write_last"])
