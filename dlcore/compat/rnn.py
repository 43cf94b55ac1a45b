"""`mxnet.rnn`: recurrent cells of symbols, and sentences in buckets for Module. Cells on arrays are in `gluon.rnn`.

>>> encode_sentences([["to", "be"], ["or", "not", "to", "be"]])[0]
[[0, 1], [2, 3, 0, 1]]
>>> LSTMCell(4).state_shape
[(0, 4), (0, 4)]
"""

from dlcore import _answers
from dlcore.io._bucket_iter import BucketSentenceIter, encode_sentences
from dlcore.module.callback import do_checkpoint as do_rnn_checkpoint
from dlcore.module.model import load_checkpoint as load_rnn_checkpoint
from dlcore.module.model import save_checkpoint as save_rnn_checkpoint
from dlcore.symbol.cells import (
    BaseRNNCell,
    BidirectionalCell,
    DropoutCell,
    FusedRNNCell,
    GRUCell,
    LSTMCell,
    ResidualCell,
    RNNCell,
    RNNParams,
    SequentialRNNCell,
    ZoneoutCell,
)

__all__ = [
    "BaseRNNCell",
    "BidirectionalCell",
    "BucketSentenceIter",
    "DropoutCell",
    "FusedRNNCell",
    "GRUCell",
    "LSTMCell",
    "RNNCell",
    "RNNParams",
    "ResidualCell",
    "SequentialRNNCell",
    "ZoneoutCell",
    "do_rnn_checkpoint",
    "encode_sentences",
    "load_rnn_checkpoint",
    "save_rnn_checkpoint",
]

_answers.guard(__name__, __all__)
