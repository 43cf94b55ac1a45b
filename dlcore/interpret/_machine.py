"""What the machine is doing now: processors, memory, the core's pool, GPUs. Nothing is watched between two readings."""

from __future__ import annotations

import ctypes
import os
import time
from dataclasses import dataclass, field

from dlcore import _core
from dlcore.array import num_gpus

MEBIBYTE = 1 << 20


@dataclass
class Gpu:
    """One GPU: `busy` between 0 and 1 (None where the driver does not say), bytes in use and in all.

    >>> Gpu("H200", busy=0.5, used=2**30, total=141 * 2**30).busy
    0.5
    """

    name: str
    busy: float | None
    used: int
    total: int


@dataclass(repr=False)
class Reading:
    """A reading at `seconds` (of a clock that only differences mean something of).

    `machine` is how busy all processors are together, from 0 to 1, and `process` how many of them this process uses,
    both since the reading before (None for the first). Bytes: `used` of `total` memory of the machine, `resident` of
    this process; `allocated` by arrays, `cached` in the core's pool for the next ones, `peak` the most there was.
    What a system does not tell is None.

    >>> reading = Machine().read()
    >>> reading.machine is None, 0 < reading.resident < reading.total
    (True, True)
    """

    seconds: float
    cores: int
    machine: float | None = None
    process: float | None = None
    used: int | None = None
    total: int | None = None
    resident: int | None = None
    allocated: int = 0
    cached: int = 0
    peak: int = 0
    gpus: list[Gpu] = field(default_factory=list)

    def __repr__(self) -> str:
        parts = [f"{self.cores} cores" if self.machine is None else f"{self.machine:.0%} of {self.cores} cores busy"]
        if self.used is not None and self.total is not None:
            parts.append(f"memory {self.used / MEBIBYTE:,.0f} of {self.total / MEBIBYTE:,.0f} MiB")
        parts.append(f"arrays {self.allocated / MEBIBYTE:,.1f} MiB and {self.cached / MEBIBYTE:,.1f} MiB kept for more")
        parts += [f"{gpu.name} {gpu.used / MEBIBYTE:,.0f} of {gpu.total / MEBIBYTE:,.0f} MiB" for gpu in self.gpus]
        return f"<{'; '.join(parts)}>"


class Machine:
    """Reads the machine when it is asked.

    >>> machine = Machine()
    >>> first, second = machine.read(), machine.read()
    >>> second.cores >= 1 and second.seconds >= first.seconds
    True
    """

    def __init__(self) -> None:
        self._before: tuple[float, float] | None = None  # this process: clock, processor seconds
        self._ticks: tuple[int, int] | None = None  # the machine: busy, all
        self._gpus = num_gpus()

    def read(self) -> Reading:
        """How things are now; rates are means since the last call."""
        now, spent = time.monotonic(), time.process_time()
        found = Reading(now, os.cpu_count() or 1)
        if self._before is not None and now > self._before[0]:
            found.process = (spent - self._before[1]) / (now - self._before[0])
        self._before = now, spent
        found.machine = self._busy()
        found.total, found.used = _memory()
        found.resident = _resident()
        stats = _core.memory_stats()
        found.allocated, found.cached, found.peak = (int(stats[key]) for key in ("allocated", "cached", "peak"))
        found.gpus = [_gpu(number) for number in range(self._gpus)]
        return found

    def _busy(self) -> float | None:
        """The share of processor time that was not idle since the last call, as Linux counts it."""
        line = _first_line("/proc/stat")
        if not line.startswith("cpu "):
            return None
        ticks = [int(word) for word in line.split()[1:9]]
        before, self._ticks = self._ticks, (sum(ticks) - ticks[3] - ticks[4], sum(ticks))
        if before is None or self._ticks[1] <= before[1]:
            return None
        return (self._ticks[0] - before[0]) / (self._ticks[1] - before[1])


def _first_line(path: str) -> str:
    try:
        with open(path, encoding="ascii") as stream:
            return stream.readline()
    except OSError:
        return ""


def _memory() -> tuple[int | None, int | None]:
    """(all, in use) bytes of the machine."""
    try:
        with open("/proc/meminfo", encoding="ascii") as stream:
            lines = dict(line.split(":") for line in stream)
        total, free = (1024 * int(lines[key].split()[0]) for key in ("MemTotal", "MemAvailable"))
        return total, total - free
    except (OSError, KeyError, ValueError):
        return None, None


def _resident() -> int | None:
    words = _first_line("/proc/self/statm").split()
    return int(words[1]) * os.sysconf("SC_PAGE_SIZE") if len(words) > 1 else None


def _gpu(number: int) -> Gpu:
    import cupy

    device = cupy.cuda.Device(number)
    free, total = device.mem_info
    name = cupy.cuda.runtime.getDeviceProperties(number)["name"].decode()
    return Gpu(f"gpu({number}) {name}", _utilization(device.pci_bus_id), total - free, total)


class _Utilization(ctypes.Structure):
    _fields_ = [("gpu", ctypes.c_uint), ("memory", ctypes.c_uint)]


def _utilization(bus: str) -> float | None:
    """How busy a GPU was in the last moment, as the driver's management library counts it."""
    try:
        library = ctypes.CDLL("libnvidia-ml.so.1")
        handle, rates = ctypes.c_void_p(), _Utilization()
        if library.nvmlInit_v2() or library.nvmlDeviceGetHandleByPciBusId_v2(bus.encode(), ctypes.byref(handle)):
            return None
        if library.nvmlDeviceGetUtilizationRates(handle, ctypes.byref(rates)):
            return None
        return rates.gpu / 100
    except (OSError, AttributeError):
        return None
