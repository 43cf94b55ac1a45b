"""CPU kernels beside NumPy and PyTorch, matrix products and convolutions beside oneDNN itself.

    python benchmarks/kernels.py [WORD ...] [--threads 1,2] [--sizes 1e4,1e5,1e6,1e7] [--short] [--fastest] [--markdown]

A WORD picks the rows whose name or family contains it. The contenders take turns, call by call, in one process; printed
are medians in microseconds and, as ratios of these, our time over theirs (below 1: ours is quicker). "of copy" is the
share of the machine's copy bandwidth, measured in the same rounds by copying as many numbers into memory that is there
already, that a memory-bound row reaches.
All arrays are float32 unless the row says otherwise.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import time
from collections.abc import Callable, Iterator
from types import ModuleType

import numpy as np
from kernel_rows import FAMILIES, Bench, Call, Row
from kernel_rows_more import MORE
from onednn_rows import onednn_rows

from dlcore import _core

SLOWER = 1.05  # than PyTorch: what a row may cost
OF_COPY = 0.85  # of the copy bandwidth: what a memory-bound row should reach
LONG, SPEED_UP = 50e-6, 1.2  # of what takes one thread longer, by two; where memory is the bound, as much as of a copy
CACHED = 10**6  # rows of fewer numbers live in caches, and are not bound by memory


ASLEEP = 0.01  # seconds after which the threads of an OpenMP library have stopped to spin for more work


def repeats(call: Call) -> int:
    """How many calls make a sample of about 200 microseconds."""
    call()
    start = time.perf_counter()
    call()
    return max(1, min(200, int(200e-6 / max(1e-7, time.perf_counter() - start))))


def sample(call: Call, count: int, threads: int) -> float:
    """Seconds of one of `count` calls. The first is not counted: it wakes threads and fills caches."""
    if threads > 1:
        time.sleep(ASLEEP)  # else the last contender's threads would still hold the cores
    if count > 1 or threads > 1:
        call()
    start = time.perf_counter()
    for _ in range(count):
        call()
    return (time.perf_counter() - start) / count


def take_turns(
    calls: list[Call | None], seconds: float, threads: int, pick: Callable[[list[float]], float]
) -> list[float | None]:
    """What `pick` makes of the times of each, in turns for about `seconds` (at least 3 rounds, at most 60)."""
    counts = [repeats(c) if c else 0 for c in calls]
    times: list[list[float]] = [[] for _ in calls]
    end = time.perf_counter() + seconds
    while len(times[0]) < 3 or (time.perf_counter() < end and len(times[0]) < 60):
        for kept, call, count in zip(times, calls, counts, strict=True):
            if call:
                kept.append(sample(call, count, threads))
    return [pick(kept) if kept else None for kept in times]


def copier(n: int, torch: ModuleType | None) -> Call:
    """Copies n float32 numbers into memory that is there already: by PyTorch, which uses all threads, else by NumPy."""
    source, target = np.ones(n, np.float32), np.zeros(n, np.float32)
    if torch is None:
        return lambda: np.copyto(target, source)
    a, b = torch.from_numpy(source), torch.from_numpy(target)
    return lambda: b.copy_(a)


def rows_of(size: int, words: list[str], torch: ModuleType | None) -> Iterator[Row]:
    """The wanted rows at one size."""
    bench = Bench(size, torch)
    for family in (*FAMILIES, *MORE):
        for row in family(bench):
            if not words or any(w in row.name or w in family.__name__ for w in words):
                yield row


def ratio(ours: float | None, theirs: float | None) -> str:
    """ours / theirs, or a dash."""
    return f"{ours / theirs:.2f}" if ours and theirs else "-"


class Short:
    """What falls short: a line for each kind and size, in it each row with its figure on one thread and on two."""

    def __init__(self) -> None:
        self.lines: dict[str, dict[str, dict[int, float]]] = {}

    def add(self, kind: str, name: str, threads: int, figure: float) -> None:
        """`threads`: 0 for a figure about both."""
        self.lines.setdefault(kind, {}).setdefault(name, {})[threads] = figure

    def __str__(self) -> str:
        def figures(by: dict[int, float]) -> str:
            return f"{by[0]:.2f}" if 0 in by else " / ".join(f"{by[n]:.2f}" if n in by else "-" for n in (1, 2))

        return "".join(
            f"- {kind}: " + "; ".join(f"{name} {figures(by)}" for name, by in rows.items()) + "\n"
            for kind, rows in sorted(self.lines.items())
        )


class Table:
    """Prints rows as they are measured, and keeps what falls short."""

    def __init__(self, markdown: bool) -> None:
        self.markdown = markdown
        self.short = Short()
        self.counts = [0, 0]  # rows beside PyTorch, those that hold

    def line(self, cells: list[str], widths: tuple[int, ...]) -> None:
        if self.markdown:
            print("| " + " | ".join(cells) + " |", flush=True)
        else:
            first, *rest = zip(cells, widths, strict=True)
            print(f"{first[0]:<{first[1]}}" + "".join(f"{c:>{w}}" for c, w in rest), flush=True)

    def head(self, cells: list[str], widths: tuple[int, ...]) -> None:
        self.line(cells, widths)
        if self.markdown:
            print("|" + "---|" * len(cells))

    def judge_speed_up(self, name: str, size: str, one: float, two: float, copy: tuple[float, float] | None) -> None:
        """Whether a second thread helps: `copy` are the times of a plain copy on one and on two, for what it bounds."""
        wanted = min(SPEED_UP, 0.9 * copy[0] / copy[1]) if copy else SPEED_UP
        if one > LONG and one / two < wanted:
            self.short.add(f"Times as quick on two threads, {size}", name, 0, one / two)

    def judge(self, name: str, size: str, threads: int, against: float | None, of_copy: float | None) -> None:
        if against is not None:
            self.counts[0] += 1
            self.counts[1] += against <= SLOWER
            if against > SLOWER:
                self.short.add(f"Of PyTorch's time, {size}", name, threads, against)
        if of_copy is not None and of_copy < OF_COPY:
            self.short.add(f"Of the bandwidth of a copy, {size}", name, threads, of_copy)


def measure(row: Row, size: int, torch: ModuleType | None, options: argparse.Namespace) -> list[list[float | None]]:
    """For each number of threads: our time, NumPy's, PyTorch's, and that of a copy of as many numbers."""
    found = []
    copy = copier(size, torch) if row.moved and size >= CACHED else None
    for n in options.threads:
        _core.set_num_threads(n)
        if torch:
            torch.set_num_threads(n)
        found.append(take_turns([row.ours, row.numpy, row.torch, copy], options.seconds, n, options.pick))
    return found


def compare(table: Table, options: argparse.Namespace, torch: ModuleType | None) -> None:
    """Every row at every size."""
    threads = options.threads
    for size in options.sizes:
        written = f"{size:.0e}".replace("e+0", "e")
        head = [f"{written} numbers", "NumPy"]
        for n in threads:
            head += [f"ours, {n}t", f"/NumPy {n}t", f"/PyTorch {n}t", f"of copy {n}t"]
        head.append("speed-up")
        widths = (24, 11, *(11, 11, 13, 12) * len(threads), 10)
        table.head(head, widths)
        for row in rows_of(size, options.words, torch):
            found = measure(row, size, torch, options)
            numpy = found[0][1]
            cells = [row.name, f"{numpy * 1e6:.1f}" if numpy else "-"]
            for n, (ours, theirs_np, theirs, copy) in zip(threads, found, strict=True):
                assert ours
                against = theirs and ours / theirs
                of_copy = copy and (row.moved / ours) / (8 * size / copy)
                table.judge(row.name, written, n, against, of_copy)
                cells += [f"{ours * 1e6:.1f}", ratio(ours, theirs_np), ratio(ours, theirs), ratio(of_copy, 1)]
            cells.append(ratio(found[0][0], found[-1][0]))
            (one, *_, copy), (two, *_, copies) = found[0], found[-1]
            if threads[0] == 1 < threads[-1] and one and two:
                both = (copy, copies) if copy and copies else None
                table.judge_speed_up(row.name, written, one, two, both)
            table.line(cells, widths)
        print()


def beside_onednn(table: Table, options: argparse.Namespace, torch: ModuleType | None) -> None:
    """Matrix products and convolutions: our time over that of the same oneDNN primitive called directly."""
    widths = (40, 8, 11, 11, 13, 13)
    rows = list(onednn_rows(options.words, torch))
    if not rows:
        return
    table.head(["products and convolutions", "threads", "ours", "oneDNN", "/oneDNN", "/PyTorch"], widths)
    for name, make in rows:
        for n in options.threads:
            _core.set_num_threads(n)
            if torch:
                torch.set_num_threads(n)
            ours, raw, theirs = make(n)
            t = take_turns([ours, raw, theirs], 2 * options.seconds, n, options.pick)
            assert t[0] and t[1]
            if t[0] > t[1] / 0.95:
                table.short.add("Of oneDNN's speed", name, n, t[1] / t[0])
            table.line([name, str(n), f"{t[0] * 1e6:.0f}", f"{t[1] * 1e6:.0f}", ratio(t[0], t[1]), ratio(t[0], t[2])],
                       widths)  # fmt: skip
    print()


def main() -> None:
    """Prints the tables, then what falls short."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("words", nargs="*", help="only rows whose name or family contains one of these")
    numbers: Callable[[str], list[int]] = lambda s: [int(float(v)) for v in s.split(",")]  # noqa: E731
    parser.add_argument("--threads", type=numbers, default=[1, 2])
    parser.add_argument("--sizes", type=numbers, default=[10**4, 10**5, 10**6, 10**7])
    parser.add_argument("--seconds", type=float, default=0.3, help="for each row and number of threads")
    parser.add_argument("--short", action="store_true", help="1e5 and 1e6 numbers only, a third of the time")
    parser.add_argument("--fastest", dest="pick", action="store_const", const=min, default=statistics.median,
                        help="the fastest round instead of the median: for a machine with busy neighbours")  # fmt: skip
    parser.add_argument("--markdown", action="store_true")
    options = parser.parse_args()
    if options.short:
        options.sizes, options.seconds = [10**5, 10**6], options.seconds / 3
    try:
        import torch
    except ImportError:
        torch = None
    print(
        f"{platform.machine()} with {_core.cpu_info()['isa']}, microseconds, "
        + ("fastest" if options.pick is min else "median")
        + " of rounds in turns\n"
    )
    table = Table(options.markdown)
    compare(table, options, torch)
    beside_onednn(table, options, torch)
    print(f"{table.counts[1]} of {table.counts[0]} rows are at most 5 % slower than PyTorch. What falls short:")
    print(str(table.short) or "- nothing")


if __name__ == "__main__":
    main()
