"""Gluon's additions, under the import path they have in MXNet.

What lives here: `estimator`, a training loop with event handlers.
What must not: anything with a home of its own in `dlcore.gluon`. Runs with knobs and charts are in `dlcore.run`.
"""

from . import estimator

__all__ = ["estimator"]
