"""Batch normalisation over the batches of all workers."""

from __future__ import annotations

from typing import Any

from dlcore import _core, autograd, comm
from dlcore._kinds import Count, Length
from dlcore.comm._current import counted, sum_number
from dlcore.ops import F
from dlcore.ops.functions import function

from ._norm import BatchNorm


class SyncBatchNorm(BatchNorm):
    """`BatchNorm` whose mean and variance in training are those of the joined batches of all workers.

    Workers with parts of a batch do what one process does with the whole of it, gradients included; parts may differ in
    size, and a worker may have none of it. Every worker must call the layer, in the same order. In one process it is
    `BatchNorm`.
    comm: the communicator; by default `dlcore.comm.current()` at each call, which workers of `dlcore.parallel` have.
    num_devices and ndev are accepted for old scripts: the communicator knows how many there are.

    >>> import dlcore as dl
    >>> layer = SyncBatchNorm()
    >>> layer.initialize()
    >>> layer(dl.nd.ones((2, 3, 4, 4))).shape
    (2, 3, 4, 4)
    """

    def __init__(
        self,
        in_channels: Length = 0,
        num_devices: Count | None = None,
        momentum: float = 0.9,
        epsilon: float = 1e-5,
        center: bool = True,
        scale: bool = True,
        use_global_stats: bool = False,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        running_mean_initializer: Any = "zeros",
        running_variance_initializer: Any = "ones",
        axis: int = 1,
        comm: Any = None,
        ndev: Count | None = None,
        prefix: str | None = None,
        params: Any = None,
    ) -> None:
        super().__init__(
            axis, momentum, epsilon, center, scale, use_global_stats, beta_initializer, gamma_initializer,
            running_mean_initializer, running_variance_initializer, in_channels, prefix, params,
        )  # fmt: skip
        self._comm = comm

    def forward(self, x: Any) -> Any:
        group = self._comm or comm.current()
        if group.size == 1 or self._use_global_stats or not autograd.is_training():
            return super().forward(x)
        kind, axis = x._dtype_name, self._axis % x.ndim
        x = F.cast(x, "float32") if kind in ("float16", "bfloat16") else x
        axes = tuple(k for k in range(x.ndim) if k != axis)
        wide = tuple(x.shape[k] if k == axis else 1 for k in range(x.ndim))
        count = F.full(x.size / max(x.shape[axis], 1), (1,), x._dtype_name, x._device)
        number, factor = sum_number(group), counted()

        def over_workers(values: Any) -> Any:
            mine = values if factor is None else F.multiply(values, F.cast(factor, values._dtype_name))
            return function("_allreduce")(mine, number=number)

        # Two rounds: the mean first, since a mean of squares minus the square of the mean loses digits.
        sums = over_workers(F.concat(F.sum(x, axis=axes), count, axis=0))
        total, count = F.split(sums, sizes=(x.shape[axis], 1), axis=0)
        mean = F.divide(total, count)
        apart = F.subtract(x, F.reshape(mean, wide))
        var = F.divide(over_workers(F.sum(F.square(apart), axis=axes)), count)
        self._move(mean, var)
        scale = F.multiply(F.rsqrt(F.add(var, self._epsilon)), self.gamma.data())
        y = F.add(F.multiply(apart, F.reshape(scale, wide)), F.reshape(self.beta.data(), wide))
        return y if y._dtype_name == kind else F.cast(y, kind)

    def _move(self, mean: Any, var: Any) -> None:
        """Move the running averages towards this batch's."""
        recording = _core.set_recording(False)
        try:
            for running, batch in ((self.running_mean.data(), mean), (self.running_var.data(), var)):
                F.lerp(running, F.cast(batch.detach(), running._dtype_name), self._momentum, out=running)
        finally:
            _core.set_recording(recording)

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_comm": None}  # a communicator belongs to its process
