"""A run as an object: states, knobs, pause and stop, exceptions, listeners. The work here only counts steps."""

import threading
import time

import numpy as np
import pytest

from dlcore.run import Run


def counting(steps, seconds=0.0):
    """Work of so many steps that records 1/step as its loss."""

    def work(run):
        run.begin()
        for number in range(1, steps + 1):
            if not run.boundary():
                return
            time.sleep(seconds)
            run.advance(samples=4, loss=1 / number)

    return work


def until(condition, seconds=5.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.002)


@pytest.fixture
def endless():
    run = Run(counting(10**9, 0.001), name="endless", knobs={"lr": 0.1, "wd": 0.0})
    yield run
    run.stop()
    if run._thread is not None:
        run._ended.wait(5)


def test_a_run_goes_to_its_end():
    run = Run(counting(5000), name="short", steps_total=5000)
    assert run.state == "pending" and run.seconds_left is None
    assert run.start() is run
    assert run.wait() is run
    assert (run.state, run.step, run.ended) == ("finished", 5000, True)
    steps, values = run.history.series("loss")
    np.testing.assert_array_equal(steps, np.arange(1, 5001))
    np.testing.assert_array_equal(values, 1 / np.arange(1, 5001))
    assert [event.data["state"] for event in run.events] == ["running", "finished"]
    assert "finished, step 5,000 of 5,000" in repr(run)


def test_a_run_is_started_once():
    run = Run(counting(1)).start()
    with pytest.raises(RuntimeError, match="was started before"):
        run.start()
    run.wait()


def test_training_is_on_its_own_thread():
    seen = []
    Run(lambda run: seen.append(threading.current_thread())).start().wait()
    assert seen[0] is not threading.current_thread() and seen[0].daemon


def test_stop_ends_at_a_step_boundary(endless):
    endless.start()
    until(lambda: endless.step > 5)
    endless.stop()
    endless.wait(timeout=5)
    assert endless.state == "stopped"
    assert endless.history.count("loss") == endless.step


def test_pause_holds_and_resume_goes_on(endless):
    endless.start()
    until(lambda: endless.step > 3)
    endless.pause()
    until(lambda: endless.state == "paused")
    step, seconds = endless.step, endless.seconds
    time.sleep(0.1)
    assert (endless.step, endless.seconds) == (step, seconds)
    endless.resume()
    until(lambda: endless.step > step + 3)
    assert endless.state == "running"


def test_stop_works_while_paused(endless):
    endless.start()
    endless.pause()
    until(lambda: endless.state == "paused")
    endless.stop()
    endless.wait(timeout=5)
    assert endless.state == "stopped"


def test_what_is_asked_before_the_start_holds_from_the_first_step():
    run = Run(counting(3), knobs={"lr": 1.0}, apply=(applied := []).append)
    run.set(lr=0.5)
    run.start().wait()
    assert applied == [{"lr": 0.5}] and run.events[1].step == 0


def test_a_knob_is_turned_between_steps_and_logged():
    places = []
    run = Run(counting(10**9, 0.001), knobs={"lr": 0.1, "wd": 0.0}, apply=lambda k: places.append((k, run.step)))
    run.start()
    until(lambda: run.step > 3)
    run.set(lr=0.02)
    until(lambda: places)
    run.set(lr=0.02)  # the same again is no event
    run.set(wd=1e-4)
    until(lambda: len(places) > 1)
    run.stop()
    run.wait()
    assert [knobs for knobs, _ in places] == [{"lr": 0.02}, {"wd": 1e-4}]
    assert run.knobs == {"lr": 0.02, "wd": 1e-4}
    events = [event for event in run.events if event.kind == "knob"]
    assert [event.data for event in events] == [
        {"name": "lr", "value": 0.02, "before": 0.1},
        {"name": "wd", "value": 1e-4, "before": 0.0},
    ]
    assert [event.step for event in events] == [step for _, step in places]


def test_knobs_can_be_turned_while_paused(endless):
    told = []
    endless.add_listener(lambda kind, payload: told.append(payload["knobs"]["lr"]))
    endless.start()
    endless.pause()
    until(lambda: endless.state == "paused")
    endless.set(lr=0.25)
    until(lambda: told and told[-1] == 0.25)
    assert endless.state == "paused"


@pytest.mark.parametrize(
    ("knobs", "text"),
    [
        ({"le": 1}, r"no knob 'le'; did you mean 'lr'\?; this run has lr, wd"),
        ({"lr": "fast"}, "expected a number for 'lr', got 'fast'"),
        ({"lr": float("nan")}, "expected a finite number >= 0 for 'lr', got nan"),
        ({"lr": -1}, "expected a finite number >= 0 for 'lr', got -1"),
    ],
)
def test_a_bad_knob_is_refused_at_once(endless, knobs, text):
    endless.start()
    with pytest.raises(ValueError, match=text):
        endless.set(**knobs)
    assert endless.knobs == {"lr": 0.1, "wd": 0.0}


