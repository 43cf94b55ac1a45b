"""Whole training steps, and inference, of eleven workloads: dlcore beside PyTorch, JAX and others, in turns.

    python benchmarks/step.py [lenet gpt ...] [--rounds 9] [--threads 2] [--seconds 0.4] [--json FILE]
    python benchmarks/step.py [lenet gpt ...] --profile    what dlcore's step waits for: see step_profile.py

Every contestant has a process of its own and sleeps while another is measured; they take turns, round by round, so that
a busy neighbour slows all of them. Printed are medians over the rounds of the time of one step, the quickest peer, and
the median of the rounds' own ratios dlcore / that peer. A peer that is not installed is left out and named.
JAX: pip install jax. MXNet needs an environment of its own (pip install mxnet==1.9.1 numpy==1.23.5): --mxnet PYTHON.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
from pathlib import Path

from peers.sizes import WORKLOADS
from step_profile import profile

HERE = Path(__file__).parent
PEERS = {
    "torch": ("torch", "eager"),
    "torch channels-last": ("torch", "channels-last"),
    "torch.compile": ("torch", "compile"),
    "JAX": ("jax",),
    "onnxruntime": ("onnx",),
    "MXNet": ("mxnet",),
}


class Contestant:
    """A library at one workload, in a process that waits to be asked."""

    def __init__(
        self, name: str, library: str, workload: str, threads: int, form: tuple[str, ...], python: str
    ) -> None:
        self.name = name
        environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
        self._process = subprocess.Popen(
            [python, "-m", "peers.worker", library, workload, str(threads), *form],
            cwd=HERE, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            text=True,
        )  # fmt: skip
        word, _, self.said = self._line().partition(" ")
        self.present = word == "ready"
        self._pause()
        self.first = float(self.said) if self.present else 0.0  # making the step and running it once

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip() or "absent the process ended"

    def run(self, count: int) -> float:
        """Seconds of one step, over `count` of them."""
        assert self._process.stdin is not None
        self._process.send_signal(signal.SIGCONT)
        self._process.stdin.write(f"{count}\n")
        self._process.stdin.flush()
        seconds = float(self._line().split()[0])
        self._pause()
        return seconds

    def _pause(self) -> None:
        """Threads of some libraries spin long after their work is done, in the time of the others."""
        self._process.send_signal(signal.SIGSTOP)

    def close(self) -> None:
        """End the process."""
        self._process.send_signal(signal.SIGCONT)
        self._process.communicate()


def measure(workload: str, threads: int, rounds: int, seconds: float, python: dict[str, str]) -> dict[str, list[float]]:
    """Seconds of one step of each contestant, per round; prints who is absent."""
    entries = {"dlcore": ("dlcore",), **PEERS}
    made = [
        Contestant(name, library, workload, threads, tuple(form), python.get(library, sys.executable))
        for name, (library, *form) in entries.items()
    ]
    present = [c for c in made if c.present]
    absent = [f"{c.name} ({c.said[:60]})" for c in made if not c.present]
    counts = {c.name: max(1, round(seconds / c.run(1))) for c in present}
    times: dict[str, list[float]] = {c.name: [] for c in present}
    for turn in range(rounds):
        for c in present[turn % len(present) :] + present[: turn % len(present)]:
            times[c.name].append(c.run(counts[c.name]))
    for c in made:
        c.close()
    if absent:
        print(f"    without {', '.join(absent)}")
    return times


def report(workload: str, times: dict[str, list[float]]) -> None:
    """One line of figures."""
    medians = {name: statistics.median(t) * 1e3 for name, t in times.items()}
    peers = {name: value for name, value in medians.items() if name != "dlcore"}
    figures = ", ".join(f"{name} {value:.3g}" for name, value in medians.items())
    if "dlcore" in medians and peers:
        best = min(peers, key=lambda name: peers[name])
        ratio = statistics.median(a / b for a, b in zip(times["dlcore"], times[best], strict=True))
        figures += f"  ->  {ratio:.2f} of {best}"
    print(f"{workload:18} {figures} (ms)", flush=True)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workloads", nargs="*", default=list(WORKLOADS), help=", ".join(WORKLOADS))
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=0.4, help="of one turn")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--jax", help="the Python of an environment with JAX", default=sys.executable)
    parser.add_argument("--mxnet", help="the Python of an environment with MXNet", default=sys.executable)
    parser.add_argument("--json", help="also write the figures to this file")
    parser.add_argument("--profile", action="store_true", help="no peers: the kernels against the machine's limits")
    arguments = parser.parse_args()
    unknown = [w for w in arguments.workloads if w not in WORKLOADS]
    if unknown:
        parser.error(f"expected workloads among {', '.join(WORKLOADS)}; got {', '.join(unknown)}")
    python = {"jax": arguments.jax, "onnx": arguments.jax, "mxnet": arguments.mxnet}
    everything = {}
    for workload in arguments.workloads if arguments.profile else ():
        print(f"{workload}\n\n{profile(workload, arguments.threads)}\n", flush=True)
    for workload in () if arguments.profile else arguments.workloads:
        times = measure(workload, arguments.threads, arguments.rounds, arguments.seconds, python)
        report(workload, times)
        everything[workload] = times
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(everything, indent=1))


if __name__ == "__main__":
    main()
