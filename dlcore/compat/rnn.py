"""`mxnet.rnn`: sentences in buckets for Module. Its symbolic cells are those of `gluon.rnn`, on arrays.

>>> encode_sentences([["to", "be"], ["or", "not", "to", "be"]])[0]
[[0, 1], [2, 3, 0, 1]]
>>> LSTMCell
Traceback (most recent call last):
NameError: name 'LSTMCell' is not defined
"""

from __future__ import annotations

from typing import Any

from dlcore.io._bucket_iter import BucketSentenceIter, encode_sentences
from dlcore.module.callback import do_checkpoint as do_rnn_checkpoint
from dlcore.module.model import load_checkpoint as load_rnn_checkpoint
from dlcore.module.model import save_checkpoint as save_rnn_checkpoint

__all__ = [
    "BucketSentenceIter",
    "do_rnn_checkpoint",
    "encode_sentences",
    "load_rnn_checkpoint",
    "save_rnn_checkpoint",
]


def __getattr__(name: str) -> Any:
    raise AttributeError(f"{__name__} has no {name!r}; symbolic cells are sym.RNN, cells on arrays are in gluon.rnn")
