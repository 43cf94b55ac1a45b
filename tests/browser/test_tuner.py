"""``%%tune`` in a real JupyterLab: live while the cell waits, by hand, paused, stopped, and live again to go on."""

from __future__ import annotations

import json

import pytest
from browser.lab import Lab, Notebook, until
from browser.pictures import readme
from browser.test_loss_chart import SETUP, WIDGET, keep

pytest.importorskip("optuna")
pytestmark = pytest.mark.browser

TUNER = ".dl-tuner"
CELL = """%%tune net --data train --val test --trials 400 --epochs 6 --goal val_accuracy --seed 3 --workers 2
lr = log(1e-4, 1.0)
width = choice(8, 32)
depth = int(1, 3)
net = nn.HybridSequential()
for _ in range(depth):
    net.add(nn.Dense(width, activation="relu"))
net.add(nn.Dense(2))"""
REPORT = """
hand = [t.values for t in net_search.trials if t.by_hand]
right = float((net(dl.np.array(test[0])).asnumpy().argmax(axis=1) == test[1]).mean())
print(net_search.state, hand[:1], right == net_search.best.score, len(net_search.frame()) == len(net_search.trials))
"""


def state(notebook: Notebook, index: int) -> str:
    return str(notebook.cell(index).locator(f"{TUNER} .dl-state").inner_text())


def trials(notebook: Notebook, index: int) -> int:
    return int(notebook.cell(index).locator(f"{TUNER} .dl-progress-text").inner_text().split()[0])


def test_a_search_is_live_steered_by_hand_and_goes_on_after_its_end(lab: Lab) -> None:
    count = "print(len(net_search.trials), net_search.trials[-1].by_hand)"
    lab.write("tuner.ipynb", [SETUP.strip(), CELL, REPORT, "%attach net_search", count])
    notebook = lab.open("tuner.ipynb", height=1300)
    notebook.run(0, wait=60)
    notebook.run(1)
    page, cell = notebook.page, notebook.cell(1)
    cell.locator(f"{TUNER} .dl-plot[data-name='parallel'] .dl-line.dl-best").wait_for(timeout=60_000)
    until(lambda: cell.locator(f"{TUNER} .dl-share").count() == 3, 30, "what matters, for three marks")
    assert notebook.state(1)[0] == "running"

    cell.locator(".dl-pause").click()
    until(lambda: state(notebook, 1) == "paused", 10, "the pause")
    held = trials(notebook, 1)
    keep(notebook, "tuner-paused")
    # On a narrow page the plots are drawn narrower, with text of the same size.
    page.set_viewport_size({"width": 700, "height": 1300})
    box = cell.locator(".dl-plot[data-name='curves'] svg")
    until(lambda: box.evaluate("svg => svg.viewBox.baseVal.width === Math.round(svg.clientWidth)"), 10, "its new width")
    ticks = cell.locator(".dl-plot .dl-tick").evaluate_all("all => all.map(t => t.getBoundingClientRect().height)")
    assert len(ticks) > 12 and min(ticks) > 10
    assert box.evaluate("svg => svg.querySelectorAll('.dl-grid').length") >= 3
    keep(notebook, "tuner-narrow")
    page.set_viewport_size({"width": 1100, "height": 1300})
    # Keys go through the trials, the best first; the sliders take over what was chosen.
    cell.locator(".dl-plot[data-name='parallel']").focus()
    page.keyboard.press("Home")
    until(lambda: "the best" in cell.locator(".dl-told").inner_text(), 5, "the best trial in words")
    page.keyboard.press("ArrowRight")
    until(lambda: "the best" not in cell.locator(".dl-told").inner_text(), 5, "the second best in words")
    assert cell.locator(".dl-line.dl-chosen").count() >= 2  # in the curves and in the lines
    slider = cell.locator(".dl-hand .dl-slider").first
    slider.focus()
    page.keyboard.press("Home")
    assert cell.locator(".dl-hand output").first.inner_text() == "1.00e-4"
    cell.locator(".dl-hand select").select_option("32")
    cell.locator(".dl-try").click()
    assert trials(notebook, 1) == held
    cell.locator(".dl-pause").click()
    until(lambda: trials(notebook, 1) > held + 2, 20, "trials after the pause")
    keep(notebook, "tuner")
    readme(notebook, "tuner", 1)

    cell.locator(".dl-stop").click()
    notebook.wait_idle(1, 30)
    assert notebook.errors() == {}
    saved = notebook.outputs(1)[0]["data"]
    assert "image/png" in saved and WIDGET not in saved
    notebook.run(2, wait=30)
    said = notebook.text(2)
    assert said.startswith("stopped [{'lr': 0.0001, 'width': 32,") and said.strip().endswith("True True")

    notebook.run(3, wait=30)
    again = notebook.cell(3)
    again.locator(".dl-line.dl-best").first.wait_for(timeout=30_000)
    before = trials(notebook, 3)
    again.locator(".dl-try").click()
    until(lambda: trials(notebook, 3) == before + 1 and state(notebook, 3) == "finished", 20, "one trial by hand")
    again.locator(".dl-trials").fill("3")
    again.locator(".dl-pause").click()  # "Continue"
    until(lambda: trials(notebook, 3) == before + 4 and state(notebook, 3) == "finished", 30, "three trials more")
    notebook.theme("JupyterLab Dark")
    keep(notebook, "tuner-dark")
    notebook.theme("JupyterLab Light")
    notebook.run(4, wait=30)
    assert notebook.text(4).strip() == f"{before + 4} False"

    # The kernel goes: a picture stays that needs neither kernel nor style sheet.
    notebook.js("{ panel.sessionContext.restartKernel(); }")
    until(lambda: "image/svg+xml" in notebook.outputs(3)[0]["data"], 60, "the picture in its place")
    picture = notebook.outputs(3)[0]["data"]["image/svg+xml"]
    assert "var(" not in picture and "the kernel ended" in picture
    notebook.ready()
    notebook.save()
    keep(notebook, "tuner-restarted")
    notebook.close()
    outputs = [o for c in json.loads((lab.folder / "tuner.ipynb").read_text())["cells"] for o in c["outputs"]]
    assert not any(WIDGET in output.get("data", {}) for output in outputs)
