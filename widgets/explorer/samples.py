"""The pictures that an explorer looks with, and what a decision about one of them rests on, as bytes for the page."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcore import interpret

WAYS = ("saliency", "gradients", "grad_cam")
MOST = 16
MOST_SIDE = 96  # larger pictures are thinned


def are_pictures(x: Any) -> bool:
    """Whether samples are pictures: one or three channels, both sides above 1."""
    return x is not None and x.ndim == 4 and x.shape[1] in (1, 3) and min(x.shape[2:]) > 1


def pictures(x: Any) -> tuple[dict[str, Any], bytes]:
    """The first samples as red, green and blue bytes, each from its own darkest to its own brightest number."""
    values = np.asarray(x.asnumpy() if hasattr(x, "asnumpy") else x)[:MOST].astype(np.float32)
    values = _thinned(values)
    low, high = (end(values, axis=(1, 2, 3), keepdims=True) for end in (np.nanmin, np.nanmax))
    scaled = np.nan_to_num((values - low) / np.maximum(high - low, 1e-12) * 255)
    colours = np.repeat(scaled, 3, axis=1) if scaled.shape[1] == 1 else scaled
    tiles = np.ascontiguousarray(np.moveaxis(colours, 1, 3).astype(np.uint8))
    return {"count": len(tiles), "rows": tiles.shape[1], "columns": tiles.shape[2]}, tiles.tobytes()


def attribution(net: Any, x: Any, sample: int, way: str) -> tuple[dict[str, Any], bytes]:
    """How much each place of one sample counts for the class that the network chooses, as bytes from 0 to 255.

    Errors: ValueError for a way or a sample that is not there, and where the network's output is no row of scores.
    """
    if way not in WAYS:
        raise ValueError(f"explore: there is no way {way!r}; there are {', '.join(WAYS)}")
    if not 0 <= sample < min(len(x), MOST):
        raise ValueError(f"explore: there is no sample {sample}")
    one = x[sample : sample + 1]
    method = {
        "saliency": interpret.saliency,
        "gradients": interpret.integrated_gradients,
        "grad_cam": interpret.grad_cam,
    }
    found = method[way](net, one)
    values = np.abs(np.asarray(found.values[0], dtype=np.float32))
    values = values.max(axis=0) if values.ndim == 3 else values
    values = _thinned(values[None, None])[0, 0]
    most = float(np.nanmax(values)) if values.size else 0.0
    heat = np.nan_to_num(values / (most or 1.0) * 255).astype(np.uint8)
    content = {"sample": sample, "way": way, "target": int(found.targets[0]), "most": most}
    return {**content, "rows": heat.shape[0], "columns": heat.shape[1]}, np.ascontiguousarray(heat).tobytes()


def _thinned(values: np.ndarray) -> np.ndarray:
    step = max(1, -(-max(values.shape[-2:]) // MOST_SIDE))
    return values[..., ::step, ::step]
