"""Communicators: how processes that train together add up, copy and wait.

What lives here: the `Communicator` interface and its implementations, one file each: one process (`Alone`), MPI ranks
(`MPICommunicator`, mpi4py), GPUs (`NCCLCommunicator`, CuPy's NCCL); the one of this process, `current()`; and over them
the key-value store, `kv`. What must not: starting processes (dlcore.parallel does that) and anything about networks or
runs. mpi4py and CuPy are imported only when such a communicator is made.
"""

from dlcore import _answers

from . import kv
from ._alone import Alone
from ._communicator import Communicator
from ._current import current, use
from ._kvstore import KVStore
from ._mpi import MPICommunicator
from ._nccl import NCCLCommunicator

__all__ = ["Alone", "Communicator", "KVStore", "MPICommunicator", "NCCLCommunicator", "current", "kv", "use"]

_answers.guard(__name__, __all__)
