"""The loop with a communicator: parts of a batch on several ranks do what one rank does with all of it.

The ranks here are threads of this process, each with a network and a run of its own.
"""

import copy
import threading
import time

import numpy as np
import pytest
from run.problems import network, points, weights

import dlcore as dl
from dlcore.comm import Communicator
from dlcore.gluon import nn
from dlcore.run import prepare


class ThreadRank(Communicator):
    """One of several ranks that meet at a barrier and read each other's arrays."""

    def __init__(self, rank, size, barrier, table):
        self.rank, self.size = rank, size
        self._barrier, self._table = barrier, table

    def _together(self, arrays, combine):
        self._table[self.rank] = [array.asnumpy() for array in arrays]
        self._barrier.wait(30)
        results = [combine([row[k] for row in self._table]) for k in range(len(arrays))]
        self._barrier.wait(30)
        for array, result in zip(arrays, results, strict=True):
            dl._core.assign(array, dl._core.from_numpy(np.asarray(result, array.dtype)))

    def allreduce(self, arrays, op="sum"):
        self._together(arrays, lambda rows: {"sum": np.sum, "mean": np.mean, "max": np.max}[op](rows, axis=0))

    def broadcast(self, arrays, root=0):
        self._together(arrays, lambda rows: rows[root])

    def barrier(self):
        self._barrier.wait(30)


def ranks(size):
    barrier, table = threading.Barrier(size), [None] * size
    return [ThreadRank(rank, size, barrier, table) for rank in range(size)]


