"""Learning-rate schedules: the learning rate as a function of the number of steps.

A schedule is a formula in plain Python without memory. A compiled step asks it before every run.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from dlcore import _answers

__all__ = [
    "CosineRestartScheduler",
    "CosineScheduler",
    "FactorScheduler",
    "LRScheduler",
    "MultiFactorScheduler",
    "OneCycleScheduler",
    "PolyScheduler",
]


class LRScheduler:
    """Base: a subclass gives `decayed(n)`, the rate of step n (from 1) without warm-up.

    For the first `warmup_steps` the rate goes from `warmup_begin_lr` to `base_lr` ("linear") or stays at
    `warmup_begin_lr` ("constant").

    >>> LRScheduler(base_lr=0.4, warmup_steps=4)(1)
    0.1
    """

    def __init__(
        self,
        base_lr: float = 0.01,
        warmup_steps: int = 0,
        warmup_begin_lr: float = 0.0,
        warmup_mode: str = "linear",
    ) -> None:
        if warmup_mode not in ("linear", "constant"):
            raise ValueError(f"LRScheduler: warmup_mode must be 'linear' or 'constant', got {warmup_mode!r}")
        if warmup_begin_lr > base_lr:
            raise ValueError(f"LRScheduler: warmup_begin_lr {warmup_begin_lr} is above base_lr {base_lr}")
        self.base_lr = base_lr
        self.warmup_steps, self.warmup_begin_lr, self.warmup_mode = warmup_steps, warmup_begin_lr, warmup_mode

    def __call__(self, num_update: int) -> float:
        """The learning rate of step `num_update`."""
        if num_update >= self.warmup_steps:
            return self.decayed(num_update)
        share = num_update / self.warmup_steps if self.warmup_mode == "linear" else 0.0
        return self.warmup_begin_lr + (self.base_lr - self.warmup_begin_lr) * share

    def decayed(self, n: float) -> float:
        """The rate without warm-up; here the base rate."""
        return self.base_lr


class FactorScheduler(LRScheduler):
    """base_lr * factor^k after every `step` steps, never below `stop_factor_lr`.

    >>> [FactorScheduler(step=2, factor=0.5, base_lr=1.0)(n) for n in (1, 2, 3, 5)]
    [1.0, 1.0, 0.5, 0.25]
    """

    def __init__(
        self, step: int, factor: float = 1.0, stop_factor_lr: float = 1e-8, base_lr: float = 0.01, **warmup: Any
    ) -> None:
        super().__init__(base_lr, **warmup)
        if step < 1 or factor > 1.0:
            raise ValueError(f"FactorScheduler: expected step >= 1 and factor <= 1, got {step} and {factor}")
        self.step, self.factor, self.stop_factor_lr = step, factor, stop_factor_lr

    def decayed(self, n: float) -> float:
        return max(self.base_lr * self.factor ** (max(n - 1, 0) // self.step), self.stop_factor_lr)


class MultiFactorScheduler(LRScheduler):
    """base_lr times `factor` for every number in `step` that has been passed.

    >>> [MultiFactorScheduler(step=[2, 4], factor=0.5, base_lr=1.0)(n) for n in (2, 3, 5)]
    [1.0, 0.5, 0.25]
    """

    def __init__(self, step: Sequence[int], factor: float = 1.0, base_lr: float = 0.01, **warmup: Any) -> None:
        super().__init__(base_lr, **warmup)
        if list(step) != sorted(set(step)) or not step or step[0] < 1:
            raise ValueError(f"MultiFactorScheduler: expected rising steps from 1 on, got {list(step)}")
        self.step, self.factor = list(step), factor

    def decayed(self, n: float) -> float:
        return self.base_lr * self.factor ** sum(n > step for step in self.step)


class PolyScheduler(LRScheduler):
    """From base_lr to `final_lr` as (1 - share)^pwr, with share the part of `max_update` steps (after warm-up) done.

    >>> PolyScheduler(max_update=10, base_lr=1.0, pwr=2)(5)
    0.25
    """

    def __init__(
        self, max_update: int, base_lr: float = 0.01, pwr: float = 2, final_lr: float = 0.0, **warmup: Any
    ) -> None:
        super().__init__(base_lr, **warmup)
        if max_update <= self.warmup_steps:
            raise ValueError(f"{type(self).__name__}: max_update {max_update} must be above the warm-up's steps")
        self.max_update, self.pwr, self.final_lr = max_update, pwr, final_lr

    def _share(self, n: float) -> float:
        length = self.max_update - self.warmup_steps
        return min(max(n - self.warmup_steps, 0), length) / length

    def decayed(self, n: float) -> float:
        return self.final_lr + (self.base_lr - self.final_lr) * (1 - self._share(n)) ** self.pwr


class CosineScheduler(PolyScheduler):
    """From base_lr to `final_lr` along half a cosine (Loshchilov and Hutter, 2017).

    >>> CosineScheduler(max_update=10, base_lr=1.0)(5)
    0.5
    """

    def __init__(self, max_update: int, base_lr: float = 0.01, final_lr: float = 0.0, **warmup: Any) -> None:
        super().__init__(max_update, base_lr, final_lr=final_lr, **warmup)

    def decayed(self, n: float) -> float:
        return self.final_lr + (self.base_lr - self.final_lr) * (1 + math.cos(math.pi * self._share(n))) / 2


class CosineRestartScheduler(LRScheduler):
    """Half a cosine from base_lr to `final_lr` in `period` steps, then again and again (Loshchilov and Hutter, 2017).

    Every period is `factor` times as long as the one before.

    >>> warm = CosineRestartScheduler(period=4, factor=2, base_lr=1.0)
    >>> [round(warm(n), 3) for n in (0, 2, 4, 8, 12)]
    [1.0, 0.5, 1.0, 0.5, 1.0]
    """

    def __init__(
        self, period: int, factor: float = 1.0, base_lr: float = 0.01, final_lr: float = 0.0, **warmup: Any
    ) -> None:
        super().__init__(base_lr, **warmup)
        if period < 1 or factor < 1:
            raise ValueError(f"CosineRestartScheduler: expected period >= 1, factor >= 1; got {period} and {factor}")
        self.period, self.factor, self.final_lr = period, factor, final_lr

    def decayed(self, n: float) -> float:
        passed, period = float(max(n - self.warmup_steps, 0)), float(self.period)
        if self.factor == 1:
            passed %= self.period
        else:
            # n steps fill k periods when period * (factor^k - 1) / (factor - 1) <= n.
            k = int(math.log(passed * (self.factor - 1) / period + 1, self.factor) + 1e-9)
            passed -= period * (self.factor**k - 1) / (self.factor - 1)
            period *= self.factor**k
        share = min(max(passed, 0.0) / period, 1.0)
        return self.final_lr + (self.base_lr - self.final_lr) * (1 + math.cos(math.pi * share)) / 2


class OneCycleScheduler(LRScheduler):
    """Up from base_lr / div to base_lr, then down to base_lr / div / final_div, both along half a cosine.

    rise: the share of `max_update` steps that go up (Smith and Topin, 2018).

    >>> cycle = OneCycleScheduler(max_update=100, base_lr=1.0, rise=0.3, div=10)
    >>> [round(cycle(n), 3) for n in (0, 30, 65, 100)]
    [0.1, 1.0, 0.5, 0.0]
    """

    def __init__(
        self, max_update: int, base_lr: float = 0.01, rise: float = 0.3, div: float = 25.0, final_div: float = 1e4
    ) -> None:
        super().__init__(base_lr)
        if max_update < 2 or not 0 < rise < 1 or div < 1 or final_div < 1:
            raise ValueError(
                "OneCycleScheduler: expected max_update >= 2, 0 < rise < 1, div >= 1 and final_div >= 1; "
                f"got {max_update}, {rise}, {div}, {final_div}"
            )
        self.max_update, self.rise, self.div, self.final_div = max_update, rise, div, final_div

    def decayed(self, n: float) -> float:
        low, top = self.base_lr / self.div, self.rise * self.max_update
        if n < top:
            start, end, share = low, self.base_lr, n / top
        else:
            start, end = self.base_lr, low / self.final_div
            share = min((n - top) / (self.max_update - top), 1.0)
        return end + (start - end) * (1 + math.cos(math.pi * share)) / 2


_answers.guard(__name__, __all__)
