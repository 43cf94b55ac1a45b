"""Recurrent networks: cells that make one step, and layers that run over a whole sequence.

What lives here: `RNNCell`, `LSTMCell`, `LSTMPCell`, `GRUCell` with `unroll`, and their kin for pictures
(`Conv2DLSTMCell`, ...); cells of cells (`SequentialRNNCell`,
`BidirectionalCell`, `ResidualCell`, `ZoneoutCell`, ...); and the layers `RNN`, `LSTM`, `GRU`.
What must not: kernels and operators (see `dlcore.ops`).
Next: `_cell.py` for what every cell can do, `_layer.py` for the layers.
"""

from dlcore import _answers

from ._cell import HybridRecurrentCell, RecurrentCell
from ._cells import GRUCell, LSTMCell, RNNCell
from ._conv_cells import (
    Conv1DGRUCell,
    Conv1DLSTMCell,
    Conv1DRNNCell,
    Conv2DGRUCell,
    Conv2DLSTMCell,
    Conv2DRNNCell,
    Conv3DGRUCell,
    Conv3DLSTMCell,
    Conv3DRNNCell,
)
from ._layer import GRU, LSTM, RNN
from ._modifier import DropoutCell, HybridSequentialRNNCell, SequentialRNNCell
from ._projected import LSTMPCell
from ._wrapping import BidirectionalCell, ModifierCell, ResidualCell, VariationalDropoutCell, ZoneoutCell

__all__ = [
    "GRU",
    "LSTM",
    "RNN",
    "BidirectionalCell",
    "Conv1DGRUCell",
    "Conv1DLSTMCell",
    "Conv1DRNNCell",
    "Conv2DGRUCell",
    "Conv2DLSTMCell",
    "Conv2DRNNCell",
    "Conv3DGRUCell",
    "Conv3DLSTMCell",
    "Conv3DRNNCell",
    "DropoutCell",
    "GRUCell",
    "HybridRecurrentCell",
    "HybridSequentialRNNCell",
    "LSTMCell",
    "LSTMPCell",
    "ModifierCell",
    "RNNCell",
    "RecurrentCell",
    "ResidualCell",
    "SequentialRNNCell",
    "VariationalDropoutCell",
    "ZoneoutCell",
]

_answers.guard(__name__, __all__)
