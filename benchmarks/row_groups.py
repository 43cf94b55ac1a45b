"""What it brings to join reductions with the elementwise calls around them: time with row groups over time without.

    python benchmarks/row_groups.py                # every case and shape, forward and with gradients; about a minute
    python benchmarks/row_groups.py --threads 1 softmax
    python benchmarks/row_groups.py --threads 1 --ready    # rows whose kernels are ready: taken apart over as they are

Both programs of a case take turns within one run; printed are the ratio of their least times, the least time with
groups, and how many kernels there are with and without. On a busy machine only one thread gives figures that count.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import dlcore as dl
from dlcore import _core
from dlcore.graph._ir import Graph
from dlcore.graph._lower import Lowered, lower
from dlcore.graph._trace import trace
from dlcore.graph.passes import PIPELINE, optimize
from dlcore.graph.passes.autodiff import autodiff
from dlcore.graph.passes.fuse_rows import fuse_rows
from dlcore.graph.passes.plan import plan, settle
from dlcore.graph.passes.short_rows import short_rows
from dlcore.ops import F

SHAPES = [(64, 10), (128, 256), (2048, 128), (256, 4096), (2048, 1024)]
APART = tuple(rewrite for rewrite in PIPELINE if rewrite is not fuse_rows)


def softmax(x: Any) -> Any:
    e = F.exp(x - F.max(x, axis=-1, keepdims=True))
    return e / F.sum(e, axis=-1, keepdims=True)


def layer_norm(x: Any) -> Any:
    d = x - F.mean(x, axis=-1, keepdims=True)
    return d * F.rsqrt(F.mean(d * d, axis=-1, keepdims=True) + 1e-5)


CASES: dict[str, Callable[..., Any]] = {
    "softmax": softmax,
    "layer_norm": layer_norm,
    "rms_norm": lambda x: x * F.rsqrt(F.mean(x * x, axis=-1, keepdims=True) + 1e-5),
    "log_softmax": lambda x: x - F.logsumexp(x, axis=-1, keepdims=True),
    "mean_square": lambda x: F.mean(F.square(x - 1.0)),
}


READY: dict[str, Callable[..., Any]] = {
    "softmax": lambda x: F.softmax(x * 0.5 + x) * x,
    "log_softmax": lambda x: F.log_softmax(x * 0.5 + x) - x,
    "layer_norm": lambda x: F.relu(F.layer_norm(x * 0.5 + x, x[0], x[1])),
}
READY_SHAPES = [(1 << 17 - k, 1 << k) for k in (4, 5, 7, 9, 10)] + [(1 << 23 - k, 1 << k) for k in (5, 7, 9)]


def taken_apart(graph: Graph) -> Graph:
    """`short_rows` for rows of any length."""
    return short_rows(graph, 1 << 62)


TAKEN_APART = tuple(taken_apart if rewrite is short_rows else rewrite for rewrite in PIPELINE)


def traced(function: Callable[..., list[Any]], *arrays: Any) -> Graph:
    return trace(lambda given: (None, function(*given)), list(arrays), "case").graph


def program(graph: Graph, pipeline: Any) -> Lowered:
    settled = settle(optimize(graph, pipeline))
    return lower(settled, plan(settled))


def compare(graph: Graph, arrays: list[Any], seconds: float, pipelines: Any = (PIPELINE, APART)) -> str:
    """Ratio, least time and numbers of kernels of a graph's two programs."""
    both = [program(graph, pipeline) for pipeline in pipelines]
    for made in both * 2:
        made.executable.run(arrays)
    start = time.perf_counter()
    both[0].executable.run(arrays)
    calls = max(1, int(0.002 / max(time.perf_counter() - start, 1e-7)))
    least, end = [1e9, 1e9], time.perf_counter() + seconds
    while time.perf_counter() < end:
        for k, made in enumerate(both):
            start = time.perf_counter()
            for _ in range(calls):
                made.executable.run(arrays)
            least[k] = min(least[k], (time.perf_counter() - start) / calls)
    return f"{least[0] / least[1]:5.2f} {1e6 * least[0]:9.1f} us {len(both[0].nodes):2d}/{len(both[1].nodes):2d}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", help="which cases; all of them unless named")
    parser.add_argument("--ready", action="store_true", help="softmax and normalisation by their kernels, and apart")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=0.5, help="for each pair of programs")
    args = parser.parse_args()
    _core.set_num_threads(args.threads)
    rng = np.random.default_rng(0)
    print(f"threads: {args.threads}\n{'':34s}{'forward':>25s}{'with gradient':>29s}")
    cases, shapes = (READY, READY_SHAPES) if args.ready else (CASES, SHAPES)
    pipelines = (TAKEN_APART, PIPELINE) if args.ready else (PIPELINE, APART)
    for name in args.cases or cases:
        for shape in shapes:
            x = dl.nd.array(rng.normal(size=shape), dtype="float32")
            graph = traced(lambda x, name=name: [cases[name](x)], x)
            joint = autodiff(graph, graph.inputs).graph
            head = dl.nd.array(rng.normal(size=graph.outputs[0].shape), dtype="float32")
            forward = compare(graph, [x], args.seconds, pipelines)
            both = compare(joint, [x, head], args.seconds, pipelines)
            print(f"{name:14s}{shape!s:16s}{forward:>29s}{both:>29s}", flush=True)


if __name__ == "__main__":
    main()
