"""Gradients: what is recorded, and walking it backwards.

Here: record, pause, train_mode, predict_mode (what a `with` block switches), backward, grad, mark_variables, and
Function for gradients of one's own. Not here: the tape itself (dlcore/csrc/autograd) and the gradient of each operator
(its stanza in dlcore/ops). Next: dlcore/csrc/autograd/tape.h.
"""

from ._function import Function
from ._scopes import is_recording, is_training, pause, predict_mode, record, set_recording, set_training, train_mode
from ._walk import backward, grad, mark_variables

__all__ = [
    "Function",
    "backward",
    "grad",
    "is_recording",
    "is_training",
    "mark_variables",
    "pause",
    "predict_mode",
    "record",
    "set_recording",
    "set_training",
    "train_mode",
]
