"""The Python side of the live chart: what it sends to the page, what it does with what the page sends."""

import json
import time

import numpy as np
import pytest

pytest.importorskip("anywidget")

from dlcore.run import Run  # noqa: E402
from dlcore.widgets.loss_chart import LossChart  # noqa: E402
from dlcore.widgets.loss_chart.model import POINTS, leave_picture, let_through  # noqa: E402


def work(run):
    run.begin()
    for step in range(400):
        if not run.boundary():
            return
        run.advance(samples=2, loss=1 / (step + 1), accuracy=step / 400)
        time.sleep(0.0005)
    run.record(val_loss=0.5)


@pytest.fixture
def run():
    made = Run(work, name="example", epochs=1, steps_total=400, knobs={"lr": 0.1, "momentum": 0.9})
    yield made
    made.stop()


@pytest.fixture
def chart(run):
    made = LossChart(run)
    made.sent = []
    made.send = lambda content, buffers=None: made.sent.append((content, buffers))
    return made


def curves(content, buffers):
    """name -> (number of the first point, steps, values), as the page reads them."""
    found, at = {}, 0
    numbers = np.frombuffer(b"".join(buffers), np.float64)
    assert len(buffers) <= 1 and numbers.size == sum(2 * part["points"] for part in content["series"])
    for part in content["series"]:
        steps, values = numbers[at : at + 2 * part["points"]].reshape(2, -1)
        found[part["name"]] = (part["start"], part["count"], steps, values)
        at += 2 * part["points"]
    return found


def test_the_page_gets_every_point_once_in_binary(run, chart):
    run.start().wait()
    loss, events = [], []
    for content, buffers in chart.sent:
        assert content["type"] == "update"
        json.dumps(content, allow_nan=False)
        assert content["first_event"] == len(events)
        events += content["events"]
        for name, (start, count, steps, values) in curves(content, buffers).items():
            assert len(steps) == len(values) == count
            if name == "loss":
                assert start == len(loss)
                loss += values.tolist()
    np.testing.assert_array_equal(loss, 1 / np.arange(1, 401))
    assert [event["data"]["state"] for event in events] == ["running", "finished"]
    assert chart.sent[-1][0]["status"]["state"] == "finished"
    assert len(chart.sent) <= run.seconds * 20 + 4


def test_hello_is_answered_with_the_whole_history(run, chart):
    run.start().wait()
    chart.sent.clear()
    chart._receive(chart, {"type": "hello"}, [])
    ((content, buffers),) = chart.sent
    assert content["type"] == "history" and content["model_id"] == chart.model_id
    found = curves(content, buffers)
    assert list(found) == ["loss", "accuracy", "val_loss"]
    np.testing.assert_array_equal(found["loss"][3], run.history.series("loss")[1])
    np.testing.assert_array_equal(found["val_loss"][2], [400])
    assert content["status"]["knobs"] == {"lr": 0.1, "momentum": 0.9}


def test_a_long_history_is_thinned_but_says_how_much_it_stands_for():
    run = Run(lambda run: None)
    run.history.extend("loss", np.arange(1, 70_001), np.linspace(3, 0, 70_000))
    chart = LossChart(run)
    chart.send = lambda content, buffers=None: sent.append((content, buffers))
    sent = []
    chart._receive(chart, {"type": "hello"}, [])
    start, count, steps, values = curves(*sent[0])["loss"]
    assert (start, count) == (0, 70_000) and len(steps) <= POINTS
    assert steps[0] == 1 and steps[-1] == 70_000 and values[0] == 3 and values[-1] == 0


def test_numbers_that_are_none_do_not_break_the_message():
    run = Run(lambda run: run.note("epoch", scores={"loss": float("nan")}))
    chart = LossChart(run)
    sent = []
    chart.send = lambda content, buffers=None: sent.append(content)
    run.start().wait()
    for content in sent:
        json.dumps(content, allow_nan=False)
    assert any(event["data"].get("scores") == {"loss": None} for content in sent for event in content["events"])


