"""The diagram editor in a real JupyterLab: the cell follows the diagram, the diagram follows the cell, nothing is lost.

Set DLCORE_SCREENSHOTS to a folder to keep pictures of what was seen.
"""

from __future__ import annotations

import time

import pytest
from browser.lab import Lab, Notebook, until
from browser.pictures import keep

pytestmark = pytest.mark.browser

TEXT = """%%network net
input 1x28x28
a = conv 8 3x3 pad 1 relu
conv 8 3x3 pad 1
add a relu  # joined
repeat 2:
    conv 8 3x3 pad 1 relu
maxpool 2
flatten
dense 10"""
LOOK = "print(net.shapes[-1], float(net.a.weight.data().sum()))"


def box(notebook: Notebook, line: int) -> object:
    return notebook.page.locator(f".dl-box[data-line='{line}']")


def source_is(notebook: Notebook, text: str) -> None:
    until(lambda: notebook.source(1) == text, 10, f"the cell to say {text!r}; it says {notebook.source(1)!r}")


@pytest.fixture(scope="module")
def story(lab: Lab) -> Notebook:
    """A network, its diagram, and a cell that prints what the living network is."""
    lab.write("diagram.ipynb", ["%load_ext dlcore", TEXT, "%diagram net", LOOK])
    notebook = lab.open("diagram.ipynb", height=1500)
    for index in range(4):
        notebook.run(index, wait=60)
    box(notebook, 3).wait_for(timeout=20_000)  # type: ignore[attr-defined]
    return notebook


def test_the_text_follows_the_diagram_and_the_network_with_it(story: Notebook) -> None:
    page, before = story.page, story.text(3)
    keep(story, "diagram-light")
    assert page.locator(".dl-box").count() == 9 and page.locator(".dl-wire").count() == 9
    box(story, 9).click()  # type: ignore[attr-defined]
    page.get_by_label("its line").fill("dropout 0.3")
    page.locator(".dl-adding .dl-button").first.click()
    source_is(story, TEXT.replace("flatten\n", "flatten\ndropout 0.3\n"))
    box(story, 11).click()  # type: ignore[attr-defined]
    page.locator("[data-field=units]").fill("7")
    page.keyboard.press("Tab")
    source_is(story, TEXT.replace("flatten\ndense 10", "flatten\ndropout 0.3\ndense 7"))
    story.run(3, wait=30)
    assert story.text(3) == before.replace("(10,)", "(7,)")  # the same weights in the same network
    assert "kept the weights of a, conv1" in page.locator(".dl-said").inner_text()


def test_a_mistake_is_marked_and_taken_back_from_the_keyboard(story: Notebook) -> None:
    page, before = story.page, story.source(1)
    box(story, 4).click()  # type: ignore[attr-defined]
    page.locator("[data-field=channels]").fill("6")
    page.keyboard.press("Tab")
    page.locator(".dl-wire.dl-bad").wait_for(timeout=10_000)
    assert page.locator(".dl-wire.dl-bad").get_attribute("data-from") == "3"
    assert page.locator(".dl-box.dl-bad").get_attribute("data-line") == "5"
    assert "add needs equal shapes, but gets 6x28x28 and 8x28x28" in page.get_by_role("alert").inner_text()
    assert "conv 6 3x3" in story.source(1)
    keep(story, "diagram-mistake")
    story.run(3, wait=30)
    assert "(7,)" in story.text(3)  # the network is the one before
    page.locator(".dl-canvas").focus()
    page.keyboard.press("Control+z")
    source_is(story, before)
    assert page.locator(".dl-wire.dl-bad, .dl-box.dl-bad").count() == 0


def test_arrows_are_pulled_and_lines_removed_by_key(story: Notebook) -> None:
    page, before = story.page, story.source(1)
    port, target = box(story, 2).locator(".dl-port"), box(story, 4)  # type: ignore[attr-defined]
    port.scroll_into_view_if_needed()
    start, end = port.bounding_box(), target.bounding_box()  # type: ignore[attr-defined]
    page.mouse.move(start["x"] + start["width"] / 2, start["y"] + start["height"] / 2)
    page.mouse.down()
    page.mouse.move(end["x"] + 30, end["y"] + 20, steps=4)
    page.mouse.up()
    wired = before.replace("input 1x", "x1 = input 1x").replace(
        "conv 8 3x3 pad 1\nadd", "conv 8 3x3 pad 1 from x1\nadd"
    )
    source_is(story, wired)
    page.locator(".dl-canvas").focus()
    page.keyboard.press("End")
    page.keyboard.press("ArrowUp")  # the dropout
    assert page.locator(".dl-box[aria-selected=true]").get_attribute("data-line") == "10"
    page.keyboard.press("Delete")
    source_is(story, wired.replace("dropout 0.3\n", ""))
    page.keyboard.press("Control+z")
    source_is(story, wired)
    page.keyboard.press("Control+Shift+z")
    source_is(story, wired.replace("dropout 0.3\n", ""))


