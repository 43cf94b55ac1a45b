"""Parameter: an array that a network learns, with its gradient."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any, NoReturn

import numpy as np

from dlcore import _core
from dlcore._hints import Hinted
from dlcore._warn import warn
from dlcore.array import context
from dlcore.array._copies import copy_on
from dlcore.array.sparse import cast_storage
from dlcore.graph import invalidate, outside_trace
from dlcore.ops import F

from . import _places
from ._parameter_old import OldWays
from ._places import device_names
from ._row_gradient import RowGradient

GRAD_REQS = ("write", "add", "null")

# Counts every change after which a graph compiled from some network may hold an array that is no longer in use.
generation = [0]


class DeferredInitializationError(RuntimeError):
    """The parameter waits for its shape, which the first forward pass tells.

    >>> import dlcore as dl
    >>> net = dl.gluon.nn.Dense(3)
    >>> net.initialize()
    >>> net.weight.data()
    Traceback (most recent call last):
    dlcore.gluon._parameter.DeferredInitializationError: Parameter weight has no values yet: ...
    """


def dtype_name(dtype: Any) -> str:
    """ "float32" for np.float32, np.dtype("float32") or "float32" """
    return dtype if isinstance(dtype, str) else np.dtype(dtype).name


class Parameter(OldWays, Hinted):
    """An array that a network learns.

    name: what it is called in messages; the ending ("weight", "bias", "gamma", ...) also chooses its initial values.
    grad_req: "write" (a backward pass replaces the gradient), "add" (it adds) or "null" (no gradient).
    shape: a tuple; 0 or -1 stands for a length that the first forward pass tells (with `allow_deferred_init`).
    lr_mult, wd_mult: factors on the trainer's learning rate and weight decay for this parameter.
    init: its initializer; None means the one given to `initialize`.
    grad_stype: "row_sparse" for a table of which `look_up` reads single rows: its gradient is then a RowSparseNDArray.
    stype: "row_sparse" for one that is asked for by `row_sparse_data`; values and gradient are dense all the same.

    `data()` is one and the same NDArray for the parameter's whole life on a device: everything that changes its values
    writes into it, so a compiled graph sees every change. Only `cast` and `reset_ctx` make a new array.

    Initialized on a list of devices it has an array and a gradient on each: a network uses the one where its data is,
    and a trainer's step adds up the gradients and brings the new values to all. (Workers are faster.)

    >>> import dlcore as dl
    >>> weight = dl.gluon.Parameter("weight", shape=(2, 3))
    >>> weight.initialize(init="ones")
    >>> weight.data().shape, weight.grad().shape
    ((2, 3), (2, 3))
    """

    def __init__(
        self,
        name: str = "weight",
        grad_req: str = "write",
        shape: int | Sequence[int] | None = None,
        dtype: Any = "float32",
        lr_mult: float = 1.0,
        wd_mult: float = 1.0,
        init: Any = None,
        allow_deferred_init: bool = False,
        differentiable: bool = True,
        stype: str = "default",
        grad_stype: str = "default",
    ) -> None:
        for what, kind in (("stype", stype), ("grad_stype", grad_stype)):
            if kind not in ("default", "row_sparse"):
                raise ValueError(f"Parameter {name}: {what} must be 'default' or 'row_sparse', got {kind!r}")
        self.stype, self.grad_stype = stype, grad_stype if stype == "default" else "default"
        self._rows: RowGradient | None = None
        self.name = name
        self.path = ""
        self._shape = (shape,) if isinstance(shape, int) else None if shape is None else tuple(shape)
        self._dtype = dtype_name(dtype)
        self.lr_mult, self.wd_mult = lr_mult, wd_mult
        self.init = init
        self.allow_deferred_init = allow_deferred_init
        self._differentiable = differentiable
        self._grad_req = "null"
        self._data: _core.NDArray | None = None
        self._copies: dict[str, _core.NDArray] = {}  # on the devices after the first
        self._waiting: tuple[Any, tuple[str, ...]] | None = None
        self.grad_seen = -1  # the version of the gradient that the trainer used last
        self.grad_req = grad_req

    # What it is.

    @property
    def shape(self) -> tuple[int, ...] | None:
        """The shape; 0 or -1 for lengths not known yet, None if nothing is known."""
        return self._shape

    @shape.setter
    def shape(self, shape: Sequence[int]) -> None:
        new = tuple(shape)
        old = self._shape
        fits = old is None or (
            len(old) == len(new) and all(a == b or a in (0, -1) for a, b in zip(old, new, strict=True))
        )
        if not fits:
            raise ValueError(f"Parameter {self._title}: expected shape {old}, got {new}")
        self._shape = new

    @property
    def dtype(self) -> str:
        """The name of the dtype. Setting it is `cast`."""
        return self._dtype

    @dtype.setter
    def dtype(self, dtype: Any) -> None:
        self.cast(dtype)

    @property
    def grad_req(self) -> str:
        """ "write", "add" or "null"."""
        return self._grad_req

    @grad_req.setter
    def grad_req(self, req: str) -> None:
        if req not in GRAD_REQS:
            raise ValueError(f"Parameter {self.name}: grad_req must be one of {GRAD_REQS}, got {req!r}")
        req = req if self._differentiable else "null"
        if req != self._grad_req:
            self._grad_req = req
            generation[0] += 1
            if self._data is not None:
                self._attach(self._data)
                for copy in self._copies.values():
                    copy.attach_grad(req)
                invalidate()

    @property
    def _title(self) -> str:
        return self.path or self.name

    @property
    def _shape_known(self) -> bool:
        return self._shape is not None and all(length > 0 for length in self._shape)

    def __repr__(self) -> str:
        return f"Parameter {self._title} (shape={self._shape}, dtype={self._dtype})"

    # Its array.

    def initialize(
        self, init: Any = None, ctx: Any = None, default_init: Any = None, force_reinit: bool = False
    ) -> None:
        """Make the array and fill it, or, while a length is unknown, remember to do so at the first forward pass.

        The initializer is `init`, else the parameter's own, else `default_init` (else Uniform(0.07)), which goes by the
        name's ending. An initialized parameter is left alone with a warning unless `force_reinit`.
        """
        if (self._data is not None or self._waiting is not None) and not force_reinit:
            if self._data is not None:
                warn(f"Parameter {self._title} is already initialized; pass force_reinit=True to do it again")
                return
        self._waiting = (self._initializer(init, default_init), device_names(ctx))
        if self._shape_known:
            self.finish_deferred_init()
        elif not self.allow_deferred_init:
            self._waiting = None
            raise ValueError(f"Parameter {self._title}: cannot be initialized with the unknown shape {self._shape}")

    def _initializer(self, given: Any, default: Any) -> Any:
        from dlcore.init import Uniform, create

        rule = create(default) if default is not None else Uniform()
        if given is not None or (self.init is not None and not rule.knows(self.name)):
            return create(given if given is not None else self.init).fill
        return functools.partial(rule, self.name)

    def finish_deferred_init(self) -> None:
        """Make and fill the array now that its shape is known. Does nothing if that is done or was not asked for."""
        if self._waiting is None:
            return
        if not self._shape_known:
            raise DeferredInitializationError(f"Parameter {self._title}: shape {self._shape} is not known yet")
        fill, devices = self._waiting
        # Even when a step is being traced, a parameter comes into being for real.
        outside_trace(lambda: self._create(fill, *devices))
        self._waiting = None

    def _create(self, fill: Any, device: str, *others: str) -> None:
        assert self._shape is not None
        if self._data is None or self._data._device != device:
            array = _core.empty(self._shape, self._dtype, device)
            fill(array)
            self._adopt(array)
        else:
            fill(self._data)
            self.zero_grad()
        self._copy_to(others)

    def _copy_to(self, devices: Sequence[str]) -> None:
        """Hold the values on these devices too, and on no others."""
        if devices and self.grad_stype != "default":
            raise ValueError(f"Parameter {self._title}: a row-sparse gradient is possible on one device only")
        if devices or self._copies:
            generation[0] += 1
        assert self._data is not None
        self._copies = {}
        for device in devices:
            _places.used[0] = True
            copy = copy_on(self._data, device, self._dtype)
            copy.attach_grad(self._grad_req)
            self._copies[device] = copy

    def _adopt(self, array: _core.NDArray) -> None:
        self._attach(array)
        if self._data is not None:
            invalidate()  # compiled functions hold the old array
        self._data = array
        generation[0] += 1

    def _attach(self, array: _core.NDArray) -> None:
        self._rows = None
        if self.grad_stype == "row_sparse" and self._grad_req != "null":
            array.attach_grad("null")
            self._rows = RowGradient(array, self._grad_req)
            self.grad_seen = self._rows.version
            return
        array.attach_grad(self._grad_req)
        self.grad_seen = -1 if array.grad is None else array.grad._version

    def data(self, ctx: Any = None) -> _core.NDArray:
        """The array, on `ctx` or where the data of the running network is.

        Raises RuntimeError before initialization, or when it is not on `ctx`. A subclass may compute with something
        else, a weight with parts left out for instance: `held` is what is trained and saved.
        """
        if self._data is None:
            self._complain()
        if ctx is None:
            return self._copies.get(_places.here() or "", self._data) if self._copies else self._data
        wanted = repr(context.Context(ctx))
        if wanted == self._data._device:
            return self._data
        if wanted not in self._copies:
            places = " and ".join([self._data._device, *self._copies])
            raise RuntimeError(f"Parameter {self._title} is on {places}, not on {wanted}")
        return self._copies[wanted]

    held = data

    def _complain(self) -> NoReturn:
        if self._waiting is not None:
            raise DeferredInitializationError(
                f"Parameter {self._title} has no values yet: its shape {self._shape} becomes known when the network is "
                "first called on data"
            )
        raise RuntimeError(
            f"Parameter {self._title} has not been initialized: call initialize() on the network or the parameter first"
        )

    def set_data(self, data: Any) -> None:
        """Write new values, of the parameter's shape, into its array. Tells an unknown shape."""
        shape = tuple(data.shape) if hasattr(data, "shape") else np.shape(data)
        self.shape = shape
        array = data if isinstance(data, _core.NDArray) else _core.from_numpy(np.asarray(data))
        if self._data is not None:
            _core.assign(self._data, array)
            self.spread()
            return
        devices = self._waiting[1] if self._waiting else device_names(None)
        self._waiting = (lambda own: _core.assign(own, array), devices)
        self.finish_deferred_init()

    def grad(self, ctx: Any = None) -> Any:
        """The gradient, dense or a RowSparseNDArray. RuntimeError before initialization and for grad_req "null"."""
        data = self.held(ctx)
        if self._grad_req == "null":
            raise RuntimeError(f"Parameter {self._title} has no gradient: its grad_req is 'null'")
        return data.grad if self._rows is None else self._rows.value()

    def look_up(self, indices: _core.NDArray) -> _core.NDArray:
        """The rows that whole numbers (of any dtype) name, as an embedding does; for gradients of either kind."""
        data = self.data()
        if getattr(indices, "_dtype_name", "").startswith(("float", "bfloat")):
            indices = F.cast(indices, "int64")
        return F.embedding(indices, data) if self._rows is None else self._rows.look_up(indices)

    def take_reduced(self, grad: _core.NDArray) -> None:
        """Take over a dense gradient in place of a row-sparse one; a dense one has been changed in place."""
        if self._rows is not None:
            self._rows.replace(cast_storage(grad, "row_sparse"))

    def zero_grad(self) -> None:
        """Set the gradient to zero; does nothing if there is none."""
        if self._rows is not None:
            self._rows.clear()
            self.grad_seen = self._rows.version
        elif self._data is not None and self._grad_req != "null" and self._data.grad is not None:
            for array in (self._data, *self._copies.values()):
                _core.assign(array.grad, _core.from_numpy(np.zeros((), np.float32)))
            self.grad_seen = self._data.grad._version

    def list_data(self) -> list[_core.NDArray]:
        """The array on every device it is on."""
        return [self.held(ctx) for ctx in self.list_ctx()]

    def list_grad(self) -> list[Any]:
        """The gradient on every device it is on."""
        return [self.grad(ctx) for ctx in self.list_ctx()]

    def list_ctx(self) -> list[Any]:
        """The devices it is on, or will be on."""
        if self._data is not None:
            return [context.Context(name) for name in (self._data._device, *self._copies)]
        if self._waiting is None:
            self._complain()
        return [context.Context(name) for name in self._waiting[1]]

    def gather(self) -> None:
        """Put the sum of the gradients of all devices in the place of each. Nothing to do on one device, or for
        gradients that no backward pass has renewed, which stay what they are for the trainer to see."""
        if not self._copies or self._grad_req == "null" or self.grad()._version == self.grad_seen:
            return
        grads = self.list_grad()
        total = grads[0]
        for grad in grads[1:]:
            total = F.add(total, grad.as_in_context(total.ctx))
        for grad in grads:
            _core.assign(grad, total)

    def spread(self) -> None:
        """Bring the values on the first device to all others."""
        for copy in self._copies.values():
            _core.assign(copy, self._data)

    def cast(self, dtype: Any) -> None:
        """Change the dtype: the values are converted into a new array, the gradient becomes zero."""
        self._dtype = dtype_name(dtype)
        if self._data is not None and self._data.dtype.name != self._dtype:
            self._replace(self._data._device)
            self._copy_to(tuple(self._copies))

    def reset_ctx(self, ctx: Any) -> None:
        """Move to another device (or a list of them), into new arrays there; the gradient becomes zero."""
        devices = device_names(ctx)
        if self._waiting is not None:
            self._waiting = (self._waiting[0], devices)
        if self._data is not None and (self._data._device, *self._copies) != devices:
            if self._data._device != devices[0]:
                self._replace(devices[0])
            self._copy_to(devices[1:])

    reset_device = reset_ctx

    def _replace(self, device: str) -> None:
        old = self._data
        assert old is not None
        self._adopt(copy_on(old, device, self._dtype))

    # Copies and pickles carry the values, not the device's memory.

    def __getstate__(self) -> dict[str, Any]:
        state = {**self.__dict__, "_rows": None, "_copies": tuple(self._copies)}
        state["_data"] = None if self._data is None else (self._data.asnumpy(), self._data._device)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        data, others = state.pop("_data"), state.pop("_copies")
        self.__dict__.update(state, _data=None, _copies={})
        if data is not None:
            values, device = data
            array = _core.empty(values.shape, self._dtype, device)
            _core.assign(array, _core.from_numpy(values))
            self._adopt(array)
            self._copy_to(others)
