"""The notebooks of the five articles run from top to bottom, and say what their texts say or ought to have said."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

FOLDER = Path(__file__).resolve().parents[2] / "notebooks" / "articles"
ARTICLES = sorted(FOLDER.glob("*.ipynb"))
MERMAID = "text/vnd.mermaid"

# What must stand in the outputs of a run, whatever the machine: the numbers that tell right from wrong.
SAID: dict[str, list[str]] = {
    "01_large_scale_data": [
        "sums over windows by hand agree with Convolution: True",
        "softmax twice: 1.4612 = log(e + 9) - 1 = 1.4612",
        "10,000 images: 9883.3333 right answers: impossible",
        "60,000 images: 59300.0000 right answers: possible",
        "gluon.loss.SoftmaxCrossEntropyLoss()",
        "trainer.step(batch_size)",
    ],
    "02_training_and_optimizers": [
        "from +1: (1.347, -2.6186)  from -1: (-1.473, -5.4442)",
        "printed in 3.2:         [6.84, 9.396, 13.9968, 20.20788, 29.5245]",
        "heavy ball, alpha=0.1:  [3.6, 2.88, 1.944, 0.9072, -0.11664]",
        "average, alpha=1.0:     [3.6, 2.88, 1.944, 0.9072, -0.11664]",
        "printed nan   Adam 0.0",
        "corrected: by hand -0.090909   Adam -0.090909",
        "hat:       by hand -0.024025   Adam -0.024025",
        "gradient: autograd [-4. -5.]  formula [-4. -5.]",
        "as printed:       [-30.   0.]",
    ],
    "03_symbols_modules_and_stores": [
        "1 steps between averages: gradients 0.900000, parameters 0.900000",
        "3 steps between averages: gradients 0.900000, parameters 0.786614",
        "node 5: gradient -10, parameter 1",
        "J: 55 -> 35.2 -> 22.528",
        "their sum: 35.2  printed: 6.97",
        "num_epoch=",
    ],
    "04_graph_and_zero_copy": ["epoch 4: accuracy", "the same memory: True"],
    "05_image_classification": ["3.0 0.952574 0.952574", "got Ellipsis", "learned w0: [1.]  w1, w2: [[ 2. -1.]]"],
}
CHARTS = {"01_large_scale_data": 1, "02_training_and_optimizers": 2, "03_symbols_modules_and_stores": 1}

each = pytest.mark.parametrize("path", ARTICLES, ids=lambda path: path.stem)


def code(notebook: Any) -> list[Any]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def outputs(notebook: Any) -> list[Any]:
    return [output for cell in code(notebook) for output in cell.outputs]


def printed(notebook: Any) -> str:
    return "".join(output.text for output in outputs(notebook) if output.get("name") == "stdout")


def charts(notebook: Any) -> list[str]:
    return [output.data[MERMAID] for output in outputs(notebook) if MERMAID in output.get("data", {})]


def test_there_is_one_for_each_article() -> None:
    assert [path.stem for path in ARTICLES] == sorted(SAID)


@each
def test_it_runs_and_says_what_it_should(path: Path, tmp_path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    for cell in code(notebook):
        cell.outputs, cell.execution_count = [], None
    environment = {**os.environ, "DLCORE_OFFLINE": "1", "DLCORE_DATA": str(tmp_path / "data")}
    client = NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}})
    client.execute(env=environment)  # raises CellExecutionError at the first cell that fails
    said = printed(notebook)
    assert [line for line in SAID[path.stem] if line not in said] == []
    assert len(charts(notebook)) == CHARTS.get(path.stem, 0)


@each
def test_it_was_saved_whole_after_a_run(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert [cell.execution_count for cell in code(notebook)] == list(range(1, len(code(notebook)) + 1))
    assert [o for o in outputs(notebook) if o.output_type == "error" or o.get("name") == "stderr"] == []
    said = printed(notebook)
    assert [line for line in SAID[path.stem] if line not in said] == []


@each
def test_every_box_of_a_chart_has_an_arrow(path: Path) -> None:
    for chart in charts(nbformat.read(path, as_version=4)):
        boxes = set(re.findall(r"\b([A-Z])[\[{]", chart))
        joined = {box for line in chart.splitlines() if "-->" in line for box in re.findall(r"\b([A-Z])\b", line)}
        assert len(boxes) >= 7 and boxes <= joined, chart
        assert re.search(r"\b[G-H] -->\|[^|]+\| [BC]\b", chart), "the way back to the next round"
