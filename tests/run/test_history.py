"""The recorded series: every point comes back, appends stay cheap, thinning keeps what the eye would see."""

import time

import numpy as np
import pytest

from dlcore.run import History
from dlcore.run._history import CHUNK, thin


def filled(count):
    history = History()
    for step in range(count):
        history.append("loss", step + 1, step * 0.5)
    return history


@pytest.mark.parametrize("count", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 7])
@pytest.mark.parametrize("start", [0, 1, CHUNK - 1, CHUNK, 2 * CHUNK + 3])
def test_every_point_comes_back(count, start):
    history = filled(max(count, 1))
    steps, values = history.series("loss", start)
    expected = np.arange(max(count, 1))[start:]
    assert steps.dtype == np.int64 and values.dtype == np.float64
    np.testing.assert_array_equal(steps, expected + 1)
    np.testing.assert_array_equal(values, expected * 0.5)


def test_extend_equals_append():
    history = History()
    history.extend("loss", np.arange(1, 10_001), np.arange(10_000) * 0.5)
    for one, other in zip(history.series("loss"), filled(10_000).series("loss"), strict=True):
        np.testing.assert_array_equal(one, other)
    with pytest.raises(ValueError, match=r"as many values as steps \(3\), got 2"):
        history.extend("loss", np.arange(3), np.arange(2))


def test_reads_are_copies():
    history = filled(3)
    history.series("loss")[1][:] = -1
    assert history.last("loss") == 1.0


def test_names_counts_and_unknown_series():
    history = filled(2)
    history.append("accuracy", 1, 0.5)
    assert history.names() == ["loss", "accuracy"]
    assert (history.count("loss"), history.count("nothing")) == (2, 0)
    assert history.last("nothing") is None and "accuracy" in history
    with pytest.raises(KeyError, match="no series 'los'; there are loss, accuracy"):
        history.series("los")


def test_no_append_copies_what_is_there():
    """A growing buffer that doubles would copy megabytes in one append; blocks never copy more than they hold."""
    history = filled(20 * CHUNK)
    blocks = list(history._series["loss"]._values)
    for step in range(3 * CHUNK):
        history.append("loss", step, 0.0)
    assert all(one is other for one, other in zip(blocks, history._series["loss"]._values, strict=False))
    start = time.perf_counter()
    for step in range(20_000):
        history.append("loss", step, 0.0)
    assert (time.perf_counter() - start) / 20_000 < 50e-6


@pytest.mark.parametrize("count", [5, 100, 1000, 99_999])
@pytest.mark.parametrize("room", [4, 10, 501])
def test_thinning_keeps_ends_spikes_and_order(count, room):
    values = np.random.default_rng(count).normal(size=count)
    low, high = count // 3, 2 * count // 3
    values[low], values[high] = -100, 100
    kept = thin(values, room)
    assert len(kept) <= room
    assert (np.diff(kept) > 0).all()
    assert kept[0] == 0 and kept[-1] == count - 1
    assert {low, high} <= set(kept.tolist())


def test_thinning_shows_where_a_curve_stopped_being_a_number():
    values = np.ones(1000)
    values[700:] = np.nan
    kept = thin(values, 20)
    assert np.isnan(values[kept]).any() and not np.isnan(values[kept[0]])


def test_series_is_thinned_only_when_asked():
    history = filled(10_000)
    assert len(history.series("loss")[0]) == 10_000
    steps, values = history.series("loss", max_points=200)
    assert len(steps) <= 200 and steps[0] == 1 and steps[-1] == 10_000
    np.testing.assert_array_equal(values, (steps - 1) * 0.5)
