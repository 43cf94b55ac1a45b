"""Derivatives of functions: vjp, jvp, value_and_grad, jacobian, hessian, hvp.

They take a function of arrays, or of nested tuples, lists and dicts of arrays, and run it on variables of their own, so
no `attach_grad` and no `record` is needed. Called while gradients are recorded, their results are recorded too: they
compose with each other, with `backward`, and inside `jit`.

Forward mode (jvp) is two reverse walks: the vector-Jacobian product v -> J^T v is linear in v, and the gradient of
<J^T v, t> with respect to v is J t. It needs rules that differentiate twice, which all operators have, and costs
about three evaluations. After J. Townsend, "A new trick for calculating Jacobian vector products" (2017).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .. import _core
from .._core import NDArray
from ..ops import F
from ._nest import flatten, same_arrays
from ._scopes import record

Function = Callable[..., Any]


def _variable(x: NDArray) -> NDArray:
    """x as a variable of an inner derivative: a node of its own on the tape, through which an outer recording sees."""
    if x._tracked:
        return F.broadcast_to(x, x.shape)
    hidden = x.detach()
    _core.mark_variable(hidden, hidden, "write")
    variable = F.broadcast_to(hidden, x.shape)  # a view
    _core.mark_variable(hidden, hidden, "null")  # no gradient is ever delivered to it
    return variable


def _differentiable(x: NDArray, what: str) -> NDArray:
    if not x._dtype_name.startswith(("float", "bfloat", "complex")):
        raise TypeError(f"{what}: derivatives need floating-point arrays, got an array of {x.dtype}, shape {x.shape}")
    return x


class _Run:
    """One run of a function on variables: its inputs, its outputs, and gradients from these to those."""

    def __init__(self, function: Function, primals: Sequence[Any], what: str) -> None:
        self.outer = _core.is_recording()
        given, self.build_inputs = flatten(tuple(primals), f"{what}: the arguments")
        with record(_core.is_training()):
            self.inputs = [_variable(_differentiable(x, what)) for x in given]
            self.result = function(*self.build_inputs(iter(self.inputs)))

    def outputs(self, what: str) -> None:
        """Takes the arrays out of the result."""
        self.heads, self.build_outputs = flatten(self.result, f"{what}: what the function returns")

    def value(self) -> Any:
        """The result; recorded only where an outer recording asks for it."""
        return self.build_outputs(iter(self.heads if self.outer else [h.detach() for h in self.heads]))

    def gradients(self, head_grads: Sequence[NDArray], create_graph: bool, last: bool = False) -> list[NDArray]:
        """Of each input, given those of the outputs. After the `last` time the record may be freed."""
        pairs = [(h, g) for h, g in zip(self.heads, head_grads, strict=True) if h._tracked]
        if not pairs:
            return [F.zeros_like(x) for x in self.inputs]
        heads, grads = zip(*pairs, strict=True)
        return _core.grad(heads, self.inputs, grads, not last or create_graph, create_graph, _core.is_training())


def vjp(function: Function, *primals: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """`(value, pull)`: what the function gives at `primals`, and the vector-Jacobian product there.

    `pull(v)`, with v like the value, gives one gradient for each of `primals` (nested as they are). It may be called
    any number of times. Errors: TypeError for arguments or results that are no arrays or not floating point, ValueError
    when v has other shapes than the value.

    >>> from dlcore import np
    >>> value, pull = vjp(lambda x, y: x * y, np.array([2.0]), np.array([5.0]))
    >>> value.tolist(), [g.tolist() for g in pull(np.array([1.0]))]
    ([10.0], [[5.0], [2.0]])
    """
    run = _Run(function, primals, "vjp")
    run.outputs("vjp")

    def pull(vector: Any) -> tuple[Any, ...]:
        vectors = same_arrays(vector, run.heads, "vjp: the vector")
        return run.build_inputs(iter(run.gradients(vectors, run.outer or _core.is_recording())))

    return run.value(), pull


def jvp(function: Function, primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """`(value, derivative)`: what the function gives at `primals`, and its derivative in the direction `tangents`.

    `primals` and `tangents` are tuples of arguments with the same shapes. Computed by two reverse walks (see the
    module). Errors as `vjp`.

    >>> from dlcore import np
    >>> value, derivative = jvp(np.sin, (np.array([0.0]),), (np.array([3.0]),))
    >>> derivative.tolist()
    [3.0]
    """
    if not isinstance(primals, (tuple, list)):
        raise TypeError(f"jvp: primals must be a tuple of arguments, got {type(primals).__name__}")
    outer = _core.is_recording()
    with record(_core.is_training()):
        run = _Run(function, primals, "jvp")
        run.outputs("jvp")
        directions = same_arrays(tuple(tangents), run.inputs, "jvp: the tangents")
        dummies = [_variable(F.zeros_like(h.detach())) for h in run.heads]
        pulled = run.gradients(dummies, True)
        live = [(p, t) for p, t in zip(pulled, directions, strict=True) if p._tracked]
        if live:
            heads, seeds = zip(*live, strict=True)
            found = _core.grad(heads, dummies, seeds, True, outer, _core.is_training())
        else:
            found = [F.zeros_like(h) for h in run.heads]
    run.outer = outer
    return run.value(), run.build_outputs(iter(found))


def _selected(argnums: int | Sequence[int], args: tuple[Any, ...], what: str) -> tuple[int, ...]:
    numbers = (argnums,) if isinstance(argnums, int) else tuple(argnums)
    for n in numbers:
        if not isinstance(n, int) or not -len(args) <= n < len(args):
            raise ValueError(f"{what}: argnums {argnums} for {len(args)} arguments")
    return tuple(n % len(args) for n in numbers)


def _of_selected(function: Function, args: tuple[Any, ...], chosen: tuple[int, ...], kwargs: Any) -> Function:
    """The function of the chosen arguments alone."""

    def call(*some: Any) -> Any:
        full = list(args)
        for n, value in zip(chosen, some, strict=True):
            full[n] = value
        return function(*full, **kwargs)

    return call


def value_and_grad(
    function: Function, argnums: int | Sequence[int] = 0, has_aux: bool = False
) -> Callable[..., tuple[Any, Any]]:
    """A function that gives `(value, gradient)` of `function`, whose value must be one number.

    argnums: with respect to which argument (one gradient, nested as that argument is) or arguments (a tuple).
    has_aux: `function` returns `(value, something)`, and so does the value here. Keyword arguments are passed on.

    >>> from dlcore import np
    >>> value, gradient = value_and_grad(lambda w: (w * w).sum())(np.array([1.0, 2.0]))
    >>> float(value), gradient.tolist()
    (5.0, [2.0, 4.0])
    """

    def both(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        chosen = _selected(argnums, args, "value_and_grad")
        run = _Run(_of_selected(function, args, chosen, kwargs), [args[n] for n in chosen], "value_and_grad")
        aux = None
        if has_aux:
            if not isinstance(run.result, tuple) or len(run.result) != 2:
                raise TypeError("value_and_grad: with has_aux the function must return (value, something)")
            run.result, aux = run.result
        run.outputs("value_and_grad")
        if len(run.heads) != 1 or run.heads[0].size != 1:
            shapes = ", ".join(str(h.shape) for h in run.heads)
            raise ValueError(f"value_and_grad: the function must return one number, it returned shape {shapes}")
        seed = F.ones_like(run.heads[0].detach())
        grads = run.build_inputs(iter(run.gradients([seed], run.outer, last=True)))
        value = (run.value(), aux) if has_aux else run.value()
        return value, grads[0] if isinstance(argnums, int) else grads

    return both


def gradient(function: Function, argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """A function that gives the gradient of `function`, whose value must be one number; see `value_and_grad`.

    >>> from dlcore import np
    >>> gradient(gradient(lambda x: x * x * x))(np.array(2.0)).item()
    12.0
    """
    both = value_and_grad(function, argnums)
    return lambda *args, **kwargs: both(*args, **kwargs)[1]


def _one_hot_rows(like: NDArray) -> NDArray:
    """The unit vectors of like's shape, stacked: (size, *shape)."""
    unit = F.eye(like.size, like.size, dtype=like._dtype_name, device=like._device)
    return F.reshape(unit, (like.size, *like.shape))


