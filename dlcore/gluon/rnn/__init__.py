"""Recurrent networks: cells that make one step, and layers that run over a whole sequence.

What lives here: `RNNCell`, `LSTMCell`, `GRUCell` with `unroll`, `SequentialRNNCell` and `DropoutCell`, and the layers
`RNN`, `LSTM`, `GRU`. Cells and layers share the formulas of one step, in `_step.py`.
What must not: kernels and operators (see `dlcore.ops`).
Next: `_cell.py` for what every cell can do, `_layer.py` for the layers.
"""

from ._cell import HybridRecurrentCell, RecurrentCell
from ._cells import GRUCell, LSTMCell, RNNCell
from ._layer import GRU, LSTM, RNN
from ._modifier import DropoutCell, HybridSequentialRNNCell, SequentialRNNCell

__all__ = [
    "GRU",
    "LSTM",
    "RNN",
    "DropoutCell",
    "GRUCell",
    "HybridRecurrentCell",
    "HybridSequentialRNNCell",
    "LSTMCell",
    "RNNCell",
    "RecurrentCell",
    "SequentialRNNCell",
]
