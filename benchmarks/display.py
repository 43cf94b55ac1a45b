"""What the live chart costs: a real kernel, steps of one millisecond, with and without the chart, turn by turn.

    python benchmarks/display.py                 about two minutes
    python benchmarks/display.py --write         also keep it in benchmarks/results/display.md

A step spins until it has had a millisecond of the processor. What all threads of the kernel together take on top of it
is what the run, the chart and the messages cost: processor time, which neighbours on the machine hardly change. The
picture that replaces the chart at the end is made once a run, however long it is, and stands for itself.
The second table is the size of the saved notebook for runs of different lengths.
Exits with 1 when the chart takes more than a hundredth of a step.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

LIMIT = 0.01
SETUP = """
import json, time
import numpy as np
from dlcore.run import Run
from dlcore.widgets.loss_chart import show

def run_of(steps, seconds):
    def work(run):
        run.begin()
        begin = time.process_time()
        for step in range(steps):
            if not run.boundary():
                return
            until = time.thread_time() + seconds
            while time.thread_time() < until:
                pass
            run.advance(samples=32, loss=1 / (step + 1), accuracy=step / steps)
        run.spent = time.process_time() - begin
    return Run(work, name="steps", steps_total=steps, knobs={"lr": 0.1})

def timed(shown, steps):
    run = run_of(steps, 1e-3)
    if shown:
        show(run)
    begin = time.process_time()
    run.start().wait()
    return run.spent / steps, time.process_time() - begin - run.spent
"""
MEASURE = "print(json.dumps([[timed(False, {steps}), timed(True, {steps})] for _ in range({rounds})]))"
LENGTH = "run = run_of({steps}, 0.0)\nshow(run)\nrun.start().wait();"


def execute(*cells: str) -> nbformat.NotebookNode:
    """The notebook of these cells after a real kernel has run it."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    NotebookClient(notebook, timeout=600, kernel_name="python3").execute()
    return notebook


def printed(notebook: nbformat.NotebookNode) -> str:
    """What the last cell printed."""
    return "".join(o["text"] for o in notebook.cells[-1].outputs if o["output_type"] == "stream")


def overhead(steps: int, rounds: int) -> list[tuple[float, float, float]]:
    """(seconds a step without the chart, with it, seconds at the end of a run with it) for each round."""
    measured = json.loads(printed(execute(SETUP, MEASURE.format(steps=steps, rounds=rounds))))
    return [(plain, shown, end) for (plain, _), (shown, end) in measured]


def sizes(lengths: tuple[int, ...]) -> dict[int, int]:
    """Bytes of the saved notebook by the number of steps."""
    return {steps: len(nbformat.writes(execute(SETUP, LENGTH.format(steps=steps)))) for steps in lengths}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    measured = overhead(options.steps, options.rounds)
    shares = [(shown - plain) / plain for plain, shown, _ in measured]
    end = statistics.median(end for *_, end in measured)
    share = statistics.median(shares)
    bytes_of = sizes((1_000, 10_000, 100_000))
    lines = [
        f"Live display: {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"{time.strftime('%Y-%m-%d')}; `python benchmarks/display.py`",
        "",
        "| round | processor time of a step without the chart, in microseconds | with it | on top |",
        "|---|---|---|---|",
        *(
            f"| {number} | {1e6 * plain:.1f} | {1e6 * shown:.1f} | {100 * part:.2f} % |"
            for number, ((plain, shown, _), part) in enumerate(zip(measured, shares, strict=True), 1)
        ),
        "",
        f"Median: the chart takes {100 * share:.2f} % of a step of one millisecond (limit {100 * LIMIT:.0f} %).",
        f"The picture at the end takes {end:.2f} s, once.",
        "",
        "| steps of the run | KiB of the saved notebook |",
        "|---|---|",
        *(f"| {steps:,} | {size / 1024:.0f} |" for steps, size in bytes_of.items()),
    ]
    text = "\n".join(lines) + "\n"
    print(text, end="")
    if options.write:
        (Path(__file__).parent / "results" / "display.md").write_text(text)
    return 0 if share < LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
