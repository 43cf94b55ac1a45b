"""Recurrent cells of symbols, as `mxnet.rnn` has them: one step, and `unroll` over a sequence.

>>> import dlcore as dl
>>> cell = LSTMCell(4, prefix="lstm_")
>>> outputs, states = cell.unroll(3, dl.sym.var("data"), merge_outputs=True)
>>> outputs.infer_shape(data=(2, 3, 5))[1]
[(2, 3, 4)]

Weights are variables called after the cell ("lstm_i2h_weight", ...), the same in every step. States that are not given
are zeros. Cells on arrays are in `gluon.rnn`. Here: what all have (`_base`), single cells (`_gated`), cells made of
cells (`_made_of_cells`) and whole layers (`_fused`).
"""

from ._base import BaseRNNCell, RNNParams
from ._fused import FusedRNNCell
from ._gated import GRUCell, LSTMCell, RNNCell
from ._made_of_cells import BidirectionalCell, DropoutCell, ResidualCell, SequentialRNNCell, ZoneoutCell

__all__ = [
    "BaseRNNCell",
    "BidirectionalCell",
    "DropoutCell",
    "FusedRNNCell",
    "GRUCell",
    "LSTMCell",
    "RNNCell",
    "RNNParams",
    "ResidualCell",
    "SequentialRNNCell",
    "ZoneoutCell",
]
