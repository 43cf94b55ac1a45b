"""Training in a real JupyterLab: a live chart, knobs that work while the cell waits, a redraw, a picture that stays.

Set DLCORE_SCREENSHOTS to a folder to keep pictures of what was seen.
"""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest
from browser.lab import MOVING, Lab, Notebook, until
from browser.pictures import keep

pytestmark = pytest.mark.browser

SETUP = """
%load_ext dlcore
import numpy as np, dlcore as dl
nn = dl.gluon.nn
rng = np.random.default_rng(0)
x = rng.normal(size=(4608, 16)).astype("float32")
y = (x[:, :8].sum(axis=1) > x[:, 8:].sum(axis=1)).astype("int32")
train, test = (x[:4096], y[:4096]), (x[4096:], y[4096:])
net = nn.HybridSequential()
net.add(nn.Dense(64, activation="relu"), nn.Dense(2))
"""
ENDLESS = "run = %train net --data train --val test --epochs 100000 --batch 32 --lr 0.01 --seed 1"
CHART = ".dl-loss-chart"
WIDGET = "application/vnd.jupyter.widget-view+json"


def inked(notebook: Notebook, name: str) -> int:
    """How many pixels of the plot called `name` are drawn on; its grid and axes alone are about 2 in 100."""
    script = """(name) => {
        const canvas = document.querySelector(`.dl-panel[data-name="${name}"] canvas`);
        if (!canvas) return 0;
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        let count = 0;
        for (let i = 0; i < data.length; i += 4)
            if (data[i + 3] > 40 && data[i + 2] > data[i] + 40) count++;
        return count;
    }"""
    return int(notebook.page.evaluate(script, name))


def step_of(notebook: Notebook) -> int:
    """The step that the chart says."""
    text = notebook.page.locator(f"{CHART} .dl-progress-text").inner_text()
    found = re.search(r"step ([\d,]+)", text)
    assert found, text
    return int(found[1].replace(",", ""))


def started(lab: Lab, name: str, line: str, *more: str) -> Notebook:
    """A notebook whose second cell, `line`, has begun to train."""
    lab.write(name, [SETUP, line, *more])
    notebook = lab.open(name)
    notebook.run(0, wait=60)
    assert notebook.errors() == {}
    notebook.run(1)
    notebook.page.wait_for_selector(f"{CHART} canvas", timeout=60_000)
    until(lambda: step_of(notebook) > 100, 60, "a hundred steps")
    return notebook


def test_chart_and_knobs_are_live_while_the_cell_waits(lab: Lab) -> None:
    knob_events = "[(e.step, e.data['name'], e.data['value']) for e in run.events if e.kind == 'knob']"
    report = f"print(run.state, run.step, {knob_events})"
    notebook = started(lab, "waiting.ipynb", ENDLESS, report, "print(net(dl.np.array(x[:1])).shape)")
    until(lambda: inked(notebook, "loss") > 300 and inked(notebook, "accuracy") > 300, 20, "curves on both plots")
    keep(notebook, "waiting")
    assert notebook.state(1)[0] == "running"

    slider = notebook.page.locator(f"{CHART} .dl-slider")
    slider.focus()
    for _ in range(5):
        notebook.page.keyboard.press("ArrowRight")
    value = notebook.page.locator(f"{CHART} .dl-value").first
    assert value.input_value() == "0.0112"
    notebook.page.locator(f"{CHART} .dl-pause").click()
    until(lambda: notebook.page.locator(f"{CHART} .dl-state").inner_text() == "paused", 10, "the pause")
    paused = step_of(notebook)
    time.sleep(0.5)
    assert step_of(notebook) == paused
    keep(notebook, "paused")
    notebook.page.locator(f"{CHART} .dl-pause").click()
    until(lambda: step_of(notebook) > paused + 50, 20, "more steps after the pause")
    value.fill("0.5")
    value.press("Enter")
    until(lambda: step_of(notebook) > paused + 200, 20, "steps with the typed value")
    assert notebook.state(1)[0] == "running"  # all of this while the cell was busy
    keep(notebook, "turned")

    notebook.page.locator(f"{CHART} .dl-stop").click()
    notebook.wait_idle(1, 30)
    notebook.run(2, wait=30)
    notebook.run(3, wait=30)
    state, step, events = notebook.text(2).strip().split(" ", 2)
    knobs = [tuple(event) for event in json.loads(events.replace("(", "[").replace(")", "]").replace("'", '"'))]
    assert state == "stopped" and int(step) >= paused + 200
    assert [value for _, name, value in knobs if name == "lr"][-1] == 0.5
    assert any(value == 0.0112 and at <= paused for at, _, value in knobs)  # in force before the later click was
    assert notebook.text(3).strip() == "(1, 2)"
    (shown,) = notebook.outputs(1)
    assert set(shown["data"]) == {"image/png", "text/plain"}
    until(lambda: notebook.cell(1).locator("img").count() == 1, 10, "the picture")
    keep(notebook, "picture")
    notebook.close()


