"""A real IPython shell in this process, with the extension loaded."""

from __future__ import annotations

import pytest
from IPython.core.interactiveshell import InteractiveShell


@pytest.fixture
def shell():
    """A fresh shell; ``shell.colors`` is off so that boxes can be compared as text."""
    InteractiveShell.clear_instance()
    ip = InteractiveShell.instance(colors="nocolor")
    ip.run_line_magic("load_ext", "dlcore")
    yield ip
    ip.run_line_magic("unload_ext", "dlcore")  # runs of other tests are shown nowhere
    ip.history_manager.end_session()
    InteractiveShell.clear_instance()
