"""Optimizers (SGD, NAG, Adam, AdamW, RMSProp, AdaGrad) and their learning-rate schedules.

What lives here: one class per rule, registered by name (`optim.create("adam", learning_rate=1e-3)`). The arithmetic of
a rule is one operator of `dlcore.ops`; a class here only holds its knobs and states.
What must not: loops over parameters and averaging over workers (see `dlcore.gluon.Trainer`).
Knobs (learning rate, weight decay, momentum, the step count) are 0-d arrays written in place, so that a step that was
compiled once obeys a knob turned later.
"""

from . import lr_scheduler
from ._adagrad import AdaGrad
from ._adam import Adam, AdamW
from ._optimizer import Optimizer, create, register
from ._rmsprop import RMSProp
from ._sgd import NAG, SGD
from .lr_scheduler import LRScheduler

__all__ = [
    "NAG",
    "SGD",
    "AdaGrad",
    "Adam",
    "AdamW",
    "LRScheduler",
    "Optimizer",
    "RMSProp",
    "create",
    "lr_scheduler",
    "register",
]
