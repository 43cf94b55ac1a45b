"""Every fused group of whole training steps as CUDA C: compiled for sm_90, run through the emulator, free of races."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from graph.cuda_tools import build_for_cpu, compile_for_hopper, find_races, run_on_cpu
from graph.test_cuda_render import strided

import dlcore as dl
from dlcore import autograd, gluon, nd
from dlcore.gluon import nn
from dlcore.gluon.model_zoo import text
from dlcore.graph._ir import FUSED, Node
from dlcore.graph._types import numpy_dtype
from dlcore.graph.cuda_kernels import kernels, row_kernels
from dlcore.graph.cuda_render import CudaKernel, Operand
from dlcore.graph.interpreter import call

Groups = list[tuple[Node, list[CudaKernel], int]]


def images() -> Any:
    net = nn.HybridSequential()
    net.add(nn.Conv2D(4, 3, padding=1), nn.BatchNorm(), nn.Activation("relu"), nn.MaxPool2D(2), nn.Dropout(0.25))
    net.add(nn.GlobalAvgPool2D(), nn.Flatten(), nn.Dense(24, activation="gelu"), nn.Dense(10))
    return net, nd.random.uniform(shape=(6, 3, 8, 8)), nd.array(np.arange(6) % 10)


def words() -> Any:
    net = text.GPT(20, context=12, units=24, num_layers=1, num_heads=2)
    return net, nd.array(np.arange(24).reshape(2, 12) % 20), nd.array(np.arange(24).reshape(2, 12) % 20)


def letters() -> Any:
    return text.LSTMLanguageModel(20, 8, 12), *words()[1:]


def wide() -> Any:
    """Rows that take a block each, and sums of columns in strips."""
    net = nn.HybridSequential()
    net.add(nn.Dense(1300), nn.LayerNorm(), nn.Activation("silu"), nn.Dense(1100))
    return net, nd.random.uniform(shape=(5, 16)), nd.array(np.arange(5))


NETWORKS: dict[str, tuple[Callable[[], Any], str, dict[str, float]]] = {
    "images": (images, "sgd", {"momentum": 0.9, "wd": 1e-3}),
    "words": (words, "adamw", {"wd": 0.1}),
    "letters": (letters, "adam", {"clip_gradient": 1.0}),
    "wide": (wide, "rmsprop", {}),
}


def groups_of(name: str) -> list[Node]:
    """The fused groups of a compiled step."""
    make, optimizer, settings = NETWORKS[name]
    net, x, y = make()
    net.initialize(dl.init.Xavier())
    trainer = gluon.Trainer(net.collect_params(), optimizer, {"learning_rate": 0.01, **settings})
    loss = gluon.loss.SoftmaxCrossEntropyLoss()

    @dl.jit
    def step(x: Any, y: Any) -> Any:
        with autograd.record():
            total = loss(net(x), y).mean()
        total.backward()
        trainer.step(1)
        return total

    step(x, y)
    nodes = step.entries()[-1].plain.graph.nodes
    return [node for node in nodes if node.op == FUSED]  # sets of arrays are in test_together


@pytest.fixture(scope="module")
def groups() -> Groups:
    found: Groups = []
    known = set()
    for name in NETWORKS:
        for node in groups_of(name):
            label = f"group{len(found)}"
            ins, outs = ([Operand(v.dtype, v.shape, v.strides) for v in vs if v] for vs in (node.inputs, node.outputs))
            them = (
                row_kernels(label, node.tile, node.register, ins, outs, node.rows)
                if node.rows
                else (kernels(node, label), 0)
            )
            text_of = "".join(kernel.body.replace(label, "") for kernel in them[0])
            if text_of not in known:  # layers that are alike have equal groups
                known.add(text_of)
                found.append((node, *them))
    assert len(found) > 12
    return found


def test_they_compile_for_hopper(groups: Groups) -> None:
    together = "\n".join(kernel.body for _, them, _ in groups for kernel in them)
    assert compile_for_hopper(CudaKernel("all", together, 1, 1))


def operands(node: Node) -> tuple[list[np.ndarray], list[np.ndarray], list[np.ndarray]]:
    """Made-up inputs of a node in memory as it lies for it, room for its outputs, and what the interpreter gives."""
    rng = np.random.default_rng(7)
    ins = [v for v in node.inputs if v is not None]
    shapes = [tuple(n if s else 1 for n, s in zip(v.shape, v.strides, strict=True)) for v in ins]
    given = [rng.uniform(0.1, 1, s).astype(numpy_dtype(v.dtype)) for v, s in zip(ins, shapes, strict=True)]
    wide = [np.broadcast_to(a, v.shape) for a, v in zip(given, ins, strict=True)]
    wanted = [w.astype(numpy_dtype(v.dtype)) for w, v in zip(call(node, list(wide), (0, 0)), node.outputs, strict=True)]
    made = [strided(np.full(v.shape, 77, numpy_dtype(v.dtype)), v.strides) for v in node.outputs]
    return [strided(a, v.strides) for a, v in zip(wide, ins, strict=True)], made, wanted


def test_they_agree_with_the_interpreter(groups: Groups, tmp_path: Path) -> None:
    library = build_for_cpu([kernel for _, them, _ in groups for kernel in them], tmp_path)
    for node, them, shared in groups:
        given, found, wanted = operands(node)
        sums = np.full(shared, 77, np.uint8)
        for kernel in them:
            run_on_cpu(library, kernel, [*given, *found, sums], kernel.grid, kernel.block)
        for a, b in zip(found, wanted, strict=True):
            np.testing.assert_allclose(
                a.astype(float), b.astype(float), rtol=2e-4, atol=1e-5, err_msg=f"{node.attrs} {node.outputs}"
            )


def test_those_whose_threads_meet_are_free_of_races(groups: Groups, tmp_path: Path) -> None:
    meeting = [
        (kernel, [v.nbytes for v in [*node.inputs, *node.outputs] if v is not None] + [shared] * bool(shared))
        for node, them, shared in groups
        for kernel in them
        if "__syncthreads" in kernel.body
    ]
    assert len(meeting) >= 6
    assert find_races(*map(list, zip(*meeting, strict=True)), tmp_path) == ""
