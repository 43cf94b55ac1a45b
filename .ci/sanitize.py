"""Run tests on a core compiled with sanitizers; `make sanitize` calls this for both lanes.

    python .ci/sanitize.py address              AddressSanitizer and UndefinedBehaviorSanitizer: the operator tests
    python .ci/sanitize.py thread               ThreadSanitizer: pool, runtime, compiled programs, loaders
    python .ci/sanitize.py address tests/core   these tests only;  --planted: the faults on purpose only
    python .ci/sanitize.py address --no-build   with the core that is there; words for pytest are passed on: -n 2

The core goes to build/sanitize/LANE and is never installed. First each fault of tests/cpp/planted.cpp is set off: the
lane must report it, or nothing that follows would mean anything.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HERE = ROOT / ".ci" / "sanitizers"
# Fault of tests/cpp/planted.cpp: what its report says.
PLANTED = {
    "address": {
        "past-small": "AddressSanitizer: use-after-poison",
        "past-large": "AddressSanitizer: use-after-poison",
        "freed": "AddressSanitizer: heap-use-after-free",
        "overflow": "runtime error: signed integer overflow",
    },
    "thread": {"race": "ThreadSanitizer: data race", "pool-race": "ThreadSanitizer: data race"},
}
TESTS = {
    "address": [
        "tests/core",
        "tests/ops",
        "tests/array",
        "tests/autograd",
        "tests/graph",
        "tests/fuzz",
        "tests/gluon/test_ahead.py",
        "tests/gluon/test_elements.py",
        "tests/gluon/test_batches.py",
    ],
    "thread": [
        "tests/core/test_pool.py",
        "tests/core/test_threads.py",
        "tests/core/test_calls.py",
        "tests/graph",
        "tests/run",
        "tests/gluon/test_data.py",
        "tests/gluon/test_ahead.py",
    ],
}
# Of no use under a sanitizer: nothing is kept for reuse there, what is freed stays resident for a while, kernels are
# slower than the machine, a child that crashes on purpose would be reported, as would a thread that writes what others
# read, on purpose too, and the lanes do not start each other.
LEFT_OUT = [
    "--deselect=tests/graph/test_explain.py::test_explain_holds_each_kernel_against_the_machine",
    "--deselect=tests/graph/test_many_compiles.py::test_a_thousand_compilations_leak_nothing",
    "--deselect=tests/graph/test_conv_passes.py::TestKept::test_two_threads_and_a_third_that_writes",
    "--deselect=tests/fuzz/test_random_calls.py::test_the_child_tells[crash-Segmentation fault]",
    "--deselect=tests/core/test_storage.py::test_freed_memory_is_used_again_and_counted",
    "--ignore=tests/core/test_sanitizers.py",
]
LIBRARIES = {"address": ["libasan.so", "libubsan.so"], "thread": ["libtsan.so"]}
# What a report of a fault holds; others warn, for instance of contexts that are switched.
FAULT = re.compile(r"ERROR: |runtime error: |WARNING: ThreadSanitizer")
SET_OFF = """
import ctypes, os, sys
fault = ctypes.CDLL(os.environ["DLCORE_SANITIZED_CORE"]).dl_planted
fault.restype, fault.argtypes = ctypes.c_double, [ctypes.c_char_p]
print("came back with", fault(sys.argv[1].encode()))
"""


def folder(lane: str) -> Path:
    return ROOT / "build" / "sanitize" / lane


def core(lane: str) -> Path | None:
    """The sanitized core, where it has been built."""
    return next(folder(lane).glob("_core*.so"), None)


def library(name: str) -> str:
    """Where the compiler keeps a library; its bare name where it has none."""
    compiler = os.environ.get("CXX", "c++").split()[0]
    found = subprocess.run([compiler, f"-print-file-name={name}"], capture_output=True, text=True, check=True)
    return found.stdout.strip()


def build(lane: str) -> None:
    """Compile the core, at low priority: it is a long build for two cores."""
    tools = ROOT / ".venv" / "bin"
    cmake = [tools / "cmake", "-S", ROOT, "-B", folder(lane), "-G", "Ninja", f"-DCMAKE_MAKE_PROGRAM={tools / 'ninja'}",
             f"-DDL_SANITIZE={lane}", "-DDL_BUILD_WIDGETS=OFF", "-DCMAKE_BUILD_TYPE=None",
             "-DCMAKE_CXX_FLAGS=-O1 -g1", f"-DPython_EXECUTABLE={tools / 'python'}"]  # fmt: skip
    subprocess.run(cmake, check=True, stdout=subprocess.DEVNULL)
    nice = ["nice", "-n", "10"] if shutil.which("nice") else []
    subprocess.run([*nice, tools / "cmake", "--build", folder(lane)], check=True)


def environment(lane: str, reports: Path) -> dict[str, str]:
    """For a Python that loads the sanitized core; `reports` is the folder where faults are described."""
    found = core(lane)
    if found is None:
        raise SystemExit(f"sanitize: there is no core in {folder(lane)}; run without --no-build")
    # The C++ runtime beside it, because the sanitizer looks for what it wraps before the core is loaded.
    preload = [library(name) for name in [*LIBRARIES[lane], "libstdc++.so.6"]]
    return dict(
        os.environ,
        LD_PRELOAD=" ".join(preload),
        LD_LIBRARY_PATH=str(Path(sysconfig.get_path("platlib")) / "dlcore"),  # oneDNN
        PYTHONPATH=str(HERE),
        PYTHONMALLOC="malloc",
        PYTHONHASHSEED="0",
        DLCORE_SANITIZED_CORE=str(found),
        DLCORE_NUM_THREADS="2",
        # What is lost is counted by tests/core/test_leaks_operators.py: LeakSanitizer does not look into the memory of
        # Python's frames, and takes what only a local variable holds for lost.
        ASAN_OPTIONS="detect_leaks=0:allocator_may_return_null=1:max_allocation_size_mb=4096:handle_segv=1:"
        f"detect_stack_use_after_return=0:abort_on_error=0:exitcode=99:log_path={reports}/of",
        UBSAN_OPTIONS=f"print_stacktrace=1:halt_on_error=1:exitcode=99:log_path={reports}/of",
        TSAN_OPTIONS=f"log_path={reports}/of:halt_on_error=1:second_deadlock_stack=1:die_after_fork=0:exitcode=99:"
        f"suppressions={HERE / 'threads.txt'}",
    )


def command(lane: str, *words: str) -> list[str]:
    """Python and what follows; ThreadSanitizer needs memory to lie where it always does."""
    fixed = ["setarch", "-R"] if lane == "thread" and shutil.which("setarch") else []
    return [*fixed, str(ROOT / ".venv" / "bin" / "python"), *words]


def faults(reports: Path) -> dict[str, str]:
    """What describes a fault, of any process: a child of a test, or one of several that run tests."""
    texts = {report.name: report.read_text(errors="replace") for report in sorted(reports.iterdir())}
    return {name: text for name, text in texts.items() if FAULT.search(text)}


def check_planted(lane: str) -> list[str]:
    """The faults that the lane does not report, each with what came instead."""
    missed = []
    for fault, report in PLANTED[lane].items():
        with tempfile.TemporaryDirectory() as folder:
            reports = Path(folder)
            words = command(lane, "-c", SET_OFF, fault)
            done = subprocess.run(words, cwd=ROOT, env=environment(lane, reports), capture_output=True, text=True)
            found = "\n".join(faults(reports).values())
        if done.returncode == 0 or report not in found:
            said = (done.stdout + done.stderr + found)[-2000:]
            missed.append(f"{fault}: exit status {done.returncode}, no report of {report!r}; it said {said}")
    return missed


def asked(lane: str, words: list[str]) -> list[str]:
    """Words for pytest: with the lane's tests, unless some are named."""
    named = any((ROOT / word.partition("::")[0]).exists() for word in words)
    return words if named else [*words, *TESTS[lane]]


