"""Compiled trainings on the pretended GPU that may be captured: what `capturing.py` and its kin are written with.

Importing it installs the device, with stand-ins for the libraries where the program is called with --libraries.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "cuda")]

import pretend  # noqa: E402
import pretend_capture  # noqa: E402
import pretend_order  # noqa: E402

LIBRARIES = "--libraries" in sys.argv
os.environ["DLCORE_CACHE"] = "0"  # what this device can do is nothing to keep
pretend.install(libraries=LIBRARIES)
pretend_capture.Memory.graveyard = []
pretend_order.watching = True
pretend_capture.no_products = LIBRARIES

import cupy  # noqa: E402, F401  (the stand-in, for those that import this)

import dlcore as dl  # noqa: E402
from dlcore import autograd, gluon, nd  # noqa: E402
from dlcore.cuda import capture  # noqa: E402
from dlcore.cuda.capture import SWITCH  # noqa: E402

GPU = dl.gpu(0)
STEPS = 8


def array(values: Any, dtype: str = "float32") -> Any:
    return nd.array(np.asarray(values), dtype=dtype, ctx=GPU)


def batches() -> list[tuple[Any, Any]]:
    rng = np.random.default_rng(4)
    return [(rng.standard_normal((6, 5)).astype("float32"), rng.integers(0, 3, 6)) for _ in range(STEPS)]


def trained(optimizer: str, net: Callable[[], Any]) -> tuple[list[np.ndarray], Any]:
    """Losses and weights of a compiled training whose batches are new arrays and whose knobs are turned."""
    dl.random.seed(7)
    layers = net()
    layers.initialize(init=dl.init.Xavier(), ctx=GPU)
    trainer = gluon.Trainer(layers.collect_params(), optimizer, {"learning_rate": 0.05})
    loss = gluon.loss.SoftmaxCrossEntropyLoss()

    @dl.jit
    def step(x: Any, y: Any) -> Any:
        with autograd.record():
            value = loss(layers(x), y).mean()
        value.backward()
        trainer.step(1)
        return value

    found = []
    for i, (x, y) in enumerate(batches()):
        if i == 5:
            trainer.set_learning_rate(0.5)
        found.append(step(array(x), array(y, "int64")))
    found = [value.asnumpy() for value in found]  # each is an array of its own
    return found + [p.data().asnumpy() for p in layers.collect_params().values()], step


def dense() -> Any:
    nn = gluon.nn
    net = nn.HybridSequential()
    net.add(nn.Dense(8, in_units=5, activation="relu"), nn.Dropout(0.5), nn.Dense(3, in_units=8))
    return net


def note_of(step: Any) -> str:
    (function,) = step.entries()
    return str(function.plain.lowered.executable.capture_note)


def without(call: Callable[[], Any]) -> Any:
    os.environ[SWITCH] = "0"
    try:
        return call()
    finally:
        del os.environ[SWITCH]


def same(found: list[np.ndarray], wanted: list[np.ndarray]) -> None:
    for a, b in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(a, b)


def small_programs() -> Any:
    """Lets programs of a kernel or two be captured too, which does not pay."""
    return patched(capture, "pays", lambda kernels, copies, nbytes: True)


@contextmanager
def patched(owner: Any, name: str, value: Any) -> Iterator[None]:
    before = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)
