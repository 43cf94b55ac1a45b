"""Every picture of the readme is one that a test takes: see tests/browser/pictures.py."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_a_test_takes_every_picture_of_the_readme() -> None:
    shown = re.findall(r"!\[[^\]]*\]\(notebooks/(\w+)\.png\)", (ROOT / "README.md").read_text())
    calls = "".join(path.read_text() for path in (ROOT / "tests" / "browser").glob("test_*.py"))
    taken = set(re.findall(r'readme\(notebook, "(\w+)"', calls))
    assert shown and set(shown) <= taken
    assert {path.stem for path in (ROOT / "notebooks").glob("*.png")} <= taken
