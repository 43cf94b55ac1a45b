"""The picture of a run that stays in the notebook."""

import io

import numpy as np
import pytest

pytest.importorskip("matplotlib")
pytest.importorskip("anywidget")

from dlcore.run import Event, Run  # noqa: E402
from dlcore.widgets.loss_chart.static import figure, png, smooth, turns  # noqa: E402


def recorded(*names):
    run = Run(lambda run: None, name="lenet", epochs=2)
    run.step, run.epoch = 100, 2
    for name in names:
        steps = np.arange(50, 101, 50) if name.startswith("val_") else np.arange(1, 101)
        run.history.extend(name, steps, 1 / steps)
    return run


def test_one_plot_for_the_loss_and_one_for_each_metric():
    drawn = figure(recorded("loss", "accuracy", "val_loss", "val_accuracy"))
    assert [axes.get_ylabel() for axes in drawn.axes] == ["loss", "accuracy"]
    assert all(axes.get_xlabel() == "step" for axes in drawn.axes)
    labels = [text.get_text() for text in drawn.axes[0].get_legend().get_texts()]
    assert labels == ["train", "validation"]
    title = drawn.get_suptitle()
    assert title.startswith("lenet: pending after 100 steps, 2 epochs") and "val_loss 0.01" in title


def test_the_picture_of_a_failed_run_says_why():
    def work(run):
        run.advance(samples=1, loss=1.0)
        raise ValueError("the labels are wrong")

    run = Run(work, name="lenet").start()
    with pytest.raises(ValueError):
        run.wait()
    title = figure(run).get_suptitle()
    assert title.startswith("lenet: failed after 1 steps") and title.endswith("ValueError: the labels are wrong")
    assert "ValueError: the labels are wrong (wait() shows where)" in repr(run)


def test_the_picture_says_what_the_chart_said_on_the_way():
    run = recorded("loss")
    run.events.append(Event(0, 0.0, "note", {"text": "initialized"}))
    run.events.append(
        Event(40, 1.0, "note", {"text": "the loss is nan from step 7 on: sample 3 of the data holds nan"})
    )
    first, second = figure(run).get_suptitle().splitlines()
    assert first.startswith("lenet: ") and second == "the loss is nan from step 7 on: sample 3 of the data holds nan"


def test_the_loss_comes_first_and_a_metric_may_be_known_of_validation_only():
    drawn = figure(recorded("val_f1", "loss"))
    assert [axes.get_ylabel() for axes in drawn.axes] == ["loss", "f1"]


def test_a_series_that_hardly_changes_is_a_line_at_its_height():
    run = recorded("loss")
    run.history.extend("lr", np.arange(1, 101), 0.002 * (1 - 1e-6 * np.arange(100)))
    low, high = figure(run).axes[1].get_ylim()
    assert low < 0.0019 and high > 0.0021


def test_a_turned_knob_is_marked():
    run = recorded("loss")
    run.events.append(Event(40, 1.0, "knob", {"name": "lr", "value": 0.01, "before": 0.1}))
    texts = [text.get_text() for text in figure(run).axes[0].texts]
    assert texts == [" lr 0.01"]


def test_a_moving_hand_leaves_one_mark():
    def turn(seconds, name="lr"):
        return Event(int(seconds * 10), seconds, "knob", {"name": name, "value": seconds, "before": 0.0})

    events = [turn(1.0), turn(1.5), turn(2.2), turn(2.3, "wd"), turn(9.0), Event(1, 1.0, "state", {})]
    assert [(mark.seconds, mark.data["name"]) for mark in turns(events)] == [(2.2, "lr"), (2.3, "wd"), (9.0, "lr")]


def test_png_is_fine_grained_and_knows_its_size_on_the_page():
    from PIL import Image

    data, size = png(recorded("loss", "val_loss"), scale=2)
    assert size == {"width": 960, "height": 290}
    assert png(recorded("loss", "accuracy", "f1"))[1]["width"] == 1440
    image = Image.open(io.BytesIO(data))
    assert image.format == "PNG" and image.size == (2 * size["width"], 2 * size["height"])
    colors = {color for _, color in image.convert("RGB").getcolors(10**6)}
    assert (0x24, 0x57, 0xC5) in colors and (0xD1, 0x60, 0x0A) in colors


def test_no_global_state_of_matplotlib_is_touched():
    import matplotlib.pyplot as plt

    before = plt.get_fignums()
    png(recorded("loss"))
    assert plt.get_fignums() == before


def test_nothing_recorded_is_an_error():
    with pytest.raises(ValueError, match="run 'run' has recorded nothing yet"):
        figure(Run(lambda run: None))


def test_curves_with_nan_are_drawn():
    run = recorded("val_loss")
    run.history.extend("loss", np.arange(1, 11), np.array([1, 2, np.nan, np.inf, 3, np.nan, 1, 1, 1, 1.0]))
    assert png(run)[0].startswith(b"\x89PNG")


def test_smoothing_is_a_mean_around_each_point():
    assert smooth(np.full(7, 3.0)).tolist() == [3.0] * 7
    values = np.arange(100.0)
    np.testing.assert_allclose(smooth(values)[:-5], values[:-5])
    assert smooth(np.array([9.0, 1, 1, 1, 1, 1]))[0] == 9
    noisy = values + np.random.default_rng(0).normal(size=100)
    assert np.abs(np.diff(smooth(noisy))).mean() < np.abs(np.diff(noisy)).mean()
    assert np.isfinite(smooth(np.array([1.0, np.nan, 3.0]))).all()
    assert np.isnan(smooth(np.array([np.nan, np.nan]))).all()


def test_a_curve_that_explodes_is_not_pressed_flat_and_marks_do_not_run_together():
    def work(run):
        run.begin()
        for step in range(200):
            run.boundary()
            run.advance(samples=1, loss=5000.0 if step == 150 else 1 / (step + 1), accuracy=step / 200)
            if step in (99, 100, 101):
                run.note("knob", name="lr", value=0.1 * step, before=0.0)

    run = Run(work, name="wide", steps_total=200).start().wait()
    for event, seconds in zip([e for e in run.events if e.kind == "knob"], (1, 3, 5), strict=True):
        run.events[run.events.index(event)] = event._replace(seconds=float(seconds))
    loss, accuracy = figure(run).axes
    assert (loss.get_yscale(), accuracy.get_yscale()) == ("log", "linear")
    heights = [text.get_position()[1] for text in loss.texts]
    assert len(set(heights)) == 3
