"""Convolutions with what follows them, normalisation folded into weights, and what is kept from run to run."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from graph.programs import array

import dlcore as dl
from dlcore import _core, autograd
from dlcore.gluon import nn
from dlcore.graph import Compiled, Graph, jit
from dlcore.graph._keeping import PATIENCE
from dlcore.graph.interpreter import interpret
from dlcore.graph.passes import PIPELINE, optimize
from dlcore.graph.passes.conv_epilogue import conv_epilogue
from dlcore.graph.passes.fold_norm import fold_norm
from dlcore.ops import F


@pytest.fixture(params=[1, 2])
def threads(request: pytest.FixtureRequest) -> Iterator[int]:
    before = _core.num_threads()
    _core.set_num_threads(request.param)
    yield request.param
    _core.set_num_threads(before)


class Residual(nn.HybridBlock):
    """Two convolutions with normalisation and a way around them, which has a convolution of its own if asked."""

    def __init__(self, channels: int, around: bool) -> None:
        super().__init__()
        self.body = nn.HybridSequential()
        self.body.add(
            nn.Conv2D(channels, 3, padding=1, in_channels=16, use_bias=False), nn.BatchNorm(), nn.Activation("relu"),
            nn.Conv2D(16, 3, padding=1, in_channels=channels), nn.BatchNorm(),
        )  # fmt: skip
        self.around = nn.HybridSequential()
        if around:
            self.around.add(nn.Conv2D(16, 1, in_channels=16), nn.BatchNorm())

    def forward(self, x: Any) -> Any:
        return F.relu(self.body(x) + (self.around(x) if len(self.around) else x))


def images(dtype: str = "float32") -> Any:
    return array(np.random.default_rng(0).standard_normal((2, 16, 14, 14)), "float32").astype(dtype)


def network(channels: int = 32, around: bool = True) -> Any:
    """A block whose normalisation has seen images and has scales and shifts of its own."""
    _core.seed(0)
    net = Residual(channels, around)
    net.initialize(init=dl.init.Xavier())
    with autograd.record():
        net(images() * 2 + 1)
    rng = np.random.default_rng(1)
    for name, parameter in net.collect_params().items():
        if "gamma" in name or "beta" in name:
            parameter.set_data(array(rng.uniform(0.5, 1.5, parameter.shape), "float32"))
    return net


def compiled(net: Any) -> Compiled:
    (entry,) = net._compiled.entries()
    return entry.plain


def ops(graph: Graph) -> Counter:
    return Counter(node.op for node in graph.nodes)


def near(found: Any, wanted: np.ndarray) -> None:
    np.testing.assert_allclose(found, wanted, rtol=0, atol=2e-5 * np.abs(wanted).max())


@pytest.mark.parametrize("around", [False, True])
@pytest.mark.parametrize("channels", [8, 32])
def test_inference_is_convolutions_and_nothing_else(channels: int, around: bool, threads: int) -> None:
    net, x = network(channels, around), images()
    wanted = net(x).asnumpy()
    net.hybridize()
    near(net(x).asnumpy(), wanted)
    program = compiled(net)
    kernels = Counter(node.op for node in program.lowered.nodes)
    assert kernels == {"_channels_last": 1, "_conv2d_act": 2, **({"conv2d": 1} if around else {})}
    near(interpret(program.graph, [x.asnumpy()])[0][0], wanted)
    assert program.graph.kept is not None
    kept = interpret(program.graph.kept, [])[0]
    for state in program.graph.states:
        if state.made >= 0:
            near(state.array.asnumpy(), kept[state.made])


def test_the_switch_leaves_normalisation_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLCORE_FOLD_NORM", "0")
    net, x = network(), images()
    wanted = net(x).asnumpy()
    net.hybridize()
    np.testing.assert_allclose(net(x).asnumpy(), wanted, rtol=1e-5, atol=1e-6)
    assert ops(compiled(net).graph)["conv2d"] == 3
    assert ops(compiled(net).graph)["fused"] == 2


def by_set_data(parameter: Any) -> None:
    parameter.set_data(parameter.data() * 1.5 + 0.1)


def by_assignment(parameter: Any) -> None:
    parameter.data()[:] = parameter.data() * 0.5 + 0.2


def by_buffer(parameter: Any) -> None:
    np.asarray(parameter.data().detach())[...] += 0.3


@pytest.mark.parametrize("change", [by_set_data, by_assignment, by_buffer])
@pytest.mark.parametrize("which", ["weight", "bias", "gamma", "beta", "running_mean", "running_var"])
def test_whatever_changes_shows_in_the_next_result(which: str, change: Callable[[Any], None]) -> None:
    net, x = network(), images()
    net.hybridize()
    before = net(x).asnumpy()
    for _ in range(2):
        for name, parameter in net.collect_params().items():
            if name.endswith(which):
                change(parameter)
        for _ in range(2):
            found = net(x).asnumpy()
        near(found, F.relu(net.body.forward(x) + net.around.forward(x)).asnumpy())
        assert np.abs(found - before).max() > 1e-3 * np.abs(before).max()
        before = found


def test_training_between_inferences_is_seen() -> None:
    net, x = network(), images()
    net.hybridize()
    trainer = dl.gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.05})
    net(x)
    for _ in range(3):
        with autograd.record():
            loss = net(x).mean()
        loss.backward()
        trainer.step(1)
        near(net(x).asnumpy(), F.relu(net.body.forward(x) + net.around.forward(x)).asnumpy())


def test_training_folds_nothing() -> None:
    net, x = network(), images()

    def step(x: Any) -> Any:
        with autograd.record():
            loss = net(x).mean()
        loss.backward()
        return loss

    compiled_step = jit(step)
    compiled_step(x)
    graph = compiled_step.entries()[0].plain.graph
    assert ops(graph)["batch_norm_train"] == 3
    assert graph.kept is None


@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16"])
def test_an_epilogue_changes_no_bit(dtype: str, threads: int) -> None:
    x, w = images(dtype), array(np.random.default_rng(2).standard_normal((16, 16, 3, 3)) / 12, "float32").astype(dtype)

    def f(x: Any) -> tuple[Any, ...]:
        y = F.conv2d(x, w, pad=1)
        z = F.relu6(F.conv2d(y, w, pad=1) + x)
        return F.relu(y), z, F.conv2d(z, w, pad=1) + F.conv2d(z, -w, pad=1) * 2

    def run(pipeline: tuple) -> tuple[Graph, list[np.ndarray]]:
        traced = jit(f)
        traced(x)
        graph = optimize(traced.entries()[0].graph, pipeline)
        return graph, [a.asnumpy() for a in Compiled(graph, optimized=False).run([x])]

    on, found = run(PIPELINE)
    off, wanted = run(tuple(p for p in PIPELINE if p is not conv_epilogue))
    assert ops(on)["_conv2d_act"] == 2 and ops(off)["_conv2d_act"] == 0  # y is needed twice
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(one.astype("float64"), other.astype("float64"))
    if dtype != "bfloat16":
        for one, other in zip(interpret(on, [x.asnumpy()])[0], wanted, strict=True):
            near(one, other)


def test_an_epilogue_of_float16_rounds_once(monkeypatch: pytest.MonkeyPatch) -> None:
    x, w = images("float16"), array(np.random.default_rng(2).standard_normal((16, 16, 3, 3)) / 12, "float16")

    def f(x: Any, w: Any) -> Any:
        return F.relu(F.conv2d(x, w, pad=1) + x)

    exact, found = f(x.astype("float64"), w.astype("float64")).asnumpy(), []
    for epilogues, count in (("1", 1), ("0", 0)):
        monkeypatch.setenv("DLCORE_EPILOGUE", epilogues)
        run = jit(f)
        found.append(run(x, w).asnumpy().astype("float64"))
        assert ops(run.entries()[0].plain.graph)["_conv2d_act"] == count
    np.testing.assert_allclose(found[0], exact, rtol=1.01 * 2.0**-11, atol=1e-5)
    np.testing.assert_allclose(found[1], exact, rtol=2.0**-10, atol=2.0**-10 * np.abs(exact).max())


def test_gradients_through_an_epilogue() -> None:
    net = nn.HybridSequential()
    net.add(nn.Conv2D(16, 3, padding=1, in_channels=16, activation="relu"), nn.Conv2D(4, 3, in_channels=16))
    net.initialize(init=dl.init.Xavier())
    x = images()
    found = []
    for active in (False, True):
        net.hybridize(active)
        with autograd.record():
            loss = F.square(net(x)).mean()
        loss.backward()
        found.append([p.grad().asnumpy() for p in net.collect_params().values()])
    for plain, compiled_one in zip(*found, strict=True):
        np.testing.assert_allclose(compiled_one, plain, rtol=1e-4, atol=1e-6)
    pair = next(iter(net._compiled.entries()[0]._pairs.values()))
    assert ops(pair.forward.graph)["_conv2d_act"] == 1


def test_only_scales_of_channels_are_folded() -> None:
    w, s = array(np.ones((4, 16, 1, 1)), "float32"), array(np.full((4, 1, 1), 2.0), "float32")
    wide = array(np.full((1, 1, 14, 14), 2.0), "float32")
    x = images()
    for function, folded in (
        (lambda x: F.conv2d(x, w) * s - s, True),
        (lambda x: F.conv2d(x, w) * wide, False),
        (lambda x: F.conv2d(x, w) * F.mean(x), False),
        (lambda x: s - F.conv2d(x, w), False),
        (lambda x: F.conv2d(x, F.relu(w) * s.reshape((4, 1, 1, 1)), s.reshape((4,))) * s, True),
    ):
        traced = jit(function)
        near(traced(x).asnumpy(), function(x).asnumpy())
        graph = fold_norm(traced.entries()[0].graph)
        result = graph.outputs[0].node
        assert result is not None
        assert (result.op == "conv2d") == folded


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (lambda: nn.Dense(6, in_units=10), (4, 10)),
        (lambda: nn.Conv1D(6, 3, in_channels=5, groups=1), (2, 5, 12)),
        (lambda: nn.Conv2D(6, 3, in_channels=6, groups=3), (2, 6, 7, 7)),
        (lambda: nn.Conv3D(6, 2, in_channels=3), (2, 3, 5, 4, 4)),
    ],
    ids=["dense", "1d", "groups", "3d"],
)
def test_other_layers_take_normalisation_in(layer: Callable[[], Any], shape: tuple[int, ...]) -> None:
    net = nn.HybridSequential()
    net.add(layer(), nn.BatchNorm(in_channels=6))
    net.initialize(init=dl.init.Xavier())
    x = array(np.random.default_rng(0).standard_normal(shape), "float32")
    with autograd.record():
        net(x * 2 + 1)
    wanted = net(x).asnumpy()
    net.hybridize()
    near(net(x).asnumpy(), wanted)
    kernels = {node.op for node in compiled(net).lowered.nodes}
    assert len(kernels - {"_channels_last"}) == 1 and not any(op.startswith("fused") for op in kernels)


class TestKept:
    def test_runs_again_only_after_a_change(self) -> None:
        a, b, x = (array(np.random.default_rng(i).standard_normal((4, 4)), "float32") for i in range(3))
        f = jit(lambda x: F.matmul(x, F.matmul(a, F.transpose(b)) * 2))
        f(x)
        program = f.entries()[0].plain
        runs = []
        kept = program._kept
        assert kept is not None and ops(program.graph) == {"matmul": 1}
        inner = kept.program
        run = inner.run
        inner.run = lambda arrays: (runs.append(1), run(arrays))[1]  # type: ignore[method-assign]
        for count in (0, 1, 2):
            for _ in range(3):
                np.testing.assert_allclose(
                    f(x).asnumpy(), x.asnumpy() @ (a.asnumpy() @ b.asnumpy().T * 2), rtol=1e-5, atol=1e-5
                )
            assert len(runs) == count
            b *= 1.5

    def test_stops_where_arrays_change_every_time(self) -> None:
        a, x = array(np.ones((3, 3)), "float32"), array(np.ones((2, 3)), "float32")
        f = jit(lambda x: x + F.sum(F.exp(a), axis=0))
        for i in range(3 * PATIENCE):
            a[:] = i / 100
            np.testing.assert_allclose(f(x).asnumpy(), 1 + 3 * np.exp(np.float32(i / 100)), rtol=1e-6)
        assert f.entries()[0].plain.graph.kept is None

    def test_leaves_what_grows_what_is_random_and_what_is_written(self) -> None:
        a, x = array(np.ones((3, 1)), "float32"), array(np.ones((3, 500)), "float32")
        grows = jit(lambda x: x * F.matmul(a, F.reshape(b, (1, 500))))
        b = array(np.ones(500), "float32")
        draws = jit(lambda x: x + F.exp(dl.np.random.normal(size=a.shape) + a))
        counter = array(np.zeros((2,)), "float32")

        def counts(x: Any) -> Any:
            _core.assign(counter, counter + 1)
            return x * F.exp(a)

        for function in (grows, draws, jit(counts)):
            function(x)
            assert function.entries()[0].plain.graph.kept is None

    def test_a_thread_waits_for_what_another_computes_anew(self) -> None:
        a, x = array(np.ones((2, 2)), "float32"), array(np.ones((1, 2)), "float32")
        f = jit(lambda x: F.matmul(x, F.square(a)))
        f(x)
        kept = f.entries()[0].plain._kept
        assert kept is not None
        inner, computing, go_on = kept.program, threading.Event(), threading.Event()

        class Slow:
            def run(self, arrays: list[Any]) -> list[Any]:
                computing.set()
                assert go_on.wait(20)
                return inner.run(arrays)

        kept.program = Slow()
        a[:] = 3
        found: list[float] = []
        both = [threading.Thread(target=lambda: found.append(float(f(x)[0, 0]))) for _ in range(2)]
        both[0].start()
        assert computing.wait(20)
        both[1].start()
        both[1].join(0.3)
        assert both[1].is_alive() and not found, "it went on with what was kept before the change"
        go_on.set()
        for thread in both:
            thread.join(20)
        assert found == [18.0, 18.0]

    def test_two_threads_and_a_third_that_writes(self) -> None:
        a, x = array(np.full((64, 64), 1.0), "float32"), array(np.ones((1, 64)), "float32")
        f = jit(lambda x: F.matmul(x, F.square(a)))
        f(x)
        wrong: list[float] = []

        def read() -> None:
            for _ in range(300):
                row = f(x).asnumpy()[0]
                wrong.extend(v for v in row if not 63 <= v <= 64 * 4.1)

        readers = [threading.Thread(target=read) for _ in range(2)]
        for thread in readers:
            thread.start()
        for i in range(50):
            a[:] = 1 + (i % 2)
        for thread in readers:
            thread.join()
        a[:] = 2
        np.testing.assert_allclose(f(x).asnumpy(), np.full((1, 64), 256.0))
        assert not wrong
