"""The exponential moving average of a network's weights."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from dlcore import _core
from dlcore.ops import F

from ._parameter import Parameter


class WeightAverage:
    """Keeps avg <- d avg + (1 - d) weight beside every floating-point parameter, updated after each step.

    params: `net.collect_params()`, another dict, or a list of Parameters, all of known shape. Running statistics
    of normalization layers are averaged as well.
    decay: d, from 0 up to but not 1. As long as few steps are done, d is (1 + n) / (10 + n) of step n where that is
    less, so that the first weights are soon forgotten (Abadi et al., TensorFlow's ExponentialMovingAverage).

    `update` may be part of a step compiled with `dlcore.jit`. `used` lends the averages to the network.

    >>> import dlcore as dl
    >>> net = dl.gluon.nn.Dense(1, in_units=1, use_bias=False)
    >>> net.initialize(init="zeros")
    >>> average = WeightAverage(net.collect_params(), decay=0.9)
    >>> net.weight.set_data(dl.nd.ones((1, 1)))
    >>> average.update()
    >>> with average.used():
    ...     round(float(net(dl.nd.ones((1, 1)))), 4)
    0.8182
    >>> float(net(dl.nd.ones((1, 1))))
    1.0
    """

    def __init__(self, params: Mapping[str, Parameter] | Iterable[Parameter], decay: float = 0.999) -> None:
        if not 0 <= decay < 1:
            raise ValueError(f"WeightAverage: expected a decay from 0 up to but not 1, got {decay}")
        listed = list(params.values() if isinstance(params, Mapping) else params)
        for parameter in listed:
            if not isinstance(parameter, Parameter):
                raise TypeError(f"WeightAverage: expected Parameters, got {type(parameter).__name__}")
        self.decay = float(decay)
        self._params = [p for p in listed if np.dtype(p.held().dtype).kind not in "iub"]
        self._averages = [p.held().copy() for p in self._params]
        self._steps: dict[str, Any] = {}  # the count of updates, one array a device, for compiled steps to write
        for parameter in self._params:
            device = parameter.held()._device
            if device not in self._steps:
                self._steps[device] = F.full(0.0, (), "float32", device)

    def update(self) -> None:
        """Take in the weights as they are now. Call it after `trainer.step`."""
        recording = _core.set_recording(False)
        try:
            shares = {}
            for device, steps in self._steps.items():
                _core.assign(steps, F.add(steps, 1.0))
                early = F.divide(F.add(steps, 1.0), F.add(steps, 10.0))
                shares[device] = F.subtract(1.0, F.minimum(early, self.decay))
            for parameter, average in zip(self._params, self._averages, strict=True):
                weight = parameter.held()
                share = F.cast(shares[weight._device], weight._dtype_name)
                _core.assign(average, F.add(average, F.multiply(share, F.subtract(weight, average))))
        finally:
            _core.set_recording(recording)

    @contextmanager
    def used(self) -> Iterator[None]:
        """Inside the `with`, the network computes with the averages; afterwards it has its own weights again."""
        own = [p.held().copy() for p in self._params]
        self.copy_to()
        try:
            yield
        finally:
            for parameter, weight in zip(self._params, own, strict=True):
                _core.assign(parameter.held(), weight)

    def copy_to(self) -> None:
        """Write the averages into the parameters, for good: at the end of training, or before saving."""
        for parameter, average in zip(self._params, self._averages, strict=True):
            _core.assign(parameter.held(), average)

    def state(self) -> dict[str, Any]:
        """Arrays by name, for `dlcore.io.save_arrays`: what `load_state` needs to go on from here."""
        arrays = {f"average/{i}": average for i, average in enumerate(self._averages)}
        return {**arrays, "steps": next(iter(self._steps.values()))} if self._steps else arrays

    def load_state(self, arrays: Mapping[str, Any]) -> None:
        """Go on from arrays of `state`, of a network of the same shapes, else ValueError; nothing is changed then."""
        mine = self.state()
        for name, array in mine.items():
            found = None if name not in arrays else tuple(arrays[name].shape)
            if found != tuple(array.shape):
                raise ValueError(f"WeightAverage: {name}: expected shape {tuple(array.shape)}, found {found}")
        for name, array in mine.items():
            given = arrays[name]
            given = given if isinstance(given, _core.NDArray) else _core.from_numpy(np.asarray(given))
            for target in self._steps.values() if name == "steps" else (array,):
                _core.assign(target, given)
