"""What compiling costs: the first step of a network in a fresh process, and how it grows with depth.

    python benchmarks/compile.py [lenet resnet18 gpt ...] [--repeat 5]
    python benchmarks/compile.py --depth 100 200 400 1000

First step: from the call of a compiled training step to its result, after import, with data and parameters there;
tracing, passes, plan, the libraries' own preparation and one run are in it. Each figure is from a process of its own;
the median of several is printed. Depth: residual networks of that many convolutions, all else equal: processor seconds
to trace and compile, nodes of the traced program, microseconds a node, and the time of one sample in one layer once
compiled.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
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
    times = sorted(net.seconds() for _ in range(5))
    return net.first - times[2], len(function.graph.nodes), times[0] / depth / net.x.shape[0]


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
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.alone:
        depths, threads = arguments.depth, arguments.threads
        figures = by_depth(depths[0], threads) if depths else first_step(arguments.workloads[0], threads)
        print(*figures)
        return
    threads = ("--threads", arguments.threads)
    for workload in () if arguments.depth else arguments.workloads:
        runs = [in_a_process_of_its_own(workload, *threads) for _ in range(arguments.repeat)]
        first, second = (statistics.median(values) for values in zip(*runs, strict=True))
        print(f"{workload:18} first step {first:6.3f} s, second {second:6.3f} s", flush=True)
    for depth in arguments.depth or ():
        runs = [in_a_process_of_its_own("--depth", depth, *threads) for _ in range(arguments.repeat)]
        seconds, nodes, sample = (statistics.median(values) for values in zip(*runs, strict=True))
        each = f"{seconds / nodes * 1e6:6.1f} us a node, {sample * 1e6:6.2f} us a sample and layer"
        print(f"{depth:5} layers: compiled in {seconds:6.2f} s, {nodes:6.0f} nodes, {each}", flush=True)


if __name__ == "__main__":
    main()
