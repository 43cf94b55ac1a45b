"""Layers: Dense, convolutions, pooling, activations, normalisation, Dropout, Embedding, and Sequential to join them.

What lives here: one short private file per family; every layer computes with operators of `dlcore.ops` only.
What must not: losses (see `dlcore.gluon.loss`), whole models.
"""

from dlcore import _answers
from dlcore._hints import names_of

from .._block import Block
from .._hybrid_block import HybridBlock
from .._symbol_block import SymbolBlock
from ._activation import (
    ELU,
    GELU,
    GLU,
    SELU,
    Activation,
    HardSwish,
    LeakyReLU,
    Mish,
    PReLU,
    ReLU,
    Sigmoid,
    SiLU,
    Softmax,
    Swish,
    Tanh,
)
from ._attention import MultiHeadAttention
from ._conv import Conv1D, Conv2D, Conv3D
from ._conv_transpose import Conv1DTranspose, Conv2DTranspose, Conv3DTranspose
from ._deform import DeformableConvolution, ModulatedDeformableConvolution
from ._dense import Dense
from ._dropout import Dropout, DropPath
from ._embedding import Embedding
from ._lambda import Concatenate, Flatten, HybridConcatenate, HybridLambda, Identity, Lambda
from ._norm import BatchNorm, BatchNormReLU, GroupNorm, InstanceNorm, LayerNorm, RMSNorm
from ._pool import (
    AvgPool1D,
    AvgPool2D,
    AvgPool3D,
    GlobalAvgPool1D,
    GlobalAvgPool2D,
    GlobalAvgPool3D,
    GlobalMaxPool1D,
    GlobalMaxPool2D,
    GlobalMaxPool3D,
    MaxPool1D,
    MaxPool2D,
    MaxPool3D,
)
from ._positions import RotaryEmbedding, SinusoidalPositionalEmbedding
from ._sequential import HybridSequential, Sequential
from ._spatial import PixelShuffle1D, PixelShuffle2D, PixelShuffle3D, ReflectionPad2D
from ._sync_norm import SyncBatchNorm
from ._transformer import (
    FeedForward,
    TransformerDecoder,
    TransformerDecoderCell,
    TransformerEncoder,
    TransformerEncoderCell,
)
from ._weight_norm import WeightNorm

__all__ = [
    "Activation",
    "AvgPool1D",
    "AvgPool2D",
    "AvgPool3D",
    "BatchNorm",
    "BatchNormReLU",
    "Block",
    "Concatenate",
    "Conv1D",
    "Conv1DTranspose",
    "Conv2D",
    "Conv2DTranspose",
    "Conv3D",
    "Conv3DTranspose",
    "DeformableConvolution",
    "Dense",
    "DropPath",
    "Dropout",
    "ELU",
    "Embedding",
    "FeedForward",
    "Flatten",
    "GELU",
    "GLU",
    "GlobalAvgPool1D",
    "GlobalAvgPool2D",
    "GlobalAvgPool3D",
    "GlobalMaxPool1D",
    "GlobalMaxPool2D",
    "GlobalMaxPool3D",
    "GroupNorm",
    "HardSwish",
    "HybridBlock",
    "HybridConcatenate",
    "HybridLambda",
    "HybridSequential",
    "Identity",
    "InstanceNorm",
    "Lambda",
    "LayerNorm",
    "LeakyReLU",
    "MaxPool1D",
    "MaxPool2D",
    "MaxPool3D",
    "Mish",
    "ModulatedDeformableConvolution",
    "MultiHeadAttention",
    "PReLU",
    "PixelShuffle1D",
    "PixelShuffle2D",
    "PixelShuffle3D",
    "RMSNorm",
    "ReLU",
    "ReflectionPad2D",
    "RotaryEmbedding",
    "SELU",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "SinusoidalPositionalEmbedding",
    "Softmax",
    "Swish",
    "SymbolBlock",
    "SyncBatchNorm",
    "Tanh",
    "TransformerDecoder",
    "TransformerDecoderCell",
    "TransformerEncoder",
    "TransformerEncoderCell",
    "WeightNorm",
]

__getattr__ = names_of(__name__, __all__)
_answers.guard(__name__, __all__)
