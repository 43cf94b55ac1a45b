"""What tests of several rooms share: the dtypes of NumPy, and results as lists of NumPy's arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcore._core import NDArray

WHOLE, UNSIGNED = ["int8", "int16", "int32", "int64"], ["uint8", "uint16", "uint32", "uint64"]
REAL, COMPLEX = ["float32", "float64"], ["complex64", "complex128"]
STANDARD = ["bool", *REAL, *COMPLEX, *WHOLE, *UNSIGNED]  # the dtypes of the array-API standard
DTYPES = ["bool", *WHOLE, *UNSIGNED, "float16", *REAL]  # those of NumPy that are not complex


def flat(value: Any) -> list[np.ndarray]:
    """The arrays of a result, one after the other, whatever lists and tuples it has them in."""
    if isinstance(value, (tuple, list)):
        return [v for part in value for v in flat(part)]
    return [value.asnumpy() if isinstance(value, NDArray) else np.asarray(value)]
