"""What a step of a workload spends its time on: the table of `step.py --profile`.

Every kernel is timed by itself, on one thread and on all (`dl.explain`, the least of many runs). "of limit": the time
that its operations, in products of matrices as large as this machine multiplies at most, or its bytes, as a copy of as
many moves them, would take, over the time taken; above 1 where memory was nearer, or where a convolution needs fewer
operations than its definition. "threads": time on one thread over that of all threads together; what is missing there
to 1 is spent in waits for the last thread, in waking up, and on memory that threads share.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from peers import dlcore_peer

KINDS = {
    "convolutions": ("conv", "deconv"),
    "products": ("matmul", "dense", "product", "attention", "lstm", "gru", "rnn"),
}
ROUNDS = 5  # of explanations: each times every kernel up to twenty times
SECONDS = 1.0  # of whole steps
DEAREST = 6


class Row(NamedTuple):
    """Kernels of one kind: seconds on one thread, on all, and at the limits; operations and bytes."""

    name: str
    alone: float
    together: float
    least: float
    operations: int
    nbytes: int


def profile(workload: str, threads: int) -> str:
    """The table of one workload."""
    import dlcore as dl
    from dlcore import _core

    function, arguments = dlcore_peer.compiled(workload, threads)
    whole = _least_step(lambda: function(*arguments).asnumpy())
    tables = []
    for count in sorted({1, threads}):
        _core.set_num_threads(count)
        about = [_kernels(dl.explain(function, *arguments)) for _ in range(ROUNDS)]
        tables.append([min(same, key=lambda k: k.seconds) for same in zip(*about, strict=True)])
    rows = [
        Row(k.operators, a.seconds, k.seconds, k.reach * k.seconds, k.operations, k.nbytes)
        for a, k in zip(tables[0], tables[-1], strict=True)
    ]
    kinds: dict[str, list[Row]] = {}
    for row in rows:
        kinds.setdefault(kind_of(row.name), []).append(row)
    found = sorted((_sum(name, of) for name, of in kinds.items()), key=lambda row: -row.together)
    dearest = sorted(rows, key=lambda row: row.least - row.together)[:DEAREST]
    tables = [_table(chosen, whole, threads) for chosen in (found, dearest)]
    return "\n".join([*tables[0], *_summary(rows, whole, threads), *tables[1]])


def kind_of(operators: str) -> str:
    """What a kernel counts as, by the first operator in it.

    >>> kind_of("conv2d_dx"), kind_of("matmul"), kind_of("adamw_update of 6"), kind_of("softmax")
    ('convolutions', 'products', 'updates', 'everything else')
    """
    for kind, names in KINDS.items():
        if operators.startswith(names):
            return kind
    return "updates" if "_update" in operators else "everything else"


def _kernels(about: Any) -> list[Any]:
    return [*about.table, *(about.backward.table if about.backward else ())]


def _least_step(step: Callable[[], object]) -> float:
    for _ in range(2):
        step()  # the first two compile
    best, begun = float("inf"), time.perf_counter()
    while time.perf_counter() - begun < SECONDS:
        start = time.perf_counter()
        step()
        best = min(best, time.perf_counter() - start)
    return best


def _sum(name: str, rows: Sequence[Row]) -> Row:
    return Row(f"{name} ({len(rows)})", *(sum(column) for column in list(zip(*rows, strict=True))[1:]))


def _table(rows: Sequence[Row], whole: float, threads: int) -> list[str]:
    lines = [
        f"| kernels | us, {_count(threads)} | of the step | us, 1 thread | threads | GFLOP/s | GB/s | of limit |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for row in rows:
        name, alone, together, least, operations, nbytes = row
        lines.append(
            f"| {name} | {together * 1e6:.1f} | {together / whole:.0%} | {alone * 1e6:.1f} | "
            f"{alone / threads / together:.2f} | {operations / together / 1e9:.1f} | {nbytes / together / 1e9:.1f} | "
            f"{least / together:.2f} |"
        )
    return lines


def _count(threads: int) -> str:
    return "1 thread" if threads == 1 else f"{threads} threads"


def _summary(rows: Sequence[Row], whole: float, threads: int) -> list[str]:
    alone, together = (sum(column) * 1e6 for column in list(zip(*rows, strict=True))[1:3])
    waits = [
        f"{_count(threads)} at {threads} times the pace of one would take {alone / threads:.1f}: "
        f"{together - alone / threads:.1f} go to waits and shared memory"
    ]
    least = sum(min(row.least, row.together) for row in rows) * 1e6
    return [
        "",
        f"a step {whole * 1e6:.1f} us: kernels {together:.1f}, around and between them {whole * 1e6 - together:.1f}; "
        f"at the limits {least:.1f}",
        *(waits if threads > 1 else ()),
        "farthest from their limits:",
        "",
    ]
