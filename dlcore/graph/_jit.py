"""`jit`: a Python function on arrays, traced once per signature and run as a compiled graph from then on."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, TypeVar, overload

from dlcore import _core
from dlcore._warn import warn

from . import _segments, _tree
from ._function import GraphFunction
from ._pause import no_collection
from ._resize import MOST, PLAIN, Relatives, plain, trust
from ._sizes import Family
from ._trace import is_tracing, trace
from ._watching import Watched, watched
from .passes.remat import Remat

MANY = 32  # compilations after which a warning says that something changes with every call
F = TypeVar("F", bound=Callable[..., Any])
trust()
_generation = 0
_generation_lock = threading.Lock()


def invalidate() -> None:
    """Makes every compiled function trace again at its next call.

    To be called by whoever replaces an array that functions may have captured (a parameter that gets new storage);
    changing the contents of an array needs nothing.

    >>> import dlcore as dl
    >>> f = dl.jit(lambda x: x + 1)
    >>> y = f(dl.np.ones((2,)))
    >>> invalidate()
    >>> y = f(dl.np.ones((2,)))
    >>> f.compilations
    2
    """
    global _generation
    with _generation_lock:
        _generation += 1


def generation() -> int:
    """How often `invalidate` was called.

    >>> before = generation()
    >>> invalidate()
    >>> generation() - before
    1
    """
    return _generation


class Jit:
    """A compiled function. Made by `jit`; see there.

    compilations   how often it was traced and compiled so far
    resized        how many signatures got the program of two others for other sizes, without a trace

    >>> import dlcore as dl
    >>> f = dl.jit(lambda x: x.sum())
    >>> float(f(dl.np.ones((2,)))), float(f(dl.np.ones((3,)))), f.compilations
    (2.0, 3.0, 2)
    """

    def __init__(
        self, function: Callable[..., Any], remat: bool | Iterable[Any] = False, memory_budget: int | None = None
    ) -> None:
        functools.update_wrapper(self, function)
        self._remat = _asked(remat, memory_budget)
        self._function = function
        self._entries: dict[Any, _Entry] = {}
        self._family, self._relatives = Family(), Relatives()
        self._lock = threading.RLock()
        self._seen_generation = generation()
        self.compilations = self.resized = self._renewals = 0

    _always_bounded = True  # a memory budget holds without gradients too

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        """Bound to an instance, like a method; the instance is a static argument."""
        return self if instance is None else functools.partial(self, instance)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Runs the compiled function; arrays in `args` and `kwargs` may sit in lists, tuples and dicts."""
        if is_tracing() or _core.anomaly():  # anomaly mode looks at every operator's result
            return self._function(*args, **kwargs)
        arrays: list[Any] = []
        spec = _tree.flatten((args, kwargs) if kwargs else (args,), arrays)
        entry = self._entry(spec, arrays)
        if entry.custom_gradient and _core.is_recording():
            return self._function(*args, **kwargs)
        for call in entry.host_calls:
            call()
        return _tree.unflatten(entry.result, iter(entry.function(arrays)))

    def _entry(self, spec: _tree.Spec, arrays: list[Any]) -> _Entry:
        key = (
            spec,
            tuple([(a.shape, a._dtype_name, a._device, a._contiguous or a._strides) for a in arrays]),
            _core.is_recording(),
            _core.is_training(),
            _core.autocast_dtype(),
        )
        if self._seen_generation != _generation:
            with self._lock:
                self._entries.clear()
                self._family, self._relatives = Family(), Relatives()
                self._seen_generation = generation()
        entry = self._entries.get(key)
        if entry is not None and entry.is_current():
            return entry
        with self._lock:
            entry = self._entries.get(key)
            if entry is None or not entry.is_current():
                self._count_renewal(entry)
                entry = self._entries[key] = self._resized(key) or self._compile(key, spec, arrays)
        return entry

    def _count_renewal(self, entry: _Entry | None) -> None:
        """Says once when what the function names changes again and again."""
        if entry is None:
            return
        self._renewals += 1
        if self._renewals == MANY:
            warn(
                f"{getattr(self, '__name__', 'a compiled function')} was compiled anew {MANY} times because what it "
                f"names changed, {entry.changed()!r} the last time; give that as an argument, numbers as arrays"
            )

    def _resized(self, key: Any) -> _Entry | None:
        """The entry for a signature that differs from two others in sizes alone, where nothing but these matters."""
        kind, sizes = _kind_and_sizes(key)
        now = plain(self._function)
        alike = [e for e in self._entries.values() if e.kind == kind and e.may_be_resized(now)]
        found = None if kind is None or len(alike) < 2 else self._relatives.third(alike, sizes)
        if found is None:
            return None
        self.resized += 1
        old = [key for key, entry in self._entries.items() if entry.origin is not None]
        for key in old[: max(len(old) - MOST + 1, 0)]:
            del self._entries[key]
        low, function = found
        return replace(low, key=key, function=function, origin=low)

    def _compile(self, key: Any, spec: _tree.Spec, arrays: list[Any]) -> _Entry:
        def call(stand_ins: list[Any]) -> tuple[Any, list[Any]]:
            given = _tree.unflatten(spec, iter(stand_ins))
            outputs: list[Any] = []
            result = _tree.flatten(self._function(*given[0], **(given[1] if len(given) > 1 else {})), outputs)
            return result, outputs

        least, layers, budget = self._remat
        with no_collection(), _segments.collect(layers) as segments:
            traced = trace(call, arrays, getattr(self, "__name__", "function"))
        self.compilations += 1
        if len([entry for entry in self._entries.values() if entry.origin is None]) + 1 == MANY:
            name = getattr(self, "__name__", "a compiled function")
            warn(
                f"{name} was compiled for {MANY} different signatures; numbers that change from call to call should be "
                "arrays, and shapes should repeat"
            )
        wish = Remat(tuple(segments), least, budget)
        function = GraphFunction(traced.graph, wish, self._family, wish if self._always_bounded else wish.unbounded())
        watching = [
            (name, get, one)
            for name, get, one in watched(self._function)
            if not isinstance(one, _core.NDArray) or one._storage_id in traced.met
        ]
        return _Entry(
            key, function, traced.result, traced.host_calls, traced.custom_gradient, traced.sizes_read, watching,
            plain(self._function),
        )  # fmt: skip

    def program(self, *args: Any, **kwargs: Any) -> GraphFunction:
        """The compiled graph that a call with these arguments runs here and now, compiled if need be."""
        arrays: list[Any] = []
        spec = _tree.flatten((args, kwargs) if kwargs else (args,), arrays)
        return self._entry(spec, arrays).function

    def entries(self) -> list[GraphFunction]:
        """The compiled graphs, one per signature met so far."""
        return [entry.function for entry in self._entries.values()]