def test_no_knob_can_be_turned_after_the_end():
    run = Run(counting(1), knobs={"lr": 0.1}).start().wait()
    with pytest.raises(RuntimeError, match="has finished: lr can no longer be changed"):
        run.set(lr=1.0)


def test_wait_can_give_up(endless):
    endless.start()
    with pytest.raises(TimeoutError, match="still running after 0.05 s"):
        endless.wait(timeout=0.05)


def test_an_exception_is_kept_and_raised_where_somebody_waits():
    def work(run):
        run.begin()
        run.advance(samples=1, loss=3.0)
        raise ZeroDivisionError("in the user's loss")

    run = Run(work).start()
    for _ in range(2):
        with pytest.raises(ZeroDivisionError, match="in the user's loss") as caught:
            run.wait()
        # wait itself, then the very line that failed: nothing in between, and no longer the second time
        assert [entry.name for entry in caught.traceback][1:] == ["wait", "work"]
    assert run.state == "failed" and run.status()["error"] == "ZeroDivisionError: in the user's loss"
    assert run.history.last("loss") == 3.0


def test_listeners_get_every_point_once_and_not_too_often():
    told, last = [], []
    run = Run(counting(300, 0.002), steps_total=300)
    run.add_listener(lambda kind, payload: told.append((time.monotonic(), kind, payload)))
    run.start().wait()
    seconds = told[-1][0] - told[0][0]
    assert len(told) <= seconds * 20 + 3
    assert [kind for _, kind, _ in told][0] == "state" and told[-1][1] == "end"
    for _, _, payload in told:
        if "loss" in payload["series"]:
            start, steps, values = payload["series"]["loss"]
            assert start == len(last)
            last += values.tolist()
            assert len(steps) == len(values)
    assert last == run.history.series("loss")[1].tolist()
    assert told[-1][2]["state"] == "finished"
    assert any(payload["seconds_left"] for _, _, payload in told)


def test_a_listener_that_fails_is_dropped_and_the_run_goes_on():
    def broken(kind, payload):
        raise OSError("no display")

    run = Run(counting(5))
    run.add_listener(broken)
    run.start().wait()
    assert run.state == "finished"
    assert any("OSError: no display" in event.data.get("text", "") for event in run.events)


def test_a_note_is_told_at_once():
    def work(run):
        run.note("note", text="starting workers")
        seen.append([event.data.get("text") for payload in told for event in payload["events"]][-1])

    seen, told = [], []
    run = Run(work)
    run.note("note", text="before the start")
    run.add_listener(lambda kind, payload: told.append(payload))
    run.start().wait()
    assert seen == ["starting workers"] and told[0]["events"][0].data["text"] == "before the start"


def test_scalars_that_are_arrays_are_fetched_late():
    class Scalar:
        fetched = 0

        def __float__(self):
            Scalar.fetched += 1
            return 2.5

    def work(run):
        run.begin()
        run.boundary()
        for _ in range(100):
            run.advance(samples=1, loss=Scalar())
        seen.append(Scalar.fetched)

    seen = []
    run = Run(work).start().wait()
    assert seen == [0] and run.history.count("loss") == 100 and run.history.last("loss") == 2.5


def test_samples_per_second_counts_running_time_only():
    def work(run):
        run.begin()
        for _ in range(80):
            if not run.boundary():
                return
            time.sleep(0.005)
            run.advance(samples=10)
            if run.step == 40:
                run.pause()

    began = time.monotonic()
    run = Run(work, steps_total=80).start()
    until(lambda: run.state == "paused")
    time.sleep(0.5)
    run.resume()
    run.wait()
    assert run.seconds < time.monotonic() - began - 0.45
    assert 0.5 < run.samples_per_second / (800 / run.seconds) < 2


def test_a_relay_follows_the_real_run():
    """What a launcher does: requests go out, payloads come back, and the listeners see one run."""
    real = Run(counting(10**9, 0.001), knobs={"lr": 0.1}, steps_total=10**9)
    payloads = []
    real.add_listener(lambda kind, payload: payloads.append((kind, payload)))

    def relay(run):
        real.start()
        while True:
            for letter in run.requests(timeout=0.02):
                getattr(real, letter.kind)(**letter.value)
            while payloads:
                kind, payload = payloads.pop(0)
                run.absorb(payload)
                if kind == "end":
                    return

    proxy = Run(relay, knobs={"lr": 0.1}).start()
    until(lambda: proxy.step > 5)
    proxy.set(lr=0.5)
    until(lambda: proxy.knobs["lr"] == 0.5)
    proxy.pause()
    until(lambda: proxy.state == "paused")
    proxy.resume()
    until(lambda: proxy.state == "running")
    proxy.stop()
    proxy.wait(timeout=5)
    assert proxy.state == "stopped"
    for one, other in zip(proxy.history.series("loss"), real.history.series("loss"), strict=True):
        np.testing.assert_array_equal(one, other)
    assert [event.data["state"] for event in proxy.events if event.kind == "state"] == [
        "running",
        "paused",
        "running",
        "stopped",
    ]
