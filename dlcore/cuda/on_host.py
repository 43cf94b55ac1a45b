"""Stems that run on the processor for arrays on a GPU: walks with a decision at every step, which a GPU does badly.

The call's arrays are copied to the host, the processor's own kernel runs, the results are copied back; the GPU waits.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcore import _core

from ._call import Call, kernel


def _to_host(array: Any) -> Any:
    if array is None:
        return None
    value = np.ascontiguousarray(array.get() if hasattr(array, "get") else array)
    return _core.from_numpy(value.reshape(array.shape), copy=True)


STEMS = (
    "ctc ctc_grad ctc_grad2 nms matching roi_align roi_align_grad roi_pool roi_pool_grad roi_pool_pick"
    " grid_sample grid_sample_grad grid_read grid_spread"
).split()


@kernel(*STEMS)
def on_host(call: Call) -> None:
    from dlcore.ops import F

    was = _core.set_recording(False)
    try:
        results = getattr(F, call.op)(*map(_to_host, call.ins), **call.attrs)
    finally:
        _core.set_recording(was)
    for out, result in zip(call.outs, results if isinstance(results, tuple) else (results,), strict=True):
        out[...] = call.xp.asarray(result.asnumpy())
