"""The workloads in dlcore: a whole step through `dl.jit`, inference through `hybridize()`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .sizes import CLASSES, data


def network(base: str) -> Any:
    """The network of a workload, initialized."""
    import dlcore as dl
    from dlcore.gluon import nn
    from dlcore.gluon.model_zoo import text, vision

    net: Any = nn.HybridSequential()
    if base == "mlp":
        net.add(nn.Dense(128, activation="relu"), nn.Dense(64, activation="relu"), nn.Dense(10))
    elif base == "autoencoder":
        net.add(*(nn.Dense(units, activation="relu") for units in (256, 64, 256)), nn.Dense(784))
    elif base == "lenet":
        net.add(
            nn.Conv2D(32, 3, padding=1, activation="relu"), nn.Conv2D(64, 3, padding=1, activation="relu"),
            nn.MaxPool2D(2), nn.Flatten(), nn.Dense(128, activation="relu"), nn.Dense(10),
        )  # fmt: skip
    elif base == "resnet18":
        net = vision.CIFARResNetV1(vision.BasicBlockV1, [2, 2, 2, 2], [64, 64, 128, 256, 512])
    elif base == "lstm":
        net = text.LSTMLanguageModel(CLASSES, 64, 256)
    else:
        net = text.GPT(CLASSES, context=128, units=128, num_layers=4, num_heads=4)
    net.initialize(init=dl.init.Xavier() if base not in ("lstm", "gpt") else dl.init.Uniform(0.07))
    return net


OPTIMIZERS = {
    "mlp": ("sgd", {"learning_rate": 0.1, "momentum": 0.9}),
    "resnet18": ("sgd", {"learning_rate": 0.1, "momentum": 0.9, "wd": 5e-4}),
    "gpt": ("adamw", {"learning_rate": 1e-3, "wd": 0.01}),
}


def make(workload: str, threads: int) -> Callable[[], float]:
    """One step of `workload`; what it returns is read, so it has happened."""
    function, arguments = compiled(workload, threads)
    if len(arguments) == 1:
        return lambda: float(function(*arguments).asnumpy().ravel()[0])
    return lambda: float(function(*arguments).item())


def compiled(workload: str, threads: int) -> tuple[Any, list[Any]]:
    """What one step of `workload` calls, and with what: a network for inference, a compiled step for training."""
    import dlcore as dl
    from dlcore import _core, autograd, gluon

    _core.set_num_threads(threads)
    _core.seed(0)
    base, _, kind = workload.partition("-")
    net, (inputs, labels) = network(base), data(workload)
    x, y = dl.nd.array(inputs, dtype=inputs.dtype), dl.nd.array(labels, dtype=labels.dtype)
    if kind.startswith("infer"):
        net.hybridize()
        return net, [x]
    trainer = gluon.Trainer(net.collect_params(), *OPTIMIZERS.get(base, ("adam", {"learning_rate": 1e-3})))
    criterion = gluon.loss.L2Loss() if base == "autoencoder" else gluon.loss.SoftmaxCrossEntropyLoss()

    def train(x: Any, y: Any) -> Any:
        with autograd.record(), dl.amp.autocast("bfloat16", enabled=kind == "bf16"):
            loss = criterion(net(x), y).mean()
        loss.backward()
        trainer.step(1)
        return loss

    return dl.jit(train), [x, y]
