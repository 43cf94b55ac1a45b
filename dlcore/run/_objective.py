"""What is minimised, and what is counted beside it: the loss and the metric a run was given, in one form."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from dlcore.ops import F


class Objective:
    """Calls the user's loss in whichever of the three forms it came.

    `loss` is a Gluon loss or any function of (output, label), a function of (net, x, y), or None: cross-entropy
    where the labels are class numbers (an integer dtype), squared error where they are not.
    `forward(x, y)` gives (loss as a 0-d array, output or None where only the user's function knows it).
    """

    def __init__(self, net: Any, loss: Any, classes: bool) -> None:
        self.net = net
        self.sees_net = loss is not None and _takes_net(loss)
        self.loss = _default_loss(classes) if loss is None else loss

    def forward(self, x: Any, y: Any) -> tuple[Any, Any]:
        """Loss (mean over the batch) and output of one batch."""
        if self.sees_net:
            output, value = None, self.loss(self.net, x, y)
        else:
            output = self.net(x)
            value = self.loss(output, y)
        if not hasattr(value, "asnumpy"):
            raise TypeError(f"loss: expected an array computed from the network's output, got {type(value).__name__}")
        return (F.mean(value) if value.ndim else value), output


def _default_loss(classes: bool) -> Callable[..., Any]:
    from dlcore.gluon import loss

    return loss.SoftmaxCrossEntropyLoss() if classes else loss.L2Loss()


def _takes_net(loss: Any) -> bool:
    """True for f(net, x, y), False for f(output, label): told apart by the arguments that have no default."""
    if not callable(loss):
        raise TypeError(f"loss: expected a Gluon loss or a function of (net, x, y), got {type(loss).__name__}")
    if hasattr(loss, "collect_params"):
        return False
    try:
        arguments = inspect.signature(loss).parameters.values()
    except (TypeError, ValueError):  # a builtin without a signature
        return True
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    needed = [a.name for a in arguments if a.kind in positional and a.default is inspect.Parameter.empty]
    if len(needed) not in (2, 3):
        found = ", ".join(needed)
        raise TypeError(f"loss: expected a function of (net, x, y) or (output, label), got one of ({found})")
    return len(needed) == 3


def right_share(output: Any, y: Any) -> Any:
    """The share of samples whose highest output is at the label, as a 0-d float32 array."""
    guess = F.argmax(output, axis=-1)
    return F.mean(F.cast(F.equal(F.cast(guess, "int64"), F.cast(y, "int64")), "float32"))


def are_classes(y: Any) -> bool:
    """True when `y` holds class numbers: one integer a sample."""
    return np.dtype(y.dtype).kind in "iu" and y.ndim <= 1
