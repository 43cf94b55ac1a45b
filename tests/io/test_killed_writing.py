"""A writer that is killed at any place of its work leaves the old file or the new one, and nothing for good."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from dlcore.io import _atomic, atomic_write, recordio

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="processes are killed by signals")

# The module alone, so that a process takes milliseconds. It kills itself at the call of a name, or inside of a write.
PROGRAM = """
import importlib.util, os, signal, sys
source, target, where, size, at = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5])
spec = importlib.util.spec_from_file_location("atomic", source)
atomic = importlib.util.module_from_spec(spec)
spec.loader.exec_module(atomic)

def die(*given, **words):
    os.kill(os.getpid(), signal.SIGKILL)

if where == "replaced":
    done = os.replace
    os.replace = lambda *given: (done(*given), die())
elif where != "write":
    setattr(os, where, die)
with atomic.atomic_write(target) as stream:
    stream.write(b"n" * at)
    if where == "write":
        stream.flush()
        die()
    stream.write(b"n" * (size - at))
"""
OLD, NEW = b"o" * 300_000, b"n" * 250_000


def killed(target: Path, where: str, at: int) -> None:
    command = [sys.executable, "-S", "-c", PROGRAM, _atomic.__file__, str(target), where, str(len(NEW)), str(at)]
    assert subprocess.run(command, timeout=60).returncode == -signal.SIGKILL


def test_killed_at_every_place_it_leaves_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    target, dice = tmp_path / "state", random.Random(3)
    for where, times in {"fdopen": 1, "write": 8, "fsync": 2, "chmod": 1, "replace": 2, "replaced": 1}.items():
        target.write_bytes(OLD)
        for _ in range(times):
            killed(target, where, dice.randrange(len(NEW)))
            assert target.read_bytes() == (NEW if where == "replaced" else OLD), where
            # What the one before left behind is gone; this one's lies there, unless it took the place of the file.
            assert len(list(tmp_path.iterdir())) == 1 + (where != "replaced"), where
    with atomic_write(target) as stream:
        stream.write(b"last")
    assert target.read_bytes() == b"last" and [path.name for path in tmp_path.iterdir()] == ["state"]


def test_only_what_has_no_writer_is_removed(tmp_path: Path) -> None:
    target = tmp_path / "a"
    others = [".a.rec.123.part", ".b.12345678.part", "a.12345678.part", ".a.1234567.part"]
    for name in [*others, ".a.12345678.part"]:
        (tmp_path / name).write_bytes(b"left")
    with atomic_write(target) as first:  # still writing while the second one begins and ends
        first.write(b"first")
        with atomic_write(target) as second:
            second.write(b"second")
        assert target.read_bytes() == b"second"
    assert target.read_bytes() == b"first"
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*others, "a"])


def test_many_writers_of_one_file_do_not_disturb_each_other(tmp_path: Path) -> None:
    target, failed = tmp_path / "a", []

    def write(mark: bytes) -> None:
        try:
            for _ in range(15):
                with atomic_write(target) as stream:
                    stream.write(mark * 5000)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=write, args=(bytes([65 + k]),)) for k in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        content = target.read_bytes() if target.exists() else b"A" * 5000
        assert len(content) == 5000 and len(set(content)) == 1
    assert failed == [] and [path.name for path in tmp_path.iterdir()] == ["a"]


def test_what_a_killed_writer_of_records_left_is_removed_too(tmp_path: Path) -> None:
    program = (
        "import os, signal, sys\nfrom dlcore.io.recordio import MXRecordIO\n"
        "out = MXRecordIO(sys.argv[1], 'w')\nout.write(b'x' * 100_000)\nos.kill(os.getpid(), signal.SIGKILL)"
    )
    file = tmp_path / "a.rec"
    assert subprocess.run([sys.executable, "-c", program, str(file)], timeout=60).returncode == -signal.SIGKILL
    assert [path.suffix for path in tmp_path.iterdir()] == [".part"]
    with recordio.MXRecordIO(file, "w") as one, recordio.MXRecordIO(file, "w") as two:
        one.write(b"one")
        two.write(b"two")
    with recordio.MXRecordIO(file, "r") as records:
        assert list(records) == [b"one"]  # closed last
    assert [path.name for path in tmp_path.iterdir()] == ["a.rec"]
