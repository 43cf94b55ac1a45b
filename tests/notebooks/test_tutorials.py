"""Every tutorial runs from top to bottom in its short form, and what is committed shows its pictures and no error.

The cell tagged "parameters" of a notebook says how long it trains; its metadata holds the short form that runs here.
The tour is not among these: it runs in a real JupyterLab, in tests/browser.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"
TUTORIALS = sorted(path for path in FOLDER.glob("0[2-9]_*.ipynb"))
LARGEST = 600_000  # bytes; pictures included

each = pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)


def code(notebook: Any) -> list[Any]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def shortened(path: Path) -> Any:
    """The notebook with the short form of its parameters and without outputs."""
    notebook = nbformat.read(path, as_version=4)
    parameters = [cell for cell in code(notebook) if "parameters" in cell.metadata.get("tags", [])]
    assert parameters, f"{path.name} has no cell tagged parameters"
    for cell in parameters:
        cell.source = cell.metadata["short"]
    for cell in code(notebook):
        cell.outputs, cell.execution_count = [], None
    return notebook


def test_there_are_tutorials() -> None:
    assert len(TUTORIALS) >= 8


@each
def test_it_runs_from_top_to_bottom(path: Path, tmp_path: Path) -> None:
    """In a kernel of its own, in an empty folder, with no data but what ships inside the package."""
    environment = {
        **os.environ,
        "DLCORE_OFFLINE": "1",
        "DLCORE_DATA": str(tmp_path / "data"),
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    }
    notebook = shortened(path)
    client = NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}})
    client.execute(env=environment)  # raises CellExecutionError at the first cell that fails
    assert len(pictures(notebook)) == len(pictures(nbformat.read(path, as_version=4)))


def pictures(notebook: Any) -> list[str]:
    outputs = [output for cell in code(notebook) for output in cell.outputs]
    return [kind for output in outputs for kind in output.get("data", {}) if kind in ("image/png", "text/vnd.mermaid")]


@each
def test_it_was_saved_whole_after_a_run(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    counts = [cell.execution_count for cell in code(notebook)]
    assert counts == list(range(1, len(counts) + 1)), "run it from top to bottom, then save it"
    for cell in code(notebook):
        failed = any(output.output_type == "error" for output in cell.outputs)
        assert failed == ("raises-exception" in cell.metadata.get("tags", [])), cell.source
    warnings = [output.text for cell in code(notebook) for output in cell.outputs if output.get("name") == "stderr"]
    assert not warnings
    assert pictures(notebook), "no picture"
    assert path.stat().st_size < LARGEST


@each
def test_it_says_what_it_is_about_and_what_to_try_next(path: Path) -> None:
    prose = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "markdown"]
    assert prose[0].startswith("# ")
    assert prose[-1].startswith("## What to try next")
