"""The chart's colours have the contrast that WCAG 2.1 AA asks for, in light and dark themes."""

import re
from pathlib import Path

import pytest
from contrast import contrast

ROOT = Path(__file__).resolve().parents[2]
CSS = (ROOT / "widgets" / "loss_chart" / "widget.css").read_text()
# JupyterLab's --jp-layout-color1 in its two themes.
PAPER = {"light": "#ffffff", "dark": "#111111"}
LINES = ("--dl-train", "--dl-val", *(f"--dl-branch-{number}" for number in range(2, 7)))
LABELS = ("--dl-train", "--dl-hold", "--dl-good", "--dl-bad")


def colours(theme):
    blocks = re.findall(r"\.dl-loss-chart(?:\[data-theme=\"dark\"\])? \{(.*?)\}", CSS, re.S)
    light = dict(re.findall(r"(--dl-[\w-]+): (#\w{6});", blocks[0]))
    dark = dict(re.findall(r"(--dl-[\w-]+): (#\w{6});", blocks[1]))
    return light if theme == "light" else {**light, **dark}


@pytest.mark.parametrize("theme", PAPER)
def test_lines_and_labels_are_seen(theme):
    known = colours(theme)
    for name in LINES:
        assert contrast(known[name], PAPER[theme]) >= 3, (name, theme)  # graphical objects
    for name in LABELS:
        assert contrast(known[name], PAPER[theme]) >= 4.5, (name, theme)  # text of that paper colour on it


def test_the_picture_on_white_as_well():
    from dlcore.widgets.loss_chart import static

    for colour in (static.TRAIN, static.VALIDATION, *static.BRANCHES):
        assert contrast(colour, "#ffffff") >= 3
    assert contrast(static.MUTED, "#ffffff") >= 4.5
