"""Files and objects of other frameworks: MXNet's `.params` files, PyTorch's state dicts.

What lives here: one private file per format, each giving and taking plain dicts of arrays by name, so that
`net.load_dict(dlcore.interop.load_params("old.params"))` is all it takes. Files are parsed with every length checked;
nothing is unpickled. What must not: our own formats (`dlcore.io`), old import names (`dlcore.compat`).
"""

from dlcore import _answers

from ._params import load, load_params, save, save_params
from ._torch import from_torch_state

__all__ = ["from_torch_state", "load", "load_params", "save", "save_params"]

_answers.guard(__name__, __all__)