@dataclass(eq=False)
class _Entry:
    """One signature: its graph, what it returns, and the variables whose arrays or objects it captured.

    named    what the function named outside itself
    origin   the entry of other sizes that this one was made from without a trace, None where it was traced
    """

    key: Any
    function: GraphFunction
    result: Any
    host_calls: list[Callable[[], None]]
    custom_gradient: bool
    sizes_read: bool
    watched: Watched
    named: dict[str, Any]
    origin: _Entry | None = None

    def __post_init__(self) -> None:
        self.kind, self.sizes = _kind_and_sizes(self.key)

    def may_be_resized(self, named: dict[str, Any]) -> bool:
        """Whether nothing but sizes can make a difference to the function."""
        return (
            self.origin is None
            and not self.sizes_read
            and not self.custom_gradient
            and self.named == named
            and self.is_current()
        )

    def is_current(self) -> bool:
        """Whether the function's own variables still name what was captured."""
        return self.changed() is None

    def changed(self) -> str | None:
        """A name that is not that of what was captured any more; None where all are."""
        for name, get, one in self.watched:
            now = get()
            if now is not one and not (type(now) is type(one) and isinstance(one, PLAIN) and now == one):
                return name
        return None


def _kind_and_sizes(key: Any) -> tuple[tuple | None, tuple[int, ...]]:
    """A signature without the sizes of its arrays, and these; None where an array has a layout of its own."""
    spec, arrays, *modes = key
    sizes = tuple([size for shape, *_ in arrays for size in shape])
    if not all([layout is True for *_, layout in arrays]):
        return None, sizes
    return (spec, tuple([(len(shape), *rest) for shape, *rest in arrays]), *modes), sizes


