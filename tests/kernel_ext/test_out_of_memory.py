"""A cell that runs out of memory names the largest holders and keeps nothing of what it held."""

import gc
import sys
import weakref

import numpy as np

import dlcore as dl
from dlcore.gluon import nn
from dlcore.kernel_ext.out_of_memory import holders


def test_the_largest_holders_are_named_and_the_cells_own_arrays_are_freed(shell, capsys):
    gone = []

    class Held(np.ndarray):
        pass

    def hold():
        array = np.ones(1000).view(Held)
        gone.append(weakref.ref(array))
        return array

    net = nn.Dense(100, in_units=500)
    net.initialize()
    shell.push(
        {"dl": dl, "hold": hold, "big": np.zeros((1024, 1024), "float32"), "net": net, "few": [dl.nd.ones((9,))]}
    )
    cell = "def work():\n    kept = hold()\n    return dl.nd.zeros((1 << 24, 1 << 24))\nwork()\n"
    error = shell.run_cell(cell).error_in_exec
    assert isinstance(error, MemoryError)
    shown = capsys.readouterr().out
    assert "What the failed cell held has been freed" in shown
    lines = [line.split() for line in shown.partition("most is held by")[2].splitlines() if "MiB" in line]
    assert lines[0] == ["big", "4.0", "MiB", "ndarray"] and lines[1][0] == "net"
    del error
    gc.collect()
    assert gone[0]() is None and sys.last_traceback is None


def test_shared_arrays_count_once():
    array = np.zeros(1000)
    found = holders({"a": array, "b": [array, array], "Out": {3: np.zeros(10)}, "_x": np.zeros(99)})
    assert found == [("a", 8000, "ndarray"), ("Out[3]", 80, "ndarray")]
