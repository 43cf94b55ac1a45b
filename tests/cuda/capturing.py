"""Compiled programs captured into CUDA graphs on the pretended GPU, held against the same ones without. A program."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

import pretend_order  # noqa: E402
import pytest  # noqa: E402
from capture_tools import (  # noqa: E402  (it installs the device)
    LIBRARIES,
    STEPS,
    array,
    cupy,
    dense,
    note_of,
    patched,
    same,
    small_programs,
    trained,
    without,
)  # fmt: skip
from pretend_capture import CUDARuntimeError, Graph, Memory, Stream, here  # noqa: E402

import dlcore as dl  # noqa: E402
from dlcore import comm, gluon, nd  # noqa: E402
from dlcore.cuda import _recording, capture, executable  # noqa: E402
from dlcore.cuda.capture import SWITCH  # noqa: E402
from dlcore.graph import _limits  # noqa: E402
from dlcore.ops import F  # noqa: E402


def training() -> None:
    for optimizer in ("sgd", "adam"):
        wanted, plain = without(lambda o=optimizer: trained(o, dense))
        assert note_of(plain) == f"not captured: {SWITCH}=0"
        launches, queued, once = Graph.launches, [0], executable.Executable.step

        def counted(self: Any, *args: Any, queued: list[int] = queued, once: Any = once) -> None:
            queued[0] += 1
            side = capture._side(0, 0)
            assert side.lock.locked() == (here.stream is side.stream), "no other thread may queue there meanwhile"
            once(self, *args)

        with patched(executable.Executable, "step", counted):
            found, step = trained(optimizer, dense)
        assert note_of(step) == "captured", note_of(step)
        length = len(step.entries()[0].plain.lowered.executable)
        assert Graph.launches - launches == STEPS - 2 and queued[0] == 3 * length, (Graph.launches, queued, length)
        same(found, wanted)
        assert len({float(v) for v in found[:STEPS]}) == STEPS, "every step is another"
        with patched(_limits, "GPU_PRODUCTS", (64,)), patched(_limits, "GPU_COPIES", (1 << 12, 1 << 16)):
            about = dl.explain(step)
        assert list(about.limits.copies) == [1 << 12, 1 << 16] and about.limits is _limits.limits("gpu(0)")
        assert _limits._known.keys() == {"gpu(0)"}, "the host was measured for a program of a device"
        assert about.cuda_graph == "captured" and "\ncuda graph: captured\n" in about and about.seconds > 0
    print("training agrees")


class Twins(comm.Communicator):
    """Two workers that always have the same: their sum is twice what one has."""

    rank, size = 0, 2

    def __init__(self, queues: bool) -> None:
        self.queues = queues

    def allreduce(self, arrays: Any, op: str = "sum") -> None:
        for a in arrays:
            assert a._device == ("gpu(0)" if self.queues else "cpu(0)") and op == "sum"
            F.multiply(a, 2.0, out=a)

    def broadcast(self, arrays: Any, root: int = 0) -> None:
        raise AssertionError

    barrier = broadcast  # type: ignore[assignment]


def workers() -> None:
    """Statistics over workers are summed on the stream, within the graph."""

    def normalised(queues: bool) -> Any:
        nn = gluon.nn
        net = nn.HybridSequential()
        net.add(nn.Dense(8, in_units=5), nn.SyncBatchNorm(in_channels=8, comm=Twins(queues)), nn.Dense(3, in_units=8))
        return net

    found, step = trained("sgd", lambda: normalised(True))
    assert note_of(step) == "captured", note_of(step)
    same(found, without(lambda: trained("sgd", lambda: normalised(True)))[0])
    by_host, step = trained("sgd", lambda: normalised(False))
    assert note_of(step).startswith("not captured: allreduce: cudaErrorStreamCaptureUnsupported"), note_of(step)
    same(found, by_host)
    group = comm._current.sum_number(Twins(True))
    f = dl.jit(lambda x: F._allreduce(x, number=group) + x)
    x = array([[1.0, 2.0]])
    with small_programs():
        assert [f(x).tolist() for _ in range(4)] == [[[3.0, 6.0]]] * 4, "what is summed is a copy"
        assert note_of(f) == "captured"
        resized = dl.jit(lambda x: dl.npx.one_hot(nd.BilinearResize2D(x, height=4, width=3).sum() * 0, 2))
        pictures = array(np.ones((1, 2, 3, 2)))
        assert [resized(pictures).tolist() for _ in range(4)] == [[1.0, 0.0]] * 4
        assert note_of(resized) == "captured", note_of(resized)
    print("workers agree")


def costs() -> None:
    """What is copied for a graph must not cost more than launches."""
    f = dl.jit(lambda x: (x.sum(), x * 2))
    for _ in range(3):
        f(array(np.ones((4, 5))))
    assert note_of(f).startswith("not captured: copying 3 arrays of 164 bytes to and fro takes longer than launching 2")
    assert capture.pays(3, 1, 8 << 20) and not capture.pays(3, 1, 9 << 20) and not capture.pays(2, 3, 0)
    print("costs are weighed")


def addresses() -> None:
    """An input that stays is bound, moves later and is copied from then on; results are not overwritten."""

    def runs() -> list[np.ndarray]:
        f = dl.jit(lambda x, w: (x @ w).tanh() + 1)
        rng = np.random.default_rng(2)
        x, w = array(rng.standard_normal((4, 3))), array(rng.standard_normal((3, 3)))
        kept, results = [], []
        for i in range(9):
            if i == 4:
                w = array(rng.standard_normal((3, 3)))
            x[:] = i
            kept.append(w)
            results.append(f(x, w))
        return [r.asnumpy() for r in results] + [np.float32(len(f.entries()))]

    wanted, before = without(runs), Graph.launches
    same(runs(), wanted)
    assert Graph.launches - before == 2 + 4, Graph.launches - before  # runs 3 and 4, then 6 to 9
    print("addresses agree")


class Reader(gluon.nn.HybridBlock):
    """Words, attention, normalisation; then pictures made of them."""

    def __init__(self) -> None:
        super().__init__()
        nn = gluon.nn
        self.words, self.norm = nn.Embedding(7, 8), nn.LayerNorm(in_channels=8)
        self.ask, self.conv = nn.Dense(24, in_units=8, flatten=False), nn.Conv2D(4, 3, padding=1, in_channels=1)
        self.steady, self.last = nn.BatchNorm(in_channels=4), nn.Dense(3, in_units=4)

    def forward(self, x: Any) -> Any:
        h = self.norm(self.words((x * 10).abs() % 7))
        q, k, v = nd.split(self.ask(h), 3, axis=2)
        h = h + dl.npx.scaled_dot_product_attention(q, k, v, causal=True, dropout=0.2)
        pictures = nd.BilinearResize2D(h.expand_dims(1), height=4, width=6)
        return self.last(dl.npx.pooling(self.steady(self.conv(pictures)), pool_type="avg", global_pool=True))


def networks() -> None:
    """What a network is commonly made of, in both precisions: all of it is captured."""
    for dtype in ("float32", "bfloat16"):
        with dl.amp.autocast(dtype) if dtype != "float32" else nullcontext():
            found, step = trained("adam", Reader)
            assert note_of(step) == "captured", note_of(step)
            same(found, without(lambda: trained("adam", Reader))[0])
    print("networks agree")


def seeds() -> None:
    def runs() -> list[np.ndarray]:
        f = dl.jit(lambda x: nd.dropout(x, 0.5, mode="always"))
        x, results = array(np.ones((30,))), []
        for seed in (3, 4):
            dl.random.seed(seed)
            results += [f(x).asnumpy() for _ in range(4)]
        return results

    wanted = without(runs)
    same(runs(), wanted)
    assert len({r.tobytes() for r in wanted}) == 8
    print("seeds agree")


def wrong_labels() -> None:
    loss = gluon.loss.SoftmaxCrossEntropyLoss()
    f = dl.jit(lambda x, y: loss(x, y).mean())
    x, good, bad = array(np.eye(3)), [0, 1, 2], [0, 9, 2]
    for _ in range(4):
        f(x, array(good, "int64"))
    value = f(x, array(bad, "int64"))
    with pytest.raises(IndexError, match=r"label 9 of sample 1 .*; the run was a CUDA graph and went on"):
        value.asnumpy()
    assert np.isfinite(f(x, array(good, "int64")).asnumpy()).all(), "told once"
    f(x, array(bad, "int64"))
    with pytest.raises(IndexError, match="label 9"):  # by the next run, if nobody has looked
        f(x, array(good, "int64"))
    table = array(np.arange(8.0).reshape(4, 2))
    g = dl.jit(lambda i: nd.take(table, i, mode="raise") * 2)
    for _ in range(3):
        assert g(array([0, 3], "int64")).asnumpy().tolist() == [[0, 2], [12, 14]]
    assert note_of(g) == "captured"
    with pytest.raises(IndexError, match="index -7 is out of range for axis 0 of size 4"):
        g(array([0, -7], "int64")).asnumpy()
    with patched(_recording, "CHECKS", 1):
        h = dl.jit(lambda i, j: nd.take(table, i, mode="raise") + nd.take(table, j, mode="raise"))
        for _ in range(3):
            assert h(array([1], "int64"), array([2], "int64")).asnumpy().tolist() == [[6, 8]]
        assert note_of(h) == "not captured: take: more than 1 checks of indices", note_of(h)
        k = dl.jit(lambda i, j: nd.take(table, i, mode="raise") - nd.take(table, j, mode="raise"))
        k(array([1], "int64"), array([2], "int64"))
        with pytest.raises(IndexError, match="index 4 is out of range for axis 0 of size 4$"):
            k(array([1], "int64"), array([4], "int64"))
    print("wrong indices are told")


def reasons() -> None:
    x = array(np.eye(3) + 1)

    def note(function: Callable[..., Any], *args: Any) -> str:
        f = dl.jit(function)
        for _ in range(4):
            f(*args)
        return note_of(f)

    assert note(lambda x: dl.cond(x.sum() > 0, lambda: x * 2, lambda: x), x).endswith(
        "host decides about a branch or a loop"
    )
    assert note(lambda x: dl.np.linalg.inv(x) + 1, x) == "not captured: inv is computed on the host"
    rate = array(np.full((3,), 2.0))
    why = note(lambda r: dl.np.random.poisson(r), rate)
    assert why.startswith("not captured: ") and "StreamCapture" in why, why
    f = dl.jit(lambda x: x * 2)
    for i in range(30):  # the seed is part of what was captured
        dl.random.seed(i)
        f(x)
    assert note_of(f) == "not captured: its arrays, its stream or the seed change too often"
    assert "\ncuda graph: not captured: its arrays" in dl.explain(f)
    print("reasons are given")


def refusals() -> None:
    """What CUDA forbids is refused by the stand-in, and nothing is computed while it captures."""
    side, pool = cupy.cuda.Stream(non_blocking=True), cupy.cuda.MemoryPool()
    a = cupy.zeros((3,), "float32")
    forbidden: dict[str, Callable[[Any], Any]] = {
        "synchronizing": lambda x: cupy.cuda.get_current_stream().synchronize(),
        "looking at a number": lambda x: bool(x.sum() > 0),
        "truth values": lambda x: x[x > 0],
        "to the host": lambda x: x.get(),
        "not pinned": lambda x: cupy.asarray(np.ones(3)),
        "launching a graph": lambda x: Graph([]).launch(),
    }
    for what, call in forbidden.items():
        with side, cupy.cuda.using_allocator(pool.malloc):
            side.begin_capture()
            with pytest.raises(CUDARuntimeError, match=what):
                call(a)
            with pytest.raises(CUDARuntimeError, match="Invalidated"):
                side.end_capture()
    with side:
        side.begin_capture()
        with pytest.raises(CUDARuntimeError, match="default allocator"):
            cupy.empty((2,))
        with pytest.raises(CUDARuntimeError, match="Invalidated"):
            side.end_capture()
    with pytest.raises(RuntimeError, match="legacy"):
        Stream(null=True).begin_capture()
    with side, cupy.cuda.using_allocator(pool.malloc):
        side.begin_capture()
        x = a
        x += 1
        y = cupy.exp(x - x.max())
        graph = side.end_capture()
    assert a.tolist() == [0, 0, 0] and np.asarray(y).tolist() == [0, 0, 0]
    for i in (1.0, 2.0):
        graph.launch(here.stream)
        assert a.tolist() == [i] * 3 and np.asarray(y).tolist() == [1, 1, 1]
    print("refusals hold")


def faults() -> None:
    """Mistakes that would pass unseen on a device for a while show here."""

    def found() -> list[np.ndarray]:
        return trained("sgd", dense)[0]

    wanted = without(found)
    mistakes: dict[str, Callable[..., Any]] = {
        "_load": lambda self, program, given, counter: None,
        "_results": lambda self, program, given: self._outputs,
    }
    for name, mistake in mistakes.items():
        with patched(capture._Fixed, name, mistake):
            try:
                same(found(), wanted)
            except (AssertionError, IndexError):
                continue
        raise AssertionError(name)
    wait = Stream.wait_event
    for null in (True, False):  # neither stream may go ahead of the other
        forgets = lambda self, event, null=null: None if (self.ptr == 0) == null else wait(self, event)  # noqa: E731
        with patched(Stream, "wait_event", forgets), pytest.raises(AssertionError, match="may still be working on"):
            found()
        pretend_order.forget()
    with patched(capture._Fixed, "capture", _without_pool(capture._Fixed.capture)):
        _, step = trained("sgd", dense)
    assert "memory from the default allocator" in note_of(step), note_of(step)
    print("faults show")


def _without_pool(capture: Any) -> Any:
    def call(self: Any, program: Any) -> str:
        self._pool.malloc = Memory
        return str(capture(self, program))

    return call


if __name__ == "__main__":
    training()
    if not LIBRARIES:
        refusals()
        workers()
        costs()
    with small_programs():
        addresses()
        if not LIBRARIES:
            seeds()
            wrong_labels()
            reasons()
    if LIBRARIES:
        networks()
        from dlcore.cuda import _cublaslt

        calls = _cublaslt._library().standin_calls()
        assert calls > 100, calls
    else:
        faults()
