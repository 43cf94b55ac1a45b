"""Block: a piece of a network with parameters, children and a forward function."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np

from dlcore import _answers, _core
from dlcore._hints import Hinted
from dlcore._hooks import hook as late

from . import _naming, _places, _saving
from ._hooks import HookHandle
from ._op_hooks import OpHook, observe
from ._parameter import Parameter, generation
from ._parameter_dict import ParameterDict

_EXPLAINED = (TypeError, ValueError, IndexError, RuntimeError, MemoryError)
_CAUGHT = (*_EXPLAINED, *_answers.CAUGHT)


class Block(Hinted):
    """Base of all layers and networks. A subclass makes its children in `__init__` and computes in `forward`.

    Blocks and Parameters that become attributes are found by `collect_params`, saved, moved and trained. Calling a
    block calls `forward` with the hooks around it; errors from inside say which layer raised them.
    prefix: begins the block's name in messages. params: another block's `params` to share parameters with.

    >>> import dlcore as dl
    >>> class Twice(dl.gluon.Block):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.dense = dl.gluon.nn.Dense(3)
    ...     def forward(self, x):
    ...         return self.dense(x) * 2
    >>> net = Twice()
    >>> net.initialize()
    >>> net(dl.nd.ones((4, 5))).shape
    (4, 3)
    >>> list(net.collect_params())
    ['dense.weight', 'dense.bias']
    """

    _children: dict[str, Block]
    _reg_params: dict[str, Parameter]

    def __init__(self, prefix: str | None = None, params: ParameterDict | None = None) -> None:
        set_plainly = super().__setattr__
        set_plainly("_children", {})
        set_plainly("_reg_params", {})
        self._prefix, named, shared = _naming.new_prefix(self._alias(), prefix)
        self._nameless = prefix == ""  # what it makes is named and counted as its parent's own
        self._name_counts: Counter[str] = Counter()
        if params is not None:
            self._params = ParameterDict(params.prefix, params)
        else:  # what a block around this one shares is found by its whole name alone
            self._params = ParameterDict(named, shared, by_key=False)
        self._key = ""
        self._ready = False
        self._pre_hooks: dict[int, Callable[..., Any]] = {}
        self._hooks, self._op_hooks = dict[int, Callable[..., Any]](), dict[int, Any]()

    # Structure.

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, (Block, Parameter)):
            if "_children" not in self.__dict__:
                raise RuntimeError(f"{type(self).__name__}: call super().__init__() before setting {name!r}")
            old = self.__dict__.get(name)
            if old is not None and not isinstance(old, Block if isinstance(value, Block) else Parameter):
                raise TypeError(f"{type(self).__name__}.{name}: cannot replace {type(old).__name__} by {value!r}")
            if isinstance(value, Block):
                self.register_child(value, name)
            else:
                self._reg_params[name] = value
                self.__dict__["_ready"] = False
                generation[0] += 1
        super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        self._children.pop(name, None)
        self._reg_params.pop(name, None)
        generation[0] += 1
        super().__delattr__(name)

    def register_child(self, block: Block, name: str | None = None) -> None:
        """Make `block` a child, as an attribute would; its name defaults to its number."""
        key = str(len(self._children)) if name is None else name
        self._children[key] = block
        block.__dict__["_key"] = key
        generation[0] += 1

    def _alias(self) -> str:
        """What a block without a name of its own is called, before its number; also by MXNet."""
        return type(self).__name__.lower()

    @property
    def name(self) -> str:
        """The name of this very block, "dense0" for instance."""
        return self._prefix.removesuffix("_")

    @property
    def prefix(self) -> str:
        """What the names of its parameters begin with, "dense0_" for instance."""
        return self._prefix

    @property
    def params(self) -> ParameterDict:
        """The block's own parameters, without those of children; its `get` makes new ones."""
        return self._params

    def name_scope(self) -> AbstractContextManager[None]:
        """Blocks made inside `with self.name_scope():` have names that begin with this block's.

        Where this block shares another's parameters, so do they, by name.
        """
        if self._nameless:
            return nullcontext()
        return _naming.scope(self._prefix, self._name_counts, self._params.prefix, self._params._shared)

    def own_params(self) -> dict[str, Parameter]:
        """Parameters of this block alone, by attribute name (those without an attribute by the name in `params`)."""
        own = dict(self._reg_params)
        known = {id(p) for p in own.values()}
        own.update((name, p) for name, p in self._params.items() if id(p) not in known and name not in own)
        return own

    def collect_params(self, select: str | None = None) -> ParameterDict:
        """All parameters by path ("features.0.weight"); those whose path or name matches the pattern `select`."""
        found = ParameterDict(self._prefix, creates=False)
        self._collect("", found)
        if select is None:
            return found
        pattern = re.compile(select)
        chosen = ParameterDict(self._prefix, creates=False)
        for path, parameter in found.items():
            if pattern.match(path) or pattern.match(parameter.name):
                chosen[path] = parameter
        return chosen

    def _collect_params_with_prefix(self, prefix: str = "") -> dict[str, Parameter]:
        """What libraries built on MXNet call: parameters by path, below `prefix`."""
        return {f"{prefix}.{path}".lstrip("."): p for path, p in self.collect_params().items()}

    def _collect(self, path: str, found: ParameterDict) -> None:
        for name, parameter in self.own_params().items():
            parameter.path = path + name
            found[path + name] = parameter
        for key, child in self._children.items():
            child._collect(f"{path}{key}.", found)

    def apply(self, fn: Callable[[Block], Any]) -> Block:
        """Call `fn` on every block below, children first, then on this one."""
        for child in self._children.values():
            child.apply(fn)
        fn(self)
        return self

    def share_parameters(self, shared: Mapping[str, Parameter]) -> Block:
        """Use the given parameters, by path, in place of this network's own; both then learn together."""
        mine = self.collect_params()
        for path, parameter in shared.items():
            if path in mine:
                owner: Block = self
                *keys, name = path.split(".")
                for key in keys:
                    owner = owner._children[key]
                owner._params.pop(name, None)
                setattr(owner, name, parameter)
        return self

    # Parameters.

    def initialize(self, init: Any = None, ctx: Any = None, verbose: bool = False, force_reinit: bool = False) -> None:
        """Give every parameter its first values.

        init: an initializer, its name or class, for parameters that have none of their own (default: Uniform(0.07)).
        ctx: the device. Lengths that are not known yet wait for the first call. `force_reinit` starts afresh.
        """
        self.collect_params().initialize(init, ctx, verbose, force_reinit)

    def save_parameters(self, filename: str | os.PathLike[str], deduplicate: bool = False) -> None:
        """Write all parameters to a safetensors file (MXNet's format if it ends in `.params`), whole or not at all."""
        _saving.save(filename, self.collect_params(), deduplicate)

    def load_parameters(
        self,
        filename: str | os.PathLike[str],
        ctx: Any = None,
        allow_missing: bool = False,
        ignore_extra: bool = False,
        cast_dtype: bool = False,
        dtype_source: str = "current",
    ) -> None:
        """Read parameters from a file of `save_parameters`, or of MXNet. The network need not be initialized.

        Raises ValueError listing every parameter that is missing, unknown, or of another shape or dtype; then nothing
        has been changed. `dtype_source="saved"` casts the network to the file's dtypes instead.
        """
        self.load_dict(
            _saving.read(filename), ctx, allow_missing, ignore_extra, cast_dtype, dtype_source, str(filename)
        )

    def load_dict(
        self,
        param_dict: Mapping[str, Any],
        ctx: Any = None,
        allow_missing: bool = False,
        ignore_extra: bool = False,
        cast_dtype: bool = False,
        dtype_source: str = "current",
        source: str = "load_dict",
    ) -> None:
        """Like `load_parameters`, from arrays by path."""
        if dtype_source not in ("current", "saved"):
            raise ValueError(f"load: dtype_source must be 'current' or 'saved', got {dtype_source!r}")
        parameters = self.collect_params()
        saved = dtype_source == "saved"
        arrays = _saving.by_path(param_dict, parameters, self._prefix)
        _saving.load(source, parameters, arrays, ctx, allow_missing, ignore_extra, cast_dtype or saved, saved)

    def save(self, prefix: str | os.PathLike[str]) -> None:
        """Write all parameters to `prefix-model.safetensors`; `HybridBlock.export` writes the operators as well."""
        self.save_parameters(f"{os.fspath(prefix)}-model.{_saving.endings()[0]}")

    def load(self, prefix: str | os.PathLike[str]) -> None:
        """Read what `save` wrote into a network of the same structure."""
        self.load_parameters(_saving.there(f"{os.fspath(prefix)}-model"))

    save_params = save_parameters
    load_params = load_parameters

    def cast(self, dtype: Any) -> None:
        """Change the dtype of all parameters."""
        for child in self._children.values():
            child.cast(dtype)
        for parameter in self.own_params().values():
            parameter.cast(dtype)

    def zero_grad(self) -> None:
        """Set all gradients to zero."""
        self.collect_params().zero_grad()

    def reset_ctx(self, ctx: Any) -> None:
        """Move all parameters to another device."""
        self.collect_params().reset_ctx(ctx)

    def setattr(self, name: str, value: Any) -> None:
        """Set an attribute of all parameters: `net.setattr("grad_req", "null")`."""
        self.collect_params().setattr(name, value)

    def hybridize(self, active: bool = True, **kwargs: Any) -> None:
        """Compile the hybrid blocks below (see `HybridBlock.hybridize`)."""
        for child in self._children.values():
            child.hybridize(active, **kwargs)

    # Calls.

    def register_forward_pre_hook(self, hook: Callable[[Block, tuple[Any, ...]], Any]) -> HookHandle:
        """`hook(block, inputs)` is called before every forward; the handle's `detach()` takes it away."""
        return HookHandle(self._pre_hooks, hook)

    def register_forward_hook(self, hook: Callable[[Block, tuple[Any, ...], Any], Any]) -> HookHandle:
        """`hook(block, inputs, output)` is called after every forward; the handle's `detach()` takes it away."""
        return HookHandle(self._hooks, hook)

    def register_op_hook(self, callback: OpHook, monitor_all: bool = False) -> HookHandle:
        """`callback(name, operator, array)` is called with what every operator of a call gives.

        With monitor_all also with what it takes. The values come from a slow run of their own, with the random numbers
        of the call: for looking at a network, not for training. The handle's `detach()` takes the hook away.

        >>> import dlcore as dl
        >>> net = dl.gluon.nn.Activation("tanh", prefix="last_")
        >>> with net.register_op_hook(lambda name, op, array: print(name, array.shape)):
        ...     y = net(dl.nd.ones((2, 3)))
        last_tanh0_output0 (2, 3)
        """
        return HookHandle(self._op_hooks, (callback, monitor_all))

    @_answers.marked
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if args and type(args[0]) is not _core.NDArray and getattr(type(args[0]), "is_symbol", False):
            return late("gluon.symbol")(self, args, kwargs)
        for hook in tuple(self._pre_hooks.values()):
            hook(self, args)
        outside = _places.enter(args) if _places.used[0] else None
        _core.push_scope(self._key or self.name)
        try:
            if not self._ready:
                self._make_ready(args)
            if self._op_hooks and not _core.is_tracing():
                observe(self.forward, args, list(self._op_hooks.values()), self._key or self.name)
            output = self._run(*args, **kwargs)
        except _CAUGHT as error:
            found = self._better(error, args, kwargs)
            self._locate(found or error)
            if found is None:
                raise
            raise found from found.__cause__
        finally:
            _core.pop_scope()
            if _places.used[0]:
                _places.leave(outside)
        for hook in tuple(self._hooks.values()):
            hook(self, args, output)
        return output

    def _run(self, *args: Any, **kwargs: Any) -> Any:
        return self.forward(*args, **kwargs)

    def forward(self, *args: Any) -> Any:
        """The computation; a subclass defines it."""
        raise NotImplementedError(f"{type(self).__name__} has no forward(x)")

    def infer_shape(self, *args: Any) -> None:
        """Set the unknown lengths of this block's own parameters from its inputs; a layer that has such defines it."""
        waiting = [f"{name} {p.shape}" for name, p in self.own_params().items() if p._data is None]
        raise ValueError(
            f"{type(self).__name__}: the shape of {', '.join(waiting)} is not known; give it, or define infer_shape(x)"
        )

    def _make_ready(self, args: tuple[Any, ...]) -> None:
        """See that this block's own parameters have values, learning unknown lengths from the inputs."""
        own = self.own_params().values()
        for parameter in own:
            if parameter._data is None and parameter._waiting is None:
                parameter.data()  # raises, saying what to do
        unknown = [parameter for parameter in own if not parameter._shape_known]
        for parameter in own:
            if parameter._shape_known:
                parameter.finish_deferred_init()
        if unknown:
            self.infer_shape(*args)
        for parameter in unknown:
            parameter.finish_deferred_init()
        self._ready = True

    def _better(self, error: Exception, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Exception | None:
        """The error of a layer of ours that was given what it cannot use, where Python noticed it first."""
        if not type(self).__module__.startswith("dlcore.") or not isinstance(error, _answers.CAUGHT):
            return None
        return _answers.better(self.forward, type(self).__name__, error, args, kwargs)

    def _locate(self, error: BaseException) -> None:
        """Add the layer's path to an error, once, where it is known best: in the innermost layer."""
        if type(error) in _EXPLAINED and len(error.args) == 1 and isinstance(error.args[0], str):
            if "\n  in layer " not in error.args[0]:
                error.args = (f"{error.args[0]}\n  in layer {_core.current_scope()} {self._brief()}",)

    def summary(self, *inputs: Any) -> None:
        """Print a table of layers with output shapes and numbers of parameters, as seen with `inputs`.

        Arrays, or shapes as tuples of ints, for which zeros are used.
        """
        from ._summary import layers, table

        print(table(layers(self, *inputs)))

    # Text.

    def _brief(self) -> str:
        """One line about the block without its children."""
        return f"{type(self).__name__}({self._details()})"

    def _details(self) -> str:
        """What stands between the brackets of `repr` for a block without children."""
        return ""

    def __repr__(self) -> str:
        if not self._children:
            return self._brief()
        lines = [f"  ({key}): {repr(child)}".replace("\n", "\n  ") for key, child in self._children.items()]
        return f"{type(self).__name__}(\n" + "\n".join(lines) + "\n)"

    # Copies and pickles go without hooks, which may hold on to anything.

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_pre_hooks": {}, "_hooks": {}, "_op_hooks": {}}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        generation[0] += 1


def shape_of(x: Any) -> tuple[int, ...]:
    """The shape of an array argument, for `infer_shape`."""
    return tuple(x.shape) if hasattr(x, "shape") else np.shape(x)
