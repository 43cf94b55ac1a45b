"""What a step of a Module takes beside the same step of a hybridized network with a Trainer.

    python benchmarks/module.py --threads 1

Two networks, the same weights, the same batch of 64, SGD. Both steps take turns in short slices and begin each slice
with the same weights (what a convolutional network takes depends on what it has learned); of each the quickest slice
counts. The aim is a ratio of 1.0 within 5 %.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

BATCH, STEPS = 64, 10


def symbols() -> dict[str, Any]:
    """The networks of data.py as symbols."""
    from dlcore import sym

    def dense(x: Any, sizes: tuple[int, ...]) -> Any:
        x = sym.flatten(x)
        for k, size in enumerate(sizes):
            x = sym.Activation(sym.FullyConnected(x, num_hidden=size, name=f"dense{k}"), act_type="relu")
        return sym.SoftmaxOutput(sym.FullyConnected(x, num_hidden=10, name="last"), name="softmax")

    def conv(x: Any, filters: int, pad: int, name: str) -> Any:
        x = sym.Convolution(x, kernel=(5, 5), pad=(pad, pad), num_filter=filters, name=name)
        return sym.Pooling(sym.Activation(x, act_type="relu"), kernel=(2, 2), stride=(2, 2), pool_type="max")

    data = sym.var("data")
    return {
        "mlp": dense(data, (128, 64)),
        "lenet": dense(conv(conv(data, 6, 2, "conv0"), 16, 0, "conv1"), (120, 84)),
    }


def steps(name: str) -> tuple[Callable[[], None], Callable[[], None], Callable[[], None]]:
    """A step of the module, one of the network, and what gives both the weights they began with."""
    from data import networks

    import dlcore as dl
    from dlcore import autograd, gluon

    rng = np.random.default_rng(0)
    x = dl.nd.array(rng.random((BATCH, 1, 28, 28)))
    y = dl.nd.array(rng.integers(0, 10, BATCH))
    net, loss = networks()[name], gluon.loss.SoftmaxCrossEntropyLoss()
    net.initialize(dl.init.Xavier())
    net.hybridize()
    loss.hybridize()
    net(x)
    trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.01})
    first = [p.data().asnumpy() for p in net.collect_params().values()]
    module = dl.mod.Module(symbols()[name])
    module.bind([("data", x.shape)], [("softmax_label", y.shape)])
    module.init_params(dl.init.Zero())
    module.init_optimizer(optimizer="sgd", optimizer_params={"learning_rate": 0.01})
    names = [n for n in module.symbol.list_arguments() if n not in ("data", "softmax_label")]
    batch = dl.io.DataBatch([x], [y])

    def by_module() -> None:
        module.forward_backward(batch)
        module.update()

    def by_network() -> None:
        with autograd.record():
            value = loss(net(x), y)
        value.backward()
        trainer.step(BATCH)

    def begin() -> None:
        for parameter, value in zip(net.collect_params().values(), first, strict=True):
            parameter.set_data(dl.nd.array(value))
        module.set_params(dict(zip(names, map(dl.nd.array, first), strict=True)), {})

    return by_module, by_network, begin


def measure(name: str, rounds: int) -> tuple[float, float]:
    """Seconds of the quickest slice a step: of the module, of the network."""
    by_module, by_network, begin = steps(name)
    found: dict[Any, list[float]] = {by_module: [], by_network: []}
    for _ in range(rounds):
        for step, times in found.items():
            begin()
            for _ in range(2):
                step()
            started = time.perf_counter()
            for _ in range(STEPS):
                step()
            times.append((time.perf_counter() - started) / STEPS)
    return min(found[by_module]), min(found[by_network])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--threads", type=int, default=0, help="default: all cores")
    options = parser.parse_args()
    if options.threads:
        os.environ["DLCORE_NUM_THREADS"] = str(options.threads)
    print("| network | Module, us | hybridized, us | ratio |\n|---|---|---|---|")
    for name in symbols():
        module, network = measure(name, options.rounds)
        print(f"| {name} | {1e6 * module:.0f} | {1e6 * network:.0f} | {module / network:.2f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
