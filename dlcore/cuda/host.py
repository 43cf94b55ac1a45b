"""The stems that are Python functions over NumPy (`dlcore.ops._host`): on a GPU they run on the host, on copies.

One copy to the host and one back for each call; the GPU waits meanwhile.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from dlcore.ops._host import HOST_KERNELS, compute

from ._call import KERNELS, Call


def _to_host(array: Any) -> Any:
    return array if array is None or isinstance(array, np.ndarray) else array.get()


def run(stem: str, call: Call) -> None:
    """One of those kernels on copies of the call's arrays."""
    results = compute(HOST_KERNELS[stem], call.op, [_to_host(a) for a in call.ins], call.attrs)
    for out, result in zip(call.outs, results, strict=True):
        out[...] = call.xp.asarray(np.asarray(result).astype(out.dtype, copy=False))


STEMS = sorted(HOST_KERNELS.keys() - {"allreduce"})  # which has a kernel of its own, in `outside`
KERNELS.update({stem: partial(run, stem) for stem in STEMS})
