"""The methods of NDArray beside those that its stanzas give it (`method=True`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .. import _core
from .._answers import answered
from .._core import NDArray
from ..ops import RECORDS, F
from . import _dunders, _indexing, _numpy_methods, _products, _protocol, _repr
from ._complex import PARTS, conjugate
from ._convert import dtype_name, move
from ._shared import clip, reshape
from .context import Context, device_name

Axes = int | tuple[int, ...] | None


def asscalar(self: NDArray) -> float | int | bool:
    """The one number of an array of size 1; ValueError for any other size."""
    if self.size != 1:
        raise ValueError(
            f"asscalar needs an array of one element, this one has shape {tuple(self.shape)}; "
            "a loss for each sample becomes one number with loss.mean().asscalar()"
        )
    return self.item()


def tolist(self: NDArray) -> Any:
    """The numbers as nested Python lists (a 0-d array gives the number itself)."""
    found = _core.to_list(self)
    return _repr._values(self).tolist() if found is None else found


def _allowed(held: Any, wanted: Any, casting: Any) -> None:
    if casting not in ("no", "equiv", "safe", "same_kind"):
        raise ValueError(f"astype: casting must be no, equiv, safe, same_kind or unsafe, got {casting!r}")
    if not np.can_cast(held, wanted, casting):
        raise TypeError(f"astype: {held} to {wanted} is not allowed by casting {casting!r}")


def astype(
    self: NDArray, dtype: Any, copy: bool = True, *, order: str = "K", casting: str = "unsafe", subok: bool = True
) -> NDArray:
    """The numbers in another dtype; with copy=False the array itself when it has that dtype. casting: what NumPy's rule
    of that name forbids is a TypeError."""
    if casting != "unsafe":
        _allowed(self.dtype, np.dtype(dtype_name(dtype)), casting)
    if not copy and dtype_name(dtype) == self._dtype_name:
        return self
    return F.cast(self, dtype)


def as_in_context(self: NDArray, ctx: Context | str) -> NDArray:
    """The array on that device: itself if it is there, else a copy (through which gradients flow)."""
    name = device_name(ctx)
    return self if name == self._device else move(self, name)


def copyto(self: NDArray, other: NDArray | Context | str) -> NDArray:
    """Writes the numbers into another array (cast and broadcast to it), or copies to a device."""
    if isinstance(other, NDArray):
        _core.assign(other, self)
        return other
    name = device_name(other)
    return F.copy(self) if name == self._device else move(self, name)


def transpose(self: NDArray, *order: Any, axes: Any = None) -> NDArray:
    """Axes in another order: x.transpose(1, 0), x.transpose((1, 0)) or x.transpose(axes=(1, 0)); all reversed if none
    are given. A view."""
    if axes is not None:
        if order:
            raise TypeError(f"transpose: the axes were given twice, {order} and {axes}")
        order = tuple(axes)
    elif len(order) == 1 and not isinstance(order[0], int):
        order = order[0]
    return F.transpose(self, order or None)


def swapaxes(self: NDArray, dim1: int, dim2: int) -> NDArray:
    """Two axes exchanged. A view."""
    order = list(range(self.ndim))
    try:
        order[dim1], order[dim2] = order[dim2], order[dim1]
    except IndexError:
        raise IndexError(f"swapaxes: axes {dim1} and {dim2} of an array with {self.ndim} axes") from None
    return F.transpose(self, tuple(order))


def flatten(self: NDArray, order: str = "C") -> NDArray:
    """MXNet's flatten: a matrix (d0, rest). `ravel()` gives one axis."""
    if order != "C":
        raise ValueError(f"flatten: only order 'C' is supported, got {order!r}")
    return F.flatten2d(self)


def ravel(self: NDArray, order: str = "C") -> NDArray:
    """All numbers on one axis; a view where possible. Order "F" goes column by column."""
    if order not in ("C", "K", "A"):
        return _numpy_methods.namespace().ravel(self, order)
    return F.reshape(self, (-1,) if self.size else (0,))


def broadcast_to(self: NDArray, *shape: Any) -> NDArray:
    """Repeated to a larger shape without copying. A view."""
    return F.broadcast_to(self, shape[0] if len(shape) == 1 else shape)


