"""What compiling costs: the first step of a network in a fresh process, and how it grows with depth.

    python benchmarks/compile.py [lenet resnet18 gpt ...] [--repeat 5]
    python benchmarks/compile.py --depth 100 200 400 1000
    python benchmarks/compile.py --sizes

First step: from the call of a compiled training step to its result, after import, with data and parameters there;
tracing, passes, plan, the libraries' own preparation and one run are in it. Each figure is from a process of its own;
the median of several is printed. Depth: residual networks of that many convolutions, all else equal, in turns:
processor seconds to trace and compile, nodes of the traced program, microseconds a node, and the time of one sample in
one layer once compiled; each beside that of the first depth.

Sizes: training steps for batches of 64 and 160 are compiled; then come others, which get their programs from these.
Milliseconds of this thread on the processor: of a compilation, of the first other size, which is when the two are
compared, and of those after it; the last for a hundred nodes of the traced program too.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from peers.sizes import WORKLOADS

HERE = Path(__file__).parent


def first_step(workload: str, threads: int) -> tuple[float, float]:
    """Seconds of the first step and of the second."""
    from peers import dlcore_peer

    run = dlcore_peer.make(workload, threads)
    if "infer" in workload:
        run()  # learns shapes, as it is
    start = time.perf_counter()
    run()
    middle = time.perf_counter()
    run()
    return middle - start, time.perf_counter() - middle


def by_depth(depth: int, threads: int) -> tuple[float, int, float]:
    """Seconds to trace and compile, nodes traced, and seconds of a sample in a layer."""
    from memory import Deep

    from dlcore import _core

    _core.set_num_threads(threads)
    net = Deep(depth)
    function = net.step.entries()[0]
    return net.compiling, len(function.graph.nodes), min(net.seconds() for _ in range(5)) / depth / net.x.shape[0]


def compare_depths(depths: list[int], repeat: int, threads: tuple[Any, ...]) -> None:
    """Prints medians of rounds in which all depths take their turn, and of the rounds' ratios to the first depth."""
    rounds = [[in_a_process_of_its_own("--depth", depth, *threads) for depth in depths] for _ in range(repeat)]
    for k, depth in enumerate(depths):
        seconds, nodes, sample = (statistics.median(values) for values in zip(*(r[k] for r in rounds), strict=True))
        node = statistics.median((r[k][0] / r[k][1]) / (r[0][0] / r[0][1]) for r in rounds)
        layer = statistics.median(r[k][2] / r[0][2] for r in rounds)
        made = f"{nodes:6.0f} nodes, {seconds / nodes * 1e6:6.1f} us a node ({node:.2f} of the first)"
        runs = f"{sample * 1e6:6.2f} us a sample and layer ({layer:.2f})"
        print(f"{depth:5} layers: compiled in {seconds:5.2f} s, {made}, {runs}")


def networks() -> dict[str, tuple[Any, Any]]:
    """Networks, and the arguments of their training steps for a batch of n."""
    from dlcore import gluon, nd
    from dlcore.gluon.model_zoo import text, vision

    def classes(n: int) -> Any:
        return nd.zeros((n,), dtype="int64")

    def letters(n: int) -> Any:
        return nd.zeros((n, 32), dtype="int32")

    nn, resnet = gluon.nn, vision.CIFARResNetV1(vision.BasicBlockV1, [2] * 4, [16, 16, 32, 64, 128])
    mlp = nn.HybridSequential(nn.Dense(128, "relu", in_units=784), nn.Dense(64, "relu"), nn.Dense(10))
    return {
        "mlp": (mlp, lambda n: (nd.ones((n, 784)), classes(n))),
        "lenet": (vision.lenet(), lambda n: (nd.ones((n, 1, 28, 28)), classes(n))),
        "resnet18": (resnet, lambda n: (nd.ones((n, 3, 16, 16)), classes(n))),
        "lstm": (text.LSTMLanguageModel(96, 32, 32), lambda n: (letters(n), letters(n))),
        "gpt": (text.GPT(96, context=32, units=32, num_layers=4, num_heads=4), lambda n: (letters(n), letters(n))),
    }


def milliseconds(work: Callable[[], Any]) -> float:
    """Of this thread on the processor."""
    start = time.thread_time()
    work()
    return (time.thread_time() - start) * 1e3


def by_size(net: Any, arguments: Callable[[int], Any]) -> tuple[float, float, float, int]:
    """Milliseconds to compile, of the first other size and of those after it; nodes of the traced program."""
    from dlcore import autograd, gluon, jit

    net.initialize()
    net(arguments(2)[0])
    criterion = gluon.loss.SoftmaxCrossEntropyLoss()
    trainer = gluon.Trainer(net.collect_params(), "adam", {"learning_rate": 1e-3})

    def step(x: Any, y: Any) -> Any:
        with autograd.record():
            loss = criterion(net(x), y).mean()
        loss.backward()
        trainer.step(1)
        return loss

    compiled = jit(step)

    def prepare(n: int) -> float:
        given = arguments(n)
        return milliseconds(lambda: compiled.program(*given).plain.prepare())

    jit(step).program(*arguments(8)).plain.prepare()  # what is done once for all
    whole = statistics.median([prepare(64), prepare(160)])
    first, *others = [prepare(n) for n in range(72, 152, 8)]
    if compiled.compilations != 2:
        raise SystemExit(f"{compiled.compilations} compilations, 2 expected")
    return whole, first, statistics.median(others), len(compiled.entries()[0].graph.nodes)


def in_a_process_of_its_own(*words: Any) -> list[float]:
    """The figures that this file prints when asked with `words`."""
    call = [sys.executable, __file__, "--alone", *map(str, words)]
    found = subprocess.run(call, cwd=HERE, capture_output=True, text=True, check=False)
    if found.returncode:
        raise SystemExit(found.stderr)
    return [float(word) for word in found.stdout.split()]


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workloads", nargs="*", default=["lenet", "resnet18"], help=", ".join(WORKLOADS))
    parser.add_argument("--depth", nargs="+", type=int, metavar="LAYERS", help="residual networks instead")
    parser.add_argument("--sizes", action="store_true", help="other sizes of a batch instead")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.alone:
        depths, threads = arguments.depth, arguments.threads
        figures = by_depth(depths[0], threads) if depths else first_step(arguments.workloads[0], threads)
        print(*figures)
        return
    if arguments.sizes:
        for name, (net, given) in networks().items():
            whole, first, other, nodes = by_size(net, given)
            each = f"{other:5.2f} ms ({other / nodes * 100:.2f} ms for 100 nodes, a {whole / other:.0f}th)"
            print(
                f"{name:9}{nodes:4} nodes: compiled in {whole:6.1f} ms, first other size {first:5.1f} ms, next {each}",
                flush=True,
            )
        return
    threads = ("--threads", arguments.threads)
    for workload in () if arguments.depth else arguments.workloads:
        runs = [in_a_process_of_its_own(workload, *threads) for _ in range(arguments.repeat)]
        first, second = (statistics.median(values) for values in zip(*runs, strict=True))
        print(f"{workload:18} first step {first:6.3f} s, second {second:6.3f} s", flush=True)
    if arguments.depth:
        compare_depths(arguments.depth, arguments.repeat, threads)


if __name__ == "__main__":
    main()
