"""From results back to variables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import _core
from .._core import NDArray
from ._transforms import gradient

Arrays = Any  # an NDArray or a sequence of them


def _list(value: Any, what: str) -> list[NDArray]:
    values = [value] if isinstance(value, NDArray) else list(value)
    for v in values:
        if not isinstance(v, NDArray):
            raise TypeError(f"{what} must be an NDArray or a list of them, got {type(v).__name__}")
    return values


def _head_grads(head_grads: Any, n: int) -> list[Any] | None:
    if head_grads is None:
        return None
    grads = [head_grads] if isinstance(head_grads, NDArray) else list(head_grads)
    if len(grads) != n:
        raise ValueError(f"{n} heads, but {len(grads)} head gradients")
    return grads


def backward(heads: Arrays, head_grads: Any = None, retain_graph: bool = False, train_mode: bool = True) -> None:
    """Computes the gradients of `heads` and puts them into the `.grad` of every variable they depend on.

    head_grads: the gradient that arrives at each head (ones, if None). Raises RuntimeError when nothing was recorded,
    when the record was used up (see retain_graph), or when a value it needs was changed in place since.

    >>> from dlcore import nd; from dlcore.autograd import record
    >>> x = nd.array([1.0, 2.0]); x.attach_grad()
    >>> with record():
    ...     y, z = x * 2, x * 3
    >>> backward([y, z]); x.grad.tolist()
    [5.0, 5.0]
    """
    arrays = _list(heads, "heads")
    _core.backward(arrays, _head_grads(head_grads, len(arrays)), retain_graph, False, train_mode)


def grad(
    heads: Arrays,
    variables: Any = None,
    head_grads: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    train_mode: bool = True,
) -> Any:
    """The gradients of `heads` with respect to `variables`, returned instead of stored.

    With create_graph they are themselves recorded, so that higher derivatives can be taken. One variable gives one
    array, a list gives a list; a variable that the heads do not depend on gives zeros. Only what lies between heads and
    variables is computed. Raises ValueError for an array that is no variable.

    The heads must be real or have head gradients. The gradient with respect to complex z = x + iy is dL/dx + i dL/dy,
    the direction of steepest ascent, as in PyTorch (half the gradient of Wirtinger calculus, conjugated); a real
    variable that meets complex numbers gets a real gradient.

    With a function in place of the heads, its gradient function: `grad(f, argnums)` is `gradient(f, argnums)`.

    >>> from dlcore import nd; from dlcore.autograd import record
    >>> x = nd.array([2.0]); x.attach_grad()
    >>> with record():
    ...     first = grad(x * x * x, x, create_graph=True)
    >>> grad(first, x).tolist()
    [12.0]
    """
    if callable(heads):
        return gradient(heads, 0 if variables is None else variables)
    if variables is None:
        raise TypeError("grad: which variables? grad(heads, variables), or grad(function)")
    arrays = _list(heads, "heads")
    wanted = _list(variables, "variables")
    retain = create_graph if retain_graph is None else retain_graph
    found = _core.grad(arrays, wanted, _head_grads(head_grads, len(arrays)), retain, create_graph, train_mode)
    return found[0] if isinstance(variables, NDArray) else found


def mark_variables(variables: Arrays, gradients: Arrays, grad_reqs: str | Sequence[str] = "write") -> None:
    """Makes arrays variables, each with the array that its gradient is written (or added, or not: "null") to.

    Raises ValueError when the lists differ in length, or a gradient array in shape, dtype or device from its variable;
    TypeError for arrays that are not floating point.

    >>> from dlcore import nd; from dlcore.autograd import record
    >>> x, g = nd.array([1.0]), nd.zeros((1,))
    >>> mark_variables(x, g); x.grad is not None
    True
    """
    arrays, buffers = _list(variables, "variables"), _list(gradients, "gradients")
    reqs = [grad_reqs] * len(arrays) if isinstance(grad_reqs, str) else list(grad_reqs)
    if not len(arrays) == len(buffers) == len(reqs):
        raise ValueError(
            f"mark_variables: there must be as many of each, got {len(arrays)} variables, {len(buffers)} gradients "
            f"and {len(reqs)} grad_reqs"
        )
    for x, g, req in zip(arrays, buffers, reqs, strict=True):
        if req not in ("write", "add", "null"):
            raise ValueError(f"mark_variables: grad_req must be 'write', 'add' or 'null', got {req!r}")
        if (x.shape, x._dtype_name, x._device) != (g.shape, g._dtype_name, g._device):
            raise ValueError(
                f"mark_variables: a variable of shape {x.shape}, {x.dtype} on {x._device} needs a gradient array of "
                f"the same, got shape {g.shape}, {g.dtype} on {g._device}"
            )
        _core.mark_variable(x, g, req)
