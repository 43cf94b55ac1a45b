"""Row groups for tests of their CUDA C: made from functions, run by the interpreter, looked over for races."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from graph.cuda_tools import find_races
from graph.programs import array, trace_of

from dlcore.graph._ir import Node
from dlcore.graph._types import numpy_dtype
from dlcore.graph.cuda_render import CudaKernel
from dlcore.graph.interpreter import call
from dlcore.graph.passes import optimize
from dlcore.ops import F


def group(function: Callable[..., Any], *shapes: tuple[int, ...], dtype: str = "float32") -> Node:
    """The one row group that a function becomes."""
    rng = np.random.default_rng(5)
    given = [F.cast(array(rng.normal(size=shape), "float32"), dtype) for shape in shapes]
    (node,) = optimize(trace_of(function, *given)).nodes
    assert node.rows
    return node


def draw(node: Node) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Made-up operands of a node, and its results by the interpreter."""
    rng = np.random.default_rng(11)
    given = [rng.normal(size=v.shape).astype(numpy_dtype(v.dtype)) for v in node.inputs if v is not None]
    wanted = call(node, list(given), (0, 0))
    return given, [w.astype(numpy_dtype(v.dtype)) for w, v in zip(wanted, node.outputs, strict=True)]


def races(kernels: list[tuple[Node, CudaKernel]], folder: Path, more: int = 0) -> str:
    """What ThreadSanitizer says of kernels; `more` bytes after the arrays of each."""
    sizes = [
        [v.nbytes for v in [*node.inputs, *node.outputs] if v is not None] + [more] * bool(more) for node, _ in kernels
    ]
    return find_races([kernel for _, kernel in kernels], sizes, folder)
