"""What is minimised, and what is counted beside it: the loss and the metric a run was given, in one form."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from dlcore.ops import F


class Objective:
    """Calls the user's loss in whichever of the three forms it came.

    `loss` is a Gluon loss or any function of (output, label), a function of (net, x, y), or None: cross-entropy
    where the labels are class numbers (see `class_axis`), squared error where they are not.
    `forward(x, y)` gives (loss as a 0-d array, output or None where only the user's function knows it).
    """

    def __init__(self, net: Any, loss: Any) -> None:
        self.net, self.loss = net, loss
        self.sees_net = loss is not None and _takes_net(loss)

    def forward(self, x: Any, y: Any) -> tuple[Any, Any]:
        """Loss (mean over the batch) and output of one batch."""
        if self.sees_net:
            output, value = None, self.loss(self.net, x, y)
        else:
            output = self.net(x)
            value = (_default_loss if self.loss is None else self.loss)(output, y)
        if not hasattr(value, "asnumpy"):
            raise TypeError(f"loss: expected an array computed from the network's output, got {type(value).__name__}")
        return (F.mean(value) if value.ndim else value), output


def _default_loss(output: Any, y: Any) -> Any:
    from dlcore.gluon import loss

    axis = class_axis(output, y)
    if axis is not None:
        return loss.SoftmaxCrossEntropyLoss(axis)(output, y)
    try:
        return loss.L2Loss()(output, y)
    except ValueError as error:
        raise ValueError(
            f"{error}\n  no loss was given: squared error, as labels of {y.dtype} seem no classes"
        ) from error


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


def right_share(output: Any, y: Any, axis: int) -> Any:
    """The share of labels at which the output is highest along `axis`, as a 0-d float32 array."""
    guess = F.argmax(output, axis=axis)
    return F.mean(F.cast(F.equal(F.cast(guess, "int64"), F.cast(y, "int64")), "float32"))


def class_axis(output: Any, y: Any) -> int | None:
    """The axis of `output` along which the classes lie that `y` numbers; None where `y` holds no class numbers.

    Class numbers are integers: one a sample, or one for each place in the shape of `output` without an axis, which is
    the last (the words of a text) or the second of four and more (the pixels of a picture).
    """
    if np.dtype(y.dtype).kind not in "iu" or not hasattr(output, "ndim"):  # a network may give several arrays
        return None
    if y.ndim <= 1:
        return -1
    if output.ndim != y.ndim + 1:
        return None
    for axis in (-1,) if output.ndim == 3 else (1, -1):
        places = list(output.shape)
        del places[axis]
        if places == list(y.shape):
            return axis
    return None
