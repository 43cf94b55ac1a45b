"""Fused groups as CUDA C move no byte more often than they need: every load and store of their text is counted.

The text runs through the shim with arrays that note each byte loaded and stored. An array of the group's whole shape is
read once, a result is written once and not read, in pieces of 16 bytes where its layout allows that.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from graph.cuda_groups import group
from graph.cuda_tools import build_for_cpu
from graph.programs import array, trace_of

from dlcore.graph import _cost
from dlcore.graph._ir import EACH, FUSED, ITEMSIZE, Node, numel, sets
from dlcore.graph._rows import whole_shape
from dlcore.graph._types import numpy_dtype
from dlcore.graph.cuda_each import table
from dlcore.graph.cuda_kernels import kernels, row_kernels
from dlcore.graph.cuda_render import CudaKernel, Operand
from dlcore.graph.passes import optimize
from dlcore.ops import F


def fused(function: Callable[..., Any], *shapes: tuple[int, ...], dtype: str = "float32") -> Node:
    """The one elementwise group that a function becomes."""
    given = [F.cast(array(np.random.default_rng(5).uniform(0.1, 1, s), "float32"), dtype) for s in shapes]
    (node,) = [n for n in optimize(trace_of(function, *given)).nodes if n.op == FUSED]
    return node


def softmax(x: Any) -> Any:
    e = F.exp(x - F.max(x, axis=-1, keepdims=True))
    return e / F.sum(e, axis=-1, keepdims=True)


def normalised(x: Any, scale: Any) -> Any:
    d = x - F.mean(x, axis=-1, keepdims=True)
    return d * F.rsqrt(F.mean(d * d, axis=-1, keepdims=True) + 1e-3) * scale


def masked(y: Any, g: Any) -> Any:
    d = F.where(F.greater(y, 0.0), g, 0.0)
    return d, F.sum(d, axis=0)


def last_layer(x: Any, target: Any) -> Any:
    d = softmax(x) - target
    return d, F.sum(d, axis=0)


def updates() -> Node:
    """One rule for several arrays, among them one that does not fill its last piece."""
    held = [[array(np.ones(shape), "float32") for _ in range(2)] for shape in ((40, 100), (33,), (5000,))]
    lr = array(np.array(0.1), "float32")

    def step(*gradients: Any) -> Any:
        for (w, m), g in zip(held, gradients, strict=True):
            F.sgd_mom_update(w, g, m, lr=lr, out=(w, m))
        return lr * 1

    graph = optimize(trace_of(step, *[array(np.ones(w.shape), "float32") for w, _ in held]))
    (node,) = [n for n in graph.nodes if n.op == EACH]
    return node


# The group, and how many bytes a piece of its first array has.
GROUPS: dict[str, tuple[Callable[[], Node], int]] = {
    "flat": (lambda: fused(lambda x, y: F.exp(x) * y + x, (40, 36), (40, 36)), 16),
    "broadcast": (lambda: fused(lambda x, b: F.tanh(x + b) * x, (40, 36), (36,)), 16),
    "one number a row": (lambda: fused(lambda x, b: F.tanh(x + b) * x, (40, 36), (40, 1)), 16),
    "odd": (lambda: fused(lambda x, b: F.exp(x) * b, (7, 9), (9,)), 4),
    "turned": (lambda: fused(lambda x, y: F.exp(F.transpose(x)) * y, (12, 8), (8, 12)), 4),
    "half": (lambda: fused(lambda x, y: F.exp(x) * y, (40, 32), (40, 32), dtype="bfloat16"), 16),
    "gelu": (lambda: fused(lambda x: F._gelu_pair(x), (40, 32)), 16),
    "sets": (updates, 16),
    "lanes": (lambda: group(softmax, (70, 12)), 16),
    "warp": (lambda: group(normalised, (5, 3, 96), (96,)), 16),
    "odd rows": (lambda: group(softmax, (3, 131)), 4),
    "block": (lambda: group(softmax, (3, 1200)), 16),
    "half rows": (lambda: group(softmax, (4, 64), dtype="float16"), 16),
    "gradient": (lambda: group(lambda y, g: y * (g - F.sum(y * g, axis=-1, keepdims=True)), (9, 32), (9, 32)), 16),
    "a long row in parts": (lambda: group(lambda x, y: F.mean(F.square(x - y)) * 0.5, (40, 1000), (40, 1000)), 16),
    "columns": (lambda: group(masked, (65, 48), (65, 48)), 16),
    "rows and columns": (lambda: group(last_layer, (33, 300), (33, 300)), 16),
}  # fmt: skip


@dataclass
class Moved:
    """How often each byte of an array was loaded and stored, and in how many pieces."""

    loads: np.ndarray
    stores: np.ndarray
    loaded: int
    stored: int


def counted(kernel: CudaKernel) -> CudaKernel:
    """The same text over arrays that count."""
    body = re.sub(r"const ([\w ]+)\* (in\d+)(?=[,)])", r"Counted<const \1> \2", kernel.body)
    body = re.sub(r"(?<=[(,])( ?)([\w ]+)\* (out\d+)(?=[,)])", r"\1Counted<\2> \3", body)
    body = re.sub(r"const ([\w ]+)\* (in\d+) = \(.*?\)at", r"Counted<const \1> \2 = *(Counted<const \1>*)at", body)
    body = re.sub(r"  ([\w ]+)\* (out\d+) = \(.*?\)at", r"  Counted<\1> \2 = *(Counted<\1>*)at", body)
    return replace(kernel, body='#include "cuda_counted.h"\n' + body)


def rendered(node: Node, name: str) -> tuple[list[CudaKernel], int]:
    """The kernels of a group, and the bytes that they share beside its arrays."""
    if not node.rows:
        return kernels(node, name), 0
    ins, outs = ([Operand(v.dtype, v.shape, v.strides) for v in vs] for vs in (node.inputs, node.outputs))  # type: ignore[union-attr]
    return row_kernels(name, node.tile, node.register, ins, outs, node.rows)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, tuple[Node, list[CudaKernel], int]], Any]:
    """All groups with their kernels, compiled at once."""
    found = {}
    for number, (name, (make, _)) in enumerate(GROUPS.items()):
        node = make()
        found[name] = (node, *rendered(node, f"group{number}"))
    every = [counted(kernel) for _, them, _ in found.values() for kernel in them]
    return found, build_for_cpu(every, tmp_path_factory.mktemp("counted"))


def moved_by(node: Node, them: list[CudaKernel], shared: int, library: Any) -> list[Moved]:
    """What is done to each input and output."""
    values = [*dict.fromkeys(v for v in [*node.inputs, *node.outputs] if v is not None)]
    rng = np.random.default_rng(3)
    arrays = []
    for value in values:
        room = np.zeros(value.nbytes + 64, np.uint8)
        start = -room.ctypes.data % 64
        arrays.append(room[start : start + value.nbytes].view(numpy_dtype(value.dtype)))
        arrays[-1][...] = rng.uniform(0.1, 1, value.size)
    noted = [np.zeros(3 + 2 * a.nbytes, np.int32) for a in arrays]
    for a, n in zip(arrays, noted, strict=True):
        n[2] = a.nbytes
    seen = [np.array([a.ctypes.data] * 2 + [n.ctypes.data], np.uint64) for a, n in zip(arrays, noted, strict=True)]
    given: list[np.ndarray] = [*seen, np.zeros(shared, np.uint8)] if shared else seen
    if node.op == EACH:
        order = {id(v): s for v, s in zip(values, seen, strict=True)}
        pointers = [order[id(v)].ctypes.data for ins, outs in sets(node) for v in [*ins, *outs]]
        given = [table([outs[0].size for _, outs in sets(node)], pointers)]
    for kernel in them:
        pointers = (ctypes.c_void_p * len(given))(*[g.ctypes.data for g in given])
        getattr(library, f"run_{kernel.name}")(pointers, kernel.grid, kernel.block)
    halves = [n[3:].reshape(2, -1) for n in noted]
    return [Moved(h[0], h[1], int(n[0]), int(n[1])) for h, n in zip(halves, noted, strict=True)]


@pytest.mark.parametrize("name", GROUPS)
def test_every_byte_is_moved_once(name: str, made: Any) -> None:
    groups, library = made
    node, them, shared = groups[name]
    moved, piece = moved_by(node, them, shared, library), GROUPS[name][1]
    ins = [*dict.fromkeys(v for v in node.inputs if v is not None)]
    elements = numel(whole_shape(ins)) if node.rows else max(v.size for v in node.outputs)
    for value, its in zip(ins, moved, strict=False):
        assert not its.stores.any()
        if value.size == elements or node.op == EACH and value.size > 1:
            assert (its.loads == 1).all(), "each element is read once"
        elif node.op == EACH:
            assert its.loads.all()
        else:  # the same number for many elements, never read more often than for each of them
            assert its.loads.all() and its.loads.sum() <= elements * ITEMSIZE[value.dtype]
    for its in moved[len(ins) :]:
        assert (its.stores == 1).all() and not its.loads.any(), "each result is written once and not read"
    at = next(i for i, v in enumerate(ins) if v.size > 1)
    assert moved[at].loaded == -(-ins[at].nbytes // piece), "in pieces as large as the layout allows"
    wide = [v for v in ins if v.size == elements]
    assert shared <= 0.5 * sum(v.nbytes for v in wide)
    if wide == ins:
        assert sum(int(m.loads.sum() + m.stores.sum()) for m in moved) == _cost.traffic(node)


def test_a_byte_that_is_read_again_is_seen(tmp_path: Path) -> None:
    node = fused(lambda x, y: F.exp(x) * y, (8, 16), (8, 16))
    (kernel,), _ = rendered(node, "again")
    line = next(text for text in kernel.body.split("\n") if "p0 = " in text)
    twice = replace(kernel, body=kernel.body.replace(line, f"{line}\n{line.replace('p0', 'other')}", 1))
    moved = moved_by(node, [twice], 0, build_for_cpu([counted(twice)], tmp_path))
    assert (moved[0].loads == 2).all() and (moved[1].loads == 1).all()
