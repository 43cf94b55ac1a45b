"""Long runs and several runs in one chart, in a real JupyterLab: a million points, a part seen larger, runs compared.

Set DLCORE_SCREENSHOTS to a folder to keep pictures of what was seen.
"""

from __future__ import annotations

import pytest
from browser.lab import Lab, Notebook, until
from browser.test_loss_chart import CHART, keep

pytestmark = pytest.mark.browser

SETUP = """
%load_ext dlcore
import time
import numpy as np
from dlcore.run import Run
from dlcore.widgets.loss_chart import show

COUNT = 1_000_000
steps = np.arange(1, COUNT + 1)
noise = np.random.default_rng(0).normal(size=COUNT)
curve = 2 / np.sqrt(1 + steps / 1000) * (1 + 0.05 * noise)
curve[654_320] = 1.75  # one spike, which no thinning may lose

def work(run):
    run.begin()
    while run.boundary():
        run.advance(samples=32, loss=0.06)
        time.sleep(0.002)
"""
FILL = """
from dlcore.run._history import Series

def filled(name, factor):
    run = Run(work, name=name, steps_total=2 * COUNT, knobs={"lr": 0.1})
    series = run.history._series["loss"] = Series()
    for begin in range(0, COUNT, 4096):
        block = np.zeros(4096, np.int64), np.zeros(4096)
        size = min(4096, COUNT - begin)
        block[0][:size], block[1][:size] = steps[begin : begin + size], factor * curve[begin : begin + size]
        series._steps.append(block[0])
        series._values.append(block[1])
    series._count = COUNT
    run.step = COUNT
    return run

run, other = filled("long", 1.0), filled("other", 1.5)
chart = show(run, {"other": other})
run.start()
other.start();
"""
END = "run.stop(); other.stop(); run.wait().state"
PANEL = f"{CHART} .dl-panel[data-name='loss']"


def number(notebook: Notebook, name: str) -> float:
    return float(notebook.page.locator(PANEL).get_attribute(f"data-{name}") or 0)


def test_a_million_points_stay_smooth_and_can_be_seen_larger(lab: Lab) -> None:
    lab.write("large.ipynb", [SETUP.strip(), FILL.strip(), END])
    notebook = lab.open("large.ipynb", height=1300)
    page = notebook.page
    notebook.run(0, wait=60)
    notebook.run(1, wait=60)
    page.locator(f"{PANEL} canvas").wait_for(timeout=30_000)
    until(lambda: number(notebook, "points") > 1_000_000, 30, "a million points")
    assert number(notebook, "first") == 1 and number(notebook, "drawn") < 40_000
    assert "other" in page.locator(f"{PANEL} .dl-legend").inner_text()
    keep(notebook, "million")

    # Frames go on while new points come in: what the page does for one of them is far below what an eye sees.
    # The browser itself tells of everything that keeps its page from drawing for more than 50 ms.
    page.evaluate(
        """() => {
          window.long = [];
          const note = (list) => window.long.push(...list.getEntries().map((entry) => entry.duration));
          new PerformanceObserver(note).observe({ type: "longtask" });
        }"""
    )
    updates = 0
    for _ in range(20):
        before = number(notebook, "points")
        until(lambda before=before: number(notebook, "points") > before, 10, "more points")
        updates += 1
    long = page.evaluate("window.long")
    assert len(long) < updates / 2, long  # most frames come in time, on a busy machine too

    # A part is pulled out of it: its own points come from the kernel, the spike among them.
    over = page.locator(f"{PANEL} .u-over").bounding_box()
    whole = number(notebook, "drawn")
    at = over["x"] + over["width"] * 654_320 / number(notebook, "points")
    page.mouse.move(at - 3, over["y"] + 80)
    page.mouse.down()
    page.mouse.move(at + 5, over["y"] + 80, steps=4)
    page.mouse.up()
    whole_button = page.locator(f"{PANEL} .dl-whole")
    until(whole_button.is_visible, 5, "the button back to the whole")
    until(lambda: number(notebook, "first") > 600_000, 10, "points of the part")
    first = number(notebook, "first")
    assert first < 654_320
    keep(notebook, "million-part")
    seen = number(notebook, "points")
    until(lambda: number(notebook, "points") > seen, 10, "the run to go on")
    assert number(notebook, "first") == first  # and the part stays where it is
    plot = page.locator(f"{PANEL} .dl-plot")
    plot.focus()
    page.keyboard.press("+")
    until(lambda: number(notebook, "first") > first, 10, "a smaller part by a key")
    page.keyboard.press("0")
    until(lambda: number(notebook, "first") == 1 and not whole_button.is_visible(), 10, "the whole")
    assert number(notebook, "drawn") == pytest.approx(whole, rel=0.2)

    # Smoothing is a slider among the other knobs.
    page.locator(f"{CHART} .dl-more").click()
    slider = page.locator(f"{CHART} .dl-smoothing")
    slider.focus()
    page.keyboard.press("Home")
    assert slider.input_value() == "0"
    keep(notebook, "million-plain")
    notebook.run(2, wait=30)
    assert notebook.errors() == {} and notebook.text(2).strip() == "'stopped'"
    saved = notebook.outputs(1)[0]["data"]
    assert len(saved["image/png"]) < 250_000
    notebook.close()
