"""Penalties on weights, to be added to a loss."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dlcore import _core
from dlcore.ops import F

from ._parameter import Parameter


def weight_penalty(
    params: Mapping[str, Parameter] | Iterable[Parameter], l1: float = 0.0, l2: float = 0.0
) -> _core.NDArray:
    """l1 * sum |w| + l2 * sum w^2 over all weights, a 0-d array to add to the loss inside `autograd.record()`.

    params: `net.collect_params()`, a part of it, or a list. Parameters that are not learned and those of one axis
    (biases, gains, shifts) do not count. l1 draws weights to exactly 0 and keeps few (Tibshirani, 1996); l2 makes all
    of them smaller, in plain SGD as `wd=2 * l2` does.
    Raises ValueError for negative factors and where there is no weight, RuntimeError before initialization.

    >>> import dlcore as dl
    >>> net = dl.gluon.nn.Dense(1, in_units=2)
    >>> net.initialize(init="ones")
    >>> float(weight_penalty(net.collect_params(), l1=0.5, l2=2.0))
    5.0
    """
    if l1 < 0 or l2 < 0:
        raise ValueError(f"weight_penalty: expected factors of at least 0, got l1={l1} and l2={l2}")
    listed = list(params.values() if isinstance(params, Mapping) else params)
    weights = {id(p): p for p in listed if p.grad_req != "null" and len(p.shape or ()) != 1}
    if not weights:
        raise ValueError(f"weight_penalty: none of {len(listed)} parameters is a weight that is learned")
    total: Any = 0.0
    for parameter in weights.values():
        w = parameter.data()
        if l1:
            total = F.add(F.multiply(F.sum(F.abs(w)), l1), total)
        if l2:
            total = F.add(F.multiply(F.sum(F.square(w)), l2), total)
    return total if isinstance(total, _core.NDArray) else F.full(0.0, (), "float32", w._device)
