"""One JupyterLab and one browser for the tests of a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser.lab import Lab


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A running JupyterLab on an empty folder. Tests give their notebooks names of their own.

    It ends with the file: Playwright keeps an event loop running, beside which a second browser cannot be started.
    """
    folder: Path = tmp_path_factory.mktemp("lab")
    with Lab(folder) as started:
        yield started
