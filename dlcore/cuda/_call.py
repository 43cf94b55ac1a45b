"""One operator call as a GPU kernel sees it, and the table of kernels.

Kernels are written against `call.xp`, the array module. On a device that is CuPy; the tests run the very same functions
with NumPy, so their arithmetic is checked on machines without a GPU.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Array = Any  # numpy.ndarray or cupy.ndarray


@dataclass
class Call:
    """`ins` (None where an optional input is absent) and `outs` are arrays of `xp`; results are written into `outs`."""

    op: str
    xp: Any
    ins: list[Any]
    outs: list[Array]
    attrs: dict[str, Any]
    seed: int = 0
    counter: int = 0
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def x(self) -> Array:
        return self.ins[0]

    @property
    def y(self) -> Array:
        return self.outs[0]

    @property
    def axis(self) -> int:
        """The one axis an operator works along, counted from the front."""
        return int(self.attrs["axis"]) % max(self.x.ndim, 1)


Kernel = Callable[[Call], None]
KERNELS: dict[str, Kernel] = {}


def kernel(*stems: str) -> Callable[[Kernel], Kernel]:
    """Declares a function as the GPU kernel of these stems."""

    def add(function: Kernel) -> Kernel:
        for stem in stems:
            KERNELS[stem] = function
        return function

    return add


def each(value: Any, n: int) -> tuple[int, ...]:
    """An attribute of one integer or n as n."""
    given = tuple(int(v) for v in value) if isinstance(value, (tuple, list)) else (int(value),)
    return given * n if len(given) == 1 else given


def accumulator(xp: Any, array: Array) -> Any:
    """The dtype that sums of this array are kept in: 16-bit floats add up in float32."""
    return xp.float32 if array.dtype.itemsize == 2 and array.dtype.kind not in "iu" else array.dtype