def test_lines_are_repeated_from_the_keyboard_and_the_frame_is_taken_away(story: Notebook) -> None:
    page, before = story.page, story.source(1)
    weights = "p = list(net.collect_params().values()); print([float(p[at].data().sum()) for at in (0, 2)])"
    story.js("panel.content.widgets[3].model.sharedModel.setSource(argument)", weights)
    story.run(3, wait=30)
    held = story.text(3)
    page.locator(".dl-canvas").focus()
    page.keyboard.press("Home")
    for _ in range(2):
        page.keyboard.press("ArrowDown")  # the second convolution
    line = before.splitlines()[3]
    assert page.locator(".dl-box[aria-selected=true]").get_attribute("data-line") == "4" and line.startswith("conv 8")
    page.keyboard.press("r")
    assert page.evaluate("document.activeElement.dataset.field") == "repeat"
    page.keyboard.type("3")
    page.keyboard.press("Enter")
    until(lambda: "repeat 3:\n    " in story.source(1), 10, "the repeat in the text")
    framed = story.source(1).splitlines()
    assert framed[3:5] == ["identity from x1", "repeat 3:"] and framed[5].startswith("    conv 8")
    keep(story, "diagram-repeat")
    story.run(3, wait=30)
    assert story.text(3) == held  # the first turn has the weights that the line had
    page.locator("[data-field=turns]").fill("2")
    page.keyboard.press("Tab")
    until(lambda: story.source(1).count("repeat 2:") == 2, 10, "two turns")
    page.get_by_label("its line").fill("repeat 4: conv 8 1x1")
    page.keyboard.press("Enter")
    until(lambda: "repeat 4:\n    conv 8 1x1" in story.source(1), 10, "a repeat more")
    page.locator(".dl-canvas").focus()
    for _ in range(3):
        page.keyboard.press("Control+z")
    source_is(story, before)
    story.js("panel.content.widgets[3].model.sharedModel.setSource(argument)", LOOK)


def test_the_diagram_follows_the_text(story: Notebook) -> None:
    page = story.page
    story.run(3, wait=30)
    before = story.text(3)
    text = story.source(1).replace("maxpool 2", "avgpool 2\nbatchnorm")
    story.js("panel.content.widgets[1].model.sharedModel.setSource(argument)", text)
    # What was typed and not run is not overwritten.
    box(story, 9).click()  # type: ignore[attr-defined]
    page.get_by_label("its line").fill("relu")
    page.locator(".dl-adding .dl-button").first.click()
    page.get_by_role("button", name="replace its text").wait_for(timeout=10_000)
    assert story.source(1) == text
    story.run(1, wait=30)
    until(lambda: "avgpool 2" in page.locator(".dl-canvas").inner_text(), 10, "the diagram to show the text")
    assert "edited; kept the weights of a, conv1" in story.text(1)
    story.run(3, wait=30)
    assert story.text(3).split()[1] == before.split()[1]
    assert not story.errors()


def test_the_saved_output_holds_a_picture_and_text(story: Notebook) -> None:
    story.theme("JupyterLab Dark")
    story.page.wait_for_timeout(300)
    keep(story, "diagram-dark")
    story.theme("JupyterLab Light")
    found = [output["data"] for output in story.outputs(2)]
    assert "image/svg+xml" in found[0] and "conv 8 3x3" in found[0]["text/plain"]


def test_five_hundred_lines_stay_usable(lab: Lab) -> None:
    text = "%%network deep\ninput 4\n" + "\n".join(["a = dense 4", "dense 4 relu", "add a"] + ["dense 4"] * 497)
    lab.write("deep_diagram.ipynb", ["%load_ext dlcore", text, "%diagram deep"])
    notebook = lab.open("deep_diagram.ipynb")
    for index in range(3):
        notebook.run(index, wait=90)
    page = notebook.page
    page.locator(".dl-box").first.wait_for(timeout=30_000)
    assert page.locator(".dl-box").count() == 501
    # What a click or a key costs the page, in ms: everything is done before the handler returns.
    cost = page.evaluate(
        """() => {
          const times = [];
          for (const line of [100, 300, 500]) {
            const box = document.querySelector(`.dl-box[data-line="${line}"]`), start = performance.now();
            box.dispatchEvent(new MouseEvent("click", { bubbles: true }));
            times.push(performance.now() - start);
          }
          return Math.min(...times);
        }"""
    )
    assert cost < 100, f"{cost:.0f} ms"
    start = time.monotonic()
    page.get_by_label("its line").fill("relu")
    page.locator(".dl-adding .dl-button").first.click()
    until(lambda: notebook.source(1).count("\n") == 502, 20, "the new line in the text")
    assert time.monotonic() - start < 10
    keep(notebook, "diagram-deep")
