"""``%mxnet``: ``import mxnet`` means dlcore from here on. ``%%mxnet``: run a cell of old code; what to mend."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .errors import CleanError
from .options import Words, forget, offer

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


WORDS = Words("mxnet", "one of off", {}, 0)


class Mistakes(CleanError):
    """What is wrong in a cell of old code that failed."""

    label = "What to write instead"


def register(ip: InteractiveShell) -> None:
    """Give the shell the magic."""

    def mxnet(line: str, cell: str | None = None) -> None:
        """Make `import mxnet` mean dlcore (%mxnet off ends it); as %%mxnet, run the cell and mend it where it fails."""
        run(ip, line.strip(), cell)

    ip.register_magic_function(mxnet, "line_cell", "mxnet")  # type: ignore[arg-type]
    offer(ip, WORDS)


def unregister(ip: InteractiveShell) -> None:
    """Take the completion back."""
    forget(ip, WORDS.magic)


def run(ip: InteractiveShell, line: str, cell: str | None) -> None:
    """The magic: install or take away the old names, then the cell, if there is one."""
    from dlcore import compat

    if line not in ("", "off") or (line and cell is not None):
        raise CleanError(f"%mxnet takes nothing, or off; got {line!r}")
    if line == "off":
        compat.uninstall()
        return
    if not compat.installed():
        compat.install()
        if cell is None:
            print("`import mxnet` now gives dlcore in this notebook; `%mxnet off` ends it.")
    if cell is None:
        return
    known = set(ip.user_ns)
    if ip.run_cell(cell).success:
        return
    found = compat.diagnose(cell, known)
    raise Mistakes("\n".join(map(str, found)) or "nothing that dlcore knows of; the error above says what happened")
