"""Everything benchmarks/gpu_check.py does, on a pretended device: placement, copies, training, compiled graphs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest


def test_every_operator_and_the_tour_agree_with_the_cpu(tmp_path: Path) -> None:
    program = Path(__file__).with_name("pretend.py")
    env = {**os.environ, "DLCORE_OFFLINE": "1", "DLCORE_DATA": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, str(program), "--steps", "12", "--no-timing"],
        capture_output=True,
        text=True,
        env=env,
        timeout=900,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = re.search(r"(\d+) of (\d+) agree with the CPU", done.stdout)
    assert found and found[1] == found[2] and int(found[2]) > 150, done.stdout
    runs = re.search(r"(\d+) runs of compiled graphs", done.stdout)
    assert runs and int(runs[1]) == 36, "the compiled trainings ran as compiled graphs on the device"
    assert re.search(r"perceptron training, captured .* 0.0e\+00 .* ok", done.stdout), done.stdout


def test_products_and_convolutions_call_the_libraries_as_they_ask() -> None:
    program = Path(__file__).with_name("libraries.py")
    done = subprocess.run([sys.executable, str(program)], capture_output=True, text=True, timeout=400)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "cuBLASLt" in done.stdout


def test_branches_and_loops_run_on_the_device() -> None:
    program = Path(__file__).with_name("control.py")
    done = subprocess.run([sys.executable, str(program)], capture_output=True, text=True, timeout=400)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert done.stdout.count("agrees") == 4


def test_folded_normalisation_follows_its_parameters_on_the_device() -> None:
    program = Path(__file__).with_name("inference.py")
    done = subprocess.run([sys.executable, str(program)], capture_output=True, text=True, timeout=400)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert done.stdout.count("agrees\n") == 3 and done.stdout.endswith("agrees in float16\n")


def test_compiled_functions_update_metrics_on_the_device() -> None:
    program = Path(__file__).with_name("metrics.py")
    done = subprocess.run([sys.executable, str(program)], capture_output=True, text=True, timeout=400)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert done.stdout == "7 metrics agree\n"


@pytest.mark.parametrize("more", [[], ["--libraries"]], ids=["own", "libraries"])
def test_compiled_programs_are_captured_and_replayed(more: list[str]) -> None:
    program = Path(__file__).with_name("capturing.py")
    done = subprocess.run([sys.executable, str(program), *more], capture_output=True, text=True, timeout=400)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert done.stdout.split("\n")[-2] == ("networks agree" if more else "faults show")
