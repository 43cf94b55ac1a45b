"""Switching mixed precision on: for a block of code, or for the process."""

from __future__ import annotations

from contextlib import ContextDecorator
from types import TracebackType
from typing import Any

import numpy as np

from dlcore import _core

from ._lists import DTYPES, NARROW, WIDE, ensure_lists, set_lists


def _name(dtype: Any) -> str:
    name = dtype if isinstance(dtype, str) else np.dtype(dtype).name
    if name not in DTYPES:
        raise ValueError(f"amp: expected one of the dtypes {', '.join(DTYPES)}, got {name}")
    return name


class autocast(ContextDecorator):  # noqa: N801 - used like a function
    """Mixed precision for a `with` block, or a function that it decorates, on this thread.

    Operators on the list `NARROW` get their float32 operands cast to `dtype`, those on `WIDE` their 16-bit operands to
    float32; `enabled=False` switches mixed precision off inside. Only the forward pass belongs in it: gradients follow
    the dtypes chosen there, and those of parameters are float32 like the parameters. A parameter is cast once, however
    often it is used before the backward pass. A function compiled by `jit` or `hybridize` is compiled once for each
    dtype. Errors: ValueError for another dtype than bfloat16 and float16.

    >>> import dlcore as dl
    >>> net = dl.gluon.nn.Dense(2, in_units=3)
    >>> net.initialize()
    >>> x = dl.nd.ones((1, 3))
    >>> with autocast():
    ...     y = net(x)
    >>> y.dtype.name, net.weight.data().dtype.name, net(x).dtype.name
    ('bfloat16', 'float32', 'float32')
    """

    def __init__(self, dtype: Any = "bfloat16", enabled: bool = True) -> None:
        self._wanted = _name(dtype) if enabled else "off"
        self._before: list[str] = []

    def _recreate_cm(self) -> autocast:  # a decorated function may run on several threads at once
        made = autocast()
        made._wanted = self._wanted
        return made

    def __enter__(self) -> autocast:
        ensure_lists()
        self._before.append(_core.set_autocast(self._wanted))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _core.set_autocast(self._before.pop())


def init(
    target_dtype: Any = "bfloat16",
    target_precision_ops: Any = None,
    conditional_fp32_ops: Any = None,
    fp32_ops: Any = None,
) -> None:
    """Mixed precision everywhere from here on, on all threads, until `stop()`.

    target_dtype: "bfloat16" or "float16" (then scale the loss: `init_trainer`, `scale_loss`). target_precision_ops and
    fp32_ops are names of operators added to the lists `NARROW` and `WIDE` (and taken from the other one).
    conditional_fp32_ops, which depend on attributes, are refused: leave them on the list they are on.

    >>> init()
    >>> is_active()
    True
    >>> stop()
    """
    if conditional_fp32_ops:
        raise ValueError("amp.init: operators go on one of the two lists; conditional_fp32_ops is not supported")
    name = _name(target_dtype)
    more, less = list(target_precision_ops or ()), list(fp32_ops or ())
    set_lists(
        [op for op in NARROW if op not in less] + more,
        [op for op in WIDE if op not in more] + less,
    )
    _core.set_autocast_default(name)


def stop() -> None:
    """Undoes `init`.

    >>> init()
    >>> stop()
    >>> is_active()
    False
    """
    _core.set_autocast_default("off")


def is_active() -> bool:
    """Whether mixed precision is on here.

    >>> is_active()
    False
    """
    return _core.autocast_dtype() != "off"
