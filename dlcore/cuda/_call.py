"""One operator call as a GPU kernel sees it, and the table of kernels.

Kernels are written against `call.xp`, the array module. On a device that is CuPy; the tests run the very same functions
with NumPy, so their arithmetic is checked on machines without a GPU.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ._recording import current

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
    counter: Any = 0  # the first random block; of a run that is captured a number on the device
    bits: bool = False  # bfloat16 arrays come as uint16; only for kernels declared so
    # Elementwise operators to be run over the first result afterwards, with the inputs of these numbers beside it.
    then: list[tuple[str, tuple[int, ...]]] = field(default_factory=list)

    @property
    def x(self) -> Array:
        return self.ins[0]

    @property
    def y(self) -> Array:
        return self.outs[0]

    def refuse(self, wrong: Array, values: Array, tell: Callable[[int, int], Exception]) -> Array | None:
        """Raises what `tell` makes of the first of `values` that is `wrong`, and of its place.

        In a run that does not wait for the device that comes later: the result then says which values not to use.
        """
        going_on = current()
        if going_on is not None:
            going_on.note(wrong, values, tell)
            return wrong
        if bool(wrong.any()):
            place = int(self.xp.argmax(wrong.reshape(-1)))
            raise tell(int(values.reshape(-1)[place]), place)
        return None

    @property
    def axis(self) -> int:
        """The one axis an operator works along, counted from the front; a single number is a line of length 1."""
        return along(self, max(self.x.ndim, 1) if self.attrs["axis"] in (-1, 0) else self.x.ndim)


def along(call: Call, ndim: int) -> int:
    """The axis of an array of so many dimensions that the call names, counted from the front."""
    axis = int(call.attrs["axis"])
    if not -ndim <= axis < ndim:
        raise IndexError(f"{call.op}: axis {axis} is out of range for an array of {ndim} dimensions")
    return axis % ndim


Kernel = Callable[[Call], object]
KERNELS: dict[str, Kernel] = {}
TAKES_BITS: dict[str, tuple[int, ...]] = {}


def kernel(*stems: str, bits: bool = False, beside: tuple[int, ...] = ()) -> Callable[[Kernel], Kernel]:
    """Declares a function as the GPU kernel of these stems.

    bits   it is tried on bfloat16 as it lies in memory first (`call.bits`); where it returns False it gets float32
    beside inputs of these numbers are of another kind, and come as they are
    """

    def add(function: Kernel) -> Kernel:
        for stem in stems:
            KERNELS[stem] = function
            if bits:
                TAKES_BITS[stem] = beside
        return function

    return add


def each(value: Any, n: int) -> tuple[int, ...]:
    """An attribute of one integer or n as n."""
    given = tuple(int(v) for v in value) if isinstance(value, (tuple, list)) else (int(value),)
    return given * n if len(given) == 1 else given


def accumulator(xp: Any, array: Array) -> Any:
    """The dtype that sums of this array are kept in: 16-bit floats add up in float32."""
    return xp.float32 if array.dtype.itemsize == 2 and array.dtype.kind not in "iu" else array.dtype
