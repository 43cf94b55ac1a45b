"""Metrics: Accuracy, TopKAccuracy, Loss, MAE, MSE, RMSE, CrossEntropy, CompositeEvalMetric, made by name with `create`.

What lives here: one small class per metric over `EvalMetric`, which keeps a sum and a count.
What must not: losses that are differentiated (see `dlcore.gluon.loss`).
"""

from ._classification import Accuracy, CrossEntropy, TopKAccuracy
from ._composite import CompositeEvalMetric
from ._metric import CustomMetric, EvalMetric, create, register
from ._regression import MAE, MSE, RMSE, Loss

__all__ = [
    "MAE",
    "MSE",
    "RMSE",
    "Accuracy",
    "CompositeEvalMetric",
    "CrossEntropy",
    "CustomMetric",
    "EvalMetric",
    "Loss",
    "TopKAccuracy",
    "create",
    "register",
]
