"""What is added to the notebook itself: coloured %%network cells, pictures of widgets whose kernel is gone."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from browser.lab import Lab, Notebook, until
from browser.pictures import keep

pytestmark = pytest.mark.browser

NETWORK = "%%network net\ninput 4  # shape\na = dense 8 relu\ndropout {1 / 2}\ndense 8 nobias from a\nadd a\ndense 3"
CHART = "%%network small\nflowchart TB\n  a([input 4]) -->|4| b[dense 3]"
PYTHON = "def add(repeat):\n    return repeat"


@pytest.fixture(scope="module", params=["lab", "notebook"])
def opened(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Lab, Notebook]]:
    """A notebook with all its cells run, in JupyterLab and in Notebook 7."""
    with Lab(tmp_path_factory.mktemp(request.param), app=request.param) as lab:
        lab.write("cells.ipynb", ["%load_ext dlcore", NETWORK.replace("dropout {1 / 2}\n", ""), CHART, PYTHON,
                                  "%explore net", "%diagram small", NETWORK])  # fmt: skip
        notebook = lab.open("cells.ipynb", height=1500)
        for index in range(6):
            notebook.run(index, wait=60)
        yield lab, notebook


def colours(notebook: Notebook, index: int) -> dict[str, str]:
    """The text of each coloured word of a cell, and its class."""
    spans = notebook.cell(index).locator(".cm-line span")
    until(lambda: spans.count() > 0, 10, f"colours in cell {index}")
    pairs = spans.evaluate_all("spans => spans.map(span => [span.textContent, span.className])")
    return dict(pairs)


def test_network_cells_are_coloured_and_python_cells_are_as_ever(opened: tuple[Lab, Notebook]) -> None:
    lab, notebook = opened
    found = colours(notebook, 6)
    keyword = found["dense"]
    assert keyword and found["input"] == found["dropout"] == found["from"] == found["add"] == keyword
    assert found["4"] == found["8"] != keyword and found["# shape"] not in ("", keyword)
    assert found["nobias"] not in (keyword, found["8"]) and found["{1 / 2}"] not in (keyword, found["8"])
    assert found["relu"] != keyword and found["%%network"] != keyword
    chart = colours(notebook, 2)
    assert chart["dense"] == chart["flowchart"] == keyword and chart["-->"] != keyword
    python = colours(notebook, 3)
    assert python["def"] == python["return"] == keyword and "repeat" not in python
    # An edit turns one into the other.
    setting = "panel.content.widgets[3].model.sharedModel.setSource(argument)"
    notebook.js(setting, "%%network x\ndense 3")
    until(lambda: colours(notebook, 3).get("dense") == keyword, 10, "the cell to be coloured as a network")
    notebook.js(setting, PYTHON)
    until(lambda: colours(notebook, 3).get("def") == keyword, 10, "the cell to be coloured as Python")


def test_a_reopened_notebook_shows_the_pictures(opened: tuple[Lab, Notebook]) -> None:
    lab, notebook = opened
    notebook.page.locator(".dl-explorer .dl-row").first.wait_for(timeout=20_000)
    notebook.page.locator(".dl-diagram .dl-box").first.wait_for(timeout=20_000)
    keep(notebook, f"{lab.app}-widgets")
    notebook.save()
    lab.shutdown_kernels()
    again = lab.open("cells.ipynb", height=1500)
    for index, word in ((4, "dense1"), (5, "dense 3")):
        picture = again.cell(index).locator(".jp-OutputArea [data-dlcore=picture] img")
        picture.wait_for(timeout=20_000)
        assert picture.bounding_box()["height"] > 60
        assert word in picture.get_attribute("alt")
    assert "model not found" not in again.page.locator(".jp-Notebook").inner_text()
    keep(again, f"{lab.app}-reopened")
    again.close()


def test_a_notebook_that_is_not_trusted_shows_them_too(opened: tuple[Lab, Notebook]) -> None:
    lab, _ = opened
    saved = json.loads((lab.folder / "cells.ipynb").read_text())
    assert "image/svg+xml" in saved["cells"][4]["outputs"][0]["data"]
    saved["cells"][0]["source"] = "print('written elsewhere')"  # the signature is that of another text now
    (lab.folder / "foreign.ipynb").write_text(json.dumps(saved))
    foreign = lab.open("foreign.ipynb", height=1500)
    for index in (4, 5):
        picture = foreign.cell(index).locator(".jp-OutputArea img")
        picture.wait_for(timeout=20_000)
        assert picture.get_attribute("src").startswith("data:image/png") and picture.bounding_box()["height"] > 60
    keep(foreign, f"{lab.app}-foreign")
    foreign.close()
