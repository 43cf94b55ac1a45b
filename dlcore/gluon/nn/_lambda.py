"""Layers without parameters: Flatten, Lambda, Identity, Concatenate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dlcore.ops import F

from .._block import Block
from .._hybrid_block import HybridBlock
from ._sequential import HybridSequential, Sequential


class Flatten(HybridBlock):
    """All axes but the first as one: x (n, a, b, ...) to (n, a * b * ...).

    >>> import dlcore as dl
    >>> Flatten()(dl.nd.ones((2, 3, 4))).shape
    (2, 12)
    """

    def __init__(self, prefix: str | None = None, params: Any = None) -> None:
        super().__init__(prefix, params)

    def forward(self, x: Any) -> Any:
        return F.flatten2d(x)


class Identity(HybridBlock):
    """Gives x back.

    >>> Identity()(3)
    3
    """

    def __init__(self, prefix: str | None = None, params: Any = None) -> None:
        super().__init__(prefix, params)

    def forward(self, x: Any) -> Any:
        return x


def _named(function: str | Callable[..., Any]) -> tuple[str, Callable[..., Any] | None]:
    """Name and function; a name must be one of an operator, the function is then looked up when called."""
    if isinstance(function, str):
        from dlcore.array import nd

        if not hasattr(nd, function) and not hasattr(F, function):
            raise ValueError(f"Lambda: there is no operator {function!r}")
        return function, None
    return getattr(function, "__name__", "function"), function


def _operator(name: str) -> Callable[..., Any]:
    from dlcore.array import nd

    return getattr(nd, name) if hasattr(nd, name) else getattr(F, name)


class Lambda(Block):
    """A function, or an operator by name, as a block.

    >>> import dlcore as dl
    >>> Lambda("tanh")(dl.nd.zeros((2,))).asnumpy()
    array([0., 0.], dtype=float32)
    """

    def __init__(self, function: str | Callable[..., Any], prefix: str | None = None) -> None:
        super().__init__(prefix)
        self._name, self._function = _named(function)

    def forward(self, *args: Any) -> Any:
        return (self._function or _operator(self._name))(*args)

    def _details(self) -> str:
        return self._name


class HybridLambda(HybridBlock):
    """A function `f(F, x)`, or an operator by name, as a hybrid block; F has the operators.

    >>> import dlcore as dl
    >>> HybridLambda(lambda F, x: F.relu(x))(dl.nd.array([-1.0, 1.0])).asnumpy()
    array([0., 1.], dtype=float32)
    """

    def __init__(self, function: str | Callable[..., Any], prefix: str | None = None) -> None:
        super().__init__(prefix)
        self._name, self._function = _named(function)

    def forward(self, x: Any, *args: Any) -> Any:
        if self._function is None:
            return _operator(self._name)(x, *args)
        from dlcore.array import nd

        return self._function(nd, x, *args)

    def _details(self) -> str:
        return self._name


class _SideBySide(Block):
    """A sequence whose blocks all get the same x, and whose results are joined."""

    def __init__(self, axis: int = -1, prefix: str | None = None, params: Any = None) -> None:
        super().__init__(prefix=prefix, params=params)
        self.axis = axis

    def forward(self, x: Any, *args: Any) -> Any:
        return F.concat(*[block(x, *args) for block in self._children.values()], axis=self.axis)


class Concatenate(_SideBySide, Sequential):
    """Calls each of its blocks on the same x and joins what they give along `axis`.

    >>> import dlcore as dl
    >>> both = Concatenate(axis=1)
    >>> both.add(Identity(), Flatten())
    >>> both(dl.nd.ones((2, 3))).shape
    (2, 6)
    """


class HybridConcatenate(_SideBySide, HybridSequential):
    """`Concatenate` of hybrid blocks.

    >>> import dlcore as dl
    >>> both = HybridConcatenate(axis=1)
    >>> both.add(Identity(), Flatten())
    >>> both(dl.nd.ones((2, 3))).shape
    (2, 6)
    """
