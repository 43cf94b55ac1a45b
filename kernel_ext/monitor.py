"""``%monitor [NET]``: processors, memory, pool and GPUs, live, and the memory of a network by layer."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from .errors import WRONG, CleanError, refusal
from .lookup import find_network
from .options import Words, forget, offer
from .outline import sample_shape
from .tables import size_text

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

WORDS = Words("monitor", "NET", {"data": ("data", "DATA"), "input": ("shape", "SHAPE"), "batch": ("count", "N")}, 0, 1)


def register(ip: InteractiveShell) -> None:
    """Give the shell the magic and its completion."""

    def monitor(line: str) -> Any:
        """Watch the machine: processors, memory, the pool of arrays, GPUs; with a network, its memory by layer.

        %monitor [NET] [--data DATA] [--input SHAPE] [--batch N]

        It is read once a second while it can be seen, and costs nothing otherwise. In a terminal: one reading.

        Example: %monitor lenet --input 1x28x28
        Python: dl.interpret.Machine().read()
        """
        return watch(ip, line)

    ip.register_magic_function(monitor, "line", "monitor")  # type: ignore[arg-type]
    offer(ip, WORDS)


def unregister(ip: InteractiveShell) -> None:
    """Take the completion back."""
    forget(ip, WORDS.magic)


def watch(ip: InteractiveShell, line: str) -> Any:
    """What the magic does."""
    plain, given = WORDS.read(line, ip.user_ns)
    program = _program(ip, plain[0], given) if plain else None
    if getattr(ip, "kernel", None) is None:
        return _told(program)
    try:
        from dlcore.widgets.machine import monitor
    except ImportError as error:
        print(f"no live monitor: {error}")
        return _told(program)
    return monitor(program)


def _told(program: Any) -> Any:
    """What a terminal gets: the memory of the layers as lines, and one reading over a fifth of a second."""
    from dlcore.interpret import Machine

    if program is not None:
        print(f"{program.name}: arena by layer ({size_text(program.arena_bytes)} shared)")
        for path, size in sorted(program.arena.items(), key=lambda item: -item[1]):
            print(f"  {path or 'itself'}: {size_text(size)}")
    machine = Machine()
    machine.read()
    time.sleep(0.2)
    return machine.read()


def _program(ip: InteractiveShell, name: str, given: dict[str, Any]) -> Any:
    """What the compiler makes of a network, for a batch of the data or of noise."""
    import numpy as np

    from dlcore.array import array
    from dlcore.interpret import batch_of, program

    net, batch = find_network(ip.user_ns, name), given.get("batch", 64)
    try:
        if "data" in given:
            x, _ = batch_of(given["data"], batch)
        else:
            shape = given.get("input") or sample_shape(net)
            if shape is None:
                raise CleanError("%monitor: --data or --input says what goes into the network\n" + WORDS.usage)
            x = array(np.zeros((batch, *shape), np.float32))
        return program(net, x)
    except CleanError:
        raise
    except WRONG as error:
        raise refusal("%monitor", error) from error
