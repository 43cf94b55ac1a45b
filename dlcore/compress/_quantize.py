"""Weights in eight bits, with one scale for each output channel."""

from __future__ import annotations

import os
from collections.abc import Mapping

import numpy as np

from dlcore.gluon import Block
from dlcore.io import load_arrays, load_metadata, save_arrays

from ._select import Select, chosen

_FORMAT = "dlcore.quantized"
_LEVELS = 127


class Quantized:
    """The eight-bit form of a network's weights, by path: `values` (int8) and `scales` (float32, one per channel).

    errors: for each path the largest difference that rounding made. size_before, size_after: bytes of those weights.
    The network itself computes with `values * scales` in its own dtype.

    >>> import dlcore as dl
    >>> net = dl.gluon.nn.Dense(2, in_units=3, use_bias=False)
    >>> net.initialize()
    >>> small = quantize_weights(net)
    >>> small.values["weight"].dtype.name, small.scales["weight"].shape, small.max_error < 0.001
    ('int8', (2,), True)
    """

    def __init__(
        self,
        net: Block,
        values: Mapping[str, np.ndarray],
        scales: Mapping[str, np.ndarray],
        errors: Mapping[str, float],
    ) -> None:
        self._net = net
        self.values, self.scales, self.errors = dict(values), dict(scales), dict(errors)
        parameters = net.collect_params()
        self.size_before = sum(parameters[path].data().nbytes for path in self.values)
        self.size_after = sum(self.values[path].nbytes + self.scales[path].nbytes for path in self.values)

    @property
    def max_error(self) -> float:
        """The largest difference that rounding made to any weight; not known (NaN) for a form that was loaded."""
        return max(self.errors.values(), default=float("nan"))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the eight-bit weights and all other parameters to a safetensors file, whole or not at all.

        Weights that were trained on since are written as they were when they were quantized.
        """
        arrays = {f"int8:{name}": value for name, value in self.values.items()}
        arrays.update({f"scale:{name}": value for name, value in self.scales.items()})
        parameters = self._net.collect_params()
        seen = {id(parameters[name]) for name in self.values}
        for name, parameter in parameters.items():
            if id(parameter) not in seen:
                seen.add(id(parameter))
                arrays[name] = parameter.data().asnumpy()
        save_arrays(path, arrays, {"format": _FORMAT})

    @classmethod
    def load(cls, path: str | os.PathLike[str], net: Block) -> Quantized:
        """Read a file of `save` into a network of the same kind, initialized or not.

        Raises ValueError for another file or one that does not fit; then the network is as it was.
        """
        name = os.fspath(path)
        if load_metadata(path).get("format") != _FORMAT:
            raise ValueError(f"{name}: not a file of Quantized.save")
        arrays = load_arrays(path)
        values = {key[5:]: arrays.pop(key) for key in list(arrays) if key.startswith("int8:")}
        scales = {key[6:]: arrays.pop(key) for key in list(arrays) if key.startswith("scale:")}
        parameters = net.collect_params()
        for key, value in values.items():
            scale = scales.get(key)
            fits = scale is not None and scale.dtype == np.float32 and scale.shape == value.shape[:1]
            if not fits or value.dtype != np.int8 or value.ndim == 0:
                raise ValueError(f"{name}: {key}: expected int8 values with a float32 scale for each row")
            dtype = parameters[key].dtype if key in parameters else "float32"
            arrays[key] = _restored(value, scales[key], dtype)
        if set(scales) - set(values):
            raise ValueError(f"{name}: {min(set(scales) - set(values))}: scales without values")
        net.load_dict(arrays, source=name)
        return cls(net, values, scales, {})

    def __repr__(self) -> str:
        ratio = self.size_before / max(1, self.size_after)
        return (
            f"Quantized({len(self.values)} weights, {self.size_before} -> {self.size_after} bytes, {ratio:.2f} times "
            f"smaller, largest error {self.max_error:.3g})"
        )


def quantize_weights(net: Block, select: Select = None) -> Quantized:
    """Round weights to eight bits: w is about q * scale with q in -127 .. 127 and scale = max |w| / 127 per channel.

    A channel is a row of the first axis: an output of a dense or convolution layer. The network's own arrays get the
    rounded values, so everything, compiled calls too, computes with them; the error of each is at most scale / 2 (and
    what q * scale loses in the weight's dtype). select: as for `prune`. Biases and norms are left alone.

    Raises ValueError when nothing is selected, or for weights with NaN or infinity.
    Source: symmetric uniform quantization, Krishnamoorthi (2018), https://arxiv.org/abs/1806.08342, section 2.

    >>> import dlcore as dl
    >>> net = dl.gluon.nn.Dense(2, in_units=3, use_bias=False)
    >>> net.initialize()
    >>> net.weight.set_data(dl.nd.array([[127, -3.2, 0.6], [1.27, 0.5, 0]]))
    >>> small = quantize_weights(net)
    >>> small.values["weight"].tolist(), small.size_before, small.size_after
    ([[127, -3, 1], [127, 50, 0]], 24, 14)
    """
    values, scales, errors = {}, {}, {}
    parameters = chosen("quantize_weights", net, select)
    for path, parameter in parameters.items():
        weight = parameter.data().asnumpy().astype(np.float64)
        if weight.ndim == 0:
            raise ValueError(f"quantize_weights: {path}: expected at least one axis, got a number")
        values[path], scales[path] = _rounded(weight)
        rounded = _restored(values[path], scales[path], parameter.dtype)
        errors[path] = float(np.abs(rounded.astype(np.float64) - weight).max(initial=0.0))
    for path, parameter in parameters.items():
        parameter.set_data(_restored(values[path], scales[path], parameter.dtype))
    return Quantized(net, values, scales, errors)


def _rounded(weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """int8 values and float32 scales. A scale is never 0, not even for a channel of zeros."""
    rows = weight.reshape(len(weight), -1)
    largest = np.abs(rows).max(axis=1, initial=0.0)
    scales = np.maximum(largest / _LEVELS, np.finfo(np.float32).tiny).astype(np.float32)
    values = np.clip(np.rint(rows / scales[:, None].astype(np.float64)), -_LEVELS, _LEVELS)
    return values.astype(np.int8).reshape(weight.shape), scales


def _restored(values: np.ndarray, scales: np.ndarray, dtype: str) -> np.ndarray:
    whole = values * scales.astype(np.float64).reshape(-1, *[1] * (values.ndim - 1))
    if dtype == "bfloat16":
        import ml_dtypes

        return whole.astype(ml_dtypes.bfloat16)
    return whole.astype(dtype)
