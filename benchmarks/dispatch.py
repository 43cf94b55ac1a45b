"""What a call costs: small arrays through the public API, and a training step of a small perceptron, not compiled.

    python benchmarks/dispatch.py [--rounds 31] [--threads 2] [--markdown FILE]

NumPy, PyTorch and dlcore take turns, round by round, so that a busy neighbour slows all of them. Printed are medians
over the rounds, and the median of the rounds' own ratios to PyTorch beside the ratio that the project wants to keep.
"""

from __future__ import annotations

import argparse
import datetime
import platform
import statistics
import sys
import time
import timeit
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch

import dlcore as dl
from dlcore import _core, autograd, gluon, nd
from dlcore.gluon import nn

LOOP = 2000  # calls in one turn
ASLEEP = 0.02  # seconds after which PyTorch's threads have stopped to spin for more work
BATCH, SIZES = 64, (784, 128, 64, 10)


class Row(NamedTuple):
    """Seconds of each round, by contestant, and the ratio to PyTorch that is wanted."""

    name: str
    seconds: dict[str, list[float]]
    want: float

    def median(self, who: str) -> float:
        """The median of a contestant's rounds."""
        return statistics.median(self.seconds[who])

    @property
    def ratio(self) -> float:
        """dlcore's time over PyTorch's, in the median round."""
        return statistics.median(a / b for a, b in zip(self.seconds["dlcore"], self.seconds["PyTorch"], strict=True))


# Statement, ratio wanted without recording, and while recording.
STATEMENTS = [
    ("c = a + b", 0.2, 0.2),
    ("c = a + 1", 0.2, 0.2),
    ("c = a * 2.0", 0.2, 0.2),
    ("c = a < b", 0.2, 0.2),
    ("c = -a", 0.2, 0.2),
    ("c = a[0]", 0.5, None),
    ("c = a[1:3]", 0.5, None),
    ("c = m[i, j]", 0.5, None),
    ("c = m[:, j]", 0.5, None),
    ("c = a.reshape((2, 2))", 0.5, None),
    ("c = a.sum()", 0.5, None),
    ("c = m @ m", 1.0, None),
    ("c = m.T", 0.5, None),
    ("b += 1", 0.5, None),
    ("n = len(a)", 0.5, None),
    ("x = float(s)", 0.5, None),
]
# Those that are measured without recording only.
PLAIN = [
    ("a[1] = 1", 0.5),
    ("c = a[k]", 1.0),
    ("x = m.tolist()", 1.0),
    ("rows = [r for r in m]", 0.5),
    ("c = array([1.0, 2.0, 3.0])", 1.0),
    ("c = zeros((4,))", 1.0),
    ("c = arange(4)", 1.0),
    ("c = stack([a, b])", 1.0),
    ("c = where(k, a, b)", 0.5),
    ("c = dot(a, b)", 1.0),
    ("c = einsum('ij,jk->ik', m, m)", 1.0),
    ("c = median(a)", 1.0),
    ("c = rand(4)", 1.0),
    ("c = unique(a)", 1.0),
    ("same = array_equal(a, b)", 1.0),
    ("c = take(a, i)", 1.0),
    ("c = roll(a, 1)", 1.0),
    ("c = repeat(a, 2)", 1.0),
    ("c = svd(m)", 1.0),
    ("c = fft(a)", 1.0),
]
# The same of each library, where their names or arguments differ: NumPy, PyTorch, dlcore.
APART = [
    ("np.pad(a, 1)", "torch.nn.functional.pad(a, (1, 1))", "dl.np.pad(a, 1)", 1.0),
    ("np.pad(m, ((0, 0), (1, 1)), 'reflect')", "torch.nn.functional.pad(m, (1, 1), 'reflect')",
     "dl.np.pad(m, ((0, 0), (1, 1)), 'reflect')", 1.0),
    ("np.dot(m, m)", "torch.mm(m, m)", "nd.dot(m, m)", 1.0),
    ("np.dot(a, b)", "torch.dot(a, b)", "nd.dot(a, b)", 1.0),
    ("np.random.uniform(0, 1, (4,))", "torch.rand(4)", "nd.random.uniform(0, 1, shape=(4,))", 1.0),
    ("np.random.normal(0, 1, (4,))", "torch.randn(4)", "nd.random.normal(0, 1, shape=(4,))", 1.0),
]  # fmt: skip
FUNCTIONS = "zeros arange stack where dot einsum median unique take roll".split()


