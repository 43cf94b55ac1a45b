"""DLCORE_SHOW=passes|ir|plan|cuda prints each stage of compilation to stderr (several words: separate with commas)."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from . import _ops
from ._ir import Graph

if TYPE_CHECKING:
    from .passes.plan import Plan


def wanted(kind: str) -> bool:
    """Whether the environment asks for `kind`."""
    return kind in os.environ.get("DLCORE_SHOW", "").split(",")


def stage(kind: str, name: str, graph: Graph) -> None:
    """Prints the graph after a stage: one line for "passes", all of it for "ir"."""
    if wanted("passes") and kind == "passes":
        print(f"[dlcore] {graph.name}: {name}: {len(graph.nodes)} nodes", file=sys.stderr)
    if wanted("ir"):
        print(f"[dlcore] after {name}\n{graph}", file=sys.stderr)


def show_plan(graph: Graph, memory: Plan) -> None:
    """Prints where every value lives."""
    if not wanted("plan"):
        return
    names = graph.names()
    print(
        f"[dlcore] plan of {graph.name}: arena {memory.arena_bytes} bytes, unshared {memory.naive_bytes}",
        file=sys.stderr,
    )
    for value, place in memory.places.items():
        life = memory.lives.get(value, "")
        print(
            f"  {names.get(value, '?')}: {value.type_text()} {place.kind} {place.where}+{place.offset} {life}",
            file=sys.stderr,
        )


def show_cuda(graph: Graph) -> None:
    """Prints the CUDA C of every fused group."""
    if not wanted("cuda"):
        return
    from .cuda_kernels import kernels

    for i, node in enumerate(n for n in graph.nodes if _ops.is_fused(n)):
        for kernel in kernels(node, f"fused_{i}"):
            print(kernel.source, file=sys.stderr)
