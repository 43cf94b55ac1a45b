"""Every row of docs/pains.md names tests, and each of them exists and is none that always passes by being skipped."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROWS = [
    [cell.strip() for cell in line.strip("|\n").split(" | ")]
    for line in (ROOT / "docs" / "pains.md").read_text().splitlines()
    if re.match(r"\| \d+ \|", line)
]
NAMED = re.compile(r"`(tests/[\w/]+\.py)::([\w:]+)`")


def cases_of(path: Path) -> set[str]:
    """The tests of a file, as pytest names them, without those that are marked to be skipped or to fail."""
    found = set()

    def look(body: list[ast.stmt], before: str) -> None:
        for node in body:
            if isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
                look(node.body, f"{before}{node.name}::")
            elif isinstance(node, ast.FunctionDef) and node.name.startswith("test"):
                marks = " ".join(ast.unparse(mark) for mark in node.decorator_list)
                if "mark.skip(" not in marks and "xfail" not in marks:
                    found.add(before + node.name)

    look(ast.parse(path.read_text()).body, "")
    return found


def test_the_rows_are_numbered() -> None:
    assert [int(row[0]) for row in ROWS] == list(range(1, 18))
    assert all(len(row) == 5 for row in ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_row_names_a_thread_an_answer_and_tests_that_exist(row: list[str]) -> None:
    _, pain, threads, answer, shown = row
    assert pain and answer and re.search(r"[\w-]+/[\w.-]+#\d+", threads)
    named = NAMED.findall(shown)
    assert named and len(named) == shown.count("::") - sum(name.count("::") for _, name in named)
    for path, name in named:
        assert name in cases_of(ROOT / path), f"{path} has no test {name}"


def test_the_reader_of_tests_finds_what_there_is() -> None:
    own = cases_of(Path(__file__))
    assert "test_the_rows_are_numbered" in own and "cases_of" not in own
