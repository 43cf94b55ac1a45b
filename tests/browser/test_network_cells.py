"""Networks in a real JupyterLab: a cell, its picture and table, its Tab key, its mistakes, and no outside request.

Set DLCORE_SCREENSHOTS to a folder to keep pictures of what was seen.
"""

from __future__ import annotations

import re

import pytest
from browser.kept import looks_as_kept
from browser.lab import Lab, Notebook, until
from browser.pictures import keep

pytestmark = pytest.mark.browser

CELLS = [
    "%load_ext dlcore",
    "%%network block(channels)\nx = identity\nconv channels 3x3 pad 1 relu\nconv channels 3x3 pad 1\nadd x relu",
    "%%network net\ninput 1x28x28\nconv 8 3x3 pad 1\nbatchnorm relu\n"
    "repeat 20:\n    use block(8)\nglobalpool\ndense 10",
    "%graph net",
    "%summary net",
    "%%network net\ninput 1x28x28\nconv 8 3x3 pad 1\nconv 8 5x5 padding 2",
    "%%network net\nma",
]


@pytest.fixture(scope="module")
def story(lab: Lab) -> Notebook:
    """The notebook with all but its last cell run, and the addresses that the page asked for."""
    lab.write("networks.ipynb", CELLS)
    notebook = lab.open("networks.ipynb", height=1600)
    notebook.asked = []  # type: ignore[attr-defined]
    notebook.page.on("request", lambda request: notebook.asked.append(request.url))  # type: ignore[attr-defined]
    for index in range(len(CELLS) - 1):
        notebook.run(index, wait=60)
    return notebook


def test_the_picture_is_drawn_in_the_page(story: Notebook) -> None:
    picture = story.cell(3).locator(".jp-RenderedMermaid img")
    picture.wait_for(timeout=20_000)
    source = until(lambda: picture.get_attribute("src"), 20, "the picture")
    assert source.startswith("data:image/svg+xml")
    box = until(lambda: picture.bounding_box(), 20, "the picture's size")
    assert box["width"] > 200 and 500 < box["height"] < 2000
    keep(story, "network-graph", 3)
    looks_as_kept(picture, "graph")
    saved = story.outputs(3)[0]["data"]
    for text in ("repeat1, 20 times", "20 x 584 parameters", "<br/>90 parameters"):
        assert text in saved["text/vnd.mermaid"]


def test_nothing_is_asked_of_other_machines(story: Notebook) -> None:
    addresses = {re.match(r"\w+:(//[^/]*)?", url).group() for url in story.asked}  # type: ignore[union-attr, attr-defined]
    assert {a for a in addresses if not re.match(r"(http|ws)://127\.0\.0\.1:|data:|blob:", a)} == set()


def test_the_table_is_a_table(story: Notebook) -> None:
    rows = story.cell(4).locator(".jp-OutputArea table tbody tr")
    assert rows.count() == 5 + 20 * 5
    assert rows.nth(1).inner_text().split("\t")[:3] == ["conv1", "conv 8 3x3 pad 1", "8x28x28"]
    keep(story, "network-summary", 4)
    looks_as_kept(story.cell(4).locator(".jp-OutputArea table"), "summary")


def test_a_mistake_is_a_box_of_four_lines(story: Notebook) -> None:
    shown = story.cell(5).locator(".jp-OutputArea-output").inner_text().rstrip().splitlines()
    assert re.fullmatch(r"Cell In\[\d+\], line 4", shown[0])
    assert shown[1:] == [
        "    conv 8 5x5 padding 2",
        "               ^^^^^^^",
        'NetworkError: conv does not know the word "padding"; did you mean "pad"?',
    ]
    keep(story, "network-error", 5)


def test_tab_completes_a_word(story: Notebook) -> None:
    last = len(CELLS) - 1
    story.cell(last).locator(".cm-content").click()
    story.page.keyboard.press("Control+End")
    assert offered(story) == ["maxpool"]
    story.page.keyboard.press("Enter")
    until(lambda: story.source(last).endswith("\nmaxpool"), 20, "the word to be completed")
    story.page.keyboard.type(" 2 s")
    assert offered(story) == ["stride"]
    story.page.keyboard.press("Enter")
    until(lambda: story.source(last).endswith("\nmaxpool 2 stride"), 20, "the option to be completed")
    story.page.keyboard.type(" 2\ndense 10 ")
    found = offered(story)
    assert found[:3] == ["nobias", "noflatten", "relu"] and "from" in found
    keep(story, "network-tab", last)


def offered(story: Notebook) -> list[str]:
    """What the page offers after Tab."""
    story.page.keyboard.press("Tab")
    words = story.page.locator(".jp-Completer-item .jp-Completer-match")
    words.first.wait_for(timeout=20_000)
    return list(words.all_inner_texts())
