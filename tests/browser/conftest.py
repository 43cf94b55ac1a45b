"""One JupyterLab and one browser for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser.lab import Lab


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A running JupyterLab on an empty folder. Tests give their notebooks names of their own."""
    folder: Path = tmp_path_factory.mktemp("lab")
    with Lab(folder) as started:
        yield started
