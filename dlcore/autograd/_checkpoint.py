"""checkpoint: giving up what the backward pass would need, and computing it again when it is needed."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from .. import _core
from .._core import NDArray
from ._nest import flatten
from ._scopes import record


def checkpoint(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, but what it computes on the way is not kept for `backward`: it is computed again there.

    This trades time (one more forward run) for memory: of a chain of n checkpointed parts only the values between them
    stay, and the inside of one part at a time. Random numbers are drawn again from where the first run drew them, so
    dropout drops the same. Arguments may be anything; gradients flow to the arrays among the positional arguments, also
    in tuples, lists and dicts, and to the variables and recorded arrays that the function reads besides (a network's
    parameters). The function must compute the same when called again with the same arguments; what it changes outside
    itself (running statistics of batch norm) is changed twice. Derivatives of any order work.

    Errors: TypeError if it returns anything but arrays, and nests of them; RuntimeError in `backward` when the second
    run gives other shapes than the first.

    >>> from dlcore import nd; from dlcore.autograd import record
    >>> x = nd.array([2.0]); x.attach_grad()
    >>> with record():
    ...     y = checkpoint(lambda v: v * v * v)(x)
    >>> y.backward(); x.grad.tolist()
    [12.0]
    """

    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        if not _core.is_recording() or _core.is_tracing():  # a compiled graph plans its own memory
            return function(*args, **kwargs)
        return _Checkpoint(function, args, kwargs).first()

    return run


class _Checkpoint:
    """One call: its arguments, and the random state and mode it began with."""

    def __init__(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.function, self.args, self.kwargs = function, args, kwargs
        self.random, self.training = _core.rng_state(), _core.is_training()

    def _run(self) -> tuple[list[NDArray], Callable[..., Any]]:
        """Its outputs, and how to nest them."""
        return flatten(self.function(*self.args, **self.kwargs), "checkpoint: what the function returns")

    def first(self) -> Any:
        """The forward run: recorded to see what it depends on, then forgotten."""
        position = _core.tape_position()
        outputs, build = self._run()
        inputs = _core.tape_frontier(outputs, position)
        recorded = [i for i, o in enumerate(outputs) if o._tracked]
        shapes = [outputs[i].shape for i in recorded]
        results = [o.detach() for o in outputs]
        del outputs
        if recorded:
            again = functools.partial(self._again, recorded, shapes, inputs)
            name = getattr(self.function, "__name__", type(self.function).__name__)
            _core.make_function_node(inputs, [results[i] for i in recorded], again, title=f"checkpoint of {name}")
        return build(iter(results))

    def _again(
        self, recorded: list[int], shapes: list[tuple[int, ...]], inputs: list[NDArray], grads: list[NDArray]
    ) -> list[NDArray]:
        create_graph, now = _core.is_recording(), _core.rng_state()
        position = _core.tape_position()
        _core.set_rng_state(self.random)
        try:
            with record(self.training):
                outputs, _ = self._run()
        finally:
            _core.set_rng_state(now)
        found = [o.shape for o in outputs]
        if len(found) <= recorded[-1] or [found[i] for i in recorded] != shapes:
            raise RuntimeError(
                f"checkpoint: the function gave arrays of shapes {shapes} in the forward run and of {found} when run "
                "again; it must compute the same"
            )
        heads = [outputs[i] for i in recorded]
        return _core.grad(heads, inputs, grads, create_graph, create_graph, self.training, position)
