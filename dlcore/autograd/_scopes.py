"""`with` blocks that switch recording and training mode on this thread, and switch them back."""

from __future__ import annotations

from types import TracebackType

from .._core import is_recording, is_training, set_recording, set_training


class _Scope:
    """Sets recording and training (None leaves one as it is) while its block runs; may be nested and used again."""

    __slots__ = ("_recording", "_training", "_before")

    def __init__(self, recording: bool | None, training: bool | None) -> None:
        self._recording = recording
        self._training = training
        self._before: list[tuple[bool | None, bool | None]] = []

    def __enter__(self) -> _Scope:
        recording = None if self._recording is None else set_recording(self._recording)
        training = None if self._training is None else set_training(self._training)
        self._before.append((recording, training))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        recording, training = self._before.pop()
        if recording is not None:
            set_recording(recording)
        if training is not None:
            set_training(training)


def record(train_mode: bool = True) -> _Scope:
    """Records what is computed from arrays with a gradient, so that `backward` can follow it; sets training mode.

    >>> from dlcore import nd
    >>> x = nd.array([3.0]); x.attach_grad()
    >>> with record():
    ...     y = x * x
    >>> y.backward(); x.grad.tolist()
    [6.0]
    """
    return _Scope(True, train_mode)


def pause(train_mode: bool = False) -> _Scope:
    """Records nothing inside, also within `record()`.

    >>> with record():
    ...     with pause():
    ...         is_recording()
    False
    """
    return _Scope(False, train_mode)


def train_mode() -> _Scope:
    """Training behaviour (dropout, batch statistics) without changing what is recorded.

    >>> with train_mode():
    ...     is_training()
    True
    """
    return _Scope(None, True)


def predict_mode() -> _Scope:
    """Prediction behaviour without changing what is recorded.

    >>> with record(), predict_mode():
    ...     is_training()
    False
    """
    return _Scope(None, False)


__all__ = [
    "is_recording",
    "is_training",
    "pause",
    "predict_mode",
    "record",
    "set_recording",
    "set_training",
    "train_mode",
]
