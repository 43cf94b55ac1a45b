"""Worker processes: starting them, running a cell in them, training in them, bringing the result home.

What lives here: a pool of worker processes kept warm between cells (`_pool.py`, ipyparallel over MPI ranks), shipping
networks and data by value (`_ship.py`), a cell in all workers (`_cell.py`) and data-parallel training (`_train.py`;
`_worker.py` is its half inside a worker). What must not: a scheduler or a wire protocol of our own, and reductions
(dlcore.comm). Workers are fresh processes, never forks, and everything between them stays on loopback.
"""

from dlcore import _answers

from ._cell import CellResult, run_cell
from ._pool import WorkerError, WorkerPool, pool, shutdown
from ._train import train

__all__ = ["CellResult", "WorkerError", "WorkerPool", "pool", "run_cell", "shutdown", "train"]

_answers.guard(__name__, __all__)
