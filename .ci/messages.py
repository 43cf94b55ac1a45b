"""List every error of the C++ core that no test provokes; `make messages` calls this.

    python .ci/messages.py                    build, run the tests below, print what was not reached; red if anything
    python .ci/messages.py tests/io -n 2      these tests instead; other words for pytest are passed on too
    python .ci/messages.py --keep tests/io    what earlier runs reached still counts
    python .ci/messages.py --no-build         with the core that is there;  --no-tests: only what earlier runs reached

The sources go to build/messages/source with a call before every `throw` (and before every call of a function that
always throws), which writes the place down: the lines that coverage counts do not tell `if (wrong) throw ...` apart.
Not asked for are throws that hand on what was caught, and those that name their kind, tensor/fault.h: a fault of
dlcore itself, and a library's.
"""

from __future__ import annotations

import argparse
import collections
import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "messages"
SOURCE = BUILD / "source"
CORE = BUILD / "core"
REACHED = BUILD / "reached.txt"
# No tests that draw at random: what only these reach is provoked by no row of its own.
TESTS = ["core", "ops", "array", "autograd", "graph", "symbol", "io", "gluon", "compat"]
# What C++ says nothing with, then the one word that counts.
TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|R"\((?:.*?)\)"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'|\bthrow\b', re.DOTALL)
ALWAYS_THROWS = re.compile(r"\[\[noreturn\]\][^;{(]*?(\w+)\(")
# Python's own way to raise; without words of its own it hands on what was caught.
PYTHONS = ["PyErr_SetString", "PyErr_Format"]
PASSED_ON = re.compile(r"throw(?: \w+| nb::python_error\(\))?;|PyErr_\w+\([^\"]*\);")
NAMED = {
    "InternalError": "a fault of dlcore itself",
    "LibraryError": "a library's failure",
    "OutOfMemory": "memory that ran out",
}


class Throw(NamedTuple):
    """One place that raises an error."""

    path: str
    line: int
    at: int  # where in the text
    said: str  # the statement, in one line
    key: str  # stays the same when lines move

    @property
    def kind(self) -> str:
        if PASSED_ON.fullmatch(self.said):
            return "passed on"
        return next((name for name in NAMED if self.said.startswith(f"throw {name}(")), "")


def sources() -> list[Path]:
    folder = ROOT / "dlcore" / "csrc"
    return sorted(path for path in folder.rglob("*") if path.suffix in (".h", ".cpp"))


def always_throw(texts: list[str]) -> list[str]:
    """Functions that never return: each call of one is a message of its own, unless what it throws is named."""
    named = re.compile(rf"(\w+)\([^)]*\)\s*\{{\s*throw (?:{'|'.join(NAMED)})\(")
    found = [{name for text in texts for name in pattern.findall(text)} for pattern in (ALWAYS_THROWS, named)]
    return sorted(found[0] - found[1])


def statement(text: str, start: int) -> str:
    """From there to its semicolon, in one line."""
    for token in re.compile(r'"(?:\\.|[^"\\\n])*"|;').finditer(text, start):
        if token[0] == ";":
            return " ".join(text[start : token.end()].split())
    return " ".join(text[start:].split())


def throws(path: str, text: str, helpers: list[str]) -> list[Throw]:
    """Every `throw` of a source and every call of a function that always throws."""
    skipped = [token.span() for token in TOKEN.finditer(text) if token[0] != "throw"]
    code = list(text)
    for start, end in skipped:
        code[start:end] = " " * (end - start)
    calls = rf"|(?<![\w.>:])(?:{'|'.join(helpers)})\((?=[^;{{]*;)" if helpers else ""
    found, times = [], collections.Counter[str]()
    for match in re.finditer(rf"\bthrow\b{calls}", "".join(code)):
        before = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
        if match[0] != "throw" and re.search(r"\bvoid $", before):
            continue  # where it is declared
        said = statement(text, match.start())
        times[said] += 1
        key = f"{path}|{said}|{times[said]}"
        found.append(Throw(path, text.count("\n", 0, match.start()) + 1, match.start(), said, key))
    return found


