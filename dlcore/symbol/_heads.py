"""Output heads as a Symbol may name them; they are `dlcore.nd`'s."""

from __future__ import annotations

from dlcore.array._names.heads import (
    LinearRegressionOutput,
    LogisticRegressionOutput,
    MAERegressionOutput,
    MakeLoss,
    SoftmaxOutput,
    SVMOutput,
)

HEADS = {
    f.__name__: f
    for f in (
        SoftmaxOutput, LinearRegressionOutput, LogisticRegressionOutput, MAERegressionOutput, MakeLoss, SVMOutput,
    )
}  # fmt: skip
HEADS["make_loss"] = MakeLoss
