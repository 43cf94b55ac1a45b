"""Monitor: numbers about every array of a module, every so many batches."""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Callable
from typing import Any

from dlcore._core import NDArray
from dlcore.array import nd


def _size(x: NDArray) -> NDArray:
    """The root mean square, as MXNet's default."""
    return nd.norm(x) / math.sqrt(max(x.size, 1))


class Monitor:
    """Collects a number about the outputs of all nodes, the arguments and their gradients, every `interval` batches.

    stat_func: from an array to a number or array (default: the root mean square). pattern: a regular expression for
    the names. sort: by name. Between `tic()` and `toc()` one forward pass is seen; `Module.install_monitor` or
    `fit(monitor=...)` connect it. While it sees, the network runs a second time, node by node, on copies of its states.
    """

    def __init__(
        self, interval: int, stat_func: Callable[[NDArray], Any] | None = None, pattern: str = ".*", sort: bool = False,
        monitor_all: bool = False,
    ) -> None:  # fmt: skip
        self.interval, self.stat_func = interval, stat_func or _size
        self.re_prog, self.sort, self.monitor_all = re.compile(pattern), sort, monitor_all
        self.activated, self.step = False, 0
        self.queue: list[tuple[int, str, Any]] = []
        self.exes: list[Any] = []

    def stat_helper(self, name: str, array: NDArray) -> None:
        """Takes in an array, if it is time and the name fits."""
        if self.activated and self.re_prog.match(name):
            self.queue.append((self.step, name, self.stat_func(array)))

    def install(self, exe: Any) -> None:
        """See an executor's arrays."""
        if exe not in self.exes:
            exe.set_monitor_callback(self.stat_helper, lambda: self.activated)
            self.exes.append(exe)

    def tic(self) -> None:
        """Before a batch: begins to collect if it is its turn."""
        if self.step % self.interval == 0:
            self.queue, self.activated = [], True
        self.step += 1

    def toc(self) -> list[tuple[int, str, str]]:
        """After a batch: what was collected as (batch, name, text); empty if it was not its turn."""
        if not self.activated:
            return []
        for exe in self.exes:
            for name, array in exe.arg_dict.items():
                self.stat_helper(name, array)
            for name, array in exe.grad_dict.items():
                self.stat_helper(f"{name}_grad", array)
        self.activated = False
        if self.sort:
            self.queue.sort(key=lambda item: item[1])
        return [(step, name, _text(value)) for step, name, value in self.queue]

    def toc_print(self) -> None:
        """`toc`, into the log."""
        for step, name, text in self.toc():
            logging.info("Batch: %7d %30s %s", step, name, text)


def _text(value: Any) -> str:
    listed = value if isinstance(value, (list, tuple)) else [value]
    return "\t".join(str(v.asscalar() if isinstance(v, NDArray) and v.size == 1 else v) for v in listed)