def together(size, make):
    """`make(comm)` on a thread for each rank, since preparing a run is a collective act; returns what it gave."""
    made = [None] * size

    def work(comm):
        made[comm.rank] = make(comm)

    threads = [threading.Thread(target=work, args=(comm,)) for comm in ranks(size)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return made


@pytest.mark.parametrize("size, count, batch", [(2, 64, 16), (2, 70, 16), (3, 50, 16), (2, 33, 16)])
def test_parts_of_a_batch_do_what_the_whole_batch_does(size, count, batch):
    """The last batches hold 6, 2 and 1 samples: unequal parts, and parts with no sample at all."""
    settings = {"epochs": 3, "batch": batch, "lr": 0.2, "momentum": 0.9, "seed": 4, "val": points(41, seed=1)}
    alone = network(units=8)
    data = points(count, seed=1)
    reference = prepare(alone, data, **settings).start().wait(timeout=60)
    nets = [network(seed=rank, units=8) for rank in range(size)]  # rank 0's weights are everybody's

    runs = together(size, lambda comm: prepare(nets[comm.rank], data, comm=comm, **settings).start().wait(60))
    for net in nets:
        for one, other in zip(weights(alone), weights(net), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)
    for run in runs:
        assert run.state == "finished" and run.step == reference.step
        for name in ("loss", "accuracy", "val_loss", "val_accuracy"):
            np.testing.assert_allclose(run.history.series(name)[1], reference.history.series(name)[1], atol=1e-5)


@pytest.mark.parametrize("size", [2, 3])
def test_a_metric_of_an_evaluation_is_that_of_all_samples(size):
    """Batches of 256 and 1: a table of counts, and a mean over batches of what a function sees in them."""
    val, data = points(257, seed=2), points(40)
    several = [dl.metric.PCC(), "acc", dl.metric.np(lambda label, pred: float(pred.max() + len(label)), "own")]
    settings = {"epochs": 2, "batch": 16, "lr": 0.2, "seed": 4, "val": val}

    def trained(net, comm=None):
        metric = dl.metric.create(copy.deepcopy(several))
        return prepare(net, data, comm=comm, metric=metric, **settings).start().wait(60)

    reference, nets = trained(network()), [network() for _ in range(size)]
    for run in together(size, lambda comm: trained(nets[comm.rank], comm)):
        for name in ("val_pcc", "val_accuracy", "val_own"):
            expected = reference.history.series(name)[1]
            assert len(expected) == 2 and abs(expected).min() > 0.1
            np.testing.assert_allclose(run.history.series(name)[1], expected, rtol=1e-4)


def test_what_is_asked_of_the_first_rank_happens_on_all_at_the_same_step():
    nets = [network(units=8), network(units=8)]
    runs = together(
        2, lambda comm: prepare(nets[comm.rank], points(64, seed=1), epochs=10**6, batch=16, seed=0, comm=comm).start()
    )
    while runs[0].step < 5:
        time.sleep(0.001)
    runs[0].set(lr=0.03)
    while runs[0].knobs["lr"] != 0.03:
        time.sleep(0.001)
    step = runs[0].step
    while runs[0].step < step + 5:
        time.sleep(0.001)
    runs[0].stop()
    for run in runs:
        run.wait(timeout=20)
    assert runs[0].step == runs[1].step
    turned = [[event.step for event in run.events if event.kind == "knob"] for run in runs]
    assert turned[0] == turned[1] and len(turned[0]) == 1
    for one, other in zip(weights(nets[0]), weights(nets[1]), strict=True):
        np.testing.assert_array_equal(one, other)


def test_all_ranks_go_back_together_and_train_the_same_branch():
    """Ranks hold different running statistics and draw different dropout: each goes back to its own."""

    def make(rank):
        net = nn.HybridSequential()
        net.add(nn.Dense(8, in_units=4), nn.BatchNorm(in_channels=8), nn.Dropout(0.3), nn.Dense(3, in_units=8))
        net.initialize()
        return net

    nets = [make(0), make(1)]
    settings = {"epochs": 10**6, "batch": 16, "seed": 0, "snapshot_every": 5, "optimizer": "adam"}
    runs = together(2, lambda comm: prepare(nets[comm.rank], points(64, seed=1), comm=comm, **settings).start())
    first = runs[0]
    while first.step < 23:
        time.sleep(0.001)
    first.set(schedule="cosine", batch=8)
    while first.knobs["batch"] != 8:
        time.sleep(0.001)
    first.pause()
    while first.state != "paused":
        time.sleep(0.001)
    left = int(first.step)
    assert first.restore(11).step == 10 and first.step == 10 and first.knobs["batch"] == 16
    first.step(3)
    assert first.step == 13
    first.set(lr=0.02)
    first.resume()
    while first.step < 40:
        time.sleep(0.001)
    first.stop()
    for run in runs:
        run.wait(timeout=20)
    assert left > 10 and runs[0].step == runs[1].step >= 40
    for run in runs:
        assert [tuple(branch)[2:] for branch in run.history.branches] == [(None, 0), (1, 10)]
        assert run.knobs["lr"] == 0.02 and run.knobs["schedule"] == "constant"
        np.testing.assert_array_equal(
            run.history.series("loss", branch=2)[1][10:13], run.history.series("loss", branch=1)[1][10:13]
        )
    assert [list(s.arrays) for s in runs[0].snapshots] == [list(s.arrays) for s in runs[1].snapshots]
    trained = [[p.data().asnumpy() for n, p in net.collect_params().items() if "running" not in n] for net in nets]
    for one, other in zip(*trained, strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_average_and_the_update_are_in_the_compiled_step(monkeypatch):
    """One program a size does it all: nothing is reduced or updated outside, and all ranks have the same bits."""

    def deep():
        net = nn.HybridSequential(*[nn.Dense(4, activation="tanh", in_units=4) for _ in range(4)])
        net.initialize()
        net.add(network(units=8))
        return net

    nets, outside = [deep(), deep()], [deep(), deep()]  # of more arrays than an array has axes
    for one, other in zip(nets[0].collect_params().values(), outside[0].collect_params().values(), strict=True):
        other.set_data(one.data())
    settings = {"epochs": 3, "batch": 16, "lr": 0.05, "optimizer": "adam", "seed": 4}
    updates, sums = [], []
    update, allreduce = dl.gluon.Trainer.update, ThreadRank.allreduce
    monkeypatch.setattr(
        dl.gluon.Trainer, "update", lambda self, *a: (updates.append(dl._core.is_tracing()), update(self, *a))[1]
    )
    monkeypatch.setattr(
        ThreadRank,
        "allreduce",
        lambda self, arrays, op="sum": (sums.append(len(arrays)), allreduce(self, arrays, op))[1],
    )
    runs = together(
        2, lambda comm: prepare(nets[comm.rank], points(70, seed=1), comm=comm, **settings).start().wait(60)
    )
    steps = runs[0].step
    assert steps == 15 and updates == [True] * 4, "traced for two sizes on two ranks"
    assert sums == [1] * (2 * steps), "gradients and scores of a step together"
    for one, other in zip(weights(nets[0]), weights(nets[1]), strict=True):
        np.testing.assert_array_equal(one, other)

    monkeypatch.setattr(dl.gluon.Trainer, "_averages_inside", lambda self: False)
    others = together(
        2, lambda comm: prepare(outside[comm.rank], points(70, seed=1), comm=comm, **settings).start().wait(60)
    )
    for one, other in zip(weights(nets[0]), weights(outside[0]), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-7)
    for name in ("loss", "accuracy"):
        np.testing.assert_allclose(runs[0].history.series(name)[1], others[0].history.series(name)[1], rtol=1e-5)
