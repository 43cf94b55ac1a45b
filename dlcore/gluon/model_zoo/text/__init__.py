"""Language models over sequences of whole numbers: LSTMLanguageModel and GPT.

What lives here: networks for tutorials and for starting from; they come without trained weights.
What must not: vocabularies and batches of text (see `dlcore.gluon.data.text`).
"""

from dlcore import _arguments

from ._gpt import GPT
from ._lstm import LSTMLanguageModel

__all__ = ["GPT", "LSTMLanguageModel"]

_arguments.guard(__name__, __all__)
