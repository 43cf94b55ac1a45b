"""Trials in worker processes: the notebook's half hands them out, the worker's half carries one out on a thread."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Mapping
from typing import Any

from dlcore.parallel._pool import WorkerError, WorkerPool, pool
from dlcore.parallel._ship import pack, restore, state_of, unpack

from ._bench import Bench, Judge

PERIOD = 0.05
_current: dict[str, Any] = {}


class RemoteBench:
    """Does trials in `workers` fresh processes, each of them several in turn. The same calls as `Bench`."""

    def __init__(self, bench: Bench, workers: int) -> None:
        self.local, self.workers = bench, workers
        self.names, self.made, self.reasons = bench.names, bench.made, bench.reasons
        self._package = pack({"make": bench.make, "settings": bench.settings, "goal": bench.goal})
        self._pool: WorkerPool | None = None
        self._free: list[int] = []
        self._lock = threading.Lock()  # one thread at a time speaks with the workers
        self._stopping = False

    def do(self, number: int, values: Mapping[str, Any], seed: int, judge: Judge) -> tuple[float, Any]:
        """As `Bench.do`: the network is made here and its weights come home. What fails there is a WorkerError."""
        rank = self._take()
        try:
            self._ask(rank, _start, pack({"values": dict(values)}), seed)
            go_on, told = True, 0
            while True:
                found = self._ask(rank, _report, told, not go_on or self._stopping)
                for epoch, value in found["news"]:
                    told += 1
                    go_on = go_on and judge(epoch, value)
                if found["ended"]:
                    break
                time.sleep(PERIOD)
            if found["error"] is not None:
                raise WorkerError(rank, *found["error"])
            state = self._ask(rank, _weights)
        finally:
            with self._lock:
                self._free.append(rank)
        return found["score"], None if state is None else self._made(values, state)

    def stop(self) -> None:
        """End what is training at its next step boundary."""
        self._stopping = True

    def begin(self) -> None:
        """What was stopped before may be done again."""
        self._stopping = False

    def _take(self) -> int:
        """A worker with nothing to do; the first call starts them, or finds them still warm."""
        with self._lock:
            if self._pool is None or not self._pool.alive:
                self._pool = pool(self.workers)
                self._pool.call(_begin, self._package)
                self._free = list(range(self.workers))
            return self._free.pop(0)

    def _ask(self, rank: int, function: Any, *arguments: Any) -> Any:
        assert self._pool is not None
        with self._lock:
            result = self._pool.rank(rank).apply_async(function, *arguments)
        return self._pool.collect(result)[0]

    def _made(self, values: Mapping[str, Any], state: Mapping[str, Any]) -> Any:
        net, _, _ = self.made(values)
        restore(net, state)
        return net


# ---------------------------------------------------------------------- inside a worker


def _begin(package: bytes) -> None:
    arguments = unpack(package)
    _current.clear()
    _current["bench"] = Bench(**arguments)


def _start(package: bytes, seed: int) -> None:
    values = unpack(package)["values"]
    now: dict[str, Any] = {"news": [], "stop": False, "ended": False, "score": 0.0, "error": None, "net": None}
    _current["now"] = now

    def judge(epoch: int, value: float) -> bool:
        now["news"].append((epoch, value))
        return not now["stop"]

    def work() -> None:
        try:
            now["score"], now["net"] = _current["bench"].do(0, values, seed, judge)
        except BaseException as error:  # told to the notebook
            text = "".join(traceback.format_exception(error))
            now["error"] = (type(error).__name__, str(error), text)
        now["ended"] = True

    threading.Thread(target=work, name="dlcore trial", daemon=True).start()


def _report(told: int, stop: bool) -> dict[str, Any]:
    now = _current["now"]
    if stop and not now["stop"]:
        now["stop"] = True
        _current["bench"].stop()
    ended = now["ended"]  # before the news, so that none is missed
    return {"news": now["news"][told:], "ended": ended, "score": now["score"], "error": now["error"]}


def _weights() -> Any:
    net = _current["now"]["net"]
    return None if net is None else state_of(net)