def test_buttons_and_knobs_only_leave_letters(run, chart):
    for content in (
        {"type": "set", "name": "lr", "value": 0.02},
        {"type": "pause"},
        {"type": "resume"},
        {"type": "stop"},
    ):
        chart._receive(chart, content, [])
    assert [tuple(letter) for letter in run._mailbox.take()] == [
        ("set", {"lr": 0.02}),
        ("pause", {}),
        ("resume", {}),
        ("stop", {}),
    ]


@pytest.mark.parametrize("name, value", [("lr", -1), ("lr", "fast"), ("nothing", 1.0)])
def test_a_knob_that_cannot_be_is_answered_with_what_is_in_force(run, chart, name, value):
    chart._receive(chart, {"type": "set", "name": name, "value": value}, [])
    assert chart.sent[-1][0]["type"] == "history" and chart.sent[-1][0]["status"]["knobs"]["lr"] == 0.1
    assert run._mailbox.take() == []


def test_a_message_of_another_kind_is_ignored(run, chart):
    chart._receive(chart, {"type": "close the door"}, [])
    assert chart.sent == [] and run._mailbox.take() == []


def test_only_this_widgets_comm_is_let_through():
    class Comm:
        def _reply_subshell_for(self, data, default):
            return "the busy shell"

    class Widget:
        comm = Comm()

    other = Comm()
    let_through(Widget)
    assert Widget.comm._reply_subshell_for({}, "where it came in") == "where it came in"
    assert other._reply_subshell_for({}, "where it came in") == "the busy shell"
    Widget.comm = object()  # a kernel without that step
    let_through(Widget)
    Widget.comm = None
    let_through(Widget)


def test_ipykernel_still_has_the_step_that_is_left_out():
    """When this fails ipykernel has changed: look again at how messages reach a widget while a cell is busy."""
    import inspect

    ipykernel = pytest.importorskip("ipykernel", minversion="7.4")
    from ipykernel.comm.comm import BaseComm

    assert list(inspect.signature(BaseComm._reply_subshell_for).parameters) == ["self", "data", "default"], ipykernel


class Handle:
    def update(self, data, *, metadata, raw):
        assert raw
        self.data, self.metadata = data, metadata


def test_the_picture_takes_the_charts_place(run):
    run.start().wait()
    handle = Handle()
    leave_picture(run, handle)
    assert handle.data["image/png"].startswith(b"\x89PNG") and "finished" in handle.data["text/plain"]
    assert set(handle.metadata["image/png"]) == {"width", "height"}
    assert "application/vnd.jupyter.widget-view+json" not in handle.data


def test_a_run_that_recorded_nothing_leaves_its_text():
    run = Run(lambda run: None, name="empty").start().wait()
    handle = Handle()
    leave_picture(run, handle)
    assert list(handle.data) == ["text/plain"] and handle.metadata == {}


@pytest.fixture
def trained():
    """A short run of a real network, with a snapshot after every step."""
    from dlcore.gluon import nn
    from dlcore.run import train

    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 3)).astype("float32")
    net = nn.Dense(2, in_units=3)
    yield net, train(net, (x, (x[:, 0] > 0).astype("int32")), epochs=2, batch=10, snapshot_every=1, show=False)


