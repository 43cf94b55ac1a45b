"""Random numbers on the host that follow `dlcore.random.seed`."""

from __future__ import annotations

import numpy as np

from dlcore import _core


def host_generator() -> np.random.Generator:
    """A NumPy generator seeded from the core's (seed, counter), which moves on by one.

    Two calls give different streams; the same seed gives the same streams in the same order. It runs no operator, so
    it may be called while a graph is being traced.

    >>> from dlcore import _core
    >>> _core.seed(7); a = host_generator().random()
    >>> _core.seed(7); a == host_generator().random()
    True
    """
    seed, counter = _core.rng_state()
    _core.set_rng_state((seed, counter + 1))
    return np.random.Generator(np.random.Philox(np.random.SeedSequence([int(seed), int(counter)])))
