"""Magnitude pruning: the smallest weights become zero and stay so."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from dlcore import _core
from dlcore.gluon import Block, Parameter
from dlcore.ops import F

from ._select import Select, chosen


class Pruned:
    """What `prune` did to a network, and what keeps it so: a mask for each weight (`masks`, True where it is kept).

    The zeros are written anew before every call of the network, also within compiled steps, so training goes on around
    them. An optimizer may move them in between: call `apply()` after the last step, before saving. The masks belong to
    this process; copies of the network, such as those of several workers, do not have them.

    >>> import dlcore as dl
    >>> net = dl.gluon.nn.Dense(2, in_units=2)
    >>> net.initialize()
    >>> pruned = prune(net, 0.5)
    >>> pruned.masks["weight"].sum().item(), pruned.sparsity()
    (2, 0.5)
    """

    def __init__(self, net: Block, parameters: Mapping[str, Parameter], masks: Mapping[str, np.ndarray]) -> None:
        self.masks = dict(masks)
        self._parameters = dict(parameters)
        self._kept = {path: _core.from_numpy(mask) for path, mask in self.masks.items()}
        self._clean: dict[str, tuple[int, int]] = {}
        # The network keeps the handle, so the masks live as long as it does; copies of it go without hooks.
        self._handle = net.register_forward_pre_hook(lambda block, inputs: self.apply())
        self.apply()

    def apply(self) -> None:
        """Write the zeros again where an optimizer has moved them. Harmless after `remove`."""
        tracing = _core.is_tracing()
        recording = _core.set_recording(False)
        try:
            for path, kept in self._kept.items():
                weight = self._parameters[path].data()
                state = (id(weight), weight._version)
                # A needless write would invalidate what an unfinished backward pass has kept.
                if tracing or self._clean.get(path) != state:
                    _core.assign(weight, F.where(self._on(path, kept, weight), weight, 0.0))
                    self._clean[path] = (-1, -1) if tracing else (id(weight), weight._version)
        finally:
            _core.set_recording(recording)

    def _on(self, path: str, kept: _core.NDArray, weight: _core.NDArray) -> _core.NDArray:
        """The mask on the weight's device."""
        if kept._device == weight._device:
            return kept
        self._kept[path] = _core.empty(tuple(kept.shape), "bool", weight._device)
        _core.assign(self._kept[path], kept)
        return self._kept[path]

    def remove(self) -> None:
        """Forget the masks: weights stay as they are now, and training may change all of them."""
        self._handle.detach()
        self._kept.clear()

    def sparsity(self) -> float:
        """The share of zeros among the selected weights, after `apply`."""
        self.apply()
        weights = [parameter.data().asnumpy() for parameter in self._parameters.values()]
        return sum(int((weight == 0).sum()) for weight in weights) / sum(weight.size for weight in weights)

    def __repr__(self) -> str:
        layers = ", ".join(f"{path}: {1 - mask.mean():.1%}" for path, mask in self.masks.items())
        return f"Pruned({layers})"


def prune(net: Block, sparsity: float, select: Select = None, scope: str = "global") -> Pruned:
    """Set the smallest weights of `net` to zero: exactly `round(sparsity * number)` of them, by absolute value.

    select: which parameters (a pattern for paths, or a function of path and Parameter); by default the weights of dense
        and convolution layers and embeddings. scope: "global" compares all selected weights with each other, so layers
        end up differently sparse; "layer" takes the same share from each.

    Raises ValueError for a sparsity outside 0 .. 1, an unknown scope, or when nothing is selected.

    >>> import dlcore as dl
    >>> net = dl.gluon.nn.Dense(2, in_units=2)
    >>> net.initialize()
    >>> net.weight.set_data(dl.nd.array([[1, -4], [3, 2]]))
    >>> pruned = prune(net, 0.5)
    >>> net.weight.data().asnumpy().tolist(), pruned.sparsity()
    ([[0.0, -4.0], [3.0, 0.0]], 0.5)
    """
    sparsity = float(sparsity)
    if not 0 <= sparsity <= 1:
        raise ValueError(f"prune: expected a sparsity between 0 and 1, got {sparsity}")
    if scope not in ("global", "layer"):
        raise ValueError(f"prune: scope must be 'global' or 'layer', got {scope!r}")
    parameters = chosen("prune", net, select)
    sizes = {path: np.abs(p.data().asnumpy().astype(np.float64)) for path, p in parameters.items()}
    if scope == "layer":
        masks = {path: _mask(size.reshape(-1), sparsity).reshape(size.shape) for path, size in sizes.items()}
    else:
        whole = _mask(np.concatenate([size.reshape(-1) for size in sizes.values()]), sparsity)
        parts = np.split(whole, np.cumsum([size.size for size in sizes.values()])[:-1])
        masks = {path: part.reshape(sizes[path].shape) for path, part in zip(sizes, parts, strict=True)}
    return Pruned(net, parameters, masks)


def _mask(sizes: np.ndarray, sparsity: float) -> np.ndarray:
    """False for the smallest ones, of equal ones for the first."""
    mask = np.ones(sizes.size, bool)
    mask[np.argsort(sizes, kind="stable")[: round(sparsity * sizes.size)]] = False
    return mask
