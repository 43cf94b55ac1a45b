"""Estimator: `fit` and `evaluate` for a network, with handlers that are called at events.

What lives here: `Estimator`, what it does with a batch (`_batch_processor.py`), events, and handlers: those every
training has in `_handlers.py`, checkpoints and early stopping in `_keeping.py`.
What must not: threads, charts and knobs (see `dlcore.run`). This loop is plain and runs where it is called.
"""

import sys

from dlcore import _answers

from ._batch_processor import BatchProcessor
from ._estimator import Estimator
from ._events import BatchBegin, BatchEnd, EpochBegin, EpochEnd, TrainBegin, TrainEnd
from ._handlers import GradientUpdateHandler, LoggingHandler, MetricHandler, StoppingHandler, ValidationHandler
from ._keeping import CheckpointHandler, EarlyStoppingHandler

estimator = event_handler = batch_processor = sys.modules[__name__]  # MXNet's three files

__all__ = [
    "BatchBegin",
    "BatchEnd",
    "BatchProcessor",
    "CheckpointHandler",
    "EarlyStoppingHandler",
    "EpochBegin",
    "EpochEnd",
    "Estimator",
    "GradientUpdateHandler",
    "LoggingHandler",
    "MetricHandler",
    "StoppingHandler",
    "TrainBegin",
    "TrainEnd",
    "ValidationHandler",
]

_answers.guard(__name__, __all__)
