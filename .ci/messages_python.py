"""Which errors of the Python code no test provokes; `make messages` calls this beside the one for C++.

    python .ci/messages_python.py                       run the tests, then tell what none of them reached
    python .ci/messages_python.py tests/array -n 2      these tests instead; other words for pytest are passed on too
    python .ci/messages_python.py --report              tell it from what the last run recorded
    python .ci/messages_python.py --report --room array --room ops      of these rooms only

Every place that makes an error (.ci/recorded/raises.py) tells when it is reached. What only calls drawn at random
reached counts as not reached, since the next run may draw others. The exit status is 1 where a place was not reached
that is no internal check.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HERE = ROOT / ".ci" / "recorded"
FOLDER = ROOT / "build" / "messages-python"
# Test files whose calls are other ones in every run.
RANDOM = ("tests/fuzz/test_random_calls.py",)

sys.path.insert(0, str(HERE))
import raises  # noqa: E402


def run(words: list[str], folder: Path = FOLDER) -> int:
    """pytest's exit status; what it reached is in `folder`, beside what was there."""
    folder.mkdir(parents=True, exist_ok=True)
    path = os.pathsep.join([str(HERE), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = dict(os.environ, DLCORE_MESSAGES=str(folder), PYTHONPATH=path)
    # Plain asserts: pytest would load a module of dlcore called test_*.py in its own way, past the recorder.
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--assert=plain", *words]
    return subprocess.run(command, cwd=ROOT, env=environment).returncode


def reached(folder: Path = FOLDER, left_out: tuple[str, ...] = RANDOM) -> set[tuple[str, str]]:
    """Path and key of each place that a test reached."""
    lines = (line.split("\t") for file in sorted(folder.glob("*.txt")) for line in file.read_text().splitlines())
    return {(path, key) for path, key, test in lines if test not in left_out}


def room(path: str) -> str:
    """array, ops, ...; dlcore for what lies left of every room."""
    parts = path.split("/")
    return parts[1] if parts[0] == "dlcore" and len(parts) > 2 else parts[0]


def report(rooms: list[str], folder: Path = FOLDER) -> int:
    """Print what was not reached, a line each, then how many of how many in each room; 1 where there is any."""
    files = [path for path in raises.files("dlcore", "kernel_ext", "widgets") if not rooms or room(path) in rooms]
    found = [place for path in files for place in raises.places((ROOT / path).read_bytes(), path)]
    there = reached(folder)
    missing = [p for p in found if (p.path, p.key) not in there and not p.internal]
    for place in missing:
        print(f"{place.path}:{place.line}: {' '.join(place.text.split())}")
    lost, whole = (Counter(room(place.path) for place in some) for some in (missing, found))
    internal = Counter(room(place.path) for place in found if place.internal)
    for name in sorted(whole):
        print(f"messages: {name}: {lost[name]} of {whole[name]} not reached, {internal[name]} internal checks")
    print(f"messages: {len(missing)} of {len(found)} places that make an error were reached by no test")
    return 1 if missing else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--report", "--no-tests", action="store_true", help="run nothing")
    parser.add_argument("--keep", action="store_true", help="add to what earlier runs recorded")
    parser.add_argument("--room", action="append", default=[], help="of this room only; dlcore: left of every room")
    arguments, rest = parser.parse_known_args()
    status = 0
    if not arguments.report:
        if not arguments.keep:
            shutil.rmtree(FOLDER, ignore_errors=True)
        named = any((ROOT / word.partition("::")[0]).exists() for word in rest)
        many = [] if "-n" in rest else ["-n", str(os.cpu_count() or 2)]
        lanes = [[*many, "-m", "not browser and not serial"], ["-n", "0", "-m", "serial and not browser"]]
        status = max(run([*rest, *lane]) for lane in ([[]] if named else lanes))
    return report(arguments.room) or status


if __name__ == "__main__":
    sys.exit(main())
