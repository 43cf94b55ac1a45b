"""Smaller networks: pruning small weights away, and weights in eight bits.

What lives here: `prune` and its handle `Pruned`; `quantize_weights` and its handle `Quantized`. Both work on any block
whose parameters have values, change them in place, and say what they did. One method, one private file.
What must not: training (see `dlcore.run`), file formats (see `dlcore.io`).
"""

from dlcore import _answers

from ._prune import Pruned, prune
from ._quantize import Quantized, quantize_weights

__all__ = ["Pruned", "Quantized", "prune", "quantize_weights"]

_answers.guard(__name__, __all__)
