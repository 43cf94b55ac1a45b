"""Explorer and diagram for everybody: contrast as it is drawn in both themes, keys alone, names for a screen reader.

WCAG 2.1 AA: text at 4.5 to 1, the edge of a control at 3 to 1; nothing moves by itself.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from browser.kept import looks_as_kept
from browser.lab import MOVING, Lab, Notebook, until

pytestmark = pytest.mark.browser

SETUP = """%load_ext dlcore
import dlcore as dl
dl.random.seed(0)
import numpy as np
x = np.random.default_rng(0).normal(size=(64, 1, 8, 8)).astype("float32")
y = np.arange(64, dtype="int32") % 3"""
NETWORK = "%%network net\ninput 1x8x8\na = conv 4 3x3 pad 1 relu\nconv 4 3x3 pad 1\nadd a\nflatten\ndense 3"
# Every piece of text that is drawn in a widget, with its colour and what it stands on, as [text, ratio].
CONTRASTS = """(root) => {
  const parse = (text) => {
    const found = text.match(/[\\d.]+/g).map(Number);
    return [...found.slice(0, 3), found[3] ?? 1];
  };
  const over = (a, b) => [0, 1, 2].map((at) => a[at] * a[3] + b[at] * (1 - a[3]));
  const light = (rgb) => {
    const linear = rgb.map((part) => (part /= 255) <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };
  const ground = (node) => {
    if (!node) return [255, 255, 255];
    const box = node.closest?.("g.dl-box")?.querySelector(".dl-frame");
    const style = getComputedStyle(box ?? node);
    const fill = box && style.fill !== "none" ? style.fill : box ? null : style.backgroundColor;
    const above = box ? box.closest(".dl-canvas") : node.parentElement;
    if (!fill || parse(fill)[3] === 0) return ground(above);
    return over(parse(fill), ground(above));
  };
  const found = [];
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent.trim(), node = walker.currentNode.parentElement;
    const shown = node.getClientRects().length && !node.closest("title, option, :disabled");
    if (!text || !shown) continue;
    const style = getComputedStyle(node), below = ground(node);
    const colour = over(parse(node instanceof SVGElement ? style.fill : style.color), below);
    const [high, low] = [light(colour), light(below)].sort((a, b) => b - a);
    found.push([text, (high + 0.05) / (low + 0.05)]);
  }
  return found;
}"""


@pytest.fixture(scope="module")
def shown(lab: Lab) -> Notebook:
    lab.write("accessible.ipynb", [SETUP, NETWORK, "%explore net --data x,y", "%diagram net"])
    notebook = lab.open("accessible.ipynb", height=1500)
    for index in range(4):
        notebook.run(index, wait=60)
    assert notebook.errors() == {}
    notebook.page.locator(".dl-diagram .dl-box").first.wait_for(timeout=20_000)
    notebook.page.locator(".dl-explorer .dl-row").first.wait_for(timeout=20_000)
    return notebook


def test_the_widgets_look_as_they_were_kept(shown: Notebook) -> None:
    shown.theme("JupyterLab Light")
    looks_as_kept(shown.page.locator(".dl-explorer"), "explorer")
    looks_as_kept(shown.page.locator(".dl-diagram"), "diagram")


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_text_can_be_read_in_both_themes(shown: Notebook, theme: str) -> None:
    page = shown.page
    shown.theme(theme)
    page.locator('.dl-explorer .dl-row[data-path="conv1"]').click()
    until(lambda: page.locator(".dl-explorer .dl-card").count() >= 4, 15, "the layer's values")
    page.locator(".dl-explorer .dl-search").fill("dense")
    page.locator(".dl-box[data-line='4']").click()
    page.locator("[data-field=channels]").fill("5")
    page.keyboard.press("Tab")
    page.locator(".dl-wire.dl-bad").wait_for(timeout=10_000)
    if folder := os.environ.get("DLCORE_SCREENSHOTS"):
        shown.screenshot(Path(folder) / f"accessible-{theme.split()[-1].lower()}.png")
    try:
        for name, least in ((".dl-explorer", 30), (".dl-diagram", 30)):
            found = page.locator(name).evaluate(CONTRASTS)
            assert len(found) >= least, found
            assert [pair for pair in found if pair[1] < 4.5] == []
    finally:
        page.locator(".dl-tools button").filter(has_text="undo").click()
        until(lambda: page.locator(".dl-wire.dl-bad").count() == 0, 10, "the undo")
        page.locator(".dl-explorer .dl-search").fill("")


def test_everything_is_reached_and_done_by_keys(shown: Notebook) -> None:
    page = shown.page
    page.locator(".dl-explorer .dl-search").focus()
    reached = []
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate("""() => {
              const node = document.activeElement;
              const label = node.getAttribute("aria-label") || node.labels?.[0]?.textContent;
              const name = label || node.textContent || node.title;
              return [node.closest(".dl-explorer, .dl-diagram")?.className ?? "", node.tagName, name.trim()];
            }""")
        )
    inside = [(tag, name) for widget, tag, name in reached if widget]
    assert all(name for _, name in inside), inside  # each has a name for a screen reader
    names = {name for _, name in inside}
    assert {
        "layers of the network",
        "fold",
        "PNG",
        "Values",
        "lines of the network",
        "line",
        "its line",
        "below",
    } <= names
    tree = page.locator(".dl-tree")
    tree.focus()
    page.keyboard.press("End")
    assert page.evaluate("document.activeElement.getAttribute('aria-activedescendant')") == page.locator(
        ".dl-row[aria-selected=true]"
    ).get_attribute("id")
    # An edit without a pointer: choose a line, go to its form, type, come back, undo.
    page.locator(".dl-canvas").focus()
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.value") == "dense 3"
    page.keyboard.press("Control+a")
    page.keyboard.type("dense 4 relu")
    page.keyboard.press("Enter")
    until(lambda: shown.source(1).endswith("dense 4 relu"), 10, "the line to be written")
    page.locator(".dl-canvas").focus()
    page.keyboard.press("Control+z")
    until(lambda: shown.source(1) == NETWORK, 10, "the undo")
    label = page.locator(".dl-box[data-line='5']").get_attribute("aria-label")
    assert label == "add1: add, makes 4x8x8, takes conv1 and a"


def test_nothing_moves_by_itself(shown: Notebook) -> None:
    shown.page.emulate_media(reduced_motion="reduce")
    for name in (".dl-explorer", ".dl-diagram"):
        assert shown.page.locator(name).evaluate(MOVING) == []
