"""Truth values are no numbers for signs: no negative, no difference, and nothing written into them that is a number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import dlcore as dl
from dlcore import autograd, nd
from dlcore import np as xp

MASK = np.array([True, False, True])


def change(sign: str) -> Callable[[Any, Any], Any]:
    def write(x: Any, y: Any) -> Any:
        x = x.copy()
        return getattr(x, f"__i{sign}__")(y)

    return write


CALLS: list[tuple[str, Callable[[Any, Any], Any]]] = [
    ("~", lambda x, y: -x),
    ("~", lambda x, y: xp.negative(x)),
    ("~", lambda x, y: nd.negative(x)),
    ("~", lambda x, y: -(x > y)),
    (r"\^", lambda x, y: x - y),
    (r"\^", lambda x, y: x - y.reshape((3, 1))),
    (r"\^", lambda x, y: x - True),
    (r"\^", lambda x, y: False - x),
    (r"\^", lambda x, y: xp.subtract(x, y)),
    (r"\^", lambda x, y: nd.broadcast_sub(x, y)),
    (r"\^", change("sub")),
]
WRITES = ["add", "mul", "and", "or", "xor", "mod", "floordiv"]


@pytest.mark.parametrize(("hint", "call"), CALLS)
def test_signs_of_masks_say_what_to_write(hint: str, call: Callable[[Any, Any], Any]) -> None:
    x, y = xp.asarray(MASK), xp.asarray(~MASK)
    for run in (call, dl.jit(call)):
        with pytest.raises(TypeError, match=f"expected numbers, got bool; .* use {hint}"):
            run(x, y)
    with autograd.record(), pytest.raises(TypeError, match="expected numbers, got bool"):
        call(x, y)


def test_symbols_say_so_when_they_are_bound() -> None:
    a = dl.sym.var("a")
    with pytest.raises(TypeError, match="subtract: expected numbers, got bool"):
        (a - a).bind(dl.cpu(), {"a": xp.asarray(MASK)}).forward()


@pytest.mark.parametrize("sign", WRITES)
def test_numbers_are_written_into_their_own_kind(sign: str) -> None:
    """As NumPy's same_kind: bool, unsigned, signed, floating."""
    for kind, other in (("bool", "int64"), ("uint8", "int8"), ("uint16", "int64"), ("int8", "float32")):
        if sign in ("and", "or", "xor") and "float" in other:
            continue
        x, y = xp.ones(3, dtype=kind), xp.ones(3, dtype=other)
        with pytest.raises(TypeError):
            change(sign)(x.asnumpy(), y.asnumpy())
        for run in (change(sign), dl.jit(change(sign))):
            with pytest.raises(TypeError, match=f"in-place .*the array holds {kind}"):
                run(x, y)
        with autograd.record(), pytest.raises(TypeError, match=f"the array holds {kind}"):
            change(sign)(x, y)
    wide, narrow = xp.asarray([100, 3], dtype="int8"), xp.asarray([60, 2])
    for run in (change(sign), dl.jit(change(sign))):
        want = change(sign)(wide.asnumpy(), narrow.asnumpy())
        assert run(wide, narrow).asnumpy().tolist() == want.tolist()
    counts = xp.asarray([250, 7], dtype="uint8")
    assert change(sign)(counts, 9).tolist() == change(sign)(counts.asnumpy(), 9).tolist()


def test_whole_numbers_have_no_negative_powers() -> None:
    for kind in ("int8", "uint64", "bool"):
        with pytest.raises(ValueError, match=f"power: expected .* at least 0, got {kind} to a negative one"):
            xp.ones(2, dtype=kind) ** -1
    assert (xp.asarray([2.0]) ** -1).tolist() == [0.5]


def test_item_takes_places() -> None:
    x = xp.reshape(xp.arange(6), (2, 3))
    for where in ((4,), (-1,), (1, 2), ((0, 1),), (np.int64(3),)):
        assert x.item(*where) == x.asnumpy().item(*where)
    assert xp.asarray(7).item() == 7
    with pytest.raises(IndexError, match=r"item: index 9 is out of range for size 6 .*\(2, 3\)"):
        x.item(9)
    with pytest.raises(IndexError, match="index 5 is out of range for axis 1 of size 3"):
        x.item(0, 5)
    with pytest.raises(ValueError, match="takes 2 indices, got 3"):
        x.item(0, 1, 2)
