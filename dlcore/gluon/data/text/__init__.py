"""Text as numbers: a vocabulary of words or characters, and data sets of a running text.

What lives here: `Vocabulary`, `characters` and `words` (two plain ways to cut a text), `LanguageModelDataset`.
What must not: networks (see `dlcore.gluon.model_zoo.text`), files fetched from somewhere.

>>> vocabulary = Vocabulary(words("the cat and the dog"))
>>> vocabulary.encode(["the", "dog", "bird"]), vocabulary.decode([2, 1])
([1, 4, 0], ['and', 'the'])
"""

from dlcore import _answers

from ._sequence import LanguageModelDataset
from ._vocabulary import Vocabulary, characters, words

__all__ = ["LanguageModelDataset", "Vocabulary", "characters", "words"]

_answers.guard(__name__, __all__)
