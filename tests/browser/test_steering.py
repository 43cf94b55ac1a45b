"""Going back in a real JupyterLab: a click on the chart, a second branch beside the first, a run that is over."""

from __future__ import annotations

import json

import pytest
from browser.lab import Lab, until
from browser.test_loss_chart import CHART, keep, started, step_of

pytestmark = pytest.mark.browser

TRAIN = "run = %train net --data train --epochs 100000 --batch 32 --lr 0.02 --optimizer adam --seed 1 --background"
EXACT = """
snapshot = run.snapshots.nearest(int(run.step))
same = all((snapshot.arrays["weights/" + name] == p.data().asnumpy()).all() for name, p in net.collect_params().items())
print(run.state, int(run.step), snapshot.step, same)
"""
WIDGET = "application/vnd.jupyter.widget-view+json"


def state(notebook, chart=CHART) -> str:
    return notebook.page.locator(f"{chart} .dl-state").first.inner_text()


def test_a_click_goes_back_and_a_second_branch_is_drawn(lab: Lab) -> None:
    report = (
        "print([list(b) for b in run.history.branches], [e.kind for e in run.events if e.kind in ('restore', 'pin')])"
    )
    notebook = started(lab, "back.ipynb", TRAIN, EXACT, report)
    until(lambda: step_of(notebook) > 1500, 60, "some steps")
    page = notebook.page
    page.locator(f"{CHART} .dl-pause").click()
    until(lambda: state(notebook) == "paused", 10, "the pause")
    paused = step_of(notebook)
    plot = page.locator(f"{CHART} .dl-panel[data-name='loss'] .u-over")
    frame = plot.bounding_box()
    page.mouse.click(frame["x"] + frame["width"] / 2, frame["y"] + 60)
    page.locator(f"{CHART} .dl-popover").wait_for(timeout=5_000)
    assert page.evaluate("document.activeElement.className") == "dl-button dl-go"
    keep(notebook, "steer-asked")
    page.keyboard.press("Enter")
    until(lambda: step_of(notebook) < paused, 10, "the earlier step")
    assert state(notebook) == "paused"
    notebook.run(2, wait=30)
    said, step, snapshot, same = notebook.text(2).split()
    assert (said, same) == ("paused", "True") and step == snapshot and 0 < int(step) < paused

    page.locator(f"{CHART} .dl-step").click()
    until(lambda: step_of(notebook) == int(step) + 1, 10, "one more step")
    page.locator(f"{CHART} .dl-pin").click()
    value = page.locator(f"{CHART} .dl-value").first
    value.fill("0.2")
    value.press("Enter")
    page.locator(f"{CHART} .dl-pause").click()
    panel = page.locator(f"{CHART} .dl-panel[data-name='loss']")
    until(lambda: panel.get_attribute("data-branches") == "2", 20, "the second branch")
    until(lambda: step_of(notebook) > paused + 300, 60, "the second branch to overtake the first")
    assert "branch 2" in panel.locator(".dl-legend").inner_text()
    keep(notebook, "steer-branches")
    notebook.theme("JupyterLab Dark")
    keep(notebook, "steer-branches-dark")
    notebook.theme("JupyterLab Light")

    # The same by keys alone.
    page.locator(f"{CHART} .dl-panel[data-name='loss'] .dl-plot").focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.locator(f"{CHART} .dl-popover").wait_for(timeout=5_000)
    page.keyboard.press("Escape")
    assert page.locator(f"{CHART} .dl-popover").count() == 0
    page.keyboard.press("Enter")
    before = step_of(notebook)
    page.keyboard.press("Enter")
    until(lambda: step_of(notebook) < before, 10, "the earlier step")
    until(lambda: panel.get_attribute("data-branches") == "3", 20, "the third branch")
    page.locator(f"{CHART} .dl-stop").click()
    until(lambda: WIDGET not in notebook.outputs(1)[0]["data"], 20, "the picture in the chart's place")
    notebook.run(3, wait=30)
    branches, kinds = notebook.text(3).strip().rsplit(" [", 1)
    assert [branch[2] for branch in json.loads(branches.replace("'", '"').replace("None", "null"))][:2] == [None, 1]
    assert kinds.count("restore") == 2 and kinds.count("pin") == 1
    keep(notebook, "steer-picture")
    assert notebook.errors() == {}
    notebook.close()


def test_two_runs_at_once_are_both_live_and_a_run_of_before_is_shown_again(lab: Lab) -> None:
    second = "other = nn.HybridSequential()\nother.add(nn.Dense(8, activation='relu'), nn.Dense(2))\n"
    second += TRAIN.replace("run =", "beside =").replace("%train net", "%train other")
    end = "run.stop(); beside.stop(); run.wait(); beside.wait().state"
    notebook = started(lab, "two.ipynb", TRAIN, second, end, "%runs", "%attach run", "print(run.state, int(run.step))")
    notebook.run(2)
    cells = [notebook.cell(1), notebook.cell(2)]
    cells[1].locator(f"{CHART} canvas").first.wait_for(timeout=60_000)

    def steps() -> list[str]:
        return [cell.locator(".dl-progress-text").inner_text() for cell in cells]

    before = steps()
    until(lambda: all(one != other for one, other in zip(before, steps(), strict=True)), 20, "both charts to go on")
    keep(notebook, "two-runs")
    notebook.run(3, wait=30)
    notebook.run(4, wait=30)
    assert "stopped" in notebook.text(4) and "beside" in notebook.text(4)
    notebook.run(5, wait=30)
    chart = notebook.cell(5).locator(CHART)
    chart.locator("canvas").first.wait_for(timeout=30_000)
    at = chart.locator(".dl-progress-text").inner_text()
    chart.locator(".dl-panel[data-name='loss'] .dl-plot").focus()
    notebook.page.keyboard.press("Home")
    notebook.page.keyboard.press("ArrowRight")
    notebook.page.keyboard.press("Enter")
    notebook.page.keyboard.press("Enter")
    until(lambda: chart.locator(".dl-progress-text").inner_text() != at, 10, "the earlier step")
    keep(notebook, "attached")
    chart.locator(".dl-pause").click()  # "Train on"
    until(lambda: chart.locator(".dl-state").inner_text() == "running", 10, "the run to go on")
    notebook.page.wait_for_timeout(2500)
    chart.locator(".dl-stop").click()
    until(lambda: chart.count() == 0 or chart.locator(".dl-state").inner_text() == "stopped", 20, "the stop")
    assert notebook.errors() == {}
    notebook.close()