def take_turns(turns: dict[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Seconds of every turn, after one that does not count."""
    for turn in turns.values():
        turn()
    seconds: dict[str, list[float]] = {who: [] for who in turns}
    for _ in range(rounds):
        for who, turn in turns.items():
            seconds[who].append(turn())
    return seconds


def _loop(statement: str, names: dict[str, Any]) -> Callable[[], float]:
    timer = timeit.Timer(f"{statement}", globals=names)
    if "+=" in statement:  # timeit's function would take the name for its own
        timer = timeit.Timer(statement, setup="b = start", globals={**names, "start": names["b"]})
    return lambda: timer.timeit(LOOP) / LOOP


def names_for(make: Callable[[np.ndarray], Any]) -> dict[str, Any]:
    """The arrays that statements use, made by a library from NumPy's."""
    four, square = np.ones(4, np.float32), np.ones((4, 4), np.float32)
    up, down = np.arange(4), np.arange(3, -1, -1)
    return {"a": make(four), "b": make(four.copy()), "m": make(square), "s": make(np.float32(2).reshape(())),
            "i": make(up), "j": make(down), "k": make(up > 1)}  # fmt: skip


def functions_of(library: Any, array: Callable[..., Any], rand: Callable[..., Any]) -> dict[str, Any]:
    """The functions that statements use, of a library."""
    named = {name: getattr(library, name) for name in FUNCTIONS}
    equal, repeat = ("equal", "repeat_interleave") if library is torch else ("array_equal", "repeat")
    named.update(array_equal=getattr(library, equal), repeat=getattr(library, repeat))
    return {"array": array, "rand": rand, "svd": library.linalg.svd, "fft": library.fft.fft, **named}


def calls(rounds: int) -> list[Row]:
    """Every statement, plain."""
    names = {
        "NumPy": names_for(lambda x: x.copy()) | functions_of(np, np.array, np.random.default_rng().random),
        "PyTorch": names_for(torch.tensor) | functions_of(torch, torch.tensor, torch.rand),
        "dlcore": names_for(lambda x: nd.array(x, dtype=x.dtype)) | functions_of(dl.np, dl.np.array, dl.np.random.rand),
    }
    rows = [
        Row(s, take_turns({who: _loop(s, given) for who, given in names.items()}, rounds), want)
        for s, want in [*((s, want) for s, want, _ in STATEMENTS), *PLAIN]
    ]
    for *texts, want in APART:
        libraries = {"np": np, "torch": torch, "dl": dl, "nd": nd}
        turns = {who: _loop(s, {**given, **libraries}) for s, (who, given) in zip(texts, names.items(), strict=True)}
        rows.append(Row(texts[-1], take_turns(turns, rounds), want))
    return rows


def recorded_calls(rounds: int) -> list[Row]:
    """Every statement whose inputs want gradients, recorded."""
    theirs, ours = names_for(torch.tensor), names_for(lambda x: nd.array(x, dtype=x.dtype))
    for name in ("a", "m"):
        theirs[name].requires_grad_()
        ours[name].attach_grad()

    def recorded(loop: Callable[[], float]) -> Callable[[], float]:
        def turn() -> float:
            with autograd.record():
                return loop()

        return turn

    rows = []
    for statement, _, want in STATEMENTS:
        if statement.split()[0] != "c" or "m" in statement.split():
            continue
        turns = {"PyTorch": _loop(statement, theirs), "dlcore": recorded(_loop(statement, ours))}
        rows.append(Row(f"{statement}, recorded", take_turns(turns, rounds), 0.5 if want is None else want))
    return rows


def torch_step(x: np.ndarray, y: np.ndarray) -> Callable[[], None]:
    """A training step as people write it in PyTorch."""
    torch.manual_seed(0)
    layers: list[torch.nn.Module] = []
    for before, after in zip(SIZES, SIZES[1:], strict=False):
        layers += [torch.nn.Linear(before, after), torch.nn.ReLU()]
    net = torch.nn.Sequential(*layers[:-1])
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    criterion = torch.nn.CrossEntropyLoss()
    data, labels = torch.from_numpy(x), torch.from_numpy(y)

    def step() -> None:
        optimizer.zero_grad()
        criterion(net(data), labels).backward()
        optimizer.step()

    return step


def dlcore_step(x: np.ndarray, y: np.ndarray) -> Callable[[], None]:
    """The same in dlcore, not hybridized."""
    _core.seed(0)
    net = nn.HybridSequential()
    for size in SIZES[1:-1]:
        net.add(nn.Dense(size, activation="relu"))
    net.add(nn.Dense(SIZES[-1]))
    net.initialize(init=dl.init.Xavier())
    trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.1, "momentum": 0.9})
    criterion = gluon.loss.SoftmaxCrossEntropyLoss()
    data, labels = nd.array(x, dtype=x.dtype), nd.array(y, dtype=y.dtype)

    def step() -> None:
        with autograd.record():
            loss = criterion(net(data), labels)
        loss.backward()
        trainer.step(BATCH)

    return step


