"""A small generative transformer."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcore import _core
from dlcore._kinds import Chance, Count
from dlcore.init import Normal, host_generator
from dlcore.ops import F

from ... import nn
from ..._hybrid_block import HybridBlock


class GPT(HybridBlock):
    """Scores (n, t, vocabulary) of the next token for tokens (n, t), t up to `context`.

    Embeddings of tokens and of places, `num_layers` causal transformer cells with the LayerNorm before each part, GELU,
    a last LayerNorm and a dense layer (Radford et al., 2019). rotary: turn queries and keys instead of adding places.
    tied: the last layer uses the table of tokens.

    >>> import dlcore as dl
    >>> net = GPT(50, context=16, units=8, num_layers=2, num_heads=2)
    >>> net.initialize()
    >>> net(dl.nd.zeros((2, 5), dtype="int32")).shape
    (2, 5, 50)
    """

    def __init__(
        self,
        vocabulary: Count,
        context: Count = 128,
        units: Count = 128,
        num_layers: Count = 4,
        num_heads: Count = 4,
        hidden_size: int | None = None,
        dropout: Chance = 0.0,
        rotary: bool = False,
        tied: bool = False,
        prefix: str | None = None,
        params: Any = None,
    ) -> None:
        super().__init__(prefix, params)
        self._context = context
        with self.name_scope():
            self.tokens = nn.Embedding(vocabulary, units, weight_initializer=Normal(0.02))
            self.places = None
            if not rotary:
                self.places = self.params.get("places", shape=(context, units), init=Normal(0.02))
            self.dropout = nn.Dropout(dropout)
            self.cells = nn.TransformerEncoder(
                num_layers, units, hidden_size or 4 * units, num_heads, pre_norm=True, causal=True, rotary=rotary,
                dropout=dropout, attention_dropout=dropout, activation="gelu",
            )  # fmt: skip
            shared = self.tokens.params if tied else None
            self.out = nn.Dense(vocabulary, use_bias=False, flatten=False, in_units=units, params=shared)

    def forward(self, tokens: Any) -> Any:
        length = tokens.shape[1]
        if length > self._context:
            raise ValueError(f"GPT: expected at most {self._context} tokens, got {length}")
        x = self.tokens(tokens)
        if self.places is not None:
            places = self.places.data()
            x = F.add(x, F.slice(places, (0, 0), (length, places.shape[1])))
        return self.out(self.cells(self.dropout(x)))

    def generate(self, tokens: Any, count: int, temperature: float = 1.0, top_k: int | None = None) -> Any:
        """`count` more tokens after tokens (n, t), drawn one by one, as (n, t + count) int32.

        temperature: 0 takes the likeliest; above 1 flattens the choice. top_k: draw among the k likeliest only. Only
        the last `context` tokens are looked at. `dlcore.random.seed` makes it repeatable.
        """
        if temperature < 0:
            raise ValueError(f"GPT.generate: expected temperature >= 0, got {temperature}")
        text = np.asarray(tokens.asnumpy() if hasattr(tokens, "asnumpy") else tokens, np.int32)
        for _ in range(count):
            scores = self(_core.from_numpy(text[:, -self._context :])).asnumpy()[:, -1].astype(np.float64)
            text = np.concatenate([text, _draw(scores, temperature, top_k)[:, None]], axis=1)
        return _core.from_numpy(text)


def _draw(scores: np.ndarray, temperature: float, top_k: int | None) -> np.ndarray:
    if temperature == 0:
        return scores.argmax(axis=1).astype(np.int32)
    scores = scores / temperature
    if top_k is not None:
        least = np.partition(scores, -top_k, axis=1)[:, -top_k, None]
        scores = np.where(scores < least, -np.inf, scores)
    # The largest of score plus Gumbel noise is a draw from the softmax of the scores.
    noise = -np.log(-np.log(host_generator().random(scores.shape)))
    return (scores + noise).argmax(axis=1).astype(np.int32)
