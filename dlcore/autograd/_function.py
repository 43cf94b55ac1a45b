"""Functions whose gradient one writes oneself."""

from __future__ import annotations

from typing import Any

from .. import _core
from .._core import NDArray
from ._scopes import pause


class Function:
    """Subclass it with `forward(self, *inputs)` and `backward(self, *output_grads)`, then call an instance.

    Both work on plain arrays and are not recorded. `backward` returns one gradient for each input (None for none).
    Make a new instance for every call: it carries what `save_for_backward` keeps.

    >>> from dlcore import nd, autograd
    >>> class Twice(Function):
    ...     def forward(self, x): return x * 2
    ...     def backward(self, gy): return gy * 2
    >>> x = nd.array([1.0]); x.attach_grad()
    >>> with autograd.record():
    ...     y = Twice()(x)
    >>> y.backward(); x.grad.tolist()
    [2.0]
    """

    saved_tensors: tuple[NDArray, ...] = ()

    def save_for_backward(self, *arrays: NDArray) -> None:
        """Keeps arrays for `backward`, which finds them in `self.saved_tensors`."""
        self.saved_tensors = arrays

    def forward(self, *inputs: Any) -> Any:
        """Computes the outputs: one array or a tuple."""
        raise NotImplementedError(f"{type(self).__name__} needs a forward method")

    def backward(self, *output_grads: Any) -> Any:
        """Computes the gradients of the inputs from those of the outputs."""
        raise NotImplementedError(f"{type(self).__name__} needs a backward method")

    def __call__(self, *inputs: NDArray) -> Any:
        recording = _core.is_recording()
        with pause(train_mode=_core.is_training()):
            result = self.forward(*inputs)
        outputs = (result,) if isinstance(result, NDArray) else tuple(result)
        if recording and any(x._tracked for x in inputs):
            outputs = tuple(o.detach() for o in outputs)  # an input passed through keeps its own record

            def walk(output_grads: list[NDArray]) -> list[NDArray | None]:
                given = self.backward(*output_grads)
                grads = [given] if isinstance(given, NDArray) or given is None else list(given)
                if len(grads) != len(inputs):
                    name = type(self).__name__
                    raise ValueError(f"{name}.backward gave {len(grads)} gradients for {len(inputs)} inputs")
                return grads

            _core.make_function_node(list(inputs), list(outputs), walk)
        return outputs[0] if isinstance(result, NDArray) else outputs
