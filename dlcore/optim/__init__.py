"""Optimizers and their learning-rate schedules, made by name: `optim.create("adam", learning_rate=1e-3)`.

What lives here: one class per rule: SGD, NAG, Adam and its kin, RMSProp, AdaGrad, AdaDelta, Ftrl, FTML, LAMB, LARS,
Signum, Lion, Adan, Muon, SGLD, DCASGD. The arithmetic of a rule is one operator of `dlcore.ops`, or a few of them; a
class only holds its knobs and states.
What must not: loops over parameters and averaging over workers (see `dlcore.gluon.Trainer`).
Knobs (learning rate, weight decay, momentum, the step count) are 0-d arrays written in place, so that a step that was
compiled once obeys a knob turned later.
"""

from dlcore import _answers

from . import lr_scheduler
from ._adadelta import AdaDelta
from ._adagrad import AdaGrad, GroupAdaGrad
from ._adam import AdaBelief, Adam, Adamax, AdamW, Nadam
from ._adan import Adan
from ._by_hand import arrays_of
from ._ftrl import FTML, Ftrl
from ._large_batch import LAMB, LARS
from ._muon import Muon
from ._noisy import DCASGD, SGLD
from ._optimizer import Optimizer, create, register
from ._rmsprop import RMSProp
from ._sgd import NAG, SGD, ccSGD
from ._sign import Lion, SignSGD, Signum
from ._updater import Updater, get_updater
from .lr_scheduler import LRScheduler

__all__ = [
    "DCASGD",
    "FTML",
    "LAMB",
    "LARS",
    "NAG",
    "SGD",
    "SGLD",
    "AdaBelief",
    "AdaDelta",
    "AdaGrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Adan",
    "Ftrl",
    "GroupAdaGrad",
    "LRScheduler",
    "Lion",
    "Muon",
    "Nadam",
    "Optimizer",
    "RMSProp",
    "SignSGD",
    "Signum",
    "Updater",
    "ccSGD",
    "arrays_of",
    "create",
    "get_updater",
    "lr_scheduler",
    "register",
]

_answers.guard(__name__, __all__)
