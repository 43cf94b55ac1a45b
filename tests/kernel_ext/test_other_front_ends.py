"""Front ends without widgets: a text-only client, a saved notebook as HTML, IPython in a terminal."""

from __future__ import annotations

import base64
import re
import subprocess
import sys
from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")
pytest.importorskip("anywidget")

pytestmark = pytest.mark.serial

CELLS = [
    "%load_ext dlcore\nimport numpy as np",
    "%%network net\ninput 1x6x6\nconv 4 3x3 relu\nflatten\ndense 3",
    "x = np.random.default_rng(0).normal(size=(64, 1, 6, 6)).astype('float32')\ny = np.arange(64, dtype='int32') % 3",
    "%explore net --data x,y",
    "%diagram net",
    "run = %train net --data x,y --epochs 2 --batch 16",
    "%graph net",
    "%explore net --data x,y --layer conv1",
]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory):
    """The notebook after a client that knows no widget ran it."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3").execute(
        cwd=str(tmp_path_factory.mktemp("run"))
    )
    return notebook


def data_of(notebook, index):
    return [output["data"] for output in notebook.cells[index].outputs if "data" in output]


def text_of(notebook, index):
    parts = [output.get("text", "") for output in notebook.cells[index].outputs]
    return "".join([*parts, *(data.get("text/plain", "") for data in data_of(notebook, index))])


def test_each_widget_leaves_a_picture_and_text(ran):
    for index, picture, words in (
        (3, "image/svg+xml", "conv1: Conv2D"),
        (4, "image/svg+xml", "conv1: conv 4 3x3 relu -> 4x4x4, 40 parameters"),
        (5, "image/png", "finished"),
    ):
        found = [data for data in data_of(ran, index) if picture in data]
        assert found, (index, [sorted(data) for data in data_of(ran, index)])
        assert words in text_of(ran, index)
        # VS Code shows no SVG in a folder that is not trusted.
        assert base64.b64decode(found[0]["image/png"]).startswith(b"\x89PNG") and len(found[0]["image/png"]) < 400_000
    assert "flowchart TB" in data_of(ran, 6)[0]["text/vnd.mermaid"] and "conv 4 3x3 relu" in text_of(ran, 6)
    assert text_of(ran, 7).startswith("conv1: Conv2D(1 -> 4") and "activation output" in text_of(ran, 7)


def test_a_page_made_of_the_notebook_shows_the_pictures(ran):
    nbconvert = pytest.importorskip("nbconvert")
    stripped = nbformat.from_dict(ran)
    stripped.metadata.pop("widgets", None)  # as JupyterLab saves it, unless told otherwise
    html, _ = nbconvert.HTMLExporter().from_notebook_node(stripped)
    assert html.count("data:image/svg+xml;base64") >= 2 and "data:image/png;base64" in html
    assert "application/vnd.jupyter.widget-view+json" not in html


def test_a_terminal_gets_text(tmp_path: Path):
    code = f"""
from IPython.terminal.interactiveshell import TerminalInteractiveShell
shell = TerminalInteractiveShell.instance(colors="nocolor", simple_prompt=True)
for cell in {CELLS[:6]!r}:
    shell.run_cell(cell, store_history=True).raise_error()
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, cwd=tmp_path)
    assert found.returncode == 0, found.stderr
    out = found.stdout
    assert "conv1: Conv2D(1 -> 4" in out and "conv1: conv 4 3x3 relu -> 4x4x4, 40 parameters" in out
    assert re.search(r"net  epoch 2/2  loss [\d.]+  accuracy", out) and re.search(
        r"net  loss [\d.]+ [▁-█]+ [\d.]+", out
    )
