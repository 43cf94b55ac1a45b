"""Stanzas: calls that leave the library, by number: functions of the user's own, sums over workers.

A compiled graph holds numbers, not objects, so what is to be called stands in a table here: `keep` puts it there.
Number 0 is always there and is the simplest of its kind. A number stays taken for as long as the process lives, since a
graph that holds it may.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from functools import partial
from typing import Any, Protocol

import numpy as np

from ._host import Shape, host
from ._record import op as _op
from ._samples import bad, case, real

Array = np.ndarray[Any, Any]


class Custom(Protocol):
    """What stands behind a number of `_custom`: everything it gives in one line, one array after the other."""

    def size(self, shapes: Sequence[Shape]) -> int:
        """How many numbers `forward` gives for inputs of these shapes."""
        ...

    def forward(self, xs: Sequence[Array], training: bool) -> Array:
        """The results, flat."""
        ...

    def backward(self, gy: Array, y: Array, xs: Sequence[Array]) -> Sequence[Array]:
        """The gradients of the inputs from that of the flat results."""
        ...


class Sum(Protocol):
    """What stands behind a number of `_allreduce`.

    One with an attribute `queued` that is not None sums an array of a GPU by it, in place and without waiting.
    """

    def __call__(self, x: Array) -> Array:
        """The sum of x over all workers."""
        ...


class _Joined:
    """Number 0 of `_custom`: the inputs themselves, flat and joined."""

    def size(self, shapes: Sequence[Shape]) -> int:
        return sum(int(np.prod(shape)) for shape in shapes)

    def forward(self, xs: Sequence[Array], training: bool) -> Array:
        return np.concatenate([x.ravel() for x in xs])

    def backward(self, gy: Array, y: Array, xs: Sequence[Array]) -> Sequence[Array]:
        ends = np.cumsum([x.size for x in xs])[:-1]
        return [part.reshape(x.shape) for part, x in zip(np.split(gy, ends), xs, strict=True)]


_numbers = itertools.count(1)
_customs: dict[int, Custom] = {0: _Joined()}
_sums: dict[int, Sum] = {0: lambda x: x}


def keep_custom(what: Custom) -> int:
    """A number for `_custom`."""
    number = next(_numbers)
    _customs[number] = what
    return number


def keep_sum(what: Sum) -> int:
    """A number for `_allreduce`."""
    number = next(_numbers)
    _sums[number] = what
    return number


def sum_of(number: int) -> Sum:
    """What is kept under a number of `_allreduce`."""
    return _found(_sums, number)  # type: ignore[no-any-return]


def _found(table: dict[int, Any], number: int) -> Any:
    if number not in table:
        raise ValueError(f"nothing is kept under the number {number}")
    return table[number]


@host("custom", shape=lambda *xs, number, training: [(_found(_customs, number).size(xs),)])
def custom(*xs: Array, number: int, training: bool) -> Array:
    return _found(_customs, number).forward(xs, training)


@host("custom_grad", shape=lambda gy, y, *xs, number: list(xs))
def custom_grad(gy: Array, y: Array, *xs: Array, number: int) -> tuple[Array, ...]:
    return tuple(_found(_customs, number).backward(gy, y, xs))


@host("allreduce", shape=lambda x, number: [x])
def allreduce(x: Array, number: int) -> Array:
    return sum_of(number)(x)


# fmt: off
op = partial(_op, family="outside", np_name="", dtype="floating")
_a, _b, _flat = real(shape=(2, 3)), real(shape=(4,)), real(shape=(10,))
op("_custom", "*xs, number: int = 0, training: bool = False", "A function of the user's own; its results, flat.",
   infer="custom", kernel="custom", grad="_custom_grad(gy, y, *xs, number=number)",
   ref="np.concatenate([x.ravel() for x in xs])", samples=[case(_a, _b), case(_b)],
   errors=[bad("nothing is kept under the number -1", _a, number=-1)])
op("_custom_grad", "gy, y, *xs, number: int = 0", "The gradients of _custom, which have none themselves.", outs="*",
   infer="custom_grad", kernel="custom_grad",
   ref="[g.reshape(x.shape) for g, x in zip(np.split(gy, np.cumsum([x.size for x in xs])[:-1]), xs)]",
   samples=[case(_flat, _flat, _a, _b)], errors=[bad("nothing is kept", _b, _b, _b, number=-1)])
op("_allreduce", "x, number: int = 0", "The sum of x over the workers of a communicator.", infer="allreduce",
   kernel="allreduce", grad="_allreduce(gy, number=number)", ref="x", samples=[case(_a)],
   errors=[bad("nothing is kept under the number -1", _a, number=-1)])
