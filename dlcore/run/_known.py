"""The runs of this process: those that somebody holds, which of them is training a network now, and on what shape."""

from __future__ import annotations

import atexit
import weakref
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._run import Run

_alive: weakref.WeakSet[Any] = weakref.WeakSet()
_known: list[weakref.ref[Any]] = []
_samples: weakref.WeakKeyDictionary[Any, tuple[int, ...]] = weakref.WeakKeyDictionary()


def remember(run: Run) -> None:
    """A run begins to train."""
    _alive.add(run)
    if not any(known() is run for known in _known):
        _known.append(weakref.ref(run))


def forget_training(run: Any) -> None:
    """A run trains no longer."""
    _alive.discard(run)


def runs() -> list[Run]:
    """The runs of this process that were started and that somebody still holds, oldest first.

    >>> import dlcore as dl
    >>> run = dl.run.train(dl.gluon.nn.Dense(1), (dl.np.ones((8, 2)), dl.np.ones((8, 1))), batch=4, show=False)
    >>> run in runs()
    True
    """
    _known[:] = [known for known in _known if known() is not None]
    return [run for known in _known if (run := known()) is not None]


def training(net: Any) -> Run | None:
    """The run that is training `net` now, or None.

    >>> import dlcore as dl
    >>> print(training(dl.gluon.nn.Dense(1)))
    None
    """
    return next((run for run in list(_alive) if run.net is net), None)


def remember_sample(net: Any, shape: tuple[int, ...]) -> None:
    """A network is to be trained on samples of this shape."""
    _samples[net] = shape


def sample_shape(net: Any) -> tuple[int, ...] | None:
    """The shape of a sample of the data that `net` was last trained on; None for a network that was not.

    >>> import dlcore as dl
    >>> net = dl.gluon.nn.Dense(1)
    >>> run = dl.run.train(net, (dl.np.ones((8, 2)), dl.np.ones((8, 1))), batch=4, show=False)
    >>> sample_shape(net)
    (2,)
    """
    try:
        return _samples.get(net)
    except TypeError:  # what cannot be held weakly is no network
        return None


@atexit.register
def _stop_all() -> None:
    """A program that ends first stops its background runs at a step boundary: a thread must not be cut in a kernel."""
    runs = list(_alive)
    for run in runs:
        run.stop()
    for run in runs:
        run._ended.wait(10.0)
