"""A schedule as a knob: what the learning rate is multiplied with, from the step where it was chosen to the last."""

from __future__ import annotations

import math

SCHEDULES = ("constant", "linear", "cosine", "exponential", "one_cycle")
LOWEST = 0.01  # where "exponential" ends, and "one_cycle" begins
RISE = 0.3  # the part of "one_cycle" in which the rate grows


def factor(name: str, step: int, since: int, until: int | None) -> float:
    """The factor of step `step` (from 0) under a schedule chosen after `since` steps of `until` in all.

    "constant" stays at 1, as all do where the end is not known; "linear" and "cosine" (I. Loshchilov and F. Hutter,
    "SGDR", 2017) fall to 0, "exponential" to a hundredth; "one_cycle" (L. Smith, "Super-convergence", 2018) rises from
    a hundredth for three tenths of the way and then falls to 0.

    >>> [round(factor("cosine", step, 10, 20), 3) for step in (10, 15, 20)]
    [1.0, 0.5, 0.0]
    """
    if name == "constant" or until is None or until <= since:
        return 1.0
    share = min(max((step - since) / (until - since), 0.0), 1.0)
    if name == "linear":
        return 1.0 - share
    if name == "cosine":
        return (1.0 + math.cos(math.pi * share)) / 2
    if name == "exponential":
        return float(LOWEST**share)
    if share < RISE:
        return LOWEST + (1.0 - LOWEST) * share / RISE
    return (1.0 + math.cos(math.pi * (share - RISE) / (1.0 - RISE))) / 2
