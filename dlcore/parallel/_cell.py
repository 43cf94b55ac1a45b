"""One cell in every worker: variables go out by value, output streams back by rank, trained networks come home."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ._pool import WorkerError, WorkerPool, pool
from ._ship import is_network, names_read, pack, restore, state_of, unpack

Emit = Callable[[int, str], None]  # rank, text


class CellResult(NamedTuple):
    """What a cell left: seconds it took, names of the networks whose weights came home.

    >>> CellResult(0.25, ["lenet"])
    CellResult(seconds=0.25, networks=['lenet'])
    """

    seconds: float
    networks: list[str]


def run_cell(
    source: str, size: int, namespace: Mapping[str, Any], emit: Emit, say: Callable[[str], None] | None = None
) -> CellResult:
    """Run `source` in `size` workers, each with `rank`, `size` and `comm` at hand, in a namespace of its own.

    Names that the cell reads and `namespace` has are sent along by value. `emit` is called with each worker's output as
    it comes. Afterwards the networks among them get rank 0's weights, written into the very objects. An exception in a
    worker is raised as `WorkerError`; KeyboardInterrupt here interrupts all workers and, where one does not obey, ends
    them.

    >>> said = []
    >>> cell = "print(rank, 'of', size, 'has', part[rank])"
    >>> left = run_cell(cell, 2, {"part": "ab"}, lambda rank, text: said.append(text.strip()))
    >>> sorted(said), left.networks
    (['0 of 2 has a', '1 of 2 has b'], [])
    """
    wanted = {
        name: namespace[name]
        for name in names_read(source)
        if name in namespace and name not in ("rank", "size", "comm")
    }
    package = pack(wanted)
    networks = [name for name, value in wanted.items() if is_network(value)]
    workers = pool(size, say)
    begun = time.monotonic()
    results: list[Any] = []
    try:
        with _Interrupts() as interrupts:
            workers.call(_enter, package)
            results += [workers.rank(rank).apply_async(_execute, source) for rank in range(size)]
            _stream(results, workers, emit, interrupts)
        if networks:
            states = workers.results(workers.rank(0).apply_async(_states, networks))[0]
            for name, state in states.items():
                restore(wanted[name], state)
    except KeyboardInterrupt:
        workers.interrupt()
        if not _settle(results):
            workers.shutdown()
        raise
    return CellResult(time.monotonic() - begun, networks)


class _Interrupts:
    """While it is entered, an interrupt is noted and raised by `check`: at a place of our choosing.

    Raised wherever it happens to arrive, it can be lost: Python drops an exception inside a destructor or a callback.
    """

    def __init__(self) -> None:
        self._seen = False
        self._before: Any = None

    def __enter__(self) -> _Interrupts:
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(self, *exc: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _note(self, number: int, frame: Any) -> None:
        self._seen = True

    def check(self) -> None:
        """Raise KeyboardInterrupt if there was one."""
        if self._seen:
            raise KeyboardInterrupt


def _settle(results: list[Any], seconds: float = 2.0) -> bool:
    """True when every worker came to an end within `seconds`."""
    deadline = time.monotonic() + seconds
    while not all(result.ready() for result in results) and time.monotonic() < deadline:
        time.sleep(0.05)
    return all(result.ready() for result in results)


def _stream(results: list[Any], workers: WorkerPool, emit: Emit, interrupts: _Interrupts) -> None:
    """Hand on the workers' output as it grows, until all are done. The first failure ends the others and is raised."""
    shown = [[0, 0] for _ in results]

    def flush() -> None:
        for rank, result in enumerate(results):
            for stream, text in enumerate((result.stdout[0], result.stderr[0])):
                if len(text) > shown[rank][stream]:
                    emit(rank, text[shown[rank][stream] :])
                    shown[rank][stream] = len(text)

    while not all(result.ready() for result in results):
        time.sleep(0.05)
        interrupts.check()
        flush()
        if not workers.alive or any(_failure(result, workers) for result in results if result.ready()):
            _settle(results, 1.0)
            break
    time.sleep(0.1)  # output may come a moment after the end
    flush()
    _raise_first(results, workers)


def _failure(result: Any, workers: WorkerPool) -> tuple[str, str, str] | None:
    """What went wrong in the cell of one worker: name, text and traceback of its exception."""
    return workers.results(result)[0]


def _raise_first(results: list[Any], workers: WorkerPool) -> None:
    """Raise the first failure. Ranks that wait for it in a reduction cannot be reached any more: the pool is ended."""
    waiting = [result for result in results if not result.ready()]
    try:
        for rank, result in enumerate(results):
            failure = _failure(result, workers) if result.ready() else None
            if failure is not None:
                raise WorkerError(rank, *failure)
        for result in waiting:  # a worker died: say which
            workers.collect(result)
    finally:
        if waiting:
            workers.shutdown()


# ---- inside a worker -------------------------------------------------------------------------------------------------

_space: dict[str, Any] = {}


def _enter(package: bytes) -> None:
    """A fresh namespace with what the notebook sent."""
    from mpi4py import MPI

    from dlcore.comm import MPICommunicator, use

    old = _space.get("comm")
    if isinstance(old, MPICommunicator):
        old.close()
    _space.clear()
    comm = MPICommunicator(MPI.COMM_WORLD)
    use(comm)
    _space.update(__name__="__main__", rank=comm.rank, size=comm.size, comm=comm, **unpack(package))


def _execute(source: str) -> tuple[str, str, str] | None:
    """Run the cell; None, or name, text and traceback (the cell's own frames and below) of what it raised."""
    import linecache
    import traceback

    linecache.cache["<cell>"] = (len(source), None, source.splitlines(keepends=True), "<cell>")
    try:
        exec(compile(source, "<cell>", "exec"), _space)
    except BaseException as error:
        trace = error.__traceback__
        while trace is not None and trace.tb_frame.f_code.co_filename != "<cell>":
            trace = trace.tb_next
        lines = traceback.format_exception(type(error), error, trace)
        return type(error).__name__, str(error), "".join(lines)
    return None


def _states(names: list[str]) -> dict[str, Any]:
    return {name: state_of(_space[name]) for name in names}
