"""A search in this process: what it finds, ends early, repeats, stops, goes on with, and says of mistakes."""

import subprocess
import sys
import threading
import time

import numpy as np
import pytest

optuna = pytest.importorskip("optuna")

import dlcore as dl  # noqa: E402
from dlcore.gluon import nn  # noqa: E402
from dlcore.tune import Search, search  # noqa: E402

MARKS = {"width": dl.tune.choice(4, 16), "lr": dl.tune.log(1e-4, 1.0), "momentum": dl.tune.uniform(0.0, 0.9)}


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(512, 8)).astype("float32")
    y = (x[:, :4].sum(axis=1) > x[:, 4:].sum(axis=1)).astype("int32")
    return (x[:384], y[:384]), (x[384:], y[384:])


def network(width):
    net = nn.HybridSequential()
    net.add(nn.Dense(width, activation="relu"), nn.Dropout(0.2), nn.Dense(2))
    return net


def table(found: Search):
    return [(t.number, t.state, t.values, t.curve, t.score) for t in found.trials]


def test_it_finds_good_settings_and_keeps_the_best_network(data):
    found = search(network, MARKS, *data, trials=14, epochs=3, goal="val_accuracy", seed=2, show=False)
    assert found.state == "finished" and len(found.trials) == 14
    scores = [t.score for t in found.trials if t.state == "finished"]
    assert found.best.score == max(scores) > 0.85
    assert [t.number for t in found.trials if t.net is not None] == [found.best.number]
    x, y = data[1]
    right = (found.best.net(dl.np.array(x)).asnumpy().argmax(axis=1) == y).mean()
    assert right == pytest.approx(found.best.score, abs=1e-6)  # it is the very network that was scored
    pruned = [t for t in found.trials if t.state == "pruned"]
    assert any(len(t.curve) < 3 for t in pruned)


def test_the_same_seed_gives_the_same_trials_to_the_bit(data):
    settings = {"trials": 6, "epochs": 2, "seed": 7, "show": False, "prune": "none"}
    first = search(network, MARKS, *data, **settings)
    dl.np.random.uniform(size=(5,))  # the common generator has moved on
    assert table(search(network, MARKS, *data, **settings)) == table(first)
    assert table(search(network, MARKS, *data, **{**settings, "seed": 8})) != table(first)


def test_a_trial_is_trained_as_train_would(data):
    """One trial by hand, beside `dl.run.train` with the same values: the same curve after each epoch."""
    found = search(network, MARKS, *data, trials=1, epochs=3, seed=1, show=False, prune="none")
    (trial,) = found.trials
    net = network(trial.values["width"])
    settings = {"lr": trial.values["lr"], "momentum": trial.values["momentum"]}
    run = dl.run.train(net, *data, epochs=3, seed=found._seed_of(0) % 2**31, show=False, **settings)
    curve = [value for _, value in trial.curve]
    np.testing.assert_allclose(run.history.series("val_loss")[1], curve, rtol=1e-5)


def test_several_workers_train_at_once_and_do_each_trial_once(data):
    together, most = set(), []

    def make(width):
        together.add(threading.get_ident())
        most.append(len(together))
        return network(width)

    found = search(make, MARKS, *data, trials=10, epochs=2, workers=2, seed=0, show=False)
    assert sorted(t.number for t in found.trials) == list(range(10)) and max(most) == 2
    assert found.state == "finished" and found.best is not None


def test_stop_and_continue(data):
    found = search(network, MARKS, *data, trials=50, epochs=200, prune="none", seed=0, show=False, background=True)
    while not found.trials or not found.trials[0].curve:
        time.sleep(0.005)
    found.stop()
    assert found.wait_for_end(20) and found.state == "stopped"
    done = len(found.trials)
    assert done < 50 and found.trials[-1].state == "stopped"
    found._bench.settings["epochs"] = 1
    found.wanted = done
    found.resume(3)
    assert found.wait(20).state == "finished" and len(found.trials) == done + 3
    assert [t.state for t in found.trials[done:]] == ["finished"] * 3


def test_an_attempt_by_hand_is_tried_next(data):
    found = search(network, MARKS, *data, trials=2, epochs=1, seed=0, show=False)
    found.attempt(lr=0.125, width=16).wait(20)
    last = found.trials[-1]
    assert last.by_hand and (last.values["lr"], last.values["width"]) == (0.125, 16) and last.state == "finished"
    with pytest.raises(ValueError, match="no mark 'rate'"):
        found.attempt(rate=1)
    with pytest.raises(ValueError, match="lr: expected a value from 0.0001 to 1, got 3"):
        found.attempt(lr=3)


