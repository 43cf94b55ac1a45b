"""Losses as hybrid blocks: each gives one value for every sample, as (batch,).

SoftmaxCrossEntropyLoss (SoftmaxCELoss), SigmoidBinaryCrossEntropyLoss (SigmoidBCELoss), L2Loss, L1Loss, HuberLoss.
"""

from ._loss import Loss
from ._loss_classification import SigmoidBinaryCrossEntropyLoss, SoftmaxCrossEntropyLoss
from ._loss_regression import HuberLoss, L1Loss, L2Loss

SoftmaxCELoss = SoftmaxCrossEntropyLoss
SigmoidBCELoss = SigmoidBinaryCrossEntropyLoss

__all__ = [
    "HuberLoss",
    "L1Loss",
    "L2Loss",
    "Loss",
    "SigmoidBCELoss",
    "SigmoidBinaryCrossEntropyLoss",
    "SoftmaxCELoss",
    "SoftmaxCrossEntropyLoss",
]
