"""One pool of two workers for all tests here; they stay warm between tests as between cells."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dlcore import parallel


@pytest.fixture(scope="session", autouse=True)
def _end_of_workers() -> Iterator[None]:
    yield
    parallel.shutdown()
