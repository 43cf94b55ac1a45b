"""Gluon: networks as blocks, trained step by step, with the names of MXNet's Gluon.

What lives here: `Block`, `HybridBlock`, `Parameter`, `ParameterDict`, `Constant`, `Trainer`; layers in `nn` and `rnn`,
losses in `loss`, loaders and data sets in `data`, helpers in `utils`, whole
networks in `model_zoo`, a loop in `contrib.estimator`. Classes are in private files, one each.
What must not: operators (see `dlcore.ops`), training loops with events and knobs (see `dlcore.run`).
Next: `_block.py` for how a call travels, `_parameter.py` for where weights live, `trainer.py` for a step.
"""

from dlcore import _answers, metric
from dlcore._hints import names_of

from . import contrib, data, loss, model_zoo, nn, rnn, utils
from ._block import Block
from ._checkpoint import load_checkpoint, save_checkpoint
from ._constant import Constant
from ._hybrid_block import HybridBlock
from ._nested import _flatten as _flatten
from ._nested import _regroup as _regroup
from ._parameter import DeferredInitializationError, Parameter
from ._parameter_dict import ParameterDict
from ._symbol_block import SymbolBlock
from .trainer import Trainer

__all__ = [
    "Block",
    "Constant",
    "DeferredInitializationError",
    "HybridBlock",
    "Parameter",
    "ParameterDict",
    "SymbolBlock",
    "Trainer",
    "contrib",
    "data",
    "load_checkpoint",
    "loss",
    "metric",
    "model_zoo",
    "nn",
    "rnn",
    "save_checkpoint",
    "utils",
]

__getattr__ = names_of(__name__, __all__)
_answers.guard(__name__, __all__)
