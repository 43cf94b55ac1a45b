"""Random operators for the reference interpreter: Philox 4x32-10 in NumPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ._ir import Value

RANDOM: dict[str, Callable[[Value, dict[str, Any], int, int], np.ndarray]] = {}
