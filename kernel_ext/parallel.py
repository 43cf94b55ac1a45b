"""``%%parallel -n 2``: the cell in several worker processes, their output side by side."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

from .errors import CleanError
from .options import Words, forget, offer

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

COLORS = (34, 35, 36, 33, 32, 31)  # one a rank, of the terminal's own palette


# The cell's magic is known to what completes by its second sign.
CELL, LINE = (
    Words("%parallel", "", {"workers": ("count", "N")}, 0, 0),
    Words("parallel", "", {"stop": ("flag", "")}, 0, 0),
)


class Prefixed:
    """Writes each rank's lines under its number, whole lines at a time."""

    def __init__(self, size: int) -> None:
        self._rest = [""] * size

    def __call__(self, rank: int, text: str) -> None:
        *lines, self._rest[rank] = (self._rest[rank] + text).split("\n")
        for line in lines:
            self._write(rank, line)

    def close(self) -> None:
        """What has no newline at its end."""
        for rank, rest in enumerate(self._rest):
            if rest:
                self._write(rank, rest)
        self._rest = [""] * len(self._rest)

    @staticmethod
    def _write(rank: int, line: str) -> None:
        sys.stdout.write(f"\x1b[{COLORS[rank % len(COLORS)]}m[{rank}]\x1b[0m {line}\n")
        sys.stdout.flush()


def run(ip: InteractiveShell, line: str, cell: str | None) -> None:
    """The magic: parse the line, run the cell, report what came home."""
    from dlcore import parallel

    line = line.split("#")[0]
    if cell is None:
        _, given = LINE.read(line, ip.user_ns)
        if "stop" not in given:
            raise CleanError("%parallel: as a line magic it only takes --stop; use %%parallel -n 2 on top of a cell")
        parallel.shutdown()
        return
    _, given = CELL.read(re.sub(r"(?<!\S)-n\s*=?\s*", "--workers ", line), ip.user_ns)
    workers = given.get("workers", 2)
    source = ip.transform_cell(cell)
    compile(source, "<cell>", "exec")  # a syntax error is shown here, before any process starts
    emit = Prefixed(workers)
    try:
        result = parallel.run_cell(source, workers, ip.user_ns, emit, lambda text: print(text, flush=True))
    finally:
        emit.close()
    for name in result.networks:
        print(f"{name}: the weights of rank 0 are now in the notebook's network")


def register(ip: InteractiveShell) -> None:
    """Add the magic to `ip`."""

    def magic(line: str, cell: str | None = None) -> Any:
        return run(ip, line, cell)

    magic.__doc__ = """%%parallel [-n N]: run this cell in N fresh worker processes (default 2).

    The cell has `rank`, `size` and `comm` (a dlcore.comm.Communicator) at hand, and by value every variable of the
    notebook that it reads. Output appears line by line under the rank that wrote it. Networks that were sent come back
    with rank 0's weights. Processes stay warm for the next cell; each cell starts with an empty namespace.
    `%parallel --stop` ends them.
    """
    ip.register_magic_function(magic, "line_cell", "parallel")  # type: ignore[arg-type]
    offer(ip, CELL)
    offer(ip, LINE)


def unregister(ip: InteractiveShell) -> None:
    """End the workers with the extension, and take the completion back."""
    forget(ip, CELL.magic)
    forget(ip, LINE.magic)
    module = sys.modules.get("dlcore.parallel")
    if module is not None:
        module.shutdown()
