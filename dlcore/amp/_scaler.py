"""Loss scaling: float16 gradients below 6e-8 vanish, so the loss is multiplied before and the gradients divided after.

The scale grows until gradients overflow, then shrinks; a step with overflowing gradients is left out (Micikevicius et
al., "Mixed precision training", arXiv:1710.03740, section 3.2).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from dlcore import _core
from dlcore.ops import F


class LossScaler:
    """The scale of one trainer's loss.

    init_scale: the scale to begin with. scale_factor: what it is divided by after an overflow, and multiplied by after
    `scale_window` steps without one. min_scale: it does not become smaller.
    Its arrays `scale` (float32) and `good` (int64, steps since the last change) are read and written by compiled steps.

    >>> scaler = LossScaler(init_scale=8.0)
    >>> scaler.loss_scale
    8.0
    """

    def __init__(
        self, init_scale: float = 2.0**16, scale_factor: float = 2.0, scale_window: int = 2000, min_scale: float = 1.0
    ) -> None:
        if not (init_scale > 0 and scale_factor > 1 and scale_window >= 1 and min_scale > 0):
            raise ValueError(
                f"LossScaler: expected init_scale > 0, scale_factor > 1, scale_window >= 1 and min_scale > 0, got "
                f"{init_scale}, {scale_factor}, {scale_window} and {min_scale}"
            )
        self.scale_factor, self.scale_window, self.min_scale = scale_factor, scale_window, min_scale
        self.scale = _core.from_numpy(np.array(init_scale, np.float32), True)
        self.good = _core.from_numpy(np.array(0, np.int64), True)
        self.unscaled = False  # the gradients at hand were divided already

    @property
    def loss_scale(self) -> float:
        """The scale now."""
        return float(self.scale.asnumpy())

    def unscale(self, grads: list[Any]) -> None:
        """Divides gradients by the scale, in place, unless that was done since the last step."""
        if self.unscaled:
            return
        for grad in grads:
            _core.assign(grad, F.divide(grad, self.scale))
        self.unscaled = True

    def step(self, grads: list[Any], written: Callable[[], list[Any]], update: Callable[[], None]) -> None:
        """Calls `update`, which changes the arrays that `written` names, unless a gradient is infinite or NaN."""
        self.unscale(grads)
        self.unscaled = False
        finite = _all_finite(grads)
        if _core.is_tracing():
            arrays = written()
            before = [F.copy(a) for a in arrays]
            update()
            for array, old in zip(arrays, before, strict=True):
                _core.assign(array, F.where(finite, array, old))
        elif bool(finite):
            update()
        self._adjust(finite)

    def _adjust(self, finite: Any) -> None:
        good = F.add(self.good, 1)
        grown = F.greater_equal(good, self.scale_window)
        larger = F.where(grown, F.multiply(self.scale, self.scale_factor), self.scale)
        smaller = F.maximum(F.divide(self.scale, self.scale_factor), self.min_scale)
        _core.assign(self.scale, F.where(finite, larger, smaller))
        _core.assign(self.good, F.where(F.logical_and(finite, F.logical_not(grown)), good, 0))


def _all_finite(grads: list[Any]) -> Any:
    return F.all(F.stack(*[F.all(F.isfinite(g)) for g in grads], axis=0))


def init_trainer(trainer: Any, scaler: LossScaler | None = None) -> None:
    """Gives a Trainer a loss scale, which `scale_loss` multiplies by and its `step` divides by.

    A step whose gradients hold an infinity or a NaN changes nothing but the scale. Not needed with bfloat16.

    >>> import dlcore as dl
    >>> net = dl.gluon.nn.Dense(1, in_units=2)
    >>> net.initialize()
    >>> trainer = dl.gluon.Trainer(net.collect_params(), "sgd")
    >>> init_trainer(trainer)
    >>> trainer.loss_scaler.loss_scale
    65536.0
    """
    trainer.loss_scaler = scaler or LossScaler()


@contextmanager
def scale_loss(loss: Any, trainer: Any) -> Iterator[Any]:
    """The loss, or a list of losses, times the trainer's scale, to call `backward` on; inside `record` or after it.

    Errors: ValueError when the trainer has no scale (`init_trainer`).

    >>> import dlcore as dl
    >>> net = dl.gluon.nn.Dense(1, in_units=2)
    >>> net.initialize()
    >>> trainer = dl.gluon.Trainer(net.collect_params(), "sgd")
    >>> init_trainer(trainer)
    >>> with dl.autograd.record():
    ...     loss = net(dl.nd.ones((1, 2))).sum()
    ...     with scale_loss(loss, trainer) as scaled:
    ...         dl.autograd.backward(scaled)
    >>> trainer.step(1)
    """
    scale = _scaler_of(trainer, "scale_loss").scale
    recording = _core.set_recording(True)
    try:
        scaled = [F.multiply(one, scale) for one in (loss if isinstance(loss, (list, tuple)) else [loss])]
    finally:
        _core.set_recording(recording)
    yield scaled if isinstance(loss, (list, tuple)) else scaled[0]


def unscale(trainer: Any) -> None:
    """Divides the gradients by the scale now, for what is done with them before `step`, such as clipping."""
    _scaler_of(trainer, "unscale").unscale(trainer.gradients())


def _scaler_of(trainer: Any, where: str) -> LossScaler:
    scaler = getattr(trainer, "loss_scaler", None)
    if scaler is None:
        raise ValueError(f"amp.{where}: this trainer has no loss scale; call amp.init_trainer(trainer) first")
    return scaler