def test_a_reload_redraws_the_whole_history_and_leaves_a_picture(lab: Lab) -> None:
    notebook = started(lab, "background.ipynb", f"{ENDLESS} --background", "run.stop(); run.wait().state")
    assert notebook.state(1)[0] == "idle"
    until(lambda: step_of(notebook) > 400, 60, "four hundred steps")
    notebook.save()
    before = step_of(notebook)
    notebook.reload()
    panel = notebook.page.locator(f"{CHART} .dl-panel[data-name='loss']")
    panel.wait_for(timeout=30_000)
    until(lambda: int(panel.get_attribute("data-points") or 0) > before, 20, "the history of before the reload")
    assert panel.get_attribute("data-first") == "1"
    until(lambda: inked(notebook, "loss") > 300, 20, "the curve")
    seen = step_of(notebook)
    until(lambda: step_of(notebook) > seen, 20, "the chart to go on")
    notebook.theme("JupyterLab Dark")
    keep(notebook, "reloaded-dark")
    notebook.theme("JupyterLab Light")
    notebook.page.emulate_media(reduced_motion="reduce")
    assert notebook.page.locator(CHART).evaluate(MOVING) == []

    notebook.page.locator(f"{CHART} .dl-stop").click()
    until(lambda: notebook.page.locator(f"{CHART} .dl-state").inner_text() == "stopped", 20, "the stop")
    until(lambda: WIDGET not in notebook.outputs(1)[0]["data"], 20, "the picture in the chart's place")
    notebook.save()
    notebook.close()
    check_saved(lab, "background.ipynb")


def test_an_interrupt_ends_at_a_step_and_the_notebook_goes_on(lab: Lab) -> None:
    notebook = started(lab, "interrupt.ipynb", ENDLESS, "print(run.state, run.exception)")
    notebook.interrupt()
    notebook.wait_idle(1, 30)
    assert "interrupted, stopped at step" in notebook.text(1)
    notebook.run(2, wait=30)
    assert notebook.text(2).strip() == "stopped None"
    assert notebook.errors() == {}
    notebook.save()
    notebook.close()
    check_saved(lab, "interrupt.ipynb")


def test_a_reload_while_the_cell_waits_redraws_at_once_and_the_knobs_go_on(lab: Lab) -> None:
    notebook = started(lab, "busy.ipynb", ENDLESS, "print(run.state)")
    until(lambda: step_of(notebook) > 400, 60, "four hundred steps")
    notebook.save()
    before = step_of(notebook)
    notebook.page.reload()
    panel = notebook.page.locator(f"{CHART} .dl-panel[data-name='loss']")
    panel.wait_for(timeout=30_000)  # the cell is still busy
    until(lambda: int(panel.get_attribute("data-points") or 0) > before, 20, "the history of before the reload")
    assert panel.get_attribute("data-first") == "1"
    seen = step_of(notebook)
    until(lambda: step_of(notebook) > seen, 20, "the chart to go on")
    keep(notebook, "reloaded-busy")
    notebook.page.locator(f"{CHART} .dl-stop").click()
    until(lambda: WIDGET not in notebook.outputs(1)[0]["data"], 20, "the picture in the chart's place")
    notebook.ready()
    notebook.run(2, wait=30)
    assert notebook.text(2).strip() == "stopped"
    notebook.save()
    notebook.close()
    check_saved(lab, "busy.ipynb")


