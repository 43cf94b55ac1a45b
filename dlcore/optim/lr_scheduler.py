"""Learning-rate schedules: the learning rate as a function of the number of steps.

A schedule is a formula in plain Python without memory. A compiled step asks it before every run.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

__all__ = ["CosineScheduler", "FactorScheduler", "LRScheduler", "MultiFactorScheduler", "PolyScheduler"]


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

    def decayed(self, n: int) -> float:
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

    def decayed(self, n: int) -> float:
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

    def decayed(self, n: int) -> float:
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

    def _share(self, n: int) -> float:
        length = self.max_update - self.warmup_steps
        return min(max(n - self.warmup_steps, 0), length) / length

    def decayed(self, n: int) -> float:
        return self.final_lr + (self.base_lr - self.final_lr) * (1 - self._share(n)) ** self.pwr


class CosineScheduler(PolyScheduler):
    """From base_lr to `final_lr` along half a cosine (Loshchilov and Hutter, 2017).

    >>> CosineScheduler(max_update=10, base_lr=1.0)(5)
    0.5
    """

    def __init__(self, max_update: int, base_lr: float = 0.01, final_lr: float = 0.0, **warmup: Any) -> None:
        super().__init__(max_update, base_lr, final_lr=final_lr, **warmup)

    def decayed(self, n: int) -> float:
        return self.final_lr + (self.base_lr - self.final_lr) * (1 + math.cos(math.pi * self._share(n))) / 2