def jacobian(function: Function, argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """A function that gives the Jacobian of `function`: for an argument of shape (i...) and a value of shape (o...) an
    array (o..., i...). For nested values or arguments it is nested so, values outside.

    One reverse walk for each number of the value, two for a complex one. With respect to complex arguments a complex
    value must be complex-differentiable, else a ValueError says so; a real value has its gradient there.

    >>> from dlcore import np
    >>> jacobian(lambda x: x * x)(np.array([1.0, 2.0])).tolist()
    [[2.0, 0.0], [0.0, 4.0]]
    """

    def at(*args: Any, **kwargs: Any) -> Any:
        chosen = _selected(argnums, args, "jacobian")
        run = _Run(_of_selected(function, args, chosen, kwargs), [args[n] for n in chosen], "jacobian")
        run.outputs("jacobian")
        blocks = []
        for k, head in enumerate(run.heads):
            rows = []
            for unit in _one_hot_rows(_differentiable(head.detach(), "jacobian")):
                seeds = [unit if i == k else F.zeros_like(h.detach()) for i, h in enumerate(run.heads)]
                row = run.gradients(seeds, run.outer)
                if head._dtype_name.startswith("complex"):
                    seeds[k] = F.multiply(unit, 1j)
                    row = [_derivative(g, t) for g, t in zip(row, run.gradients(seeds, run.outer), strict=True)]
                rows.append(row)
            per_input = [_stacked([row[i] for row in rows], head, x) for i, x in enumerate(run.inputs)]
            nest = run.build_inputs(iter(per_input))
            blocks.append(nest[0] if isinstance(argnums, int) else nest)
        return run.build_outputs(iter(blocks))

    return at


def _derivative(g: NDArray, turned: NDArray) -> NDArray:
    """A row of the Jacobian of a complex value from what seeds of 1 and of i give: the conjugates of its parts."""
    if not g._dtype_name.startswith("complex"):
        return F.add(g, F.multiply(turned, 1j))
    miss = F.abs(F.subtract(turned, F.multiply(g, 1j)))  # zero by the equations of Cauchy and Riemann
    if not g._is_traced and g.size and F.max(miss).item() > 1e-4 * (1 + F.max(F.abs(g)).item()):
        raise ValueError(
            "jacobian: the function is not complex-differentiable (it uses conj, abs, real or imag); take the "
            "gradients of the real and the imaginary part of its value"
        )
    return F.conj(g)


def _stacked(rows: list[NDArray], head: NDArray, x: NDArray) -> NDArray:
    if not rows:
        return F.zeros((*head.shape, *x.shape), dtype=x._dtype_name)
    return F.reshape(F.stack(*rows), (*head.shape, *x.shape))


def hessian(function: Function, argnums: int = 0) -> Callable[..., Any]:
    """A function that gives the second derivatives of `function`, whose value must be one number: for an argument of
    shape (i...) an array (i..., i...).

    >>> from dlcore import np
    >>> hessian(lambda x: (x * x * x).sum())(np.array([1.0, 2.0])).tolist()
    [[6.0, 0.0], [0.0, 12.0]]
    """
    return jacobian(gradient(function, argnums), argnums)


def hvp(function: Function, primals: Sequence[Any], vectors: Sequence[Any]) -> Any:
    """The product of the second derivatives of `function` at `primals` with `vectors`, without forming the matrix.

    `function` gives one number; `vectors` are like `primals` (tuples of arguments), and so is the result. One argument
    gives one product.

    >>> from dlcore import np
    >>> hvp(lambda x: (x * x * x).sum(), (np.array([1.0, 2.0]),), (np.array([1.0, 1.0]),)).tolist()
    [6.0, 12.0]
    """
    if not isinstance(primals, (tuple, list)):
        raise TypeError(f"hvp: primals must be a tuple of arguments, got {type(primals).__name__}")
    slope = gradient(function, tuple(range(len(primals))))
    _, pull = vjp(slope, *primals)  # second derivatives are symmetric: J^T v is J v
    found = pull(tuple(vectors))
    return found[0] if len(found) == 1 else found
