"""Inception, third version (Szegedy et al., "Rethinking the Inception Architecture for Computer Vision", 2015)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dlcore._kinds import Count

from ... import nn
from ._classifier import Classifier, no_weights

Pair = tuple[int, int]
# One convolution: channels, kernel, stride, padding. A branch is a list of them, or begins with a pooling.
Conv = tuple[int, int | Pair, int, int | Pair]


class InceptionV3(Classifier):
    """Blocks whose branches see the same input with kernels of different form; their results are joined by channel.

    width divides every number of channels, for small forms of the same network.

    >>> import dlcore as dl
    >>> net = InceptionV3(classes=3, width=16)
    >>> net.initialize()
    >>> net(dl.nd.ones((1, 3, 75, 75))).shape
    (1, 3)
    """

    def __init__(self, classes: Count = 1000, width: Count = 1, prefix: str | None = None, params: Any = None) -> None:
        super().__init__(classes, 2048 // width, prefix, params, lambda features: self._fill(features, width))

    def _alias(self) -> str:
        return "inception3"

    def _fill(self, features: nn.HybridSequential, width: int) -> None:
        self.features, self._width, self._before = features, width, 3
        self._stem()
        for number, pooled in enumerate((32, 64, 64)):
            self._named(f"A{number + 1}_", self._same, pooled)
        self._named("B_", self._shrink, [(384, 3, 2, 0)], [(64, 1, 1, 0), (96, 3, 1, 1), (96, 3, 2, 0)])
        for number, inner in enumerate((128, 160, 160, 192)):
            self._named(f"C{number + 1}_", self._factored, inner)
        line, column = (192, (1, 7), 1, (0, 3)), (192, (7, 1), 1, (3, 0))
        self._named(
            "D_", self._shrink, [(192, 1, 1, 0), (320, 3, 2, 0)], [(192, 1, 1, 0), line, column, (192, 3, 2, 0)]
        )
        for number in range(2):
            self._named(f"E{number + 1}_", self._wide)
        self.features.add(nn.GlobalAvgPool2D(), nn.Dropout(0.5))

    def _named(self, prefix: str, make: Callable[..., list[Any]], *what: Any) -> None:
        """Add a block of branches side by side, whose layers are counted by themselves."""
        both = nn.HybridConcatenate(axis=1, prefix=prefix)
        with both.name_scope():
            both.add(*make(*what))
        self.features.add(both)

    def _stem(self) -> None:
        parts: list[list[Conv]] = [[(32, 3, 2, 0), (32, 3, 1, 0), (64, 3, 1, 1)], [(80, 1, 1, 0), (192, 3, 1, 0)]]
        for part in parts:
            branch, self._before = self._branch(part, self._before)
            self.features.add(*branch, nn.MaxPool2D(3, 2))

    def _same(self, pooled: int) -> list[Any]:
        """35 x 35: one 1x1, one 5x5, two 3x3 in turn, and an average."""
        one: Conv = (64, 1, 1, 0)
        five: list[Conv] = [(48, 1, 1, 0), (64, 5, 1, 2)]
        three: list[Conv] = [(64, 1, 1, 0), (96, 3, 1, 1), (96, 3, 1, 1)]
        return self._block([self._branch(convs, self._before) for convs in ([one], five, three)], pooled)

    def _factored(self, inner: int) -> list[Any]:
        """17 x 17: a 7x7 as a line and a column."""
        line, column = (inner, (1, 7), 1, (0, 3)), (inner, (7, 1), 1, (3, 0))
        one: Conv = (192, 1, 1, 0)
        once: list[Conv] = [(inner, 1, 1, 0), line, (192, *column[1:])]
        twice: list[Conv] = [(inner, 1, 1, 0), column, line, column, (192, *line[1:])]
        return self._block([self._branch(convs, self._before) for convs in ([one], once, twice)], 192)

    def _wide(self) -> list[Any]:
        """8 x 8: the last convolution of two branches is a line beside a column."""
        first = self._branch([(320, 1, 1, 0)], self._before)
        one, three = self._forked([(384, 1, 1, 0)]), self._forked([(448, 1, 1, 0), (384, 3, 1, 1)])
        return self._block([first, one, three], 192)

    def _forked(self, convs: list[Conv]) -> tuple[Any, int]:
        branch, before = self._branch(convs, self._before)
        ends = [self._branch([end], before) for end in ((384, (1, 3), 1, (0, 1)), (384, (3, 1), 1, (1, 0)))]
        both = nn.HybridConcatenate(axis=1, prefix="")
        both.add(*(end for end, _ in ends))
        return nn.HybridSequential(branch, both, prefix=""), sum(channels for _, channels in ends)

    def _shrink(self, *branches: list[Conv]) -> list[Any]:
        """Branches with stride 2 beside a pooling."""
        made = [self._branch(convs, self._before) for convs in branches]
        self._before += sum(channels for _, channels in made)
        return [*(branch for branch, _ in made), nn.HybridSequential(nn.MaxPool2D(3, 2), prefix="")]

    def _block(self, made: list[tuple[Any, int]], pooled: int) -> list[Any]:
        branch, channels = self._branch([(pooled, 1, 1, 0)], self._before, nn.AvgPool2D(3, 1, 1))
        self._before = channels + sum(channels for _, channels in made)
        return [*(branch for branch, _ in made), branch]

    def _branch(self, convs: list[Conv], before: int, *first: Any) -> tuple[Any, int]:
        """`first`, then convolutions in turn, each with normalisation and ReLU, and the channels they end with."""
        branch = nn.HybridSequential(*first, prefix="")
        for channels, kernel, stride, pad in convs:
            channels //= self._width
            conv = nn.Conv2D(channels, kernel, stride, pad, use_bias=False, in_channels=before)
            norm = nn.BatchNorm(epsilon=1e-3, in_channels=channels)
            branch.add(nn.HybridSequential(conv, norm, nn.Activation("relu"), prefix=""))
            before = channels
        return branch, before


def inception_v3(classes: int = 1000, pretrained: bool = False, **old: Any) -> InceptionV3:
    """Inception-v3 for images (n, 3, 299, 299), without the second classifier that the paper trains beside it.

    >>> inception_v3(classes=10).output
    Dense(2048 -> 10)
    """
    return InceptionV3(classes, **no_weights("inception_v3", pretrained, old))
