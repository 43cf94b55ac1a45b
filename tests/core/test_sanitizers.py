"""The sanitizer lanes: what they need is there, and where their core has been built they see the faults on purpose."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from scripts import script

ROOT = Path(__file__).resolve().parents[2]
LANES = ["address", "thread"]


@pytest.fixture(scope="module")
def sanitize() -> ModuleType:
    return script(".ci/sanitize.py")


def test_a_fault_ends_the_process() -> None:
    flags = (ROOT / "CMakeLists.txt").read_text()
    assert "-fno-sanitize-recover=all" in flags and "address,undefined" in flags


@pytest.mark.parametrize("lane", LANES)
def test_the_lane_has_faults_and_tests(sanitize: ModuleType, lane: str) -> None:
    planted = (ROOT / "tests" / "cpp" / "planted.cpp").read_text()
    known = set(re.findall(r'fault == "([\w-]+)"', planted))
    assert sanitize.PLANTED[lane] and set(sanitize.PLANTED[lane]) <= known
    for test in sanitize.TESTS[lane]:
        assert (ROOT / test).exists(), test


def test_words_for_pytest_name_tests_or_the_lane_does(sanitize: ModuleType) -> None:
    assert sanitize.asked("thread", ["-n", "2"]) == ["-n", "2", *sanitize.TESTS["thread"]]
    one = ["tests/core/test_pool.py::test_order", "-x"]
    assert sanitize.asked("thread", one) == one and sanitize.asked("address", []) == sanitize.TESTS["address"]


def test_every_fault_belongs_to_a_lane(sanitize: ModuleType) -> None:
    known = set(re.findall(r'fault == "([\w-]+)"', (ROOT / "tests" / "cpp" / "planted.cpp").read_text()))
    assert known == {fault for lane in LANES for fault in sanitize.PLANTED[lane]}


def test_what_is_left_out_is_there(sanitize: ModuleType) -> None:
    """A test under another name would run after all, and its crash on purpose turn the lane red."""
    names = [word.partition("=")[2] for word in sanitize.LEFT_OUT]
    files = sorted({name.partition("::")[0] for name in names})
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run([*command, *files], cwd=ROOT, capture_output=True, text=True)
    found = done.stdout.splitlines()
    assert all(any(line.startswith(name) for line in found) for name in names if "::" in name), (
        done.stdout[-2000:] + done.stderr
    )
    assert all((ROOT / name).exists() for name in files)


@pytest.mark.parametrize("lane", LANES)
def test_make_runs_the_lane(lane: str) -> None:
    assert f".ci/sanitize.py {lane}" in (ROOT / "Makefile").read_text()


def test_the_product_has_no_faults() -> None:
    from dlcore import _core

    assert b"dl_planted" not in Path(_core.__file__).read_bytes()


@pytest.mark.parametrize("lane", LANES)
def test_the_lane_sees_the_faults(sanitize: ModuleType, lane: str) -> None:
    if sanitize.core(lane) is None:
        return  # `make sanitize` checks it first thing, once it has built the core
    command = [sys.executable, str(ROOT / ".ci" / "sanitize.py"), lane, "--no-build", "--planted"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert all(fault in done.stdout for fault in sanitize.PLANTED[lane])
