"""Trials in worker processes: the same search, and the best network home with its weights."""

import numpy as np
import pytest

pytest.importorskip("optuna")
pytest.importorskip("ipyparallel")

import dlcore as dl  # noqa: E402
from dlcore.gluon import nn  # noqa: E402
from dlcore.parallel import WorkerError, shutdown  # noqa: E402
from dlcore.tune import search  # noqa: E402

pytestmark = pytest.mark.serial


@pytest.fixture(scope="module", autouse=True)
def no_worker_stays():
    yield
    shutdown()


def test_two_processes_train_trials_and_the_best_network_comes_home():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(512, 8)).astype("float32")
    y = (x[:, :4].sum(axis=1) > x[:, 4:].sum(axis=1)).astype("int32")
    data, val = (x[:384], y[:384]), (x[384:], y[384:])

    def make(width):  # of this test alone: it can only be sent by value
        net = nn.HybridSequential()
        net.add(nn.Dense(width, activation="relu"), nn.Dense(2))
        return net

    marks = {"width": dl.tune.choice(4, 16), "lr": dl.tune.log(1e-3, 1.0)}
    settings = {"trials": 6, "epochs": 3, "goal": "val_accuracy", "seed": 3, "show": False, "prune": "none"}
    found = search(make, marks, data, val, workers=2, processes=True, **settings)
    assert found.state == "finished" and [t.state for t in found.trials] == ["finished"] * 6
    right = (found.best.net(dl.np.array(val[0])).asnumpy().argmax(axis=1) == val[1]).mean()
    assert right == pytest.approx(found.best.score, abs=1e-6)
    # A trial depends on its values and number alone, wherever it is trained.
    here = search(make, marks, data, val, **settings)
    assert here.trials[0].values == found.trials[0].values
    np.testing.assert_allclose(here.trials[0].curve, found.trials[0].curve, rtol=1e-5)

    def broken(width):
        raise ValueError("in the worker")

    with pytest.raises(WorkerError, match="ValueError: in the worker"):
        search(broken, marks, data, val, workers=2, processes=True, **settings)
