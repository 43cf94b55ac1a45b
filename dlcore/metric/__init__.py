"""Metrics, made by name with `create`: one small class each over `EvalMetric`, which keeps a sum and a count.

What lives here: of classes (Accuracy, TopKAccuracy, F1, MCC, AUC, ConfusionMatrix, ...), of probabilities
(CrossEntropy, Perplexity, ...), of numbers (MAE, MSE, RMSE, R2, PearsonCorrelation, ...), several at once.
What must not: losses that are differentiated (see `dlcore.gluon.loss`).
"""

from dlcore import _answers
from dlcore._hints import names_of

from ._classification import Accuracy, TopKAccuracy
from ._composite import CompositeEvalMetric
from ._counts import AUC, F1, MCC, PCC, BinaryAccuracy, ConfusionMatrix, Fbeta, Precision, Recall
from ._likelihood import CrossEntropy, NegativeLogLikelihood, Perplexity
from ._metric import CustomMetric, EvalMetric, check_label_shapes, create, np, register
from ._regression import MAE, MSE, RMSE, Caffe, Loss, Torch
from ._similarity import R2, MeanCosineSimilarity, MeanPairwiseDistance, PearsonCorrelation

__all__ = [
    "AUC",
    "F1",
    "MAE",
    "MCC",
    "MSE",
    "PCC",
    "R2",
    "RMSE",
    "Accuracy",
    "BinaryAccuracy",
    "Caffe",
    "CompositeEvalMetric",
    "ConfusionMatrix",
    "CrossEntropy",
    "CustomMetric",
    "EvalMetric",
    "Fbeta",
    "Loss",
    "MeanCosineSimilarity",
    "MeanPairwiseDistance",
    "NegativeLogLikelihood",
    "PearsonCorrelation",
    "Perplexity",
    "Precision",
    "Recall",
    "TopKAccuracy",
    "Torch",
    "check_label_shapes",
    "create",
    "np",
    "register",
]

__getattr__ = names_of(__name__, __all__)
_answers.guard(__name__, __all__)
