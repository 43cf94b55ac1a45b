"""How many numbers parameters hold."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any


def numbers_of(parameter: Any) -> int | None:
    """How many numbers a parameter holds; None while its shape waits for the first batch."""
    shape = parameter.shape
    return None if shape is None or any(side is None or side <= 0 for side in shape) else math.prod(shape)


def unique(parameters: Iterable[Any]) -> list[Any]:
    """Each parameter once, however many layers share it."""
    return list({id(parameter): parameter for parameter in parameters}.values())


def parameter_count(block: Any) -> int | None:
    """The numbers in all parameters of a block, each counted once; None while one waits for the first batch."""
    sizes = [numbers_of(parameter) for parameter in unique(block.collect_params().values())]
    return None if None in sizes else sum(size for size in sizes if size is not None)