def round_(self: NDArray, decimals: int = 0) -> NDArray:
    """Rounded to so many decimals, halves to the even digit."""
    if decimals == 0:
        return F.rint(self)
    scale = 10.0**decimals
    return F.divide(F.rint(F.multiply(self, scale)), scale)


def norm(self: NDArray, ord: float = 2, axis: Axes = None, keepdims: bool = False) -> NDArray:
    """The length of the array as a vector: the root of the sum of squares (ord 2) or the sum of sizes (ord 1)."""
    from .linalg import vector_norm

    return vector_norm(self, axis=axis, keepdims=keepdims, ord=ord)


def take(self: NDArray, indices: Any, axis: int | None = None, mode: str = "raise") -> NDArray:
    """Rows along the axis; without an axis from the flattened array."""
    from .np import take as general

    return general(self, indices, axis, mode)


def dot(self: NDArray, other: Any) -> NDArray:
    """x @ other, as numpy.dot."""
    return _products.dot(self, other)


def wait_to_read(self: NDArray) -> None:
    """Returns when the numbers are there. Processor work is done when an operator returns; a GPU is waited for."""
    if not self._device.startswith("cpu"):
        self.asnumpy()


def zero_grad(self: NDArray) -> None:
    """Sets the gradient buffer to zero."""
    if self.grad is not None:
        _core.assign(self.grad, 0)


def _reduction(name: str) -> Callable[..., NDArray]:
    function = getattr(F, name)

    def method(
        self: NDArray,
        axis: Axes = None,
        dtype: Any = None,
        out: NDArray | None = None,
        keepdims: bool = False,
        **more: Any,
    ) -> NDArray:
        if more.pop("exclude", False):  # MXNet: reduce all axes but these
            kept = {axis} if isinstance(axis, int) else set(axis or ())
            axis = tuple(a for a in range(self.ndim) if a not in {k % self.ndim for k in kept})
        if more:  # NumPy's initial, where, ddof, mean
            from . import np as namespace

            typed = {} if dtype is None else {"dtype": dtype}
            return getattr(namespace, name)(self, axis=axis, out=out, keepdims=keepdims, **typed, **more)
        if dtype is None:
            return function(self, axis, keepdims, out=out, **more)
        found = function(F.cast(self, dtype), axis, keepdims, **more)
        return F.cast(found, dtype) if out is None else F.cast(found, out._dtype_name, out=out)

    method.__name__, method.__doc__ = name, function.__doc__
    return method


def _iterate(self: NDArray) -> Iterator[NDArray]:
    if self.ndim == 0:
        raise TypeError("iteration over a 0-d array; use x.item()")
    return map(self.__getitem__, range(len(self)))


def _context(self: NDArray) -> Context:
    return Context(self._device)


PROPERTIES = {
    "T": lambda self: F.transpose(self),
    "mT": lambda self: F.swap_last(self),
    "device": _context,
    "ctx": _context,
    "context": _context,
    "stype": lambda self: "default",
    **PARTS,
}


def _array_namespace(self: NDArray, *, api_version: str | None = None) -> Any:
    """The array-API standard's namespace for this array: `dlcore.np`."""
    from . import np as namespace

    if api_version not in (None, "2021.12", "2022.12", "2023.12", namespace.__array_api_version__):
        raise ValueError(
            f"__array_namespace__: version {api_version!r} of the standard is not one of 2021.12 to 2024.12"
        )
    return namespace


def _imatmul(self: NDArray, other: Any) -> NDArray:
    """x @= y: the product written into x, whose shape it must have."""
    product = _products.matmul(self, other)
    if product.shape != self.shape:
        raise ValueError(f"@=: the product of shape {product.shape} does not fit into an array of shape {self.shape}")
    _core.assign(self, product)
    return self


def _itself(self: NDArray) -> NDArray:
    return self


def slice_axis(self: NDArray, axis: int, begin: int, end: int | None) -> NDArray:
    """Positions begin to end of one axis. A view."""
    return _namespace().slice_axis(self, axis, begin, end)


