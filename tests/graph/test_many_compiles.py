"""Compiling again and again holds on to nothing, and several threads compile and run at once."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from graph.programs import array

import dlcore as dl
from dlcore import _core, autograd
from dlcore.gluon import nn
from dlcore.graph import invalidate
from dlcore.ops import F

WAYS = {"new functions": 100, "one function, made invalid": 500, "new shapes": 400}  # a thousand in all


def resident() -> int:
    """Bytes of memory that this process holds."""
    with open("/proc/self/statm") as stream:
        return int(stream.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def network() -> Any:
    net = nn.HybridSequential()
    net.add(nn.Dense(8, activation="tanh", in_units=4), nn.Dense(2, in_units=8))
    net.initialize()
    return net


def one_step(net: Any) -> Any:
    """A training step with a loop and a branch in it, compiled by the caller."""

    def step(x: Any) -> Any:
        with autograd.record():
            outs, last = dl.foreach(lambda row, s: (row * s, s + row), x, x[0])
            y = dl.cond(last.sum() > 0, lambda: net(outs), lambda: net(outs * 2))
            loss = (y**2).sum()
        loss.backward()
        return loss

    return step


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="needs Linux to count memory")
@pytest.mark.parametrize("how", WAYS)
def test_a_thousand_compilations_leak_nothing(how: str) -> None:
    """In a process of its own, whose memory nothing else makes grow."""
    program = f"from graph.test_many_compiles import compile_often; compile_often({how!r})"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr


def compile_often(how: str) -> None:
    """Fails unless hundreds of compilations leave memory and objects as they were."""
    net, weight = network(), array(np.ones((4, 3)), "float32")
    held = dl.jit(lambda x: (F.tanh(x @ weight) * 2).sum())

    def once(k: int) -> None:
        rows = 2 + k % 25 if how == "new shapes" else 3
        function = dl.jit(one_step(net)) if how == "new functions" else held
        if how == "one function, made invalid" or k % 100 == 0:
            invalidate()
        function(array(np.ones((rows, 4)), "float32"))

    for k in range(100):
        once(k)
    gc.collect()
    bytes_before, memory_before = _core.memory_stats()["allocated"], resident()
    objects_before = len(gc.get_objects())
    for k in range(WAYS[how]):
        once(k)
    gc.collect()
    assert _core.memory_stats()["allocated"] == bytes_before
    assert len(gc.get_objects()) - objects_before < 200, "not even one object for each compilation"
    assert resident() - memory_before < 8 << 20, "a compilation that is kept takes more than 80 kB"


def test_a_function_with_many_signatures_can_be_forgotten() -> None:
    function = dl.jit(lambda x: x * len(x))  # which is another for every size
    with pytest.warns(UserWarning, match="different signatures"):
        for n in range(1, 40):
            function(array(np.ones(n), "float32"))
    assert len(function.entries()) == 39
    invalidate()
    function(array(np.ones(3), "float32"))
    assert len(function.entries()) == 1


def test_threads_compile_and_run_at_once() -> None:
    net = network()
    shared = dl.jit(one_step(net))
    errors: list[BaseException] = []
    results: dict[tuple[int, int, str], float] = {}
    start = threading.Barrier(4)

    def work(number: int) -> None:
        try:
            start.wait()
            for k in range(12):
                rows = 2 + k % 6
                x = array(np.full((rows, 4), 0.1 * rows), "float32")
                own = dl.jit(lambda x: dl.foreach(lambda r, s: (r * s, s + r), x, x[0])[0])
                results[number, k, "own"] = float(own(x).asnumpy().sum())
                results[number, k, "plain"] = float(dl.jit(lambda x: (x @ x.T).sum())(x).item())
                if number < 2:  # gradients are written into the network's: one at a time
                    with lock:
                        results[number, k, "shared"] = float(shared(x).item())
        except BaseException as error:
            errors.append(error)

    lock = threading.Lock()
    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert not errors and not any(thread.is_alive() for thread in threads)
    made = shared.compilations, shared.resized
    assert made[0] >= 2 and sum(made) == 6, "one for each number of rows, whoever came first"
    for (number, k, what), value in results.items():
        rows = 2 + k % 6
        x = np.full((rows, 4), 0.1 * rows)
        if what == "plain":
            assert value == pytest.approx((x @ x.T).sum(), rel=1e-5)
        elif what == "own":
            assert value == pytest.approx(sum((x[i] * (x[0] + x[:i].sum(0))).sum() for i in range(rows)), rel=1e-5)
        else:
            assert value == results[0, k, "shared"], (number, k)
    assert not _core.is_tracing()
