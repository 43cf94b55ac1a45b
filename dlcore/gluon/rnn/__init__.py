"""Recurrent networks: cells that make one step, and layers that run over a whole sequence.

What lives here: `RNNCell`, `LSTMCell`, `GRUCell` with `unroll`; cells of cells (`SequentialRNNCell`,
`BidirectionalCell`, `ResidualCell`, `ZoneoutCell`, ...); and the layers `RNN`, `LSTM`, `GRU`.
What must not: kernels and operators (see `dlcore.ops`).
Next: `_cell.py` for what every cell can do, `_layer.py` for the layers.
"""

from ._cell import HybridRecurrentCell, RecurrentCell
from ._cells import GRUCell, LSTMCell, RNNCell
from ._layer import GRU, LSTM, RNN
from ._modifier import DropoutCell, HybridSequentialRNNCell, SequentialRNNCell
from ._wrapping import BidirectionalCell, ModifierCell, ResidualCell, VariationalDropoutCell, ZoneoutCell

__all__ = [
    "GRU",
    "LSTM",
    "RNN",
    "BidirectionalCell",
    "DropoutCell",
    "GRUCell",
    "HybridRecurrentCell",
    "HybridSequentialRNNCell",
    "LSTMCell",
    "ModifierCell",
    "RNNCell",
    "RecurrentCell",
    "ResidualCell",
    "SequentialRNNCell",
    "VariationalDropoutCell",
    "ZoneoutCell",
]
