"""The Python side of the tuner: what it tells the page, what it asks of the search, the picture that stays."""

import json
import re
import time
from pathlib import Path

import pytest

pytest.importorskip("anywidget")
pytest.importorskip("optuna")

from contrast import contrast  # noqa: E402

import dlcore as dl  # noqa: E402
from dlcore.widgets import tuner  # noqa: E402
from dlcore.widgets.tuner import static  # noqa: E402

MARKS = {"a": dl.tune.uniform(0, 1), "kind": dl.tune.choice("x", "y"), "b": dl.tune.log(1e-3, 1.0)}


def score(a, kind, b):
    return (a - 0.3) ** 2 + (kind == "y")


@pytest.fixture
def search():
    return dl.tune.search(score, MARKS, trials=12, seed=0, show=False)


@pytest.fixture
def shown(search):
    made = tuner.Tuner(search)
    made.sent = []
    made.send = lambda content, buffers=None: made.sent.append(content)
    return made


def ask(shown, **content):
    shown._receive(shown, content, [])
    return shown.sent[-1]


def test_a_page_that_opens_gets_everything_as_json(search, shown):
    told = ask(shown, type="hello")
    json.dumps(told, allow_nan=False)
    assert [m["name"] for m in told["marks"]] == list(MARKS) and told["stays"] is True
    assert [t["number"] for t in told["trials"]] == list(range(12))
    best = told["trials"][told["best"]]
    assert best["score"] == search.best.score and best["labels"]["kind"] == "x"
    assert all(0 <= place <= 1 for t in told["trials"] for place in t["places"].values())
    assert sum(told["importance"].values()) == pytest.approx(1)


def test_an_update_holds_only_what_has_changed(search, shown):
    shown._send_news()
    assert len(shown.sent[-1]["trials"]) == 12
    ask(shown, type="attempt", values={"a": 0.25, "kind": "y"})
    search.wait(20)
    time.sleep(0.3)
    news = [t["number"] for content in shown.sent[1:] if content["type"] == "update" for t in content["trials"]]
    assert set(news) == {12} and search.trials[12].by_hand and search.trials[12].values["a"] == 0.25
    assert shown.sent[-1]["state"] == "finished"


def test_the_buttons_ask_the_search(search, shown):
    ask(shown, type="resume", trials=3)
    assert len(search.wait(20).trials) == 15
    told = ask(shown, type="attempt", values={"a": 7})
    assert told == {"type": "error", "text": "attempt: a: expected a value from 0 to 1, got 7"}
    ask(shown, type="nonsense")
    assert len(search.trials) == 15


def test_thousands_of_trials_stay_a_small_message_and_a_quick_picture(search):
    """The picture's size does not grow with the number of trials."""
    few = len(static.png(search)[0])
    search.resume(988)
    search.wait(120)
    assert len(search.trials) == 1000 and len(static.shown(search)) <= static.MOST
    assert search.best in static.shown(search)
    data, size = static.png(search)
    assert data[:4] == b"\x89PNG" and size["width"] == 960 and len(data) < 6 * few


def test_the_picture_of_nothing_yet():
    def broken(a, kind, b):
        raise ValueError("no")

    failed = dl.tune.search(broken, MARKS, trials=2, seed=0, show=False, background=True)
    failed.wait_for_end(20)
    assert static.png(failed)[0][:4] == b"\x89PNG"


@pytest.mark.parametrize("theme, paper", [("light", "#ffffff"), ("dark", "#212121"), ("dark", "#111111")])
def test_colours_are_told_apart(theme, paper):
    css = (Path(tuner.__file__).parent / "widget.css").read_text()
    blocks = re.findall(r"(\.dl-tuner(?:\[[^\]]*\])?) \{([^}]*)\}", css)
    (body,) = [body for head, body in blocks if "--dl-line" in body and ("data-theme" in head) == (theme == "dark")]
    colours = dict(re.findall(r"--dl-(\w+): (#\w{6})", body))
    assert set(colours) == {"line", "best", "other", "good", "bad", "hold"}
    for name, colour in colours.items():
        assert contrast(colour, paper) >= 4.5, name  # text, and the paper's colour on it
    assert "animation" not in css and "transition" not in css


def test_the_still_picture_is_told_apart_on_white():
    for colour in (static.BLUE, static.ORANGE, static.OTHER, static.MUTED):
        assert contrast(colour, "#ffffff") >= 4.5