def all_throws() -> dict[str, list[Throw]]:
    texts = {path.relative_to(ROOT).as_posix(): path.read_text() for path in sources()}
    helpers = [*always_throw(list(texts.values())), *PYTHONS]
    return {path: throws(path, text, helpers) for path, text in texts.items()}


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def marked(text: str, places: list[Throw]) -> str:
    """The source, which tells each of these places when it gets there."""
    for place in reversed(places):
        text = f"{text[: place.at]}::dl_messages::reached({quoted(place.key)}), {text[place.at :]}"
    return text


def write_sources() -> None:
    """The sources with their marks; what is there already as it should be is left alone, for the build's sake."""
    wanted = {path: path.read_text() for path in (ROOT / "CMakeLists.txt", ROOT / ".ci" / "reached.h")}
    for path, places in all_throws().items():
        wanted[ROOT / path] = marked((ROOT / path).read_text(), places)
    copies = {SOURCE / path.relative_to(ROOT): text for path, text in wanted.items()}
    for copy in (SOURCE / "dlcore").rglob("*"):
        if copy.is_file() and copy not in copies:
            copy.unlink()
    for copy, text in copies.items():
        if not copy.exists() or copy.read_text() != text:
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_text(text)


def build() -> None:
    write_sources()
    tools = ROOT / ".venv" / "bin"
    flags = f"-O1 -g0 -w -include {SOURCE / '.ci' / 'reached.h'}"
    cmake = [tools / "cmake", "-S", SOURCE, "-B", CORE, "-G", "Ninja", f"-DCMAKE_MAKE_PROGRAM={tools / 'ninja'}",
             "-DDL_BUILD_WIDGETS=OFF", "-DDL_AVX512=OFF", "-DCMAKE_BUILD_TYPE=None", f"-DCMAKE_CXX_FLAGS={flags}",
             f"-DPython_EXECUTABLE={tools / 'python'}"]  # fmt: skip
    subprocess.run(cmake, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["nice", "-n", "10", tools / "cmake", "--build", CORE], check=True)


def run_tests(words: list[str]) -> int:
    """pytest's exit status, on the marked core: the file of reached places grows."""
    core = next(CORE.glob("_core*.so"), None)
    if core is None:
        raise SystemExit(f"messages: there is no core in {CORE}; run without --no-build")
    environment = dict(
        os.environ,
        PYTHONPATH=str(ROOT / ".ci" / "sanitizers"),
        DLCORE_SANITIZED_CORE=str(core),
        DLCORE_MESSAGES_REACHED=str(REACHED),
        LD_LIBRARY_PATH=str(Path(sysconfig.get_path("platlib")) / "dlcore"),  # oneDNN
    )
    named = any((ROOT / word.partition("::")[0]).exists() for word in words)
    tests = [] if named else ["-n", "2", *(f"tests/{room}" for room in TESTS)]
    chosen = ["-m", "not browser and not serial", *tests, *words]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *chosen]
    return subprocess.run(command, cwd=ROOT, env=environment).returncode


def report() -> int:
    """How many errors no test has provoked; each is printed."""
    reached = set(REACHED.read_text().splitlines()) if REACHED.exists() else set()
    places = [place for found in all_throws().values() for place in found]
    kinds = collections.Counter(place.kind for place in places if place.kind)
    asked = [place for place in places if not place.kind]
    missed = [place for place in asked if place.key not in reached]
    for place in missed:
        print(f"{place.path}:{place.line}: {place.said}")
    rest = ", ".join(f"{count} {NAMED.get(kind, kind)}" for kind, count in sorted(kinds.items()))
    print(f"messages: of {len(asked)} errors of the C++ core {len(missed)} are provoked by no test; not asked: {rest}")
    return len(missed)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--no-build", action="store_true", help="use the core that is there")
    parser.add_argument("--no-tests", action="store_true", help="only say what earlier runs reached")
    parser.add_argument("--keep", action="store_true", help="what earlier runs reached still counts")
    arguments, words = parser.parse_known_args()
    if not (arguments.no_build or arguments.no_tests):
        build()
    if not (arguments.keep or arguments.no_tests):
        REACHED.unlink(missing_ok=True)
    failed = 0 if arguments.no_tests else run_tests(words)
    missed = report()
    return failed or int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
