"""What the tests of old scripts share."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

from dlcore import compat


@pytest.fixture
def mx() -> Iterator[Any]:
    """`mxnet`, with its NumPy interface switched on as those courses do in their first cell."""
    compat.install()
    import mxnet

    mxnet.npx.set_np()
    mxnet.random.seed(0)
    random.seed(0)
    yield mxnet
    mxnet.npx.reset_np()
    compat.uninstall()
