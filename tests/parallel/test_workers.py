"""Real worker processes: training that equals one process, cells, errors, interrupts, and nothing left behind."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dlcore as dl
from dlcore import _core, gluon, parallel

pytestmark = pytest.mark.serial

LOOPBACK = ("0100007F:", "0" * 24 + "01000000:")  # 127.0.0.1 and ::1, as the kernel writes them
RNG = np.random.default_rng(0)
X = RNG.normal(size=(250, 1, 8, 8)).astype("float32")
Y = RNG.integers(0, 4, 250)


def network(seed: int) -> gluon.nn.HybridSequential:
    _core.seed(seed)
    net = gluon.nn.HybridSequential()
    net.add(
        gluon.nn.Conv2D(4, 3, padding=1, in_channels=1, activation="relu"),
        gluon.nn.Flatten(),
        gluon.nn.Dense(4, in_units=256),
    )
    net.initialize(dl.init.Xavier())
    return net


def weights(net: Any) -> list[np.ndarray]:
    return [p.data().asnumpy() for p in net.collect_params().values()]


def cell(source: str, **names: Any) -> tuple[list[str], parallel.CellResult]:
    said = ["", ""]

    def emit(rank: int, text: str) -> None:
        said[rank] += text

    result = parallel.run_cell(source, 2, names, emit)
    return said, result


def test_two_workers_train_as_one_process_does() -> None:
    alone, together = network(1), network(1)
    arguments = {"epochs": 2, "batch": 33, "optimizer": "adam", "lr": 0.01, "seed": 5, "show": False}
    one = dl.run.train(alone, (X, Y), val=(X, Y), **arguments)  # 250 = 7 * 33 + 19: parts of unequal size
    own = [id(p.data()) for p in together.collect_params().values()]
    two = dl.run.train(together, (X, Y), val=(X, Y), workers=2, **arguments)
    for a, b in zip(weights(alone), weights(together), strict=True):
        np.testing.assert_allclose(b, a, atol=1e-5)
    assert two.state == "finished" and two.step == one.step == 16
    np.testing.assert_allclose(two.history.series("loss")[1], one.history.series("loss")[1], atol=1e-5)
    np.testing.assert_allclose(two.history.series("val_accuracy")[1], one.history.series("val_accuracy")[1], atol=1e-6)
    assert own == [id(p.data()) for p in together.collect_params().values()], (
        "the notebook's own arrays hold the weights"
    )


def test_knobs_and_stop_reach_the_workers() -> None:
    net = network(2)
    run = dl.run.train(net, (X, Y), epochs=100000, batch=50, lr=0.01, workers=2, background=True, show=False)
    _until(lambda: run.step > 3)
    before = weights(net)
    run.set(lr=0.002)
    _until(lambda: any(event.kind == "knob" for event in run.events))
    run.stop()
    run.wait(timeout=30)
    assert run.state == "stopped"
    assert run.knobs["lr"] == pytest.approx(0.002)
    assert any(np.abs(a - b).max() > 0 for a, b in zip(before, weights(net), strict=True)), "weights came home"


def test_a_second_training_goes_on_as_in_one_process_whatever_ports_are_taken() -> None:
    """Also with workers that are started anew, while the port that launchers are fond of is somebody else's."""
    alone, together = network(4), network(4)
    arguments: dict[str, Any] = {"epochs": 2, "batch": 50, "lr": 0.05, "momentum": 0.9, "seed": 3, "show": False}
    with socket.socket() as taken:
        with contextlib.suppress(OSError):  # taken already is as good
            taken.bind(("127.0.0.1", 29500))
            taken.listen()
        for again in range(2):
            dl.run.train(alone, (X, Y), **arguments)
            dl.run.train(together, (X, Y), workers=2, **arguments)
            if not again:
                parallel.shutdown()
    for one, other in zip(weights(alone), weights(together), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_a_run_in_workers_goes_back_and_branches() -> None:
    net = network(3)
    run = dl.run.train(
        net, (X, Y), epochs=100000, batch=50, lr=0.01, workers=2, background=True, show=False, snapshot_every=10
    )
    _until(lambda: run.step > 60)
    run.pause()
    _until(lambda: run.state == "paused")
    snapshot = run.restore(20)
    assert run.step == snapshot.step <= 60 and snapshot.step % 10 == 0
    run.step(2)
    assert run.step == snapshot.step + 2
    run.resume()
    _until(lambda: len(run.history.branches) == 2 and run.step > snapshot.step + 30)
    with pytest.raises(RuntimeError, match="cannot be pinned"):
        run.pin()
    run.stop()
    run.wait(timeout=30)
    assert [tuple(branch)[2:] for branch in run.history.branches] == [(None, 0), (1, snapshot.step)]
    steps = run.history.series("loss")[0]
    assert steps.tolist() == list(range(1, int(run.step) + 1))
    with pytest.raises(ValueError, match="let go of theirs when the run ends"):
        run.restore(20)


def test_an_error_in_a_worker_is_one_readable_traceback() -> None:
    def loss(output: Any, label: Any) -> Any:
        raise KeyError("no such thing")

    net = network(3)
    before = weights(net)
    with pytest.raises(parallel.WorkerError, match="rank 0: KeyError.*no such thing") as caught:
        dl.run.train(net, (X, Y), loss=loss, workers=2, show=False)
    text = "\n".join(caught.value._render_traceback_())
    assert 'raise KeyError("no such thing")' in text and "rank 0" in text
    for a, b in zip(before, weights(net), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_cell_sees_rank_size_comm_and_the_notebook() -> None:
    said, _ = cell(
        "z = np.ones(3) * (rank + factor)\ncomm.allreduce([z])\nprint(rank, size, z.asnumpy().tolist())",
        np=dl.np,
        factor=10,
    )
    assert said == ["0 2 [21.0, 21.0, 21.0]\n", "1 2 [21.0, 21.0, 21.0]\n"]


def test_each_cell_starts_clean() -> None:
    cell("leftover = 1")
    said, _ = cell("print('leftover' in globals())")
    assert said == ["False\n", "False\n"]


def test_trained_networks_come_home() -> None:
    net = network(4)
    weight = net[2].bias.data()
    _, result = cell("if rank == 0:\n    net[2].bias.set_data(net[2].bias.data() + 7)", net=net)
    assert result.networks == ["net"]
    assert net[2].bias.data() is weight
    assert weight.asnumpy().tolist() == [7.0] * 4


def test_a_failing_rank_is_named_and_the_rest_is_ended() -> None:
    with pytest.raises(parallel.WorkerError, match="rank 1: ZeroDivisionError") as caught:
        cell("if rank == 1:\n    1 / 0\ncomm.barrier()")
    text = "\n".join(caught.value._render_traceback_())
    assert "1 / 0" in text and "ipyparallel" not in text
    said, _ = cell("print(rank)")  # a new pool answers
    assert said == ["0\n", "1\n"]


def test_interrupt_stops_all() -> None:
    threading.Timer(1.0, lambda: os.kill(os.getpid(), 2)).start()
    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        cell("import time\nfor _ in range(600):\n    time.sleep(0.1)")
    assert time.monotonic() - begun < 20
    said, _ = cell("print('alive')")
    assert said == ["alive\n", "alive\n"]


def test_what_cannot_be_sent_is_named() -> None:
    with pytest.raises(TypeError, match="'handle'.*cannot be sent"):
        cell("print(handle)", handle=threading.Lock())


def test_all_that_is_started_listens_on_loopback_only() -> None:
    """The workers, the controller they come to, and whoever started them."""
    pool = parallel.pool(2)
    started = _family(os.getpid())
    assert {*pool.pids, pool._cluster.controller.process.pid} <= started
    found = _listening(started)
    assert len(found) > 2, "the controller listens, and so does each worker"
    assert [address for address in found if not address.startswith(LOOPBACK)] == []


def test_nothing_is_left_running() -> None:
    pool = parallel.pool(2)
    pids, folder = list(pool.pids), Path(pool._folder)
    assert all(_exists(pid) for pid in pids) and folder.exists()
    parallel.shutdown()
    _until(lambda: not any(_exists(pid) for pid in pids))
    assert not folder.exists()


def _until(condition: Any, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)


def _exists(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().split(")")[-1].split()[0]
    except FileNotFoundError:
        return False


def _family(root: int) -> set[int]:
    """A process and all that it has started, directly or not."""
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    found = {root}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def _listening(pids: set[int]) -> list[str]:
    """Local addresses (hexadecimal, as the kernel lists them) on which these processes accept connections."""
    inodes = set()
    for pid in pids:
        for link in Path(f"/proc/{pid}/fd").glob("*"):
            with contextlib.suppress(OSError):  # it has been closed
                target = os.readlink(link)
                if target.startswith("socket:["):
                    inodes.add(target[8:-1])
    tables = [Path(f"/proc/net/{name}").read_text().splitlines()[1:] for name in ("tcp", "tcp6")]
    found = [row.split() for rows in tables for row in rows]
    return [row[1] for row in found if row[3] == "0A" and row[9] in inodes]
