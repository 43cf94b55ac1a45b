"""`mxnet.rnn`: recurrent cells of symbols, and sentences in buckets for Module. Cells on arrays are in `gluon.rnn`.

>>> encode_sentences([["to", "be"], ["or", "not", "to", "be"]])[0]
[[0, 1], [2, 3, 0, 1]]
>>> LSTMCell(4).state_shape
[(0, 4), (0, 4)]
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dlcore import _answers
from dlcore.io._bucket_iter import BucketSentenceIter, encode_sentences
from dlcore.module.model import load_checkpoint, save_checkpoint
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


def _each(cells: Any) -> list[BaseRNNCell]:
    return [cells] if isinstance(cells, BaseRNNCell) else list(cells)


def save_rnn_checkpoint(
    cells: Any, prefix: str, epoch: int, symbol: Any, arg_params: Mapping[str, Any], aux_params: Mapping[str, Any]
) -> None:
    """`model.save_checkpoint` with the cells' weights unpacked: a file fits fused cells and single ones.

    cells: the one or those that `symbol` is made of.

    >>> import tempfile, dlcore as dl
    >>> cell, prefix = FusedRNNCell(2, mode="rnn_tanh"), tempfile.mkdtemp() + "/net"
    >>> output, _ = cell.unroll(3, dl.sym.var("data"), merge_outputs=True)
    >>> save_rnn_checkpoint(cell, prefix, 1, output, {"rnn_tanh_parameters": dl.nd.ones((14,))}, {})
    >>> _, arg_params, _ = load_rnn_checkpoint(cell.unfuse(), prefix, 1)
    >>> {name: array.shape for name, array in arg_params.items() if "weight" in name}
    {'rnn_tanh_l0_i2h_weight': (2, 3), 'rnn_tanh_l0_h2h_weight': (2, 2)}
    """
    for cell in _each(cells):
        arg_params = cell.unpack_weights(arg_params)
    save_checkpoint(prefix, epoch, symbol, arg_params, aux_params)


def load_rnn_checkpoint(cells: Any, prefix: str, epoch: int) -> tuple[Any, dict[str, Any], dict[str, Any]]:
    """What `save_rnn_checkpoint` wrote, or MXNet, with the weights packed for these cells.

    See `save_rnn_checkpoint` for one in use.

    >>> load_rnn_checkpoint(LSTMCell(2), "nowhere", 1)
    Traceback (most recent call last):
    FileNotFoundError: ...
    """
    symbol, arg_params, aux_params = load_checkpoint(prefix, epoch)
    for cell in _each(cells):
        arg_params = cell.pack_weights(arg_params)
    return symbol, arg_params, aux_params


def do_rnn_checkpoint(cells: Any, prefix: str, period: int = 1) -> Callable[..., None]:
    """An epoch_end_callback that calls `save_rnn_checkpoint` every `period` epochs.

    >>> callable(do_rnn_checkpoint(LSTMCell(4), "model"))
    True
    """

    def save(epoch: int, symbol: Any = None, arg_params: Any = None, aux_params: Any = None) -> None:
        if (epoch + 1) % max(period, 1) == 0:
            save_rnn_checkpoint(cells, prefix, epoch + 1, symbol, arg_params or {}, aux_params or {})

    return save


_answers.guard(__name__, __all__)
