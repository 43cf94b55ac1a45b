"""Operators of your own with the classes of MXNet: `CustomOp` computes, `CustomOpProp` describes, `register` names.

A registered operator is called as `nd.Custom(x, op_type="name")` and `sym.Custom(x, op_type="name")`; it is Python, and
may do what it likes with its arrays. Inside a compiled function it is called where it stands. `autograd.Function` is
the shorter way to a gradient of one's own where the function consists of operators.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np

from dlcore import _answers, _core
from dlcore._core import NDArray
from dlcore._kinds import shown
from dlcore.array import nd
from dlcore.array.context import Context
from dlcore.ops.functions import function
from dlcore.ops.outside import keep_custom

from ._function import Function
from ._scopes import pause

__all__ = ["CustomOp", "CustomOpProp", "register"]

_registry: dict[str, type[CustomOpProp]] = {}
_Class = TypeVar("_Class", bound="type[CustomOpProp]")


class CustomOp:
    """What an operator of one's own computes. Subclass it with `forward` and `backward`; both write their results.

    in_data, out_data, aux, out_grad, in_grad are lists of arrays, req a list of "write", "add" or "null" that says what
    becomes of each result; `assign` obeys it. `register` has an example.

    >>> class Double(CustomOp):
    ...     def forward(self, is_train, req, in_data, out_data, aux):
    ...         self.assign(out_data[0], req[0], 2 * in_data[0])
    >>> out = [nd.zeros((2,))]
    >>> Double().forward(False, ["write"], [nd.array([1.0, 4.0])], out, [])
    >>> out[0].tolist()
    [2.0, 8.0]
    """

    def forward(
        self,
        is_train: bool,
        req: list[str],
        in_data: list[NDArray],
        out_data: list[NDArray],
        aux: list[NDArray],
    ) -> None:
        """Write the results into `out_data`; `aux` may be changed too."""
        raise NotImplementedError(f"{type(self).__name__} needs a forward method")

    def backward(
        self,
        req: list[str],
        out_grad: list[NDArray],
        in_data: list[NDArray],
        out_data: list[NDArray],
        in_grad: list[NDArray],
        aux: list[NDArray],
    ) -> None:
        """Write the gradients of the inputs into `in_grad`."""
        raise NotImplementedError(f"{type(self).__name__} needs a backward method")

    def assign(self, dst: NDArray, req: str, src: Any) -> None:
        """Write `src` into `dst`, add it, or leave it, as `req` says. ValueError for another word.

        >>> x = nd.ones((2,))
        >>> CustomOp().assign(x, "add", nd.array([1.0, 2.0]))
        >>> x.tolist()
        [2.0, 3.0]
        """
        if req == "null":
            return
        if req not in ("write", "inplace", "add"):
            raise ValueError(f"CustomOp.assign: req must be 'write', 'inplace', 'add' or 'null', got {req!r}")
        dst[:] = dst + src if req == "add" else src


class CustomOpProp:
    """What an operator of one's own takes and gives. A subclass defines `create_operator`, and what differs from here.

    Here: one input "data", one output "output" of its shape and dtype, no auxiliary states. The arguments of
    `nd.Custom` beside arrays reach the constructor as text. `need_top_grad` says whether gradients arrive at it; a loss
    says False. `register` has an example.

    >>> prop = CustomOpProp(need_top_grad=False)
    >>> prop.list_arguments(), prop.list_outputs(), prop.infer_shape([(2, 3)])
    (['data'], ['output'], ([(2, 3)], [(2, 3)], []))
    """

    def __init__(self, need_top_grad: bool = True) -> None:
        self.need_top_grad_ = need_top_grad

    def list_arguments(self) -> list[str]:
        """Names of the inputs."""
        return ["data"]

    def list_outputs(self) -> list[str]:
        """Names of the outputs."""
        return ["output"]

    def list_auxiliary_states(self) -> list[str]:
        """Names of the states, which are given after the inputs."""
        return []

    def infer_shape(self, in_shape: list[Any]) -> tuple[list[Any], ...]:
        """Shapes of inputs, outputs and states from those of the inputs that are known; () stands for one that is not.

        >>> CustomOpProp().infer_shape([(2, 3)])
        ([(2, 3)], [(2, 3)], [])
        """
        return in_shape, [in_shape[0]] * len(self.list_outputs()), []

    def infer_type(self, in_type: list[Any]) -> tuple[list[Any], ...]:
        """Dtypes of inputs, outputs and states from those of the inputs."""
        kind = in_type[0]
        return in_type, [kind] * len(self.list_outputs()), [kind] * len(self.list_auxiliary_states())

    def create_operator(self, ctx: Any, in_shapes: list[Any], in_dtypes: list[Any]) -> CustomOp:
        """The operator for inputs of these shapes and dtypes."""
        raise NotImplementedError(f"{type(self).__name__} needs a create_operator method")

    def declare_backward_dependency(self, out_grad: Any, in_data: Any, out_data: Any) -> list[Any]:
        """Accepted for old code and not asked: `backward` gets everything."""
        return [*out_grad, *in_data, *out_data]


def register(reg_name: str) -> Callable[[_Class], _Class]:
    """Give a subclass of `CustomOpProp` the name that `op_type=` calls it by; a later one takes the name over.

    >>> class Sigmoid(CustomOp):
    ...     def forward(self, is_train, req, in_data, out_data, aux):
    ...         self.assign(out_data[0], req[0], 1 / (1 + nd.exp(-in_data[0])))
    ...     def backward(self, req, out_grad, in_data, out_data, in_grad, aux):
    ...         y = out_data[0]
    ...         self.assign(in_grad[0], req[0], out_grad[0] * y * (1 - y))
    >>> @register("my_sigmoid")
    ... class SigmoidProp(CustomOpProp):
    ...     def create_operator(self, ctx, in_shapes, in_dtypes):
    ...         return Sigmoid()
    >>> nd.Custom(nd.array([0.0]), op_type="my_sigmoid").tolist()
    [0.5]
    """

    def keep(prop: _Class) -> _Class:
        if not (isinstance(prop, type) and issubclass(prop, CustomOpProp)):
            raise TypeError(f"operator.register: expected a subclass of CustomOpProp, got {prop!r}")
        _registry[reg_name] = prop
        return prop

    return keep


def properties(op_type: str, words: dict[str, Any]) -> CustomOpProp:
    """The registered class made with `words` as text. ValueError for a name that is not registered."""
    if op_type not in _registry:
        there = ", ".join(sorted(_registry)) or "none"
        raise ValueError(f"Custom: no operator is registered as {op_type!r}; there are: {there}")
    made: Any = _registry[op_type]
    try:
        return made(**{name: str(value) for name, value in words.items()})
    except TypeError as error:
        if error.__traceback__ is None or error.__traceback__.tb_next is not None:
            raise  # it is from the user's own lines
        raise TypeError(f"{_who(op_type)}: {error}; it got {', '.join(words) or 'no words'}") from None


def _who(op_type: str) -> str:
    return f"Custom(op_type={op_type!r})"


def custom(*data: Any, op_type: str, **words: Any) -> Any:
    """See `nd.Custom`."""
    named = {name: value for name, value in words.items() if isinstance(value, NDArray)}
    prop = properties(op_type, {name: value for name, value in words.items() if name not in named})
    names = [*prop.list_arguments(), *prop.list_auxiliary_states()]
    unknown = [name for name in named if name not in names]
    if unknown:
        raise TypeError(f"{_who(op_type)}: it has no input {', '.join(unknown)}; they are {', '.join(names)}")
    given = list(data)
    arrays: list[Any] = [named[name] if name in named else given.pop(0) if given else None for name in names]
    if given or any(not isinstance(array, NDArray) for array in arrays):
        raise TypeError(f"{_who(op_type)}: expected the arrays {', '.join(names)}, got {len(data) + len(named)}")
    count = len(prop.list_arguments())
    kind = _Kind(op_type, prop, arrays[:count])
    if _core.is_tracing():
        return _compiled(kind, arrays[:count], arrays[count:])
    result = _Call(kind, arrays[count:])(*arrays[:count])
    return result[0] if len(result) == 1 else list(result)


def _of_outputs(who: str, inferred: Any) -> Any:
    """The second of what `infer_shape` or `infer_type` gave: inputs, outputs and, or not, states."""
    if not isinstance(inferred, (tuple, list)) or len(inferred) not in (2, 3):
        raise TypeError(f"{who} must return those of inputs, outputs and auxiliary states, got {shown(inferred)}")
    return inferred[1]


class _Kind:
    """A registered operator made for inputs of certain shapes and dtypes. It holds no arrays."""

    def __init__(self, op_type: str, prop: CustomOpProp, inputs: list[NDArray]) -> None:
        shapes = [tuple(a.shape) for a in inputs]
        self.count = len(inputs)
        who = f"{_who(op_type)}: {type(prop).__name__}"
        kinds = _of_outputs(f"{who}.infer_type", prop.infer_type([a.dtype for a in inputs]))
        self.dtypes = [np.dtype(kind) for kind in kinds]
        made = _of_outputs(f"{who}.infer_shape", prop.infer_shape(list(shapes)))
        self.shapes = [tuple(shape) for shape in made]
        if len(self.shapes) != len(prop.list_outputs()) or len(self.dtypes) != len(self.shapes):
            raise ValueError(
                f"{_who(op_type)}: {len(prop.list_outputs())} outputs are listed, {len(self.shapes)} shapes and "
                f"{len(self.dtypes)} dtypes inferred"
            )
        self.sizes = [int(np.prod(shape)) for shape in self.shapes]
        self._op = prop.create_operator(Context(inputs[0]._device), list(shapes), [a.dtype for a in inputs])
        if not isinstance(self._op, CustomOp):
            raise TypeError(f"{who}.create_operator must return a CustomOp, got {shown(self._op)}")

    def forward(self, xs: Sequence[NDArray], aux: list[NDArray], training: bool) -> list[NDArray]:
        """The outputs."""
        context = Context(xs[0]._device)
        outs = [nd.zeros(s, ctx=context, dtype=kind) for s, kind in zip(self.shapes, self.dtypes, strict=True)]
        self._op.forward(is_train=training, req=["write"] * len(outs), in_data=list(xs), out_data=outs, aux=aux)
        return outs

    def backward(self, gys: Sequence[NDArray], xs: Any, ys: Any, aux: list[NDArray]) -> list[NDArray]:
        """The gradients of the inputs."""
        grads = [nd.zeros(x.shape, ctx=Context(x._device), dtype=x.dtype) for x in xs]
        self._op.backward(
            req=["write"] * len(grads), out_grad=list(gys), in_data=list(xs), out_data=list(ys), in_grad=grads, aux=aux
        )
        return grads


class _Call(Function):
    """One call on the tape."""

    def __init__(self, kind: _Kind, aux: list[NDArray]) -> None:
        self._kind, self._aux = kind, aux

    def forward(self, *inputs: NDArray) -> tuple[NDArray, ...]:
        outs = self._kind.forward(inputs, self._aux, _core.is_training())
        self.save_for_backward(*inputs, *outs)
        return tuple(outs)

    def backward(self, *output_grads: NDArray) -> list[NDArray]:
        saved, count = self.saved_tensors, self._kind.count
        with pause():
            return self._kind.backward(output_grads, saved[:count], saved[count:], self._aux)


def _compiled(kind: _Kind, inputs: list[NDArray], aux: list[NDArray]) -> Any:
    """One call in a graph: a node whose results and new states come in one line of numbers."""
    flat = function("_custom")(*inputs, *aux, number=keep_custom(_Flat(kind)), training=_core.is_training())
    parts = function("split")(flat, sizes=(*kind.sizes, *(a.size for a in aux)))
    outs = [
        function("cast")(function("reshape")(part, shape), dtype.name)
        for part, shape, dtype in zip(parts, kind.shapes, kind.dtypes, strict=False)
    ]
    was = _core.set_recording(False)
    try:
        for state, part in zip(aux, parts[len(outs) :], strict=True):
            _core.assign(state, function("reshape")(part.detach(), tuple(state.shape)))
    finally:
        _core.set_recording(was)
    return outs[0] if len(outs) == 1 else outs


class _Flat:
    """What a graph calls: arrays of NumPy in, one line of numbers out."""

    def __init__(self, kind: _Kind) -> None:
        self._kind = kind

    def size(self, shapes: Sequence[Any]) -> int:
        return sum(self._kind.sizes) + sum(int(np.prod(shape)) for shape in shapes[self._kind.count :])

    def _arrays(self, xs: Sequence[np.ndarray]) -> tuple[list[NDArray], list[NDArray]]:
        made = [_core.from_numpy(np.ascontiguousarray(x), True) for x in xs]
        return made[: self._kind.count], made[self._kind.count :]

    def forward(self, xs: Sequence[np.ndarray], training: bool) -> np.ndarray:
        inputs, aux = self._arrays(xs)
        with pause(train_mode=training):
            outs = self._kind.forward(inputs, aux, training)
        return np.concatenate([a.asnumpy().ravel().astype(xs[0].dtype) for a in (*outs, *aux)])

    def backward(self, gy: np.ndarray, y: np.ndarray, xs: Sequence[np.ndarray]) -> list[np.ndarray]:
        inputs, aux = self._arrays(xs)
        ends = np.cumsum(self._kind.sizes)
        gys, outs = (
            [
                _core.from_numpy(part.reshape(shape).copy(), True)
                for part, shape in zip(np.split(flat[: ends[-1]], ends[:-1]), self._kind.shapes, strict=True)
            ]
            for flat in (gy, y)
        )
        with pause():
            grads = self._kind.backward(gys, inputs, outs, aux)
        return [*(g.asnumpy() for g in grads), *(np.zeros_like(x) for x in xs[self._kind.count :])]


_answers.guard(__name__, __all__)
