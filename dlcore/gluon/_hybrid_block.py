"""HybridBlock: a block that can be compiled."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import Any

from dlcore import _core
from dlcore._warn import warn
from dlcore.graph._segments import enter

from ._block import Block
from ._infer import Learning
from ._mode import plain
from ._native import native, with_arrays
from ._parameter import generation


class HybridBlock(Block):
    """A block whose computation is made of operators only, so that it can be compiled by `hybridize()`.

    A subclass defines either `forward(self, x)`, or, in the older style, `hybrid_forward(self, F, x, **params)`, which
    gets the operators as F and the block's own parameters by name. One that defines both calls the second by
    `super().forward(x)`: that is then what is compiled, and `forward` runs as Python every time.

    >>> import dlcore as dl
    >>> class Scale(dl.gluon.HybridBlock):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.factor = self.params.get("factor", shape=(1,), init="ones")
    ...     def hybrid_forward(self, F, x, factor):
    ...         return F.broadcast_mul(x, factor)
    >>> net = Scale()
    >>> net.initialize()
    >>> net.hybridize()
    >>> net(dl.nd.array([1.0, 2.0])).asnumpy()
    array([1., 2.], dtype=float32)
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """A class with a `hybrid_forward` of its own that derives from a layer without one computes by that."""
        super().__init_subclass__(**kwargs)
        above = cls.__mro__[1]
        if "hybrid_forward" in vars(cls) and "forward" not in vars(cls) and issubclass(above, HybridBlock):
            if above.hybrid_forward is HybridBlock.hybrid_forward:
                cls.forward = HybridBlock.forward  # type: ignore[method-assign]

    def __init__(self, prefix: str | None = None, params: Any = None) -> None:
        super().__init__(prefix, params)
        self._active = False
        self._flags: dict[str, Any] = {}
        self._remat = False
        self._budget: int | None = None
        self._compiled: Any = None
        self._compiled_for: tuple[int, ...] = ()
        self._checked = -1
        self._signature: tuple[tuple[tuple[int, ...], str], ...] | None = None

    def hybridize(
        self, active: bool = True, remat: bool | None = None, memory_budget: int | None = None, **kwargs: Any
    ) -> None:
        """Compile this block when it is next called, once for every kind of input (shapes and dtypes).

        Python inside `forward` then runs only while compiling. `active=False` goes back. Hooks of blocks inside do not
        run in a compiled call. `static_alloc`, `static_shape` and other words of old scripts are accepted.

        remat: True lets the backward part compute again what this block computes inside, instead of keeping it, both
        where this block is compiled and where it is part of something compiled; results stay the same to the last bit.
        False ends that, None leaves it as it is. It holds for this block, not for those inside.
        memory_budget: bytes that intermediate values may take where this block is compiled and gradients are taken:
        all that its forward and its backward part hold, and what is kept between them. What is cheapest to compute
        again for its size is then computed again (see `dlcore.jit`). ValueError at a call for which it is too small,
        with a budget that is not.
        """
        if remat is not None:
            self._remat = remat
        self._budget = memory_budget
        self._active = active
        self._flags = kwargs
        self._compiled, self._checked = None, -1
        self._signature = None
        super().hybridize(active, **kwargs)

    def export(self, path: str | os.PathLike[str], epoch: int = 0, *inputs: Any) -> tuple[str, str]:
        """Write `path-symbol.json`, the operators of this network, and `path-0000.safetensors`, the values they need.

        `SymbolBlock.imports` reads both, without this class. The epoch has four digits. Gives the two names. While
        `mxnet` means dlcore (`dlcore.compat`), the second is `path-0000.params`, in MXNet's own format.
        inputs: arrays of the shapes to trace it with; else those of the first call after `hybridize()`. What is
        written is the network as it predicts. Shapes that `forward` reads are fixed in it, and so are Python's choices;
        layers alone leave the number of samples free. RuntimeError before any call, ValueError for a network that
        changes arrays or gives a plain number.

        >>> import tempfile, dlcore as dl
        >>> net = dl.gluon.nn.Dense(2, in_units=3)
        >>> net.initialize(init="ones")
        >>> files = net.export(tempfile.mkdtemp() + "/net", 0, dl.nd.ones((1, 3)))
        >>> dl.gluon.SymbolBlock.imports(files[0], "data", files[1])(dl.nd.ones((4, 3))).shape
        (4, 2)
        """
        from ._export import export

        signature = _signature(inputs) if inputs else self._signature
        if signature is None:
            raise RuntimeError(f"{self.name}.export: call hybridize() and then the network once, or give its inputs")
        return export(self, path, epoch, signature)

    def optimize_for(self, x: Any, *args: Any, backend: str | None = None, **kwargs: Any) -> Any:
        """Compile for inputs like these, once: `hybridize()` and a call, whose result it gives.

        There is one compiler, so a `backend` that is not None is passed over; a UserWarning says so.
        """
        if backend is not None:
            warn(f"optimize_for: backend {backend!r} is passed over; hybridize() compiles")
        self.hybridize(True, **kwargs)
        self(x, *args)  # tells shapes
        return self(x, *args)

    def infer_type(self, *args: Any) -> None:
        """Give the parameters the dtype of the first input that has a floating one."""
        for dtype in (getattr(x, "dtype", None) for x in args):
            if dtype is not None and dtype.kind not in "biu":
                self.cast(dtype)
                return

    def _run(self, *args: Any, **kwargs: Any) -> Any:
        if _core.is_tracing():
            enter(self, self._remat)
            return self.forward(*args, **kwargs)
        if not self._active or getattr(plain, "on", False):
            return self.forward(*args, **kwargs)
        if self._signature is None:
            self._signature = _signature(args)
        if self._two_forms():
            return self.forward(*args, **kwargs)
        if self._checked != generation[0] and not self._check():
            # The first call, which tells the parameters their shapes, runs as it is; so does a net on several devices.
            return self.forward(*args, **kwargs)
        return self._compiled(*args, **kwargs)

    def _check(self) -> bool:
        """See that the compiled form stands for the arrays in use now; False if some parameter has none yet, or has
        one on each of several devices."""
        below = self._below()
        parameters = [parameter for block in below for parameter in block.own_params().values()]
        arrays = [parameter._data for parameter in parameters]
        if any(array is None for array in arrays) or any(parameter._copies for parameter in parameters):
            return False
        # Which array, and which gradient it wants, is all a compiled form depends on, besides the children.
        found = tuple(value for array in arrays for value in (id(array), hash(array._grad_req)))  # type: ignore[union-attr]
        found += tuple(id(block) for block in below)
        if self._compiled is None or found != self._compiled_for:
            from dlcore.graph import CachedOp

            self._compiled = CachedOp(self._segment(), arrays, self.name, memory_budget=self._budget)
            self._compiled_for = found
        self._checked = generation[0]
        return True

    def _segment(self) -> Callable[..., Any]:
        """`forward`, as a segment that is computed again if that was asked for."""
        run = self._older if self._two_forms() else self.forward
        if not self._remat:
            return run

        @functools.wraps(run)
        def forward(*args: Any, **kwargs: Any) -> Any:
            enter(self, True)
            return run(*args, **kwargs)

        return forward

    def _below(self) -> list[Block]:
        """This block and all blocks inside it."""
        blocks: list[Block] = []
        self.apply(blocks.append)
        return blocks

    def forward(self, x: Any, *args: Any) -> Any:
        """The computation; here, the older form with the parameters as arguments."""
        if type(self).hybrid_forward is HybridBlock.hybrid_forward:
            raise NotImplementedError(f"{type(self).__name__} has neither forward(x) nor hybrid_forward(F, x)")
        ready = self._active and self._two_forms() and not _core.is_tracing() and not getattr(plain, "on", False)
        if ready and (self._checked == generation[0] or self._check()):
            return self._compiled(x, *args)
        return self._older(x, *args)

    def _older(self, x: Any, *args: Any) -> Any:
        """The computation in the older style, with the parameters as arguments."""
        from dlcore.array import nd

        params = {name: parameter.data() for name, parameter in self._reg_params.items()}
        return self.hybrid_forward(nd, x, *args, **params)

    def _two_forms(self) -> bool:
        """Whether `forward` prepares in Python what `hybrid_forward` computes."""
        own, base = type(self), HybridBlock
        return own.forward is not base.forward and own.hybrid_forward is not base.hybrid_forward

    def hybrid_forward(self, F: Any, x: Any, *args: Any, **params: Any) -> Any:
        """The computation in the older style: F has the operators, the parameters come by name.

        A subclass of a layer with `forward` may call it for what the layer does, with other arrays for its parameters.
        """
        layer = native(type(self), HybridBlock)
        if layer is None:
            raise NotImplementedError(f"{type(self).__name__} has no hybrid_forward(F, x)")
        return with_arrays(self, layer, (x, *args), params)

    def infer_shape(self, *args: Any) -> None:
        """Set the unknown lengths of this block's own parameters from its inputs.

        In the older style they are learned from the operators that `hybrid_forward` calls; a block with `forward` that
        has such parameters defines this.
        """
        if type(self).hybrid_forward is HybridBlock.hybrid_forward:
            super().infer_shape(*args)
            return
        from dlcore.array import nd

        params = {name: p.data() if p._shape_known else p for name, p in self._reg_params.items()}
        recording, training = _core.set_recording(False), _core.set_training(False)
        try:
            self.hybrid_forward(Learning(nd), *args, **params)
        except (AttributeError, TypeError) as error:
            waiting = ", ".join(name for name, p in self._reg_params.items() if not p._shape_known)
            raise ValueError(
                f"{type(self).__name__}: the shape of {waiting} could not be learned from hybrid_forward ({error}); "
                "give it, or define infer_shape(x)"
            ) from error
        finally:
            _core.set_recording(recording)
            _core.set_training(training)

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_signature": None, "_compiled": None, "_compiled_for": (), "_checked": -1}


def _signature(args: Any) -> tuple[tuple[tuple[int, ...], str], ...] | None:
    """Shapes and dtypes of the arrays of a call; None where something is no array."""
    if not all(isinstance(x, _core.NDArray) for x in args):
        return None
    return tuple((tuple(x.shape), x.dtype.name) for x in args)
