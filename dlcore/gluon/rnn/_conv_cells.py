"""Cells whose states are pictures: recurrences with convolutions in place of matrix products."""

from __future__ import annotations

from typing import Any

from dlcore._kinds import Count, Counts, Naturals
from dlcore.ops import F

from ..nn._activation import check
from ..nn._conv import AXES, numbers
from . import _step
from ._cell import RecurrentCell


class _ConvCell(RecurrentCell):
    """What all of them share; see `Conv2DLSTMCell`."""

    axes = 2
    kind = "rnn"

    def __init__(
        self,
        input_shape: tuple[int, ...],
        hidden_channels: Count,
        i2h_kernel: Counts,
        h2h_kernel: Counts,
        i2h_pad: Naturals = 0,
        i2h_dilate: Counts = 1,
        h2h_dilate: Counts = 1,
        i2h_weight_initializer: Any = None,
        h2h_weight_initializer: Any = None,
        i2h_bias_initializer: Any = "zeros",
        h2h_bias_initializer: Any = "zeros",
        conv_layout: str | None = None,
        activation: str = "tanh",
        prefix: str | None = None,
        params: Any = None,
    ) -> None:
        super().__init__(prefix, params)
        name, axes = type(self).__name__, self.axes
        if conv_layout not in (None, AXES[axes]):
            raise ValueError(f"{name}: expected the layout {AXES[axes]!r}, got {conv_layout!r}")
        if len(input_shape) != axes + 1:
            raise ValueError(f"{name}: expected input_shape (channels and {axes} lengths), got {tuple(input_shape)}")
        check(activation, name)
        kernel, pad = numbers(i2h_kernel, axes, f"{name} i2h_kernel"), numbers(i2h_pad, axes, f"{name} i2h_pad")
        dilate = numbers(i2h_dilate, axes, f"{name} i2h_dilate")
        own = numbers(h2h_kernel, axes, f"{name} h2h_kernel")
        own_dilate = numbers(h2h_dilate, axes, f"{name} h2h_dilate")
        if any(length % 2 == 0 for length in own):
            raise ValueError(f"{name}: h2h_kernel must be odd, so that a state keeps its size; got {own}")
        self._step = _step.in_space(self.kind, activation)
        self._channels, self._activation = hidden_channels, activation
        self._input_shape = tuple(int(n) for n in input_shape)
        self._places = tuple(
            n + 2 * p - d * (k - 1) for n, k, p, d in zip(self._input_shape[1:], kernel, pad, dilate, strict=True)
        )
        if min(self._places) < 1:
            raise ValueError(f"{name}: nothing is left of {self._input_shape} with i2h_kernel {kernel} and pad {pad}")
        self._i2h: dict[str, Any] = {"pad": pad, "dilate": dilate}
        keep = tuple(d * (k - 1) // 2 for k, d in zip(own, own_dilate, strict=True))
        self._h2h: dict[str, Any] = {"pad": keep, "dilate": own_dilate}
        rows, get = self._step.gates * hidden_channels, self.params.get
        self.i2h_weight = get("i2h_weight", shape=(rows, input_shape[0], *kernel), init=i2h_weight_initializer)
        self.h2h_weight = get("h2h_weight", shape=(rows, hidden_channels, *own), init=h2h_weight_initializer)
        self.i2h_bias = get("i2h_bias", shape=(rows,), init=i2h_bias_initializer)
        self.h2h_bias = get("h2h_bias", shape=(rows,), init=h2h_bias_initializer)

    def state_info(self, batch_size: int = 0) -> list[dict[str, Any]]:
        shape = (batch_size, self._channels, *self._places)
        return [{"shape": shape, "__layout__": AXES[self.axes]} for _ in range(self._step.states)]

    def forward(self, x: Any, states: Any) -> tuple[Any, list[Any]]:
        name = type(self).__name__
        if tuple(x.shape[1:]) != self._input_shape:
            raise ValueError(f"{name}: expected x of shape (n, *{self._input_shape}), got {tuple(x.shape)}")
        states = list(states) if isinstance(states, (list, tuple)) else [states]
        if len(states) != self._step.states:
            raise ValueError(f"{name}: expected {self._step.states} states, got {len(states)}")
        conv = (F.conv1d, F.conv2d, F.conv3d)[self.axes - 1]
        i2h = conv(x, self.i2h_weight.data(), self.i2h_bias.data(), **self._i2h)
        h2h = conv(states[0], self.h2h_weight.data(), self.h2h_bias.data(), **self._h2h)
        states = self._step.step(i2h, h2h, states)
        return states[0], states

    def _details(self) -> str:
        return f"{self._input_shape} -> {(self._channels, *self._places)}, {self._activation}"


class Conv2DLSTMCell(_ConvCell):
    """An LSTM whose x (n, c, h, w) and states [h, c] (n, hidden_channels, oh, ow) are pictures (arXiv:1506.04214).

    The products of `LSTMCell` are convolutions: of x with i2h_kernel, i2h_pad and i2h_dilate, of the state with
    h2h_kernel (odd) so padded that its size stays. input_shape: (c, h, w). Gates in the order in, forget, cell, out.

    >>> import dlcore as dl
    >>> cell = Conv2DLSTMCell((3, 8, 8), hidden_channels=4, i2h_kernel=3, h2h_kernel=3, i2h_pad=1)
    >>> cell.initialize()
    >>> outputs, states = cell.unroll(2, dl.nd.ones((5, 2, 3, 8, 8)), merge_outputs=True)
    >>> outputs.shape, [state.shape for state in states]
    ((5, 2, 4, 8, 8), [(5, 4, 8, 8), (5, 4, 8, 8)])
    """

    kind = "lstm"


class Conv1DLSTMCell(Conv2DLSTMCell):
    """`Conv2DLSTMCell` along one axis: x (n, c, w).

    >>> import dlcore as dl
    >>> cell = Conv1DLSTMCell((3, 8), hidden_channels=4, i2h_kernel=3, h2h_kernel=3)
    >>> cell.initialize()
    >>> cell(dl.nd.ones((2, 3, 8)), cell.begin_state(2))[0].shape
    (2, 4, 6)
    """

    axes = 1


class Conv3DLSTMCell(Conv2DLSTMCell):
    """`Conv2DLSTMCell` along three axes: x (n, c, d, h, w).

    >>> import dlcore as dl
    >>> cell = Conv3DLSTMCell((1, 4, 4, 4), hidden_channels=2, i2h_kernel=3, h2h_kernel=1)
    >>> cell.initialize()
    >>> cell(dl.nd.ones((2, 1, 4, 4, 4)), cell.begin_state(2))[0].shape
    (2, 2, 2, 2, 2)
    """

    axes = 3


class Conv2DRNNCell(_ConvCell):
    """h = activation(x * W_i2h + b_i2h + h * W_h2h + b_h2h) with convolutions; arguments as `Conv2DLSTMCell`.

    >>> import dlcore as dl
    >>> cell = Conv2DRNNCell((3, 8, 8), hidden_channels=4, i2h_kernel=3, h2h_kernel=3, activation="relu")
    >>> cell.initialize()
    >>> cell(dl.nd.ones((2, 3, 8, 8)), cell.begin_state(2))[0].shape
    (2, 4, 6, 6)
    """


class Conv1DRNNCell(Conv2DRNNCell):
    """`Conv2DRNNCell` along one axis: x (n, c, w).

    >>> Conv1DRNNCell((3, 8), hidden_channels=4, i2h_kernel=3, h2h_kernel=3)
    Conv1DRNNCell((3, 8) -> (4, 6), tanh)
    """

    axes = 1


class Conv3DRNNCell(Conv2DRNNCell):
    """`Conv2DRNNCell` along three axes: x (n, c, d, h, w).

    >>> Conv3DRNNCell((1, 4, 4, 4), hidden_channels=2, i2h_kernel=3, h2h_kernel=3)
    Conv3DRNNCell((1, 4, 4, 4) -> (2, 2, 2, 2), tanh)
    """

    axes = 3


class Conv2DGRUCell(_ConvCell):
    """A gated recurrent unit of pictures: `GRUCell` with convolutions; arguments as `Conv2DLSTMCell`.

    >>> import dlcore as dl
    >>> cell = Conv2DGRUCell((3, 8, 8), hidden_channels=4, i2h_kernel=3, h2h_kernel=3, i2h_pad=1)
    >>> cell.initialize()
    >>> cell(dl.nd.ones((2, 3, 8, 8)), cell.begin_state(2))[0].shape
    (2, 4, 8, 8)
    """

    kind = "gru"


class Conv1DGRUCell(Conv2DGRUCell):
    """`Conv2DGRUCell` along one axis: x (n, c, w).

    >>> Conv1DGRUCell((3, 8), hidden_channels=4, i2h_kernel=3, h2h_kernel=3)
    Conv1DGRUCell((3, 8) -> (4, 6), tanh)
    """

    axes = 1


class Conv3DGRUCell(Conv2DGRUCell):
    """`Conv2DGRUCell` along three axes: x (n, c, d, h, w).

    >>> Conv3DGRUCell((1, 4, 4, 4), hidden_channels=2, i2h_kernel=3, h2h_kernel=3)
    Conv3DGRUCell((1, 4, 4, 4) -> (2, 2, 2, 2), tanh)
    """

    axes = 3
