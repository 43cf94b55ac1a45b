"""What examples give as plain numbers, lists, strings and functions may be NumPy's, arrays, paths and the like."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fuzz import public, standins
from fuzz.child import Child

from dlcore._answers import checked


@pytest.fixture(scope="module")
def child() -> Iterator[Child]:
    child = Child("standins", seconds=60.0)
    yield child
    child.close()


@pytest.mark.parametrize("page", public.public())
def test_what_stands_in_for_plain_values_is_taken(child: Child, page: str) -> None:
    found = child.ask(page)
    assert not found, found


def grow(size: int) -> str:
    return "x" * _own(size)


def shrink(size) -> str:  # type: ignore[no-untyped-def]  # nothing is known of what it takes
    return "x" * _own(size)


def _own(size: int) -> int:
    if type(size) is not int:
        raise TypeError(size)
    return size


def test_a_refusal_is_found() -> None:
    with standins.spying() as found:
        assert checked(grow)(3) == "xxx" and checked(shrink)(3) == "xxx"
    assert len(found) == 4 and all(said.startswith("shrink: size=3 as ") for said in found)
