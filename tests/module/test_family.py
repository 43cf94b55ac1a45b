"""BucketingModule, SequentialModule, PythonModule, Monitor and callbacks, against Module and NumPy."""

from __future__ import annotations

import logging
import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import dlcore as dl
from dlcore import io, module, sym
from dlcore.module import callback, monitor

RNG = np.random.default_rng(0)


def summed(key: int) -> tuple[Any, list[str], list[str]]:
    """Adds up a row of any length; a layer that all lengths share."""
    data = sym.sum(sym.var("data"), axis=1)
    net = sym.FullyConnected(data, num_hidden=2, name="fc")
    return sym.SoftmaxOutput(net, name="softmax"), ["data"], ["softmax_label"]


def batch(steps: int, size: int = 8, seed: int = 0) -> io.DataBatch:
    x = np.random.default_rng(seed + steps).normal(size=(size, steps, 3)).astype(np.float32)
    y = (x.sum(axis=1)[:, 0] > 0).astype(np.float32)
    return io.DataBatch(
        [dl.nd.array(x)], [dl.nd.array(y)], bucket_key=steps,
        provide_data=[io.DataDesc("data", x.shape)], provide_label=[io.DataDesc("softmax_label", y.shape)],
    )  # fmt: skip


def bucketed() -> module.BucketingModule:
    model = module.BucketingModule(summed, default_bucket_key=6)
    first = batch(6)
    model.bind(first.provide_data, first.provide_label)
    model.init_params(dl.init.Constant(0.1))
    model.init_optimizer(optimizer="sgd", optimizer_params={"learning_rate": 0.5, "momentum": 0.9})
    return model


