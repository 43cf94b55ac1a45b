"""Language models over sequences of whole numbers: LSTMLanguageModel and GPT.

What lives here: networks for tutorials and for starting from; they come without trained weights.
What must not: vocabularies and batches of text (see `dlcore.gluon.data.text`).
"""

from dlcore import _answers

from ._gpt import GPT
from ._lstm import LSTMLanguageModel

__all__ = ["GPT", "LSTMLanguageModel"]

_answers.guard(__name__, __all__)
