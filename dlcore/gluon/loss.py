"""Losses as hybrid blocks: each gives one value for every sample, as (batch,).

Of classes: SoftmaxCrossEntropyLoss (SoftmaxCELoss), SigmoidBinaryCrossEntropyLoss (SigmoidBCELoss), FocalLoss,
LogisticLoss, HingeLoss, SquaredHingeLoss. Of numbers: L2Loss, L1Loss, HuberLoss, PoissonNLLLoss. Of distributions:
KLDivLoss. Of sequences: CTCLoss. Of likeness: TripletLoss, CosineEmbeddingLoss, SDMLLoss.
"""

from dlcore import _answers

from ._loss import Loss, _apply_weighting, _reshape_like  # noqa: F401 - losses of one's own ask for them
from ._loss_classification import SigmoidBinaryCrossEntropyLoss, SoftmaxCrossEntropyLoss
from ._loss_ctc import CTCLoss
from ._loss_likelihood import FocalLoss, KLDivLoss, LogisticLoss, PoissonNLLLoss
from ._loss_margin import CosineEmbeddingLoss, HingeLoss, SDMLLoss, SquaredHingeLoss, TripletLoss
from ._loss_regression import HuberLoss, L1Loss, L2Loss

SoftmaxCELoss = SoftmaxCrossEntropyLoss
SigmoidBCELoss = SigmoidBinaryCrossEntropyLoss

__all__ = [
    "CTCLoss",
    "CosineEmbeddingLoss",
    "FocalLoss",
    "HingeLoss",
    "HuberLoss",
    "KLDivLoss",
    "L1Loss",
    "L2Loss",
    "LogisticLoss",
    "Loss",
    "PoissonNLLLoss",
    "SDMLLoss",
    "SigmoidBCELoss",
    "SigmoidBinaryCrossEntropyLoss",
    "SoftmaxCELoss",
    "SoftmaxCrossEntropyLoss",
    "SquaredHingeLoss",
    "TripletLoss",
]

_answers.guard(__name__, __all__)
