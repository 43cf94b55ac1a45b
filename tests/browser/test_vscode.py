"""Our widgets under the widget manager of VS Code's notebook: drawn, readable in its dark theme, live while busy."""

from __future__ import annotations

from collections.abc import Iterator

import chromium
import pytest
from browser.lab import Lab, until
from browser.npm import NoPackage
from browser.test_accessible import CONTRASTS
from browser.test_loss_chart import ENDLESS, SETUP
from browser.test_tuner import CELL
from browser.vscode import Code

pytest.importorskip("optuna")
pytestmark = pytest.mark.browser

NETWORK = "%%network small\ninput 16\ndense 32 relu\ndense 2"
KNOBS = "print([e.data['value'] for e in run.events if e.kind == 'knob'], run.state)"
TRIALS = "print(net_search.state, [t.number for t in net_search.trials if t.by_hand])"


@pytest.fixture(scope="module")
def code(lab: Lab) -> Iterator[Code]:
    """One page in the dark theme, the one that needs other colours than the page's own."""
    try:
        shown = Code(lab, theme="dark")
    except NoPackage as error:
        if chromium.required():
            raise
        pytest.skip(str(error))
    shown.run("setup", SETUP, wait=60)
    yield shown
    shown.close()


def unread(code: Code, cell: str) -> list[tuple[str, float]]:
    """The words of a widget that have too little contrast with what they stand on."""
    found = code.cell(cell).locator(".dl-card").first.evaluate(CONTRASTS)
    assert len(found) > 5
    return [(text, ratio) for text, ratio in found if ratio < 4.5]


def test_chart_and_knobs_are_live_while_the_cell_waits(code: Code) -> None:
    code.run("train", ENDLESS)
    cell, page = code.cell("train"), code.page
    cell.locator(".dl-panel canvas").first.wait_for(timeout=20_000)
    told = cell.locator(".dl-progress-text")
    first = told.inner_text()
    until(lambda: told.inner_text() != first, 10, "the chart to go on")
    cell.locator(".dl-slider").focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    assert cell.locator(".dl-value").first.input_value() == "0.0112"
    # Half a second after it is drawn VS Code adds a listener of its own to every button: a key must not act twice.
    cell.locator(".dl-pause[tabindex='0']").focus(timeout=10_000)
    page.keyboard.press("Enter")
    until(lambda: cell.locator(".dl-state").inner_text() == "paused", 10, "the pause")
    page.wait_for_timeout(300)
    assert cell.locator(".dl-state").inner_text() == "paused" and code.state("train") == "running"
    assert unread(code, "train") == []
    page.keyboard.press("Control+s")  # here the page cannot save, which is no mistake
    cell.locator(".dl-stop").click()
    until(lambda: code.state("train") == "ok", 20, "the cell to end")
    cell.locator("img").wait_for(timeout=10_000)  # the picture took the chart's place
    assert cell.locator(".dl-loss-chart").count() == 0
    code.run("knobs", KNOBS, wait=20)
    assert code.cell("knobs").inner_text().strip().endswith("0.0112] stopped")
    assert code.mistakes() == []


def test_explorer_and_diagram_answer_while_another_network_trains_in_a_busy_cell(code: Code) -> None:
    code.run("network", NETWORK, wait=20)
    code.run("explore", "%explore small --data train", wait=20)
    code.run("diagram", "%diagram small", wait=20)
    code.run("busy", ENDLESS)
    code.cell("busy").locator(".dl-panel canvas").first.wait_for(timeout=20_000)
    code.cell("explore").locator('.dl-row[data-path="dense1"]').click()
    weight = code.cell("explore").locator('.dl-weights [data-name="weight"]')
    until(lambda: "32×16" in weight.inner_text(), 20, "the weights of the layer")
    assert code.state("busy") == "running"
    assert unread(code, "explore") == []
    code.cell("busy").locator(".dl-stop").click()
    until(lambda: code.state("busy") == "ok", 20, "the cell to end")
    code.cell("diagram").locator(".dl-box[data-line='4']").click()
    units = code.cell("diagram").locator("[data-field=units]")
    units.fill("5")
    code.page.keyboard.press("Tab")
    notice = code.cell("diagram").locator(".dl-notice")
    until(lambda: "cannot be reached from here" in notice.inner_text(), 10, "what is to be done by hand")
    assert "dense 5" in code.cell("diagram").locator(".dl-text").inner_text()
    assert unread(code, "diagram") == []
    code.run("small", "print(small.shapes[-1])", wait=20)
    assert code.cell("small").inner_text().strip() == "(5,)"
    assert code.mistakes() == []


def test_a_search_is_steered_while_the_cell_waits(code: Code) -> None:
    code.run("tune", CELL)
    cell = code.cell("tune")
    cell.locator(".dl-plot[data-name='parallel'] .dl-line.dl-best").wait_for(timeout=30_000)
    cell.locator(".dl-pause").click()
    until(lambda: cell.locator(".dl-state").inner_text() == "paused", 10, "the pause")
    assert unread(code, "tune") == []
    cell.locator(".dl-try").click()
    cell.locator(".dl-pause").click()
    until(lambda: cell.locator(".dl-state").inner_text() == "running", 10, "the search to go on")
    cell.locator(".dl-stop").click()
    until(lambda: code.state("tune") == "ok", 30, "the cell to end")
    cell.locator("img").wait_for(timeout=10_000)
    code.run("trials", TRIALS, wait=20)
    assert code.cell("trials").inner_text().startswith("stopped [")
    assert code.mistakes() == []
