"""`mxnet.executor`: what `Symbol.bind` gives.

>>> import dlcore
>>> Executor is dlcore.sym.Executor
True
"""

from dlcore.symbol import Executor

__all__ = ["Executor"]