def training(rounds: int, batch: int) -> Row:
    """A step of the perceptron."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(batch, SIZES[0])).astype(np.float32)
    y = rng.integers(0, SIZES[-1], batch)

    def turn(step: Callable[[], None]) -> Callable[[], float]:
        def measured() -> float:
            time.sleep(ASLEEP)  # else the last contestant's threads would still hold the cores
            step()  # wakes threads
            return timeit.timeit(step, number=20) / 20

        return measured

    name = f"training step of {'-'.join(map(str, SIZES))}, batch {batch}, SGD with momentum"
    return Row(name, take_turns({"PyTorch": turn(torch_step(x, y)), "dlcore": turn(dlcore_step(x, y))}, rounds), 0.5)


def table(rows: list[Row]) -> list[str]:
    """The rows as a Markdown table."""
    lines = ["| | NumPy | PyTorch | dlcore | dlcore / PyTorch | wanted |", "|---|---:|---:|---:|---:|---:|"]

    def figure(row: Row, who: str) -> str:
        if who not in row.seconds:
            return ""
        seconds = row.median(who)
        return f"{seconds * 1e9:.0f} ns" if seconds < 1e-5 else f"{seconds * 1e6:.0f} us"

    for row in rows:
        figures = " | ".join(figure(row, who) for who in ("NumPy", "PyTorch", "dlcore"))
        lines.append(f"| `{row.name}` | {figures} | {row.ratio:.2f} | {row.want:.2f} |")
    return lines


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=31)
    parser.add_argument("--threads", type=int, default=2, help="threads of the training step (calls are too small)")
    parser.add_argument("--markdown", help="also write the table to this file")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    _core.set_num_threads(arguments.threads)
    rows = calls(arguments.rounds) + recorded_calls(arguments.rounds)
    rows += [training(arguments.rounds, batch) for batch in (BATCH, 1)]
    versions = f"Python {platform.python_version()}, NumPy {np.__version__}, PyTorch {torch.__version__}"
    head = [
        "# What a call costs",
        "",
        f"`python benchmarks/dispatch.py --rounds {arguments.rounds} --threads {arguments.threads}`, "
        f"{datetime.date.today()}: 4 elements (matrices 4 x 4), float32; medians of {arguments.rounds} rounds, the "
        f"ratio that of the median round. {versions}; {arguments.threads} threads, {platform.machine()}, "
        f"{_core.cpu_info()['isa']}.",
        "",
    ]
    text = "\n".join(head + table(rows)) + "\n"
    sys.stdout.write(text)
    if arguments.markdown:
        with open(arguments.markdown, "w") as file:
            file.write(text)


if __name__ == "__main__":
    main()