def run_tests(lane: str, tests: list[str]) -> int:
    """pytest's exit status, and 99 where any process, a child of a test too, has reported a fault."""
    reports = folder(lane) / "reports"
    shutil.rmtree(reports, ignore_errors=True)
    reports.mkdir()
    words = command(lane, "-m", "pytest", *LEFT_OUT, "-q", "--capture=sys", "-p", "no:cacheprovider", *tests)
    status = subprocess.run(words, cwd=ROOT, env=environment(lane, reports)).returncode
    found = faults(reports)
    for name, text in found.items():
        print(f"\n{name}\n{text[:8000]}", file=sys.stderr)
    return 99 if found else status


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("lane", choices=sorted(PLANTED))
    parser.add_argument("--no-build", action="store_true", help="use the core that is there")
    parser.add_argument("--planted", action="store_true", help="set off the faults on purpose, run no tests")
    arguments, rest = parser.parse_known_args()
    lane = arguments.lane
    if not arguments.no_build:
        build(lane)
    missed = check_planted(lane)
    if missed:
        raise SystemExit(f"sanitize: the {lane} lane does not see\n" + "\n".join(missed))
    print(f"sanitize: the {lane} lane reports {', '.join(PLANTED[lane])}", flush=True)
    if arguments.planted:
        return
    raise SystemExit(run_tests(lane, asked(lane, rest)))


if __name__ == "__main__":
    sys.exit(main())
