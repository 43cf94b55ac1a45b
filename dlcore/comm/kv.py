"""`dlcore.kv`: the key-value store under the name old scripts know.

>>> create("device").num_workers
1
"""

from dlcore import _answers

from ._kvstore import KVStore, create

__all__ = ["KVStore", "create"]

_answers.guard(__name__, __all__)
