"""A language model of LSTM layers."""

from __future__ import annotations

from typing import Any

from dlcore._kinds import Chance, Count

from ... import nn, rnn
from ..._hybrid_block import HybridBlock


class LSTMLanguageModel(HybridBlock):
    """Scores (n, t, vocabulary) of the next token for tokens (n, t): an embedding, LSTM layers and a dense layer.

    tied: the last layer uses the embedding's table, so embed_size must be hidden_size. With `states` given, those of
    `begin_state` or of the call before, the result is (scores, states), for text that goes on from batch to batch.

    >>> import dlcore as dl
    >>> net = LSTMLanguageModel(50, embed_size=8, hidden_size=16)
    >>> net.initialize()
    >>> net(dl.nd.zeros((2, 5), dtype="int32")).shape
    (2, 5, 50)
    """

    def __init__(
        self,
        vocabulary: Count,
        embed_size: Count = 64,
        hidden_size: Count = 256,
        num_layers: Count = 1,
        dropout: Chance = 0.0,
        tied: bool = False,
        prefix: str | None = None,
        params: Any = None,
    ) -> None:
        super().__init__(prefix, params)
        if tied and embed_size != hidden_size:
            raise ValueError(f"LSTMLanguageModel: tied needs equal sizes, got {embed_size} and {hidden_size}")
        with self.name_scope():
            self.embedding = nn.Embedding(vocabulary, embed_size)
            self.dropout = nn.Dropout(dropout)
            self.lstm = rnn.LSTM(hidden_size, num_layers, layout="NTC", dropout=dropout, input_size=embed_size)
            shared = self.embedding.params if tied else None
            self.out = nn.Dense(vocabulary, flatten=False, in_units=hidden_size, params=shared)

    def begin_state(self, batch_size: int, **kwargs: Any) -> list[Any]:
        """States of zeros."""
        return self.lstm.begin_state(batch_size, **kwargs)

    def forward(self, tokens: Any, states: Any = None) -> Any:
        x = self.dropout(self.embedding(tokens))
        if states is None:
            return self.out(self.dropout(self.lstm(x)))
        y, states = self.lstm(x, states)
        return self.out(self.dropout(y)), states
