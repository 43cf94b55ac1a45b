"""What this machine or one of its GPUs can do at most: arithmetic and memory, measured once and kept on disk."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from dlcore import _core, _disk_cache
from dlcore._hooks import hook
from dlcore.ops import F

PRODUCTS = (256, 512)  # rows and columns of the matrices multiplied
COPIES = (1 << 18, 1 << 22, 1 << 27)  # bytes moved: in the caches near a core, in the last one, in memory
GPU_PRODUCTS = (2048, 4096)
GPU_COPIES = (1 << 24, 1 << 29)  # in the cache, in memory
LEAST_SECONDS = 0.08  # of repeated measurement; the quickest of many short calls is what a busy machine disturbs least


@dataclass(frozen=True)
class Limits:
    """operations: a second, in products of float32 and of bfloat16 matrices;  copies: {bytes moved: bytes a second}."""

    float32: float
    bfloat16: float
    copies: dict[int, float]

    def operations(self, dtype: str) -> float:
        """The most operations a second on numbers of a dtype."""
        return max(self.bfloat16, self.float32) if dtype in ("bfloat16", "float16") else self.float32

    def bandwidth(self, nbytes: int) -> float:
        """The most bytes a second for a call that moves so many: few of them stay in a cache."""
        return next((rate for size, rate in self.copies.items() if nbytes <= size), list(self.copies.values())[-1])

    def seconds(self, operations: int, nbytes: int, dtype: str) -> tuple[float, str]:
        """The least time for so much work, and which limit sets it: "arithmetic" or "memory"."""
        computing, moving = operations / self.operations(dtype), nbytes / self.bandwidth(nbytes)
        return (computing, "arithmetic") if computing > moving else (moving, "memory")


_known: dict[str, Limits] = {}  # of each device, in this process


def limits(device: str = "cpu(0)") -> Limits:
    """The limits of a device, from disk where they were measured before with this build and as many threads."""
    if device not in _known:
        kept = _disk_cache.load("limits", _key(device))
        if _is_sound(kept):
            copies = {int(size): rate for size, rate in kept["copies"].items()}
            _known[device] = Limits(kept["float32"], kept["bfloat16"], copies)
        else:
            _known[device] = measure(device)
            _disk_cache.store("limits", _key(device), asdict(_known[device]))
    return _known[device]


def seen(dtype: str, rate: float, device: str = "cpu(0)") -> None:
    """A product of matrices was computed at so many operations a second: a limit measured on a busy machine rises."""
    known = limits(device)
    if dtype == "float32" and rate > known.float32:
        _known[device] = replace(known, float32=rate)
    elif dtype == "bfloat16" and rate > known.bfloat16:
        _known[device] = replace(known, bfloat16=rate)
    else:
        return
    _disk_cache.store("limits", _key(device), asdict(_known[device]))


def _key(device: str) -> list[object]:
    if not device.startswith("cpu"):
        return [hook("device.gpu")().device_name(int(device[4:-1]))]
    return [_processor(), os.cpu_count(), *sorted(_core.cpu_info().items())]


def measure(device: str = "cpu(0)") -> Limits:
    """Measures them now; takes about half a second."""
    on_host = device.startswith("cpu")
    wait = _nothing if on_host else hook("device.gpu")().synchronize
    sizes, products = (COPIES, PRODUCTS) if on_host else (GPU_COPIES, GPU_PRODUCTS)
    recording = _core.set_recording(False)
    try:
        copies = {size: size / _least(_copy(size // 2, device), wait) for size in sizes}
        rates = [
            max(2 * n**3 / _least(_product(n, dtype, device), wait) for n in products)
            for dtype in ("float32", "bfloat16")
        ]
        return Limits(rates[0], rates[1], copies)
    finally:
        _core.set_recording(recording)


def _nothing() -> None:
    """The host has nothing to wait for."""


def _product(n: int, dtype: str, device: str) -> Callable[[], object]:
    a = F.full(shape=(n, n), value=0.5, dtype=dtype, device=device)
    return lambda: F.matmul(a, a)


def _copy(nbytes: int, device: str) -> Callable[[], object]:
    source, target = (F.zeros(shape=(nbytes // 4,), device=device) for _ in range(2))
    return lambda: _core.assign(target, source)


def _least(call: Callable[[], object], wait: Callable[[], None]) -> float:
    """The least time of a call until `wait` returns."""
    call()
    wait()
    best, begun = float("inf"), time.perf_counter()
    while time.perf_counter() - begun < LEAST_SECONDS:
        start = time.perf_counter()
        call()
        wait()
        best = min(best, time.perf_counter() - start)
    return best


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name")), "")


def _is_sound(kept: object) -> bool:
    if not isinstance(kept, dict) or not isinstance(kept.get("copies"), dict) or not kept["copies"]:
        return False
    numbers = [kept.get("float32"), kept.get("bfloat16"), *kept["copies"].values()]
    return all(isinstance(n, float) and n > 0 for n in numbers) and all(k.isdigit() for k in kept["copies"])