def test_buckets_share_parameters_and_optimizer() -> None:
    """Batches of several lengths do what one Module per step, with weights and momentum carried over by hand, does."""
    model = bucketed()
    w, b = np.full((2, 3), 0.1), np.zeros(2)  # biases begin with zeros whatever the initializer is
    vw, vb = np.zeros_like(w), np.zeros_like(b)
    for step, steps in enumerate([6, 4, 6, 2, 4]):
        one = batch(steps, seed=step)
        model.forward_backward(one)
        model.update()
        x, y = one.data[0].asnumpy().sum(axis=1), one.label[0].asnumpy().astype(int)
        scores = x @ w.T + b
        p = np.exp(scores - scores.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        np.testing.assert_allclose(model.get_outputs()[0].asnumpy(), p, rtol=1e-4, atol=1e-6)
        d = (p - np.eye(2)[y]) / 8
        vw, vb = 0.9 * vw - 0.5 * d.T @ x, 0.9 * vb - 0.5 * d.sum(axis=0)
        w, b = w + vw, b + vb
    found = model.get_params()[0]
    np.testing.assert_allclose(found["fc_weight"].asnumpy(), w, rtol=1e-4)
    np.testing.assert_allclose(found["fc_bias"].asnumpy(), b, rtol=1e-4, atol=1e-6)
    assert len(model._buckets) == 3


def test_buckets_are_fitted_and_scored() -> None:
    class Lengths(io.DataIter):
        def __init__(self) -> None:
            super().__init__(8)
            self.batches = [batch(steps, seed=10 * k) for k in range(6) for steps in (2, 6)]
            self.provide_data, self.provide_label = batch(6).provide_data, batch(6).provide_label
            self.reset()

        def reset(self) -> None:
            self.left = list(self.batches)

        def next(self) -> io.DataBatch:
            if not self.left:
                raise StopIteration
            return self.left.pop(0)

    model, data = module.BucketingModule(summed, default_bucket_key=6), Lengths()
    model.fit(data, num_epoch=10, optimizer_params={"learning_rate": 0.5})
    for one in data.batches:
        one.pad = 0
    assert dict(model.score(data, "acc"))["accuracy"] > 0.9
    with pytest.raises(ValueError, match="must say its shapes"):
        model.forward(io.DataBatch([dl.nd.ones((8, 9, 3))], [], bucket_key=9))
    with pytest.raises(ValueError, match="default_bucket_key"):
        module.BucketingModule(summed)


def test_a_row_of_modules_is_one_network() -> None:
    x, label = sym.var("data"), sym.var("softmax_label")
    lower = sym.Activation(sym.FullyConnected(x, num_hidden=5, name="a"), act_type="tanh")
    upper = sym.SoftmaxOutput(sym.FullyConnected(x, num_hidden=3, name="b"), label, name="softmax")
    whole = sym.SoftmaxOutput(sym.FullyConnected(lower, num_hidden=3, name="b"), label, name="softmax")
    row = module.SequentialModule()
    row.add(module.Module(lower, label_names=None)).add(module.Module(upper), take_labels=True)
    data = io.NDArrayIter(RNG.normal(size=(12, 4)).astype("f"), RNG.integers(0, 3, 12), 4)
    weights = None
    results = []
    for model in (row, module.Module(whole)):
        model.bind(data.provide_data, data.provide_label)
        model.init_params(dl.init.Xavier(), arg_params=weights)
        weights = model.get_params()[0]
        model.init_optimizer(optimizer="adam", optimizer_params={"learning_rate": 0.1})
        for _ in range(3):
            data.reset()
            for one in data:
                model.forward_backward(one)
                model.update()
        results.append(model)
        if model is row:
            row_after, weights = row.get_params()[0], {n: a for n, a in weights.items()}
    for name, array in results[1].get_params()[0].items():
        np.testing.assert_allclose(row_after[name].asnumpy(), array.asnumpy(), rtol=1e-4, atol=1e-6, err_msg=name)
    with pytest.raises(ValueError, match="modules 0 and 1 both have 'a_weight'"):
        twice = module.SequentialModule()
        for _ in range(2):
            twice.add(module.Module(sym.FullyConnected(x, num_hidden=4, name="a"), label_names=None))
        twice.bind([("data", (2, 4))])
        twice.init_params()
    with pytest.raises(RuntimeError, match="it has no modules"):
        module.SequentialModule().bind([("data", (2, 4))])


def test_a_loss_in_python() -> None:
    net = module.Module(sym.FullyConnected(sym.var("data"), num_hidden=1, no_bias=True, name="fc"), label_names=None)
    loss = module.PythonLossModule(grad_func=lambda scores, labels: (scores - labels) / 4)
    model = module.SequentialModule().add(net).add(loss, take_labels=True)
    model.bind([("data", (4, 2))], [("softmax_label", (4, 1))])
    model.init_params(dl.init.Zero())
    model.init_optimizer(optimizer_params={"learning_rate": 0.5, "rescale_grad": 1.0})
    x = RNG.normal(size=(4, 2)).astype(np.float32)
    y = x @ np.array([[2.0], [-3.0]], np.float32)
    one = io.DataBatch([dl.nd.array(x)], [dl.nd.array(y)])
    for _ in range(200):
        model.forward_backward(one)
        model.update()
    np.testing.assert_allclose(model.get_params()[0]["fc_weight"].asnumpy(), [[2, -3]], atol=1e-2)
    with pytest.raises(NotImplementedError, match="give grad_func"):
        bare = module.PythonLossModule()
        bare.backward()


def small() -> Any:
    net = sym.BatchNorm(sym.FullyConnected(sym.var("data"), num_hidden=3, name="fc"), name="bn")
    model = module.Module(sym.SoftmaxOutput(net, name="softmax"))
    model.bind([("data", (4, 2))], [("softmax_label", (4,))])
    model.init_params(dl.init.Xavier())
    return model


def test_a_monitor_sees_every_node_and_disturbs_none(caplog: pytest.LogCaptureFixture) -> None:
    x = RNG.normal(size=(8, 2)).astype("f")
    ends = []
    for watched in (False, True):
        dl.random.seed(0)
        model, data = small(), io.NDArrayIter(x, np.zeros(8), 4)
        seen = monitor.Monitor(2, pattern="fc.*|.*mean.*", sort=True) if watched else None
        with caplog.at_level(logging.INFO):
            model.fit(data, num_epoch=2, arg_params={"fc_weight": dl.nd.ones((3, 2))}, allow_missing=True,
                      force_init=True, monitor=seen)  # fmt: skip
        ends.append({n: a.asnumpy() for group in model.get_params() for n, a in group.items()})
    for name, value in ends[0].items():
        np.testing.assert_array_equal(value, ends[1][name], err_msg=name)
    lines = [r.getMessage() for r in caplog.records if r.getMessage().startswith("Batch:")]
    assert len(lines) == 2 * 5 and "fc_output" in "".join(lines) and "fc_weight_grad" in "".join(lines)
    watcher = monitor.Monitor(1, stat_func=lambda a: a.max(), pattern="fc_output")
    model = small()
    model.install_monitor(watcher)
    watcher.tic()
    model.forward(io.DataBatch([dl.nd.array(x[:4])], []), is_train=False)
    params = model.get_params()[0]
    expected = (x[:4] @ params["fc_weight"].asnumpy().T + params["fc_bias"].asnumpy()).max()
    [(step, name, text)] = watcher.toc()
    assert (step, name) == (1, "fc_output") and math.isclose(float(text), expected, rel_tol=1e-5)
    assert watcher.toc() == []


def test_states_and_shapes_of_a_module() -> None:
    model = small()
    model.set_states(value=2.0)
    assert [a.tolist() for a in model.get_states()] == [[2, 2, 2], [2, 2, 2]]
    model.set_states([dl.nd.zeros(3), dl.nd.ones(3)])
    assert [a.tolist() for a in model.get_states()] == [[0, 0, 0], [1, 1, 1]]
    with pytest.raises(ValueError, match="expected 2 arrays .*, got 1"):
        model.set_states([dl.nd.zeros(3)])
    before = model.get_params()[0]["fc_weight"].asnumpy()
    model.reshape([("data", (7, 2))], [("softmax_label", (7,))])
    assert model.output_shapes == [("softmax_output", (7, 3))]
    np.testing.assert_array_equal(model.get_params()[0]["fc_weight"].asnumpy(), before)
    with pytest.raises(RuntimeError, match="call its init_optimizer first"):
        model.borrow_optimizer(small())


def test_callbacks(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    class Counted(dl.metric.EvalMetric):
        def __init__(self) -> None:
            super().__init__("m")
            self.resets = 0

        def reset(self) -> None:
            self.resets = getattr(self, "resets", 0) + 1

        def get_name_value(self) -> list[tuple[str, float]]:
            return [("m", 0.5)]

    metric = Counted()
    with caplog.at_level(logging.INFO):
        for n in range(4):
            param = SimpleNamespace(epoch=3, nbatch=n, eval_metric=metric)
            callback.log_train_metric(2, auto_reset=True)(param)
            callback.ProgressBar(total=4, length=8)(param)
        callback.LogValidationMetricsCallback()(param)
    said = [r.getMessage() for r in caplog.records]
    assert said.count("Iter[3] Batch[0] Train-m=0.500000") == said.count("Iter[3] Batch[2] Train-m=0.500000") == 1
    assert [line for line in said if line.startswith("[")] == [
        "[==------] 25%", "[====----] 50%", "[======--] 75%", "[========] 100%",
    ]  # fmt: skip
    assert said[-1] == "Epoch[3] Validation-m=0.500000"
    model = small()
    model.init_optimizer()
    save = callback.module_checkpoint(model, tmp_path / "m", period=2, save_optimizer_states=True)
    for epoch in range(2):
        save(epoch)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["m-0002.safetensors", "m-0002.states", "m-symbol.json"]
