"""A real IPython shell in this process, which leaves no thread and no callback behind."""

from __future__ import annotations

import atexit
from collections.abc import Iterator
from contextlib import contextmanager

from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config


@contextmanager
def fresh_shell() -> Iterator[InteractiveShell]:
    """A shell with the extension loaded; its colours are off so that boxes can be compared as text.

    Without a history on disk, which needs a thread. What IPython does when Python ends collects all garbage, once for
    every shell: hundreds of those took minutes, after which a worker was killed before it could say what it leaked.
    """
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance(colors="nocolor", config=Config({"HistoryManager": {"enabled": False}}))
    shell.run_line_magic("load_ext", "dlcore")
    try:
        yield shell
    finally:
        shell.run_line_magic("unload_ext", "dlcore")  # runs of other tests are shown nowhere
        InteractiveShell.clear_instance()
        atexit.unregister(shell.atexit_operations)
