"""Tokens and their numbers."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dlcore.io import atomic_write

_WORD = re.compile(r"\w+(?:['’]\w+)*|[^\w\s]")


def characters(text: str) -> list[str]:
    """Every character of a text, line ends too.

    >>> characters("ab a")
    ['a', 'b', ' ', 'a']
    """
    return list(text)


def words(text: str, lower: bool = True) -> list[str]:
    """Words and signs of a text, without white space; in lower case unless told otherwise.

    >>> words("Don't panic, again.")
    ["don't", 'panic', ',', 'again', '.']
    """
    return _WORD.findall(text.lower() if lower else text)


class Vocabulary:
    """A number for every token: the special ones first, then by how often they occur, then in order of the alphabet.

    tokens: a sequence of tokens, or a Counter of them. size: keep at most so many, special ones not counted.
    min_count: leave out rarer ones. unknown: the token, number 0, for all that are not here; None makes them an error.
    special: more tokens with numbers of their own, "<pad>" for instance.

    >>> v = Vocabulary("abracadabra", special=["<pad>"])
    >>> len(v), v["a"], v["z"], v.token(1)
    (7, 2, 0, '<pad>')
    """

    def __init__(
        self,
        tokens: str | Iterable[str] | Counter[str] = (),
        size: int | None = None,
        min_count: int = 1,
        unknown: str | None = "<unk>",
        special: Sequence[str] = (),
    ) -> None:
        counts = tokens if isinstance(tokens, Counter) else Counter(tokens)
        head = [*([] if unknown is None else [unknown]), *special]
        ranked = sorted((t for t in counts if counts[t] >= min_count and t not in head), key=lambda t: (-counts[t], t))
        self._tokens = head + ranked[:size]
        if len(set(self._tokens)) != len(self._tokens):
            raise ValueError(f"Vocabulary: a special token is there twice: {head}")
        self._numbers = {token: number for number, token in enumerate(self._tokens)}
        self.unknown = unknown

    def __len__(self) -> int:
        return len(self._tokens)

    def __contains__(self, token: str) -> bool:
        return token in self._numbers

    def __getitem__(self, token: str) -> int:
        """The number of a token; that of `unknown`, or KeyError where there is none, for one that is not here."""
        if token in self._numbers:
            return self._numbers[token]
        if self.unknown is None:
            raise KeyError(f"the token {token!r} is not among the {len(self)} of this vocabulary")
        return 0

    def token(self, number: int) -> str:
        """The token of a number. IndexError for one outside 0 .. len - 1."""
        if not 0 <= number < len(self):
            raise IndexError(f"expected a number from 0 to {len(self) - 1}, got {number}")
        return self._tokens[number]

    def encode(self, tokens: str | Iterable[str]) -> list[int]:
        """The numbers of tokens; those of a text are its letters.

        >>> Vocabulary("aab", unknown=None).encode("ba")
        [1, 0]
        """
        return [self[token] for token in tokens]

    def decode(self, numbers: Any) -> list[str]:
        """The tokens of numbers, given as a list or as an array of one axis."""
        host = numbers.asnumpy() if hasattr(numbers, "asnumpy") else numbers
        return [self.token(int(n)) for n in np.asarray(host).reshape(-1)]

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the tokens as JSON."""
        text = json.dumps({"unknown": self.unknown, "tokens": self._tokens}, ensure_ascii=False)
        with atomic_write(path) as stream:
            stream.write(text.encode())

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Vocabulary:
        """Read what `save` wrote, else ValueError."""
        try:
            whole = json.loads(Path(path).read_text(encoding="utf-8"))
            tokens, unknown = whole["tokens"], whole["unknown"]
            if not isinstance(tokens, list) or not all(isinstance(token, str) for token in tokens):
                raise TypeError("expected a list of texts")
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise ValueError(f"{os.fspath(path)}: not a vocabulary ({type(error).__name__}: {error})") from None
        made = cls(unknown=None)
        made._tokens, made._numbers = tokens, {token: number for number, token in enumerate(tokens)}
        made.unknown = unknown
        if len(made._numbers) != len(tokens) or (unknown is not None and tokens[:1] != [unknown]):
            raise ValueError(f"{os.fspath(path)}: tokens are there twice, or the first is not {unknown!r}")
        return made

    def __repr__(self) -> str:
        return f"Vocabulary({len(self):,} tokens)"
