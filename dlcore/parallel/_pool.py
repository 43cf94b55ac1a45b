"""The worker processes: MPI ranks under ipyparallel, started once and kept warm.

The life of a pool: `pool(n)` starts a controller and n engines under MPICH's ``mpiexec.gforker`` (about 7 s) and keeps
them; later calls with the same n get the same pool at once. An interrupt is a signal to all engines; what does not
obey is ended, and the next call starts anew. `shutdown`, or the end of this process, ends them all; should this process
be killed, a watchdog in every engine notices within a few seconds.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Say = Callable[[str], None]


class WorkerError(RuntimeError):
    """An exception in a worker process: `rank` says which, `remote_traceback` what it printed.

    >>> print(WorkerError(1, "ValueError", "the batch is empty"))
    rank 1: ValueError: the batch is empty
    """

    def __init__(self, rank: int, name: str, value: str, remote_traceback: str = "") -> None:
        super().__init__(f"rank {rank}: {name}: {value}" if value else f"rank {rank}: {name}")
        self.rank = rank
        self.name = name
        self.value = value
        self.remote_traceback = remote_traceback

    def _render_traceback_(self) -> list[str]:
        """What IPython shows: the worker's own traceback under its rank, not the machinery that brought it here."""
        body = self.remote_traceback.rstrip() or f"{self.name}: {self.value}"
        return [f"In worker rank {self.rank}:", *body.splitlines()]


class WorkerPool:
    """`size` worker processes of this machine, numbered as MPI ranks; `pool` gives one that is up already.

    >>> workers = pool(2)
    >>> workers.call(pow, 3, 2)
    [9, 9]
    >>> workers.call(divmod, 1, 0)
    Traceback (most recent call last):
    dlcore.parallel._pool.WorkerError: rank 0: ZeroDivisionError: ...
    >>> workers.alive, len(workers.pids)
    (True, 2)
    """

    def __init__(self, size: int, say: Say | None = None) -> None:
        if isinstance(size, bool) or not isinstance(size, int) or size < 1:
            raise ValueError(f"workers: expected a whole number >= 1, got {size!r}")
        self.size = size
        self._folder = tempfile.mkdtemp(prefix="dlcore-workers-")
        self._cluster: Any = None
        self._client: Any = None
        self.view: Any = None
        self.pids: list[int] = []
        try:
            self._start(say or (lambda text: None))
        except BaseException:
            self.shutdown()
            raise

    def _start(self, say: Say) -> None:
        try:
            import ipyparallel
            import mpi4py  # noqa: F401 - asked for here, so that its absence is told here
        except ImportError as error:
            raise RuntimeError(
                f"workers need ipyparallel and mpi4py, and {error.name} is not installed: pip install 'dlcore[lab]'"
            ) from None
        say(f"starting {self.size} worker processes ...")
        begun = time.monotonic()
        with _environment(self.size):
            self._cluster = ipyparallel.Cluster(
                n=self.size,
                engines="mpi",
                controller_ip="127.0.0.1",
                profile_dir=self._folder,
                log_level=40,
                shutdown_atexit=False,  # this module ends it, in its own order
                send_engines_connection_env=True,
            )
            self._cluster.config.MPIEngineSetLauncher.mpi_cmd = [_mpiexec()]
            self._cluster.start_cluster_sync()
        self._client = self._cluster.connect_client_sync()
        self._client.wait_for_engines(self.size, timeout=120, interactive=False)
        view = self._client[:]
        view.block = True
        view.use_cloudpickle()
        told = view.apply_sync(_settle_in, os.getpid(), self._cluster.controller.process.pid)
        order = sorted(range(self.size), key=lambda i: told[i][0])
        self.pids = [told[i][1] for i in order]
        self._ids = [self._client.ids[i] for i in order]
        self.view = self._client[self._ids]
        self.view.use_cloudpickle()
        say(f"{self.size} worker processes are up ({time.monotonic() - begun:.1f} s)")

    @property
    def alive(self) -> bool:
        """True while every worker answers to the controller."""
        return self._client is not None and set(self._ids) <= set(self._client.ids)

    def rank(self, rank: int) -> Any:
        """An ipyparallel view of one worker."""
        view = self._client[[self._ids[rank]]]
        view.use_cloudpickle()
        return view

    def call(self, function: Callable[..., Any], *args: Any, timeout: float | None = None) -> list[Any]:
        """`function(*args)` in every worker; the results by rank. Raises WorkerError for the first that failed."""
        return self.collect(self.view.apply_async(function, *args), timeout)

    def collect(self, result: Any, timeout: float | None = None) -> list[Any]:
        """Wait for an ipyparallel result, noticing a worker that died."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while not result.ready():
            result.wait(0.05)
            if not self.alive:
                dead = self._first_dead()  # asked before the end, after which nobody is there
                self.shutdown()
                said = "the process ended without a word (killed, or out of memory?)"
                raise WorkerError(dead, "WorkerDied", said)
            if deadline is not None and time.monotonic() > deadline:
                raise TimeoutError(f"workers did not answer within {timeout} s")
        return self.results(result)

    def results(self, result: Any) -> list[Any]:
        """The values of a finished ipyparallel result, or its first error as a WorkerError."""
        from ipyparallel import error

        try:
            values = result.get()
        except error.CompositeError as several:
            name, value, text, info = several.elist[0]
            engine = info.get("engine_id", self._ids[0]) if info else self._ids[0]
            raise WorkerError(self.rank_of(engine), name, value, _readable(text)) from None
        except error.RemoteError as one:
            engine = (one.engine_info or {}).get("engine_id", self._ids[0])
            raise WorkerError(self.rank_of(engine), one.ename, one.evalue, _readable(one.traceback)) from None
        return list(values)

    def rank_of(self, engine: int) -> int:
        """The rank of ipyparallel's engine number."""
        return self._ids.index(engine) if engine in self._ids else 0

    def _first_dead(self) -> int:
        present = set() if self._client is None else set(self._client.ids)
        return next((rank for rank, engine in enumerate(self._ids) if engine not in present), 0)

    def interrupt(self) -> None:
        """Raise KeyboardInterrupt in every worker."""
        if self._cluster is not None:
            self._cluster.signal_engines_sync(signal.SIGINT)

    def shutdown(self) -> None:
        """End all workers and remove what they left. Harmless when called twice."""
        client, cluster, self._client, self._cluster = self._client, self._cluster, None, None
        if client is not None:
            client.close()
        if cluster is not None:
            cluster.stop_cluster_sync()
        for pid in self.pids:  # one that waits for a lost rank does not hear that it should go
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.pids = []
        shutil.rmtree(self._folder, ignore_errors=True)
        if _pools.get(self.size) is self:
            del _pools[self.size]


