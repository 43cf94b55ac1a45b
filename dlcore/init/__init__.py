"""Initial values of parameters, by name or as objects: Xavier, Normal, Uniform, MSRAPrelu, Orthogonal, Zero, ...

What lives here: one class per rule, registered by name, so that `init="xavier"` works wherever an initializer is taken.
What must not: parameters themselves (see `dlcore.gluon`), random operators (see `dlcore.ops`).
Values are drawn on the host from `dlcore`'s seeded state, so a seed gives the same network on every device.
"""

from dlcore import _answers

from ._constant import Constant, One, Zero
from ._host import host_generator
from ._initializer import InitDesc, Initializer, create, register
from ._random import MSRAPrelu, Normal, Orthogonal, Uniform, Xavier
from ._special import Bilinear, FusedRNN, Load, LSTMBias, Mixed, TruncNorm

__all__ = [
    "Bilinear",
    "Constant",
    "FusedRNN",
    "InitDesc",
    "Initializer",
    "LSTMBias",
    "Load",
    "MSRAPrelu",
    "Mixed",
    "Normal",
    "One",
    "Orthogonal",
    "TruncNorm",
    "Uniform",
    "Xavier",
    "Zero",
    "create",
    "host_generator",
    "register",
]

_answers.guard(__name__, __all__)
