"""Estimator: `fit` and `evaluate` for a network, with handlers that are called at events.

What lives here: `Estimator` in `_estimator.py`, the events and the handlers in `_handlers.py`.
What must not: threads, charts and knobs (see `dlcore.run`). This loop is plain and runs where it is called.
"""

import sys

from dlcore import _answers

from ._estimator import Estimator
from ._events import BatchBegin, BatchEnd, EpochBegin, EpochEnd, TrainBegin, TrainEnd
from ._handlers import CheckpointHandler, EarlyStoppingHandler, LoggingHandler, StoppingHandler, ValidationHandler

estimator = event_handler = sys.modules[__name__]  # MXNet keeps `Estimator` in the one, the handlers in the other

__all__ = [
    "BatchBegin",
    "BatchEnd",
    "CheckpointHandler",
    "EarlyStoppingHandler",
    "EpochBegin",
    "EpochEnd",
    "Estimator",
    "LoggingHandler",
    "StoppingHandler",
    "TrainBegin",
    "TrainEnd",
    "ValidationHandler",
]

_answers.guard(__name__, __all__)