def test_the_chart_of_a_run_that_is_over_goes_back_and_draws_both_branches(trained):
    _, run = trained
    chart = LossChart(run)
    sent = []
    chart.send = lambda content, buffers=None: sent.append((content, buffers))
    chart._receive(chart, {"type": "hello"}, [])
    assert sent[0][0]["stays"] and sent[0][0]["status"]["snapshots"] == [[step, 1, False] for step in range(9)]
    chart._receive(chart, {"type": "restore", "step": 3, "branch": 1}, [])
    assert run.step == 3 and sent[-1][0]["status"]["step"] == 3
    chart._receive(chart, {"type": "resume"}, [])
    run.wait(timeout=20)
    sent.clear()
    chart._receive(chart, {"type": "hello"}, [])
    content, buffers = sent[0]
    found = curves(content, buffers)
    np.testing.assert_array_equal(found["loss"][2], np.arange(1, 9))
    np.testing.assert_array_equal(found["loss#2"][2], np.arange(4, 9))
    np.testing.assert_array_equal(found["loss#2"][3], found["loss"][3][3:])  # to the bit
    assert content["status"]["branches"][1] == [2, "branch 2, from step 3", 1, 3]


def test_of_the_status_only_what_has_changed_is_sent(trained):
    _, run = trained
    chart = LossChart(run)
    sent = []
    chart.send = lambda content, buffers=None: sent.append(content["status"])
    for step in (3, 4):
        chart._tell("update", {**run.status(), "step": step, "series": {}, "events": [], "first_event": 0})
    assert set(sent[0]) == set(run.status()) and sent[1] == {"step": 4}


def test_what_cannot_be_gone_back_to_is_answered_with_what_is_in_force(run, chart):
    for content in ({"type": "restore", "step": 3, "branch": 1}, {"type": "step"}):
        chart._receive(chart, content, [])
        assert chart.sent[-1][0]["type"] == "history"


def test_a_pin_of_the_page_writes_a_file(trained, tmp_path, monkeypatch):
    monkeypatch.setenv("DLCORE_DATA", str(tmp_path))
    _, run = trained
    chart = LossChart(run)
    chart.send = lambda content, buffers=None: None
    chart._receive(chart, {"type": "pin"}, [])
    until = time.monotonic() + 20
    while not (found := list(tmp_path.rglob("step-8.safetensors"))) and time.monotonic() < until:
        time.sleep(0.02)
    assert len(found) == 1 and run.snapshots[-1].pinned


def test_the_picture_draws_every_branch(trained):
    from dlcore.widgets.loss_chart import figure

    _, run = trained
    run.restore(2)
    run.resume()
    run.wait(timeout=20)
    axes = figure(run).axes[0]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["main", "branch 2, from step 2"]
    assert (
        len({line.get_color() for line in axes.get_lines() if line.get_label() in ("main", "branch 2, from step 2")})
        == 2
    )


def test_a_part_is_sent_with_its_own_points(run, chart):
    steps = np.arange(1, 100_001)
    values = np.sin(steps / 50)
    run.history.extend("loss", steps, values)
    chart._receive(chart, {"type": "detail", "low": 50_000.5, "high": 50_100.0}, [])
    content, buffers = chart.sent[-1]
    (_, count, at, found) = curves(content, buffers)["loss"]
    assert at.tolist() == list(range(50_000, 50_102)) and count == 102
    np.testing.assert_array_equal(found, values[49_999:50_101])
    chart._receive(chart, {"type": "detail", "low": 0.0, "high": 1e9}, [])
    (_, count, at, _) = curves(*chart.sent[-1])["loss"]
    assert count <= POINTS and (at[0], at[-1]) == (1, 100_000)


def test_other_runs_are_drawn_beside_it_on_their_own_way(run):
    def branched(other):
        other.begin()
        for loss in (3.0, 2.0, 1.0):
            other.boundary()
            other.advance(samples=1, loss=loss)

    other = Run(branched, name="other").start().wait()
    other.history.fork(1, 1)
    other.history.append("loss", 2, 9.0)
    chart = LossChart(run, {"other": other})
    chart.sent = []
    chart.send = lambda content, buffers=None: chart.sent.append((content, buffers))
    chart._receive(chart, {"type": "hello"}, [])
    (content, buffers) = chart.sent[-1]
    assert (content["type"], content["label"]) == ("beside", "other")
    assert curves(content, buffers)["loss"][3].tolist() == [3.0, 9.0]
