"""Devices as people name them: `cpu()`, `gpu(0)`, and which one is the default."""

from __future__ import annotations

import re
import threading
from types import TracebackType
from typing import Any

from .._hooks import hook
from .._kinds import FITS, NAMED, WRONG_TYPE, WRONG_VALUE, Kind, shown

_local = threading.local()


def device_blocks() -> list[Context]:
    """The `with` blocks of this thread, innermost last."""
    try:
        return _local.stack
    except AttributeError:
        _local.stack = []
        return _local.stack


class _OfContext(type):
    """What old programs ask the class itself for."""

    @property
    def default_ctx(cls) -> Context:
        """The device for arrays that are made here and now."""
        return current_context()


class Context(metaclass=_OfContext):
    """A device: its kind ("cpu" or "gpu") and number. As a `with` block it is the default for new arrays.

    >>> cpu(0)
    cpu(0)
    >>> cpu() == "cpu(0)"
    True
    """

    __slots__ = ("device_type", "device_id")

    def __init__(self, device_type: str | Context = "cpu", device_id: int = 0) -> None:
        name = {"cpu_pinned": "cpu", "cpu_shared": "cpu"}.get(str(device_type), str(device_type))
        if not hasattr(device_id, "__index__") or isinstance(device_id, type):
            raise TypeError(f"Context: device_id must be a whole number, got {shown(device_id)}")
        match = re.fullmatch(r"(cpu|gpu)(?:[(:](\d+)\)?)?", name)
        if match is None:
            raise ValueError(f"Context: expected 'cpu', 'gpu' or 'gpu(1)', got {device_type!r}")
        self.device_type = match[1]
        self.device_id = int(match[2] or device_id)
        if self.device_id < 0:
            raise ValueError(f"Context: device_id must be at least 0, got {device_id}")

    def __repr__(self) -> str:
        return f"{self.device_type}({self.device_id})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, (Context, str)) and repr(self) == repr(_as_context(other))

    def __hash__(self) -> int:
        return hash((self.device_type, self.device_id))

    def __enter__(self) -> Context:
        device_blocks().append(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        device_blocks().pop()

    def empty_cache(self) -> None:
        """Gives memory that is kept for reuse back to the system."""
        from .. import _core

        _core.empty_cache()


def _as_context(value: Context | str) -> Context | None:
    try:
        return value if isinstance(value, Context) else Context(value)
    except ValueError:
        return None


def _is_device(value: Any) -> int:
    if isinstance(value, (list, tuple)):
        return max(map(_is_device, value), default=FITS)
    if value is None or _as_context(value) is not None:
        return FITS
    return WRONG_VALUE if isinstance(value, str) else WRONG_TYPE


NAMED["ctx"] = NAMED["device"] = NAMED["context"] = Kind(
    "a device such as dlcore.cpu(), or a list of them", "devices", _is_device
)


def cpu(device_id: int = 0) -> Context:
    """The processor.

    >>> cpu()
    cpu(0)
    """
    return Context("cpu", device_id)


def cpu_pinned(device_id: int = 0) -> Context:
    """The processor: its memory is pinned by CuPy where a copy needs it.

    >>> cpu_pinned()
    cpu(0)
    """
    return cpu(device_id)


def gpu(device_id: int = 0) -> Context:
    """A CUDA device by number. Naming one is free; making an array on one that is not there is an error.

    >>> gpu(1)
    gpu(1)
    """
    return Context("gpu", device_id)


def _gpu_backend() -> Any:
    return hook("device.gpu")()


def num_gpus() -> int:
    """How many CUDA devices can be used here; 0 without a driver or without CuPy.

    >>> num_gpus() >= 0
    True
    """
    try:
        return int(_gpu_backend().num_gpus())
    except (ImportError, RuntimeError, AttributeError):
        return 0


def current_context() -> Context:
    """The device on which new arrays are made: that of the innermost `with` block, else the processor.

    >>> with gpu(0):
    ...     current_context()
    gpu(0)
    """
    stack = device_blocks()
    return stack[-1] if stack else _CPU


_CPU = Context("cpu", 0)


def device_name(ctx: Context | str | None) -> str:
    """The core's name of a device ("cpu(0)"); None means the default. The first use of a GPU loads its backend."""
    if ctx is None:
        stack = device_blocks()
        if not stack:
            return "cpu(0)"
        ctx = stack[-1]
    elif type(ctx) is str and ctx == "cpu(0)":  # as arrays name it: nothing to read
        return ctx
    name = repr(ctx if isinstance(ctx, Context) else Context(ctx))
    if name.startswith("gpu"):
        require_gpu(int(name[4:-1]))
    return name


def require_gpu(index: int) -> None:
    """Loads the GPU backend or says in one line why there is none."""
    try:
        count = int(_gpu_backend().num_gpus())
    except ImportError as error:
        raise RuntimeError(
            f"gpu({index}): GPU support needs the package {error.name or 'cupy'} (pip install dlcore[gpu])"
        ) from None
    if index >= count:
        raise RuntimeError(f"gpu({index}): this machine has {count} usable GPU(s); cpu() always works")
