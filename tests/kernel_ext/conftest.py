"""A real IPython shell in this process, with the extension loaded."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from IPython.core.interactiveshell import InteractiveShell
from shells import fresh_shell


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    """A fresh shell."""
    with fresh_shell() as ip:
        yield ip
