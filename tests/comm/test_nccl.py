"""NCCL's communicator, with a stand-in for CuPy and NCCL, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_arrays_reach_the_device_and_come_back() -> None:
    program = Path(__file__).with_name("nccl.py")
    done = subprocess.run([sys.executable, str(program)], capture_output=True, text=True, timeout=200)
    assert done.returncode == 0 and "NCCL agrees" in done.stdout, done.stdout[-2000:] + done.stderr[-2000:]
