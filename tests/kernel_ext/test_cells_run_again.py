"""Cells that are run again: the memory of what they made before is free, and their classes are the new ones."""

import gc

import numpy as np
import pytest

from dlcore import _core

NETWORK = "net = nn.HybridSequential()\nnet.add(nn.Dense(512, in_units=512), nn.Dense(2, in_units=512))\n"
SIZE = 4 * 512 * 512  # bytes of the larger weight


@pytest.fixture
def notebook(shell, tmp_path, monkeypatch):
    monkeypatch.setenv("DLCORE_DATA", str(tmp_path))
    rng = np.random.default_rng(0)
    x = rng.normal(size=(64, 512)).astype("float32")
    shell.run_cell("import dlcore as dl\nnn = dl.gluon.nn")
    shell.push({"train": (x, (x[:, 0] > x[:, 1]).astype("int32"))})
    return shell


def used():
    gc.collect()
    return int(_core.memory_stats()["allocated"])


def test_a_network_and_its_training_again_take_no_more_memory(notebook):
    """The cells' results stay in `Out`, and with them the runs; their weights and snapshots do not."""

    def once():
        for cell in (NETWORK, "%train net --data train --epochs 2 --optimizer adam"):
            result = notebook.run_cell(cell, store_history=True)
            assert result.error_in_exec is None
        return used() - sum(snapshot.nbytes for snapshot in result.result.snapshots)  # the clock says how many

    first = once()
    later = [once() for _ in range(5)]
    assert max(later) < first + SIZE / 2, (first, later)
    runs = [value for value in notebook.user_ns["Out"].values() if type(value).__name__ == "Run"]
    assert len(runs) == 6 and [len(run.snapshots) for run in runs[:-1]] == [0] * 5
    assert sum(a.nbytes for run in runs[:-1] for a in run._start.arrays.values()) == 0


def test_a_run_whose_network_is_gone_can_still_be_written_as_code(notebook):
    notebook.run_cell(NETWORK)
    notebook.run_cell("run = %train net --data train --epochs 2 --seed 1")
    run = notebook.user_ns["run"]
    trained = notebook.user_ns["net"][0].weight.data().asnumpy()
    notebook.run_cell(NETWORK)
    notebook.run_cell("%train net --data train --epochs 1")
    assert run.orphaned
    notebook.run_cell(NETWORK)
    notebook.run_cell(run.to_code().replace("run = ", "again = "))
    np.testing.assert_array_equal(notebook.user_ns["net"][0].weight.data().asnumpy(), trained)


def test_a_class_that_is_written_again_is_the_new_one(notebook, capsys):
    """No registry remembers the old class by its name: networks, saving and training take the new one."""
    cell = """
class Twice(nn.HybridBlock):
    def __init__(self):
        super().__init__()
        self.dense = nn.Dense(2, in_units=512)
    def forward(self, x):
        return {factor} * self.dense(x)
"""
    values = []
    for factor in (2, 3):
        notebook.run_cell(cell.format(factor=factor))
        notebook.run_cell("net = Twice()\nnet.initialize(dl.init.One())\nnet.hybridize()")
        notebook.run_cell("value = float(net(dl.np.ones((1, 512)))[0, 0])\nrun = %train net --data train --epochs 1")
        values.append(notebook.user_ns["value"])
    assert values == [2 * 512, 3 * 512] and notebook.user_ns["run"].state == "finished"
