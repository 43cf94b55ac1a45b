"""What compiling costs: little, in proportion to the program, and always the same graph.

Times are of this thread on the processor, so that a busy machine does not count.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import numpy as np
import pytest
from graph.programs import array, random_program, trace_of

from dlcore import autograd, gluon
from dlcore.gluon import nn
from dlcore.gluon.model_zoo import vision
from dlcore.graph import Compiled
from dlcore.graph._pause import no_collection
from dlcore.graph.passes import optimize
from dlcore.graph.passes.fuse import fuse


def training(net: Any, *shape: int) -> Any:
    """A training step of `net` on data of this shape, and its arguments; parameters have gradients and momentum."""
    net.initialize()
    criterion = gluon.loss.SoftmaxCrossEntropyLoss()
    trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.1, "momentum": 0.9})

    def step(x: Any, y: Any) -> Any:
        with autograd.record():
            loss = criterion(net(x), y).mean()
        loss.backward()
        trainer.step(1)
        return loss

    data = array(np.zeros(shape), "float32"), array(np.zeros(shape[0]), "int64")
    step(*data)
    return step, data


def seconds(step: Any, data: Any) -> float:
    """Processor seconds to trace and compile."""
    with no_collection():
        start = time.thread_time()
        Compiled(trace_of(step, *data)).prepare()
        return time.thread_time() - start


def plain(depth: int) -> Any:
    net = nn.HybridSequential(nn.Conv2D(4, 3, 1, 1, in_channels=3))
    net.add(*(vision.BasicBlockV1(4, 1, in_channels=4) for _ in range(depth // 2)))
    net.add(nn.GlobalAvgPool2D(), nn.Dense(10, in_units=4))
    return net


def test_time_to_compile_is_linear_in_depth() -> None:
    steps = [training(plain(depth), 2, 3, 8, 8) for depth in (60, 480)]
    short, long = (min(seconds(*step) for _ in range(2)) for step in steps)
    assert long < 8 * short * 1.6


def calls(step: Any, data: Any) -> float:
    """How many functions, Python's and built-in ones, are called to compile, for each node of the trace."""
    graph, count = trace_of(step, *data), [0]

    def seen(frame: Any, event: str, argument: Any) -> None:
        count[0] += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(seen)
    try:
        Compiled(graph).prepare()
    finally:
        sys.setprofile(before)
    return count[0] / len(graph.nodes)


def test_work_to_compile_is_linear_in_depth() -> None:
    short, long = (calls(*training(plain(depth), 2, 3, 8, 8)) for depth in (40, 160))
    assert long < 1.02 * short


@pytest.mark.parametrize(
    ("net", "shape", "limit"),
    [
        (vision.lenet, (64, 1, 28, 28), 0.3),
        (lambda: vision.CIFARResNetV1(vision.BasicBlockV1, [2] * 4, [8, 8, 16, 32, 64]), (2, 3, 32, 32), 2.0),
    ],
    ids=["lenet", "resnet18"],
)
def test_known_networks_compile_before_one_notices(net: Any, shape: tuple[int, ...], limit: float) -> None:
    assert seconds(*training(net(), *shape)) < limit


@pytest.mark.parametrize("seed", range(20))
def test_the_same_program_gives_the_same_graph(seed: int) -> None:
    program = random_program(seed * 7, "float32", n_steps=40)
    states = program.state_arrays()
    graph = trace_of(lambda *a: program(list(a), states), *program.arrays())
    assert str(fuse(graph)) == str(fuse(graph))
    assert str(optimize(graph)) == str(optimize(graph))
