"""Mixed precision: products in 16 bits, everything that needs it in float32, parameters always in float32.

Here: `autocast` and `init` (switching it on), the lists that say which operator computes in what (`_lists`), and loss
scaling for float16 (`_scaler`). Not here: the casting itself, which the core does where operators are called
(csrc/runtime/autocast.cpp), so that imperative and compiled code do the same. bfloat16 has the range of float32
and needs no loss scale.

>>> import dlcore as dl
>>> a = dl.nd.ones((2, 2))
>>> with dl.amp.autocast():
...     dl.np.matmul(a, a).dtype.name, dl.np.exp(a).dtype.name
('bfloat16', 'float32')
"""

from dlcore import _answers

from ._autocast import autocast, init, is_active, stop
from ._convert import convert_hybrid_block
from ._lists import (
    DTYPES,
    NARROW,
    WIDE,
    list_fp32_ops,
    list_lp16_fp32_ops,
    list_lp16_ops,
    set_lists,
)
from ._scaler import LossScaler, init_trainer, scale_loss, unscale

__all__ = [
    "DTYPES",
    "NARROW",
    "WIDE",
    "LossScaler",
    "autocast",
    "convert_hybrid_block",
    "init",
    "init_trainer",
    "is_active",
    "list_fp32_ops",
    "list_lp16_fp32_ops",
    "list_lp16_ops",
    "scale_loss",
    "set_lists",
    "stop",
    "unscale",
]

_answers.guard(__name__, __all__)


def __getattr__(name: str) -> bool:
    if name == "_amp_initialized":  # what libraries ask MXNet's module
        return is_active()
    raise AttributeError(f"{__name__} has no {name!r}")
