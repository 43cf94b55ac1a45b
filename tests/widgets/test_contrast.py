"""Colours of the explorer and of the still pictures: text at 4.5 to 1, lines and signs at 3 to 1 (WCAG 2.1, AA)."""

import re
from pathlib import Path

import pytest

pytest.importorskip("anywidget")

from contrast import contrast  # noqa: E402

from dlcore.widgets import diagram, explorer  # noqa: E402
from dlcore.widgets.data import static as data  # noqa: E402
from dlcore.widgets.explorer import static  # noqa: E402

CSS = (Path(explorer.__file__).parent / "widget.css").read_text()
DIAGRAM = (Path(diagram.__file__).parent / "widget.css").read_text()
# JupyterLab 4's own: the paper and the ink of its light and dark theme.
PAPER = {"light": "#ffffff", "dark": "#212121"}
INK = {"light": "#212121", "dark": "#ffffff"}


def variables(theme: str, css: str = CSS, name: str = "explorer") -> dict[str, str]:
    blocks = re.findall(rf"(\.dl-{name}(?:\[[^\]]*\])?) \{{([^}}]*)\}}", css)
    chosen = [body for head, body in blocks if ("data-theme" in head) == (theme == "dark") and "--dl-accent" in body]
    return dict(re.findall(r"--dl-(\w+): (#\w{6})", chosen[0]))


def test_the_formula_is_that_of_the_standard():
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_explorer(theme):
    found = variables(theme)
    for text in ("accent", "bad", "muted"):
        assert contrast(found[text], PAPER[theme]) >= 4.5, text
    assert contrast(found["muted"], found["chosen"]) >= 4.5
    assert contrast(found["bar"], PAPER[theme]) >= 3
    for ground in ("chosen", "found"):
        assert contrast(INK[theme], found[ground]) >= 4.5, ground


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_diagram(theme):
    found = variables(theme, DIAGRAM, "diagram")
    for ground in (PAPER[theme], found["fill"]):
        assert contrast(INK[theme], ground) >= 4.5
        for text in ("bad", "muted"):
            assert contrast(found[text], ground) >= 4.5, text
        for line in ("accent", "edge"):
            assert contrast(found[line], ground) >= 3, line


def test_the_still_pictures():
    for colour in (static.INK, static.MUTED, static.BAD):
        assert contrast(colour, "#ffffff") >= 4.5 and contrast(colour, static.FILL) >= 4.5
    assert contrast(static.LINE, "#ffffff") >= 3 and contrast(static.ARC, "#ffffff") >= 3
    assert min(contrast(colour, "#ffffff") for colour in (data.BLUE, data.ORANGE, data.INK, data.MUTED)) >= 4.5


def test_nothing_moves_by_itself():
    assert not {"animation", "transition"} & set(re.findall(r"[a-z]+", CSS + DIAGRAM))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_monitor(theme):
    css = (Path(explorer.__file__).parents[1] / "machine" / "widget.css").read_text()
    blocks = re.findall(r"(\.dl-machine(?:\[[^\]]*\])?) \{([^}]*)\}", css)
    (body,) = [body for head, body in blocks if "--dl-own" in body and ("data-theme" in head) == (theme == "dark")]
    colours = dict(re.findall(r"--dl-(\w+): (#\w{6})", body))
    assert set(colours) == {"whole", "own"}
    assert all(contrast(colour, PAPER[theme]) >= 4.5 for colour in colours.values())
    assert "animation" not in css and "transition" not in css
