"""The passes: each file holds one, a pure function graph -> graph (plan.py: graph -> Plan).

Here: what rewrites a graph. Not here: tracing, running, or anything about Python functions (see the files beside).
`optimize` runs them in order, with `verify` after each; autodiff is called by CachedOp, before `optimize`.
To add a pass: write `passes/name.py` with `def name(graph: Graph) -> Graph` that clones first, then list it below.
"""

from __future__ import annotations

from collections.abc import Callable

from .. import _show
from .._ir import Graph, bodies_of
from .._pause import release
from ..verify import verify
from .algebraic import algebraic
from .amp import amp
from .canonicalize import canonicalize
from .conv_epilogue import conv_epilogue
from .cse import cse
from .dead_code import dead_code
from .epilogue import epilogue
from .fold import fold
from .fold_norm import fold_norm
from .fuse import fuse
from .fuse_columns import fuse_columns
from .fuse_rows import fuse_rows
from .gelu_pair import gelu_pair
from .hoist import hoist
from .layout import layout
from .order import order
from .product_sums import product_sums
from .prune import prune
from .short_rows import short_rows
from .taken_rows import taken_rows
from .together import together

Pass = Callable[[Graph], Graph]
PIPELINE: tuple[Pass, ...] = (
    dead_code, prune, canonicalize, algebraic, fold, cse, taken_rows, cse, amp, fold_norm, gelu_pair, layout, dead_code,
    conv_epilogue, epilogue, product_sums, hoist, short_rows, fuse, fuse_rows, fuse_columns, cse, dead_code, order,
    together,
)  # fmt: skip


def optimize(graph: Graph, pipeline: tuple[Pass, ...] = PIPELINE) -> Graph:
    """The graph after every pass of `pipeline`, checked after each one."""
    given = graph = verify(graph, "trace")
    _show.stage("passes", "trace", graph)
    for rewrite in pipeline:
        before, graph = graph, apply(rewrite, graph)
        if graph is not before:  # else it had nothing to do
            verify(graph, rewrite.__name__)
            if before is not given:
                release(before.nodes)
        _show.stage("passes", rewrite.__name__, graph)
    return graph


def apply(rewrite: Pass, graph: Graph) -> Graph:
    """One pass over a graph, over what it keeps, and over the graphs inside its branches and loops."""
    graph = rewrite(graph)
    if (kept := graph.kept) is not None:
        graph, _ = graph.clone()
        graph.kept = apply(rewrite, kept)
    if any(bodies_of(node) for node in graph.nodes):
        graph, _ = graph.clone()
        for node in graph.nodes:
            if bodies_of(node):
                node.attrs = (node.attrs[0].with_bodies(lambda body: apply(rewrite, body)),)
    return graph


__all__ = ["PIPELINE", "Pass", "apply", "optimize"]