def test_a_kernel_that_is_restarted_in_the_middle_leaves_what_was_drawn(lab: Lab) -> None:
    notebook = started(lab, "restarted.ipynb", f"{ENDLESS} --background")
    assert WIDGET in notebook.outputs(1)[0]["data"]
    notebook.js("{ panel.sessionContext.restartKernel(); }")
    until(lambda: "image/png" in notebook.outputs(1)[0]["data"], 60, "the picture in the chart's place")
    notebook.ready()
    assert re.match(r"net: the kernel ended at step [\d,]+ of [\d,]+, epoch \d+", notebook.text(1))
    notebook.save()
    notebook.close()
    check_saved(lab, "restarted.ipynb")


def test_a_failing_loss_is_told_in_the_chart_and_in_the_cell(lab: Lab) -> None:
    failing = "%%train net --data train\nout = net(x)\nloss = dl.nd.dot(out, out).mean()\n"
    lab.write("failing.ipynb", [SETUP, failing, "print(net(dl.np.array(x[:1])).shape)"])
    notebook = lab.open("failing.ipynb")
    notebook.run(0, wait=60)
    notebook.run(1, wait=60)
    (error,) = [output for output in notebook.outputs(1) if output["output_type"] == "error"]
    trace = re.sub(r"\x1b\[[\d;]*m", "", "\n".join(error["traceback"]))
    assert "loss = dl.nd.dot(out, out).mean()" in trace and "_loop.py" not in trace
    keep(notebook, "failing")
    notebook.run(2, wait=30)
    assert notebook.text(2).strip() == "(1, 2)"
    notebook.close()


def check_saved(lab: Lab, name: str) -> None:
    """Opened without the kernel that made it, the notebook shows the picture and no complaint."""
    saved = json.loads((lab.folder / name).read_text())
    data = [output["data"] for cell in saved["cells"] for output in cell["outputs"] if "data" in output]
    assert any("image/png" in part for part in data) and not any(WIDGET in part for part in data)
    lab.shutdown_kernels()
    notebook = lab.open(name)
    picture = notebook.cell(1).locator("img")
    picture.wait_for(timeout=20_000)
    assert picture.evaluate("(img) => img.complete && img.naturalWidth") > 800
    assert "model not found" not in notebook.page.locator(".jp-Notebook").inner_text()
    keep(notebook, f"saved-{Path(name).stem}")
    notebook.close()


def test_a_log_axis_and_the_values_under_the_pointer(lab: Lab) -> None:
    notebook = started(lab, "looked_at.ipynb", ENDLESS, "run.stop()")
    panel = notebook.page.locator(f'{CHART} .dl-panel[data-name="loss"]')
    notebook.page.locator(f"{CHART} .dl-pause").click()
    until(lambda: notebook.page.locator(f"{CHART} .dl-state").inner_text() == "paused", 10, "the pause")
    value = panel.locator(".dl-legend-entry b").first
    last = float(value.inner_text())

    box = panel.locator(".u-over").bounding_box()
    assert box is not None
    notebook.page.mouse.move(box["x"] + 1, box["y"] + box["height"] / 2)
    until(lambda: float(value.inner_text()) > 2 * last, 10, "the value of the first steps, where the pointer is")
    notebook.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] + 200)
    until(lambda: float(value.inner_text()) == last, 10, "the last value, when the pointer has gone")

    drawn = "(panel) => panel.querySelector('canvas').toDataURL()"
    plain, button = panel.evaluate(drawn), panel.locator(".dl-scale[aria-pressed]")
    button.click()
    until(lambda: inked(notebook, "loss") > 300 and panel.evaluate(drawn) != plain, 10, "the curve on a log axis")
    assert button.get_attribute("aria-pressed") == "true"
    keep(notebook, "log_axis")
    logged = panel.evaluate(drawn)
    button.click()
    until(lambda: panel.evaluate(drawn) != logged, 10, "the plain axis again")  # a step later, perhaps: not as before
    assert button.get_attribute("aria-pressed") == "false"
    notebook.page.locator(f"{CHART} .dl-stop").click()
    notebook.wait_idle(1, 30)
