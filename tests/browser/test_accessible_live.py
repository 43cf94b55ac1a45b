"""The loss chart, a search and the monitor for everybody: contrast in both themes, keys alone, names, no motion."""

from __future__ import annotations

import pytest
from browser.lab import MOVING, Lab, Notebook, until
from browser.test_accessible import CONTRASTS
from browser.test_loss_chart import CHART, ENDLESS, SETUP

pytest.importorskip("optuna")
pytestmark = pytest.mark.browser

SEARCH = """%%tune other --data train --val test --trials 6 --epochs 1 --seed 1
lr = log(1e-3, 1.0)
width = choice(8, 16)
other = nn.HybridSequential()
other.add(nn.Dense(width), nn.Dense(2))"""
PAUSE = "import time\nwhile run.step < 300: time.sleep(0.01)\nrun.set(lr=0.02)\nrun.pause()"
WIDGETS = {CHART: 1, ".dl-tuner": 4, ".dl-machine": 5}
FOCUSED = """() => {
  const node = document.activeElement, widget = node.closest(".dl-loss-chart, .dl-tuner, .dl-machine");
  if (!widget) return null;
  const label = node.getAttribute("aria-label") || node.labels?.[0]?.textContent || node.textContent || node.title;
  const style = getComputedStyle(node), outline = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
  return [widget.className.split(" ")[0], node.tagName, label.trim(), outline || style.boxShadow !== "none"];
}"""


@pytest.fixture(scope="module")
def shown(lab: Lab) -> Notebook:
    """A run that is paused, a search that is shown again, and the monitor."""
    cells = [SETUP.strip(), f"{ENDLESS} --background", PAUSE, SEARCH, "%attach other_search", "%monitor"]
    lab.write("accessible_live.ipynb", cells)
    notebook = lab.open("accessible_live.ipynb", height=3200)
    for index in range(len(cells)):
        notebook.run(index, wait=60)
    assert notebook.errors() == {}
    for widget, index in WIDGETS.items():
        notebook.cell(index).locator(widget).wait_for(timeout=30_000)
    root = notebook.cell(5).locator(".dl-machine")
    root.scroll_into_view_if_needed()  # it reads while it is seen
    until(lambda: int(root.get_attribute("data-readings") or 0) >= 3, 30, "three readings")
    notebook.cell(1).locator(f"{CHART} .dl-more").click()
    return notebook


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_text_can_be_read_in_both_themes(shown: Notebook, theme: str) -> None:
    shown.theme(theme)
    shown.page.wait_for_timeout(300)
    for widget, index in WIDGETS.items():
        found = shown.cell(index).locator(widget).evaluate(CONTRASTS)
        assert len(found) > 12, widget
        assert [pair for pair in found if pair[1] < 4.5] == [], widget


def test_everything_is_reached_by_keys_with_a_name_and_can_be_seen(shown: Notebook) -> None:
    page = shown.page
    reached = []
    for widget, index in WIDGETS.items():
        first = shown.cell(index).locator(widget).locator("button, input, select, [tabindex='0']").first
        if not first.count():
            continue  # the monitor has nothing to press
        first.focus()
        for _ in range(40):
            page.keyboard.press("Tab")
            reached.append(page.evaluate(FOCUSED))
    inside = [found for found in reached if found]
    assert all(name for _, _, name, _ in inside), inside
    assert all(seen for _, _, _, seen in inside), [found for found in inside if not found[3]]
    names = {(widget, name) for widget, _, name, _ in inside}
    assert {("dl-loss-chart", name) for name in ("Resume", "Step", "Stop", "Pin", "learning rate")} <= names
    assert ("dl-tuner", "Try these") in names and ("dl-tuner", "Continue") in names


def test_what_is_drawn_has_a_name_and_progress_its_value(shown: Notebook) -> None:
    for widget, index in WIDGETS.items():
        root = shown.cell(index).locator(widget)
        drawings = root.locator("figure svg, canvas").evaluate_all(
            "all => all.map(node => node.getAttribute('aria-label') || node.closest('[aria-label]')?.ariaLabel || '')"
        )
        assert drawings and all(drawings), (widget, drawings)
    for widget, index in list(WIDGETS.items())[:2]:
        bar = shown.cell(index).locator(f"{widget} [role=progressbar]")
        assert bar.get_attribute("aria-label") and bar.get_attribute("aria-valuenow") is not None


def test_nothing_moves_by_itself(shown: Notebook) -> None:
    shown.page.emulate_media(reduced_motion="reduce")
    for widget, index in WIDGETS.items():
        assert shown.cell(index).locator(widget).evaluate(MOVING) == []