def _mpiexec() -> str:
    """MPICH's process manager that starts ranks as children and talks to them through pipes: it opens no port."""
    beside = Path(sys.executable).with_name("mpiexec.gforker")
    found = str(beside) if beside.exists() else shutil.which("mpiexec.gforker")
    if found is None:
        raise RuntimeError("workers need MPICH's mpiexec.gforker, which is not installed: pip install 'dlcore[lab]'")
    return found


class _environment:
    """While workers start: each gets its part of the cores, and MPI stays in shared memory (no network device)."""

    def __init__(self, size: int) -> None:
        threads = str(max(1, (os.cpu_count() or 1) // size))
        self._values = {
            "DLCORE_NUM_THREADS": threads,
            "OMP_NUM_THREADS": threads,
            "UCX_TLS": "posix,self,cma",
            "JUPYTER_PLATFORM_DIRS": "1",
        }
        self._before: dict[str, str | None] = {}

    def __enter__(self) -> None:
        for name, value in self._values.items():
            self._before[name] = os.environ.get(name)
            os.environ[name] = value

    def __exit__(self, *exc: object) -> None:
        for name, value in self._before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _settle_in(owner: int, controller: int) -> tuple[int, int]:
    """First call in a worker: its MPI rank and process number, and a watchdog for the end of the notebook's process."""
    from mpi4py import MPI

    def watch() -> None:
        while _exists(owner):
            time.sleep(2)
        if MPI.COMM_WORLD.rank == 0 and _exists(controller):
            os.kill(controller, signal.SIGTERM)
        os._exit(1)

    def _exists(pid: int) -> bool:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        return True

    threading.Thread(target=watch, name="dlcore watchdog", daemon=True).start()
    return MPI.COMM_WORLD.rank, os.getpid()


def _readable(text: Any) -> str:
    """A remote traceback without ipyparallel's own frames."""
    lines = "\n".join(text) if isinstance(text, (list, tuple)) else str(text)
    return lines.replace("<string>", "the cell")


_pools: dict[int, WorkerPool] = {}


def pool(size: int, say: Say | None = None) -> WorkerPool:
    """The pool of `size` workers, started if there is none. `say` is told what takes time.

    >>> pool(2) is pool(2), pool(2).size
    (True, 2)
    """
    present = _pools.get(size)
    if present is not None and not present.alive:
        present.shutdown()
        present = None
    if present is None:
        for other in list(_pools.values()):  # two pools would share the same cores
            other.shutdown()
        present = _pools[size] = WorkerPool(size, say)
    return present


@atexit.register
def shutdown() -> None:
    """End every pool.

    >>> shutdown()
    """
    for present in list(_pools.values()):
        present.shutdown()