def test_a_loss_that_is_no_number_ends_the_trial_and_not_the_search(data):
    found = search(
        network, {"width": dl.tune.choice(4, 8), "lr": dl.tune.log(1e18, 1e20)}, *data, trials=3, epochs=4,
        loss=dl.gluon.loss.SoftmaxCrossEntropyLoss(), optimizer="sgd", seed=0, show=False,
    )  # fmt: skip
    assert found.state == "finished" and found.best is None
    assert {t.state for t in found.trials} == {"diverged"} and all(t.score is None for t in found.trials)


def test_a_mistake_in_the_function_is_raised_at_once(data):
    def make(width):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        search(make, MARKS, *data, trials=20, seed=0, show=False)


def test_some_trials_may_fail(data):
    calls = []

    def make(width):
        calls.append(width)
        if len(calls) in (2, 4):
            raise ValueError("now and then")
        return network(width)

    found = search(make, MARKS, *data, trials=6, epochs=1, seed=0, show=False)
    assert [t.state for t in found.trials].count("failed") == 2 and found.state == "finished"
    assert found.trials[1].error == "ValueError: now and then"


def test_what_it_says_of_itself(data, monkeypatch):
    found = search(lambda x, y: x**2 + 1e-3 * y, {"x": dl.tune.uniform(-1, 1), "y": dl.tune.uniform(-1, 1)},
                   trials=30, sampler="random", seed=0, show=False)  # fmt: skip
    shares = found.importance()
    assert shares["x"] > 0.8 and sum(shares.values()) == pytest.approx(1)
    frame = found.frame()
    assert list(frame.columns) == ["state", "score", "x", "y", "epochs", "seconds"] and len(frame) == 30
    assert frame["score"].min() == found.best.score
    assert "30 of 30 trials" in repr(found) and f"best score {found.best.score:.4g}" in repr(found)
    scope = {}
    exec(found.best_code(), scope)
    assert scope["x"] == found.best.values["x"]
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match=r"frame\(\) needs pandas, which is not installed: pip install 'dlcore"):
        found.frame()


@pytest.mark.parametrize(
    "arguments, error, match",
    [
        ({"space": {}}, TypeError, "at least one mark"),
        ({"space": {"lr": 0.1}}, TypeError, "lr: expected choice"),
        ({"space": {"widht": dl.tune.choice(1, 2)}}, TypeError, "make does not take 'widht'"),
        ({"trials": 0}, ValueError, "trials"),
        ({"sampler": "grid"}, ValueError, "one of tpe, random"),
        ({"goal": "val_thing"}, ValueError, "give maximize="),
        ({"goal": "val_thing", "maximize": True, "epochs": 1}, ValueError, "there is no val_thing; after an"),
        (
            {"space": {"width": dl.tune.choice(4, 16)}, "make": lambda width: "wide"},
            TypeError,
            r"expected a network, \(network, settings\) or a number from make, got str",
        ),
    ],
)
def test_what_cannot_be_meant(data, arguments, error, match):
    with pytest.raises(error, match=match):
        search(arguments.pop("make", network), arguments.pop("space", MARKS), *data, show=False, **arguments)


def test_without_optuna_one_line_says_how_to_get_it():
    code = (
        "import sys; sys.modules['optuna'] = None\n"
        "import dlcore as dl\n"
        "try: dl.tune.search(lambda x: x, {'x': dl.tune.uniform(0, 1)})\n"
        "except ImportError as error: print(error)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "a search needs Optuna, which is not installed: pip install 'dlcore[tune]'"


def test_a_pause_holds_everything_until_it_goes_on(data):
    found = search(network, MARKS, *data, trials=3, epochs=30, prune="none", seed=0, show=False, background=True)
    while not found.trials or not found.trials[0].curve:
        time.sleep(0.005)
    found.pause()
    assert found.state == "paused"
    with pytest.raises(TimeoutError, match=r"search '.*' is still paused after 0\.0 s"):
        found.wait(0.0)
    with pytest.raises(RuntimeError, match="search '.*' has no finished trial yet"):
        found.best_code()
    time.sleep(0.2)
    held = [len(t.curve) for t in found.trials]
    time.sleep(0.3)
    assert [len(t.curve) for t in found.trials] == held and found.trials[-1].state == "running"
    found.resume()
    assert found.wait(30).state == "finished" and [len(t.curve) for t in found.trials] == [30] * 3
