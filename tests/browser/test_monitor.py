"""The monitor in a real JupyterLab: it reads while it can be seen, stops when it cannot, and leaves a picture."""

from __future__ import annotations

import pytest
from browser.lab import Lab, until
from browser.test_loss_chart import keep

pytestmark = pytest.mark.browser

NETWORK = """%%network net
input 1x28x28
conv 16 3x3 pad 1 relu
maxpool 2
flatten
dense 10"""
WATCH = "from dlcore.widgets.machine import monitor\nshown = monitor()\nshown"


def test_it_reads_while_it_is_seen_and_costs_nothing_otherwise(lab: Lab) -> None:
    cells = ["%load_ext dlcore", NETWORK, WATCH, "print(len(shown.readings))", "%monitor net"]
    lab.write("monitor.ipynb", [*cells, *["pass"] * 3])
    notebook = lab.open("monitor.ipynb", height=1000)
    for index in range(3):
        notebook.run(index, wait=60)
    page = notebook.page
    root = notebook.cell(2).locator(".dl-machine")
    until(lambda: int(root.get_attribute("data-readings") or 0) >= 4, 30, "four readings")
    assert root.locator(".dl-plot[data-name='processors'] .dl-line").count() == 2
    keep(notebook, "monitor")

    # Out of sight nothing is asked.
    page.evaluate("document.querySelector('.dl-machine').closest('.jp-OutputArea-output').style.display = 'none'")
    until(lambda: root.get_attribute("data-sight") == "false", 10, "the page to notice")
    notebook.run(3, wait=30)
    before = int(notebook.text(3))
    page.wait_for_timeout(2500)
    notebook.run(3, wait=30)
    assert int(notebook.text(3)) <= before + 1

    notebook.run(4, wait=60)
    arena = notebook.cell(4).locator(".dl-machine .dl-plot[data-name='arena']")
    arena.locator("rect").first.wait_for(timeout=20_000)
    assert "conv1" in arena.inner_text() and "arena by layer" in arena.inner_text()
    keep(notebook, "monitor-arena")
    notebook.js("{ panel.sessionContext.restartKernel(); }")
    until(lambda: "image/svg+xml" in notebook.outputs(4)[0]["data"], 60, "the picture in its place")
    assert notebook.errors() == {}
    notebook.close()