def one_hot(self: NDArray, depth: int, **more: Any) -> NDArray:
    """Rows of `depth` numbers, 1 at the place that each number names."""
    return _namespace().one_hot(self, depth, **more)


def pick(self: NDArray, index: Any, axis: int = -1, keepdims: bool = False) -> NDArray:
    """One number of each line along the axis, the one that index names."""
    return F.pick(self, index, axis, keepdims)


def topk(self: NDArray, **more: Any) -> Any:
    """The largest numbers along an axis, or where they are; see `dlcore.nd.topk`."""
    return _namespace().topk(self, **more)


def split(self: NDArray, num_outputs: int, axis: int = 1, squeeze_axis: bool = False) -> Any:
    """Equal parts along an axis."""
    return _namespace().split(self, num_outputs, axis, squeeze_axis)


def repeat(self: NDArray, repeats: Any, axis: int | None = None) -> NDArray:
    """Every number, or every row of an axis, so often."""
    return _namespace().repeat(self, repeats, axis)


def tile(self: NDArray, reps: Any) -> NDArray:
    """The whole array, so often along each axis."""
    return _namespace().tile(self, reps)


# Methods that an everyday step does not go through, so that a `try` around them costs nothing that counts.
_ANSWERED = frozenset(
    "round swapaxes transpose slice_axis one_hot pick topk split repeat tile as_nd_ndarray as_np_ndarray".split()
)
METHODS: dict[str, Callable[..., Any]] = {
    "conjugate": conjugate,
    "__array_namespace__": _array_namespace,
    "__imatmul__": _imatmul,
    **{f.__name__: f for f in (asscalar, tolist, astype, as_in_context, copyto, reshape, transpose, swapaxes, flatten)},
    **{f.__name__: f for f in (ravel, broadcast_to, clip, norm, take, dot, wait_to_read, zero_grad)},
    **{n: _reduction(n) for n in ("sum", "mean", "prod", "max", "min", "any", "all", "var", "std")},
    "round": round_,
    "as_in_ctx": as_in_context,
    "to_device": as_in_context,
    "as_nd_ndarray": _itself,
    "as_np_ndarray": _itself,
    **{f.__name__: f for f in (slice_axis, one_hot, pick, topk, split, repeat, tile)},
    "__setitem__": _indexing.setitem,
    "__iter__": _iterate,
    **_numpy_methods.METHODS,
    **_protocol.attributes(),
}


def _namespace() -> Any:
    from . import nd

    return nd


class _Late:
    """A method that is built from its stanza when first used; importing stays quick."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, instance: NDArray | None, owner: type) -> Any:
        function = getattr(F, self.name)
        setattr(NDArray, self.name, function)
        return function if instance is None else function.__get__(instance, owner)


def _in_core(name: str, method: Callable[..., Any]) -> Callable[..., Any]:
    """The method as a callable of the core, which leaves to `method` all but x.sum(), x.sum(0), x.reshape(2, 3)."""
    about: dict[str, Any] = {
        "__name__": name,
        "__qualname__": f"NDArray.{name}",
        "__module__": __name__,
        "__doc__": method.__doc__,
    }
    about["__wrapped__"] = method
    if name == "reshape":
        return _core.make_reshape(method, about)
    parameters = [("x", "input", True, None), ("axis", "attr", False, None)]
    return _core.make_operator(RECORDS[name].id, parameters, method, about)


def attach() -> None:
    """Gives the core's NDArray class its Python side."""
    for record in RECORDS.values():
        if record.method and record.name not in METHODS:
            setattr(NDArray, record.name, _Late(record.name))
    for name, method in METHODS.items():
        setattr(NDArray, name, answered(method, name) if name in _ANSWERED else method)
    for name in ("reshape", "sum", "mean", "prod", "max", "min", "any", "all"):
        setattr(NDArray, name, _in_core(name, METHODS[name]))
    for name, getter in PROPERTIES.items():
        setattr(NDArray, name, property(getter))
    for name, parts in _numpy_methods.PROPERTIES.items():
        setattr(NDArray, name, property(*parts))
    _core.set_getitem(_indexing.getitem)
    _dunders.attach()
