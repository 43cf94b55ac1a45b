"""The same words on every device: what a wrong call is told does not depend on where its arrays are."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from fuzz.child import Child

from dlcore.ops import RECORDS

ROOMS = 4
NAMES = sorted(name for name, record in RECORDS.items() if not record.internal)
GROUPS = [NAMES[k::ROOMS] for k in range(ROOMS)]
PAGES = ["np", "linalg", "fft", "np.random", "npx", "gluon.loss", "methods"]
MORE = ["nd", "nd.random", "nd.contrib", "nd.image", "image", "metric", "init", "gluon.utils", "autograd"]


@pytest.fixture(scope="module")
def child() -> Iterator[Child]:
    child = Child("devices", seconds=60.0)
    yield child
    child.close()


@pytest.mark.parametrize("names", GROUPS, ids=range(ROOMS))
def test_operators_refuse_in_the_same_words(child: Child, names: list[str]) -> None:
    found = child.ask(names)
    assert not found, found


@pytest.mark.parametrize("page", PAGES + MORE * (os.environ.get("DLCORE_FUZZ") == "thorough"))
def test_functions_refuse_in_the_same_words(child: Child, page: str) -> None:
    found = child.ask([page])
    assert not found, found


def test_other_words_are_found(child: Child) -> None:
    found = child.ask(["other words"])
    assert "\n  CPU IndexError: take: index 3 is out of range for axis 0 of size 3\n  with x float32(3,)" in found
    assert "\n  GPU IndexError: take: no\n  with x float32(3,)" in found