def _asked(remat: Any, budget: Any) -> tuple[bool, tuple[Any, ...], int | None]:
    """Whether the least memory is asked for, the layers that are segments, and the budget."""
    if budget is not None and (isinstance(budget, bool) or not isinstance(budget, int) or budget <= 0):
        raise ValueError(f"memory_budget: expected a positive number of bytes, got {budget!r}")
    if isinstance(remat, int) or remat is None:
        return bool(remat), (), budget
    layers = tuple(remat) if isinstance(remat, Iterable) and not isinstance(remat, str) else (remat,)
    for layer in layers:
        if not callable(layer):
            raise TypeError(f"remat: expected True, False or layers, got {type(layer).__name__}")
    return False, layers, budget


@overload
def jit(function: F) -> F: ...
@overload
def jit(
    function: None = None, *, remat: bool | Iterable[Any] = False, memory_budget: int | None = None
) -> Callable[[F], F]: ...
def jit(function: Any = None, *, remat: bool | Iterable[Any] = False, memory_budget: int | None = None) -> Any:
    """Compiles a function on arrays: the first call with a signature traces it, later calls run the compiled graph.

    A whole training step can be compiled as it is written: forward, loss, `backward()`, `trainer.step()` and
    `metric.update(...)`. Arrays that the function reads without getting them as arguments (parameters, optimizer
    state, what a metric adds up) are read and written in place; where gradients are recorded around the call, what
    is written has its part in them, as outside of jit, unless it is written under `autograd.pause()`. Another
    network, trainer, metric, array, number or word under a name that the function uses itself (a global, a variable
    around it, an attribute of its object) makes it be compiled anew, and so does a function that it calls by name
    when it is written anew, or names something else.

    Signature: shapes, dtypes and layouts of array arguments, the values of all other arguments (they must be hashable),
    whether gradients are recorded and training mode is on, and the dtype of mixed precision. Python code runs only
    while tracing: what it prints is printed once, and random choices it makes are made once. Safe to call from several
    threads. With arrays on a GPU the graph runs there; from its third run on it is captured into a CUDA graph and
    replayed where that can be, and `explain` says why where it cannot.

    A third size of a batch needs no compilation: its program is that of two others with other numbers, where all of
    these lie on a line. Between the two it is the same to the last bit as if it had been compiled; beyond them a pass
    might have joined calls otherwise, which round otherwise. The function is run again for every size when it looked
    at one (`x.shape`, `len(x)`, a slice). What then lies between two sizes for which the passes agreed spares the
    passes, if not the trace.

    Memory: `memory_budget` is the number of bytes that intermediate values may take. To keep to it, the backward part
    of a step computes again what is cheapest to compute again for its size; results are the same to the last bit,
    dropout included. `remat=True` asks for as little memory as possible, and `remat=[layer, ...]` names layers of which
    only what goes in and comes out is kept.

    Errors: `TraceError` (a RuntimeError) when the function needs the value of an array, such as in `if x > 0`, with the
    line; TypeError for an argument that is no array and cannot be hashed; ValueError at a call for which the memory
    budget is too small, with one that is not.

    >>> import dlcore as dl
    >>> @dl.jit
    ... def f(x, y):
    ...     return (x * y + 1).sum()
    >>> float(f(dl.np.ones((2, 3)), dl.np.ones((2, 3))))
    12.0
    """
    if function is None:
        return functools.partial(Jit, remat=remat, memory_budget=memory_budget)
    return Jit(function, remat, memory_budget)
