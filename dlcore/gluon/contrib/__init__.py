"""Gluon's additions, under the import path they have in MXNet.

What lives here: `estimator`, a training loop with event handlers; `nn`, `rnn`, `cnn` and `data` with the names that
MXNet kept here and that have their home in `dlcore.gluon`.
What must not: anything new. Runs with knobs and charts are in `dlcore.run`.
"""

from .. import data
from . import cnn, estimator, nn, rnn

__all__ = ["cnn", "data", "estimator", "nn", "rnn"]
