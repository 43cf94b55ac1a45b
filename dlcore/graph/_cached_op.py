"""CachedOp: what `hybridize()` puts in place of a block's forward function."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ._jit import Jit


class CachedOp(Jit):
    """A compiled function with the arrays it is known to use.

    function   the forward function: arrays in, arrays (in lists, tuples, dicts) out
    params     its parameters, for those who look at the graph; the function reads them itself
    name       used in graphs and error texts
    memory_budget, remat   as for `jit`; the budget is for calls of which gradients are recorded

    Under `autograd.record()` a call is one node on the tape, with a compiled backward graph.

    >>> import dlcore as dl
    >>> double = CachedOp(lambda x: x * 2, [], "double")
    >>> double(dl.np.ones((3,))).tolist(), double.compilations
    ([2.0, 2.0, 2.0], 1)
    """

    _always_bounded = False

    def __init__(
        self,
        function: Callable[..., Any],
        params: Iterable[Any] = (),
        name: str = "",
        remat: bool | Iterable[Any] = False,
        memory_budget: int | None = None,
    ) -> None:
        super().__init__(function, remat, memory_budget)
        self.params = list(params)
        if name:
            self.__name__ = name
