"""Initial values of parameters: Xavier, Normal, Uniform, Zero, One, Constant, MSRAPrelu, Orthogonal.

What lives here: one class per rule, registered by name, so that `init="xavier"` works wherever an initializer is taken.
What must not: parameters themselves (see `dlcore.gluon`), random operators (see `dlcore.ops`).
Values are drawn on the host from `dlcore`'s seeded state, so a seed gives the same network on every device.
"""

from ._constant import Constant, One, Zero
from ._host import host_generator
from ._initializer import Initializer, create, register
from ._random import MSRAPrelu, Normal, Orthogonal, Uniform, Xavier

__all__ = [
    "Constant",
    "Initializer",
    "MSRAPrelu",
    "Normal",
    "One",
    "Orthogonal",
    "Uniform",
    "Xavier",
    "Zero",
    "create",
    "host_generator",
    "register",
]
