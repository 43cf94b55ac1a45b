"""Gradients: what is recorded, and walking it backwards.

Here: record, pause, train_mode, predict_mode (what a `with` block switches), backward, grad, mark_variables; Function
for gradients of one's own; derivatives of functions (vjp, jvp, jacobian, hessian, ...: `_transforms.py`); checkpoint;
detect_anomaly. Not here: the tape itself (dlcore/csrc/autograd) and the gradient of each operator (its stanza in
dlcore/ops). Next: dlcore/csrc/autograd/tape.h.
"""

from dlcore._hints import names_of

from .. import _answers
from . import _transforms, _walk
from ._anomaly import detect_anomaly
from ._checkpoint import checkpoint
from ._function import Function
from ._scopes import is_recording, is_training, pause, predict_mode, record, set_recording, set_training, train_mode
from ._transforms import gradient, hessian, hvp, jacobian, jvp, value_and_grad, vjp
from ._walk import backward, grad, mark_variables

__all__ = [
    "Function",
    "backward",
    "checkpoint",
    "detect_anomaly",
    "grad",
    "gradient",
    "hessian",
    "hvp",
    "is_recording",
    "is_training",
    "jacobian",
    "jvp",
    "mark_variables",
    "pause",
    "predict_mode",
    "record",
    "set_recording",
    "set_training",
    "train_mode",
    "value_and_grad",
    "vjp",
]

__getattr__ = names_of(__name__, __all__)
_answers.answer(__name__, [name for name in __all__ if name in vars(_transforms) or name in vars(_walk)])
_answers.guard(__name__, ["detect_anomaly"])
