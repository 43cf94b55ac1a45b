"""The state of the generator of random numbers: the common one, and `Generator` objects with one of their own."""

from __future__ import annotations

import functools
import inspect
import threading
from collections.abc import Callable
from typing import Any

import numpy as _np

from .. import _core
from .._answers import answered, marked
from .context import Context

_MASK = 2**64 - 1


def as_seed(value: Any, name: str = "seed") -> int:
    if isinstance(value, (bool, float)) or isinstance(value, type) or not hasattr(value, "__index__"):
        raise TypeError(f"{name}: expected a whole number, got {value!r}")
    return int(value.__index__()) & _MASK


def seed(seed_state: Any = None, ctx: Context | str = "all") -> None:
    """Starts the common generator anew: the same seed gives the same numbers on every device. None: somewhere random.

    All devices share it, so a seed for one device (`ctx`) is a seed for all.

    >>> from dlcore import random
    >>> seed(1); a = random.uniform(shape=(2,)); seed(1); a.tolist() == random.uniform(shape=(2,)).tolist()
    True
    """
    if ctx != "all":
        Context(ctx)  # a name that is no device is an error
    _core.seed(int(_np.random.SeedSequence().entropy) & _MASK if seed_state is None else as_seed(seed_state))  # type: ignore[arg-type]


def get_state() -> tuple[int, int]:
    """The common generator's seed and counter; `set_state` goes back to them.

    >>> from dlcore import random
    >>> state = get_state(); a = float(random.uniform()); set_state(state); a == float(random.uniform())
    True
    """
    return _core.rng_state()


def set_state(state: tuple[int, int]) -> None:
    """Goes back to a state that `get_state` gave.

    >>> from dlcore import random
    >>> state = get_state(); a = float(random.normal()); set_state(state); a == float(random.normal())
    True
    """
    try:
        first, counter = state
    except (TypeError, ValueError):
        raise TypeError(f"set_state: expected (seed, counter) as get_state gives it, got {state!r}") from None
    _core.set_rng_state((as_seed(first, "set_state"), as_seed(counter, "set_state")))


class Generator:
    """Random numbers with a state of their own, whatever else is drawn: a Philox key (the seed) and a counter.

    Its methods are the functions of `dlcore.np.random`. It may be used from several threads. Inside a compiled function
    it is an error: what is compiled draws from the common generator.

    >>> a, b = Generator(3), Generator(3)
    >>> a.normal(size=4).tolist() == b.normal(size=4).tolist()
    True
    """

    def __init__(self, seed: Any = None) -> None:
        if seed is None:
            seed = int(_np.random.SeedSequence().entropy) & _MASK  # type: ignore[arg-type]
        self._state = (as_seed(seed, "Generator"), 0)
        self._children = 0
        self._lock = threading.RLock()

    @property
    def state(self) -> dict[str, int]:
        """Seed, counter and how many children were made; assign it to go back.

        >>> g = Generator(3); before = g.state; x = float(g.random()); g.state = before; x == float(g.random())
        True
        """
        return {"seed": self._state[0], "counter": self._state[1], "children": self._children}

    @state.setter
    def state(self, state: dict[str, int]) -> None:
        if not isinstance(state, dict) or not {"seed", "counter"} <= state.keys():
            raise TypeError(f"Generator.state: expected a dict with seed and counter, got {state!r}")
        self._state = (as_seed(state["seed"], "Generator.state"), as_seed(state["counter"], "Generator.state"))
        self._children = int(state.get("children", 0))

    def spawn(self, n_children: int) -> list[Generator]:
        """Generators that are independent of this one and of each other; every call gives new ones.

        >>> [len(Generator(3).spawn(2)), Generator(3).spawn(1)[0].state == Generator(3).spawn(1)[0].state]
        [2, True]
        """
        if n_children < 0:
            raise ValueError(f"Generator.spawn: the number of children must not be negative, got {n_children}")
        first, self._children = self._children, self._children + n_children
        keys = range(first, self._children)
        made = [_np.random.SeedSequence(self._state[0], spawn_key=(k,)).generate_state(1, _np.uint64)[0] for k in keys]
        return [Generator(s) for s in made]

    def _draw(self, name: str, function: Callable[..., Any], args: tuple, kwargs: dict[str, Any]) -> Any:
        if _core.is_tracing():
            raise RuntimeError(
                f"Generator.{name}: a compiled function draws from the common generator; use dlcore.random in it, or "
                "pass it the numbers"
            )
        with self._lock:
            before = _core.swap_generator(self._state)
            try:
                return function(*args, **kwargs)
            finally:
                self._state = _core.swap_generator(before)

    @classmethod
    def _offer(cls, function: Callable[..., Any]) -> None:
        """Makes a function of the common generator a method too."""
        function = answered(function, f"Generator.{function.__name__}")

        @functools.wraps(function)
        def method(self: Generator, *args: Any, **kwargs: Any) -> Any:
            return self._draw(function.__name__, function, args, kwargs)

        given = inspect.signature(function)
        own = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
        method.__signature__ = given.replace(parameters=[own, *given.parameters.values()])  # type: ignore[attr-defined]
        setattr(cls, function.__name__, marked(method))

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"Generator has no method {name!r}; it has those of dlcore.np.random")

    def __getstate__(self) -> dict[str, int]:
        return self.state

    def __setstate__(self, state: dict[str, int]) -> None:
        self._lock = threading.RLock()
        self.state = state

    def __repr__(self) -> str:
        return f"Generator(Philox, seed={self._state[0]}, counter={self._state[1]})"


def default_rng(seed: Any = None) -> Generator:
    """A new `Generator`; a Generator given as seed is returned as it is.

    >>> default_rng(5)
    Generator(Philox, seed=5, counter=0)
    """
    return seed if isinstance(seed, Generator) else Generator(seed)
