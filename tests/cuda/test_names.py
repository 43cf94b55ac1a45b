"""dlcore.np and its linalg on a pretended GPU, in a process of its own."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path


def test_namespace_works_on_a_device_and_stays_there() -> None:
    program = Path(__file__).with_name("names.py")
    done = subprocess.run([sys.executable, str(program)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    found = re.search(r"(\d+) of (\d+) calls agree", done.stdout)
    assert found and found[1] == found[2] and int(found[2]) > 250, done.stdout
