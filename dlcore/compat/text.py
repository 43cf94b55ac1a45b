"""`mxnet.contrib.text`, its `vocab` and `utils` too: a vocabulary under its old names, and counting tokens.

Beside them is all of `dlcore.gluon.data.text`. Tables of vectors that others trained are in `embedding`.

>>> counts = count_tokens_from_str("to be or not to be")
>>> table = Vocabulary(counts, min_freq=2, reserved_tokens=["<pad>"])
>>> table.idx_to_token, table.to_indices(["to", "or"])
(['<unk>', '<pad>', 'be', 'to'], [3, 0])
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from dlcore import _answers
from dlcore.gluon.data import text as _text
from dlcore.gluon.data.text import LanguageModelDataset, characters, words

__all__ = ["LanguageModelDataset", "Vocabulary", "characters", "count_tokens_from_str", "words"]


def count_tokens_from_str(
    source_str: str,
    token_delim: str = " ",
    seq_delim: str = "\n",
    to_lower: bool = False,
    counter_to_update: Counter[str] | None = None,
) -> Counter[str]:
    """How often each token occurs; tokens end at either delimiter, which are regular expressions.

    >>> count_tokens_from_str("Life is\\ngreat! life", to_lower=True)["life"]
    2
    """
    text = source_str.lower() if to_lower else source_str
    counts = Counter() if counter_to_update is None else counter_to_update
    counts.update(token for token in re.split(f"{token_delim}|{seq_delim}", text) if token)
    return counts


class Vocabulary(_text.Vocabulary):
    """`dlcore.gluon.data.text.Vocabulary` with the arguments and the methods of MXNet's.

    >>> Vocabulary(Counter("aab"), most_freq_count=1).token_to_idx
    {'<unk>': 0, 'a': 1}
    """

    def __init__(
        self,
        counter: Counter[str] | None = None,
        most_freq_count: int | None = None,
        min_freq: int = 1,
        unknown_token: str = "<unk>",
        reserved_tokens: Sequence[str] | None = None,
    ) -> None:
        if min_freq < 1:
            raise ValueError(f"Vocabulary: min_freq must be 1 or more, got {min_freq}")
        super().__init__(
            Counter() if counter is None else counter, most_freq_count, min_freq, unknown_token, reserved_tokens or ()
        )
        self._reserved = None if reserved_tokens is None else list(reserved_tokens)

    @property
    def token_to_idx(self) -> dict[str, int]:
        """The number of every token."""
        return self._numbers

    @property
    def idx_to_token(self) -> list[str]:
        """The tokens in order of their numbers."""
        return self._tokens

    @property
    def unknown_token(self) -> str | None:
        """What stands for all tokens that are not here."""
        return self.unknown

    @property
    def reserved_tokens(self) -> list[str] | None:
        """The tokens after the unknown one that were asked for, None where none were."""
        return self._reserved

    def to_indices(self, tokens: Any) -> Any:
        """The number of a token, or a list of them for a list."""
        return self[tokens] if isinstance(tokens, str) else self.encode(tokens)

    def to_tokens(self, indices: Any) -> Any:
        """The token of a number, or a list of them for a list. ValueError for a number that none has."""
        try:
            return self.token(indices) if isinstance(indices, int) else self.decode(indices)
        except IndexError as error:
            raise ValueError(f"to_tokens: {error}") from None


_answers.guard(__name__, __all__)
