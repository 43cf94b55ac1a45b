"""Functions whose gradient one writes oneself."""

from __future__ import annotations

from typing import Any

from .. import _core
from .._core import NDArray
from .._kinds import shown
from ._scopes import pause


class Function:
    """Subclass it with `forward(self, *inputs)` and `backward(self, *output_grads)`, then call an instance.

    Both work on plain arrays and are not recorded. Inputs may be anything; `backward` returns one gradient for each
    (None for none, and for what is no array). Outputs that are no floating-point arrays have no gradient: zeros arrive
    for them. Make a new instance for every call: it carries what `save_for_backward` keeps.

    Errors: TypeError when `forward` gives something else than arrays, or `backward` than gradients; ValueError when
    these are not as many as the inputs.

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

    _saved: tuple[NDArray, ...] = ()
    _roles: tuple[int | None, ...] = ()  # of saved arrays that are outputs: which
    _versions: tuple[int, ...] = ()

    def save_for_backward(self, *arrays: NDArray) -> None:
        """Keeps arrays for `backward`, which finds them in `self.saved_tensors`.

        Inputs and outputs keep their record, so that gradients of gradients are right. What else was computed in
        `forward` has none; keep it as an attribute if it does not depend on the inputs.
        """
        for a in arrays:
            if not isinstance(a, NDArray):
                raise TypeError(f"{type(self).__name__}.save_for_backward: expected arrays, got {shown(a)}")
        self._saved = arrays
        self._versions = tuple(a._version for a in arrays)

    @property
    def saved_tensors(self) -> tuple[NDArray, ...]:
        """What `save_for_backward` kept. RuntimeError when an array was changed in place since, or when a gradient of
        the gradient is asked for and would miss how a saved array depends on the inputs."""
        name = type(self).__name__
        for array, version in zip(self._saved, self._versions, strict=True):
            if array._version != version:
                raise RuntimeError(
                    f"{name}: a saved array of shape {array.shape} was changed in place after forward (saved at "
                    f"version {version}, now {array._version})"
                )
        if not self._roles or not _core.is_recording():
            return self._saved
        found = []
        for array, role in zip(self._saved, self._roles, strict=True):
            if role is None and not array._tracked and array._dtype_name.startswith(("float", "bfloat", "complex")):
                if not any(array is x for x in self._plain_inputs):
                    raise RuntimeError(
                        f"{name}: the gradient of its gradient would be wrong: a saved array of shape {array.shape} is "
                        "neither an input nor an output; save those and compute it from them in backward, or keep it "
                        "as an attribute if it does not depend on the inputs"
                    )
            found.append(array if role is None else _core.as_output(array, role))
        return tuple(found)

    _plain_inputs: tuple[NDArray, ...] = ()

    def forward(self, *inputs: Any) -> Any:
        """Computes the outputs: one array or a tuple."""
        raise NotImplementedError(f"{type(self).__name__} needs a forward method")

    def backward(self, *output_grads: Any) -> Any:
        """Computes the gradients of the inputs from those of the outputs."""
        raise NotImplementedError(f"{type(self).__name__} needs a backward method")

    def __call__(self, *inputs: Any) -> Any:
        recording = _core.is_recording()
        with pause(train_mode=_core.is_training()):
            result = self.forward(*inputs)
        outputs = self._outputs(result)
        places = [k for k, x in enumerate(inputs) if isinstance(x, NDArray)]
        arrays = [inputs[k] for k in places]
        if recording and any(x._tracked for x in arrays):
            self._roles = tuple(_position(s, outputs, inputs) for s in self._saved)
            self._plain_inputs = tuple(x for x in arrays if not x._tracked)
            outputs = tuple(o.detach() for o in outputs)  # an input passed through keeps its own record

            def walk(output_grads: list[NDArray]) -> list[NDArray | None]:
                grads = self._gradients(self.backward(*output_grads), inputs)
                return [grads[k] for k in places]

            _core.make_function_node(arrays, list(outputs), walk, title=type(self).__name__)
        return outputs[0] if isinstance(result, NDArray) else outputs

    def _outputs(self, result: Any) -> tuple[NDArray, ...]:
        """What `forward` gave, as a tuple."""
        outputs = tuple(result) if isinstance(result, (tuple, list)) else (result,)
        for o in outputs:
            if not isinstance(o, NDArray):
                raise TypeError(
                    f"{type(self).__name__}.forward: expected an array or a tuple of arrays, got {shown(o)}"
                )
        return outputs

    def _gradients(self, given: Any, inputs: tuple[Any, ...]) -> list[NDArray | None]:
        """What `backward` gave, one gradient for each input; one that was broadcast is summed where it is added."""
        name = type(self).__name__
        grads = list(given) if isinstance(given, (tuple, list)) else [given]
        if len(grads) != len(inputs):
            raise ValueError(f"{name}.backward gave {len(grads)} gradients for {len(inputs)} inputs")
        for k, (g, x) in enumerate(zip(grads, inputs, strict=True)):
            if g is not None and not isinstance(g, NDArray):
                raise TypeError(f"{name}.backward: expected an array or None for input {k}, got {shown(g)}")
            if g is not None and isinstance(x, NDArray) and not _broadcast_from(g.shape, x.shape):
                raise ValueError(
                    f"{name}.backward: expected a gradient of shape {x.shape} for input {k}, got shape {g.shape}"
                )
        return grads


def _broadcast_from(shape: tuple[int, ...], small: tuple[int, ...]) -> bool:
    if shape == small:
        return True
    ends = zip(reversed(small), reversed(shape), strict=False)
    return len(shape) >= len(small) and all(size in (1, whole) for size, whole in ends)


def _position(saved: NDArray, outputs: tuple[NDArray, ...], inputs: tuple[Any, ...]) -> int | None:
    """Which output a saved array is; None for none (an input that is passed through counts as the input)."""
    if any(saved is x for x in inputs):
        return None
    return next((k for k, o in enumerate(outputs) if saved is o), None)
