"""Layers: Dense, Conv2D, pooling, activations, normalisation, Dropout, Embedding, and Sequential to put them in a row.

What lives here: one short private file per family; every layer computes with operators of `dlcore.ops` only.
What must not: losses (see `dlcore.gluon.loss`), whole models.
"""

from .._block import Block
from .._hybrid_block import HybridBlock
from ._activation import ELU, GELU, SELU, Activation, LeakyReLU, PReLU, ReLU, Sigmoid, SiLU, Softmax, Swish, Tanh
from ._conv import Conv2D
from ._dense import Dense
from ._dropout import Dropout
from ._embedding import Embedding
from ._lambda import Concatenate, Flatten, HybridConcatenate, HybridLambda, Identity, Lambda
from ._norm import BatchNorm, LayerNorm
from ._pool import AvgPool2D, GlobalAvgPool2D, GlobalMaxPool2D, MaxPool2D
from ._sequential import HybridSequential, Sequential

__all__ = [
    "ELU",
    "GELU",
    "SELU",
    "Activation",
    "AvgPool2D",
    "BatchNorm",
    "Block",
    "Concatenate",
    "Conv2D",
    "Dense",
    "Dropout",
    "Embedding",
    "Flatten",
    "GlobalAvgPool2D",
    "GlobalMaxPool2D",
    "HybridBlock",
    "HybridConcatenate",
    "HybridLambda",
    "HybridSequential",
    "Identity",
    "Lambda",
    "LayerNorm",
    "LeakyReLU",
    "MaxPool2D",
    "PReLU",
    "ReLU",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Swish",
    "Tanh",
]
