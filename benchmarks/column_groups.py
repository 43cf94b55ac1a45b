"""What it brings to join reductions over leading axes with the groups around them: time with over time without.

    python benchmarks/column_groups.py                      # every case and shape, then steps; about a minute
    python benchmarks/column_groups.py masked --steps gpt   # one case, one step

Both programs of a case take turns within one run. Of a case are printed the ratio of their least times, the least time
with groups, and how many kernels there are with and without; of a step (those of step.py) the median of the turns' own
ratios, and the numbers of kernels. On a busy machine only one thread gives figures that count.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from peers import dlcore_peer
from row_groups import compare, traced

import dlcore as dl
from dlcore import _core
from dlcore.graph import _compiled
from dlcore.graph.passes import PIPELINE
from dlcore.graph.passes.fuse_columns import fuse_columns
from dlcore.ops import F

SHAPES = [(64, 10), (64, 128), (128, 784), (2048, 128), (2048, 1024), (16384, 64)]
STEPS = ["mlp", "autoencoder", "gpt"]
APART = tuple(rewrite for rewrite in PIPELINE if rewrite is not fuse_columns)


def masked(y: Any, g: Any) -> list[Any]:
    """The gradient of relu and of the bias before it."""
    d = F.where(F.greater(y, 0.0), g, 0.0)
    return [d, F.sum(d, axis=0)]


def batch_norm(x: Any, _: Any) -> list[Any]:
    d = x - F.mean(x, axis=0, keepdims=True)
    return [d * F.rsqrt(F.mean(d * d, axis=0, keepdims=True) + 1e-5)]


def last_layer(x: Any, target: Any) -> list[Any]:
    """The gradient of softmax with cross-entropy and of the bias before it."""
    e = F.exp(x - F.max(x, axis=-1, keepdims=True))
    d = e / F.sum(e, axis=-1, keepdims=True) - target
    return [d, F.sum(d, axis=0)]


CASES: dict[str, Callable[..., list[Any]]] = {
    "masked": masked,
    "scale_and_shift": lambda x, g: [F.sum(g * x, axis=0), F.sum(g, axis=0)],
    "batch_norm": batch_norm,
    "last_layer": last_layer,
}


def compare_steps(workload: str, threads: int, seconds: float) -> str:
    """The median ratio of a step's two programs, the least time with groups, and the numbers of kernels."""
    both, kernels = [], []
    lower = _compiled.lower
    for switch in ("1", "0"):
        os.environ["DLCORE_FUSE_COLUMNS"] = switch
        sizes = [0]

        def counted(*args: Any, sizes: list[int] = sizes) -> Any:
            made = lower(*args)
            sizes.append(len(made.nodes))
            return made

        _compiled.lower = counted
        step = dlcore_peer.make(workload, threads)
        step()
        both.append(step)
        kernels.append(max(sizes))
    _compiled.lower = lower
    times: list[list[float]] = [[], []]
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(times[1]) < 5:
        for step, own in zip(both, times, strict=True):
            start = time.perf_counter()
            step()
            own.append(time.perf_counter() - start)
    ratio = statistics.median(a / b for a, b in zip(*times, strict=True))
    return f"{ratio:5.3f} {1e3 * min(times[0]):9.3f} ms {kernels[0]:3d}/{kernels[1]:3d}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", default=list(CASES), help="which cases; all of them unless named")
    parser.add_argument("--steps", nargs="*", default=STEPS, help="which steps of step.py")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=0.5, help="for each pair; eight times that for steps")
    args = parser.parse_args()
    _core.set_num_threads(args.threads)
    rng = np.random.default_rng(0)
    print(f"threads: {args.threads}")
    for name in args.cases:
        for shape in SHAPES:
            arrays = [dl.nd.array(rng.normal(size=shape), dtype="float32") for _ in range(2)]
            graph = traced(CASES[name], *arrays)
            print(f"{name:18s}{shape!s:16s}{compare(graph, arrays, args.seconds, (PIPELINE, APART))}", flush=True)
    for workload in args.steps:
        print(f"{workload:34s}{compare_steps(workload, args.threads, 8 * args.seconds)}", flush=True)


if __name__ == "__main__":
    main()
