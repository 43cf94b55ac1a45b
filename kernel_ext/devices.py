"""``%devices``: the processor and the GPUs that networks can run on, with their memory."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from .monitor import watch
from .options import Words, forget, offer
from .tables import TextTable, size_text

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

WORDS = Words("devices", "", {"live": ("flag", "")}, 0, 0)


def register(ip: InteractiveShell) -> None:
    """Give the shell the magic."""

    def devices(line: str) -> Any:
        """List the devices of this machine, how many threads compute, and the memory there is.

        %devices [--live]

        With --live the monitor of %monitor: how busy they are, once a second while it can be seen.

        Example: %devices
        Python: dl.num_gpus(), dl.current_context()
        """
        _, given = WORDS.read(line, ip.user_ns)
        return watch(ip, "") if given.get("live") else table()

    ip.register_magic_function(devices, "line", "devices")  # type: ignore[arg-type]
    offer(ip, WORDS)


def unregister(ip: InteractiveShell) -> None:
    """Take the completion back."""
    forget(ip, WORDS.magic)


def table() -> TextTable:
    """A row for the processor and one for each GPU."""
    import dlcore as dl
    from dlcore import _core

    info = _core.cpu_info()
    instructions = str(info.get("isa", "")) if isinstance(info, dict) else str(info)
    cpu = f"{os.cpu_count()} cores, {_core.num_threads()} threads compute, {instructions} instructions"
    rows = [("cpu(0)", cpu, _machine_memory())]
    rows += [(f"gpu({number})", "CUDA", _gpu_memory(number)) for number in range(dl.num_gpus())]
    note = f"arrays are made on {dl.current_context()}" + ("" if len(rows) > 1 else "; no GPU was found")
    return TextTable(("device", "what it is", "memory"), rows, (), [note])


def _machine_memory() -> str:
    try:
        return f"{size_text(os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES'))} in all"
    except (AttributeError, ValueError, OSError):
        return ""


def _gpu_memory(number: int) -> str:
    try:
        import cupy

        free, total = cupy.cuda.Device(number).mem_info
    except Exception:  # a driver that does not answer must not hide the rest of the table
        return ""
    return f"{size_text(free)} of {size_text(total)} free"
