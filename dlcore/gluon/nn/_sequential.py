"""Blocks in a row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from .._block import Block
from .._hybrid_block import HybridBlock
from .._parameter_dict import ParameterDict


class _Row(Block):
    """What Sequential and HybridSequential share."""

    def __init__(
        self, *blocks: Block | ParameterDict | str | None, prefix: str | None = None, params: Any = None
    ) -> None:
        # MXNet's places of the prefix and of params.
        if blocks and (blocks[0] is None or isinstance(blocks[0], str)):
            prefix, *blocks = blocks  # type: ignore[assignment]
            if blocks and (blocks[0] is None or isinstance(blocks[0], ParameterDict)):
                params, *blocks = blocks  # type: ignore[assignment]
        super().__init__(prefix, params)
        self.add(*cast("tuple[Block, ...]", blocks))

    def add(self, *blocks: Block) -> None:
        """Append blocks."""
        for block in blocks:
            self.register_child(block)

    def forward(self, x: Any, *args: Any) -> Any:
        for block in self._children.values():
            x = block(x, *args)
            args = ()
            if isinstance(x, (tuple, list)):
                x, args = x[0], tuple(x[1:])
        return (x, *args) if args else x

    def __len__(self) -> int:
        return len(self._children)

    def __iter__(self) -> Iterator[Block]:
        return iter(self._children.values())

    def __getitem__(self, key: int | slice) -> Any:
        blocks = list(self._children.values())
        if isinstance(key, slice):
            part = type(self)(prefix=self._prefix)
            part.add(*blocks[key])
            return part
        if not -len(blocks) <= key < len(blocks):
            raise IndexError(f"{type(self).__name__}: there is no block {key} of {len(blocks)}")
        return blocks[key]


class Sequential(_Row):
    """Calls its blocks one after the other, each on what the one before gave.

    >>> import dlcore as dl
    >>> net = Sequential()
    >>> net.add(dl.gluon.nn.Dense(8, activation="relu"), dl.gluon.nn.Dense(2))
    >>> net.initialize()
    >>> net(dl.nd.ones((5, 3))).shape
    (5, 2)
    """


class HybridSequential(_Row, HybridBlock):
    """Like `Sequential`, of hybrid blocks, and compiled by `hybridize()`.

    Raises TypeError when a block is not hybrid.

    >>> import dlcore as dl
    >>> net = HybridSequential(dl.gluon.nn.Dense(4), dl.gluon.nn.ReLU())
    >>> len(net), net[0]
    (2, Dense(? -> 4))
    """

    def add(self, *blocks: Block) -> None:
        for block in blocks:
            if not isinstance(block, HybridBlock):
                raise TypeError(f"HybridSequential: expected hybrid blocks, got {block!r}; Sequential takes any block")
        super().add(*blocks)
