"""ParameterDict: the parameters of a network by name."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from . import _saving
from ._constant import Constant
from ._parameter import Parameter


class ParameterDict(dict[str, Parameter]):
    """A dict from names to parameters, with what is done to all of them at once.

    `net.collect_params()` gives one, with names such as "features.0.weight"; `block.params` is the one a block makes
    its own parameters with, by `get`.

    >>> import dlcore as dl
    >>> params = dl.gluon.nn.Dense(2, in_units=3).collect_params()
    >>> list(params)
    ['weight', 'bias']
    >>> params.setattr("grad_req", "null")
    >>> params["weight"].grad_req
    'null'
    """

    def __init__(
        self, prefix: str = "", shared: ParameterDict | None = None, creates: bool = True, by_key: bool = True
    ) -> None:
        super().__init__()
        self.prefix = prefix
        self._shared, self._by_key = shared, by_key
        self._creates = creates

    @property
    def _params(self) -> dict[str, Parameter]:
        """Where MXNet kept them, and libraries built on it look."""
        return self

    def __missing__(self, name: str) -> Parameter:
        """The parameter whose whole name this is ("dense0_weight"), as MXNet's dicts have them for keys."""
        found = next((parameter for parameter in self.values() if parameter.name == name), None)
        if found is None:
            raise KeyError(name)
        return found

    def get(self, name: str, default: Any = None, **kwargs: Any) -> Any:
        """The parameter `name`; in a block's own dict, made with `kwargs` (see `Parameter`) if it is not there yet.

        A shape given for an existing parameter has to fit it, else ValueError.
        """
        found = self._find(name)
        if found is None:
            if not self._creates or default is not None:
                return default
            found = Parameter(self.prefix + name, **kwargs)
        elif kwargs.get("shape") is not None and not _compatible(found.shape, kwargs["shape"]):
            raise ValueError(f"Parameter {name}: a shared one has shape {found.shape}, asked for {kwargs['shape']}")
        self[name] = found
        return found

    def _find(self, name: str) -> Parameter | None:
        """The parameter `name` here or in the dict that is shared, which is not made to make one.

        There it is known by its whole name, or (`by_key`) by the key under which it is asked for here.
        """
        if name in self or self._shared is None:
            return super().get(name)
        found = self._shared._named(self.prefix + name)
        return self._shared._find(name) if found is None and self._by_key else found

    def _named(self, whole: str) -> Parameter | None:
        """The parameter with this whole name, here or in what is shared."""
        found = next((parameter for parameter in self.values() if parameter.name == whole), None)
        return found if found is not None or self._shared is None else self._shared._named(whole)

    def get_constant(self, name: str, value: Any = None) -> Constant:
        """The constant `name`, made from `value` if it is not there yet."""
        if name not in self:
            if value is None:
                raise KeyError(f"ParameterDict.get_constant: there is no constant {name!r}; give its value to make one")
            self[name] = Constant(self.prefix + name, value)
        found = self[name]
        if not isinstance(found, Constant):
            raise TypeError(f"ParameterDict.get_constant: {name!r} is no constant, got {found!r}")
        return found

    def initialize(self, init: Any = None, ctx: Any = None, verbose: bool = False, force_reinit: bool = False) -> None:
        """Initialize every parameter; see `Block.initialize`."""
        for parameter in {id(parameter): parameter for parameter in self.values()}.values():
            parameter.initialize(None, ctx, init, force_reinit)
            if verbose:
                print(f"initialized {parameter}")

    def zero_grad(self) -> None:
        """Set all gradients to zero."""
        for parameter in self.values():
            parameter.zero_grad()

    def reset_ctx(self, ctx: Any) -> None:
        """Move all to another device."""
        for parameter in self.values():
            parameter.reset_ctx(ctx)

    def list_ctx(self) -> list[Any]:
        """The devices that hold a parameter."""
        return list({str(ctx): ctx for parameter in self.values() for ctx in parameter.list_ctx()}.values())

    def setattr(self, name: str, value: Any) -> None:
        """Set an attribute of every parameter: `setattr("lr_mult", 0.1)`."""
        for parameter in self.values():
            setattr(parameter, name, value)

    def save(self, filename: str | os.PathLike[str], strip_prefix: str = "") -> None:
        """Write all to a file, names without `strip_prefix`; see `Block.save_parameters`."""
        _saving.save(filename, {name.removeprefix(strip_prefix): p for name, p in self.items()})

    def load(
        self,
        filename: str | os.PathLike[str],
        ctx: Any = None,
        allow_missing: bool = False,
        ignore_extra: bool = False,
        restore_prefix: str = "",
        cast_dtype: bool = False,
    ) -> None:
        """Read values from a file; see `Block.load_parameters`."""
        found = {restore_prefix + name: array for name, array in _saving.read(filename).items()}
        arrays = _saving.by_path(found, self, self.prefix)
        _saving.load(os.fspath(filename), self, arrays, ctx, allow_missing, ignore_extra, cast_dtype)

    def load_dict(
        self,
        param_dict: Mapping[str, Any],
        ctx: Any = None,
        allow_missing: bool = False,
        ignore_extra: bool = False,
        restore_prefix: str = "",
        filename: str | None = None,
        cast_dtype: bool = False,
    ) -> None:
        """Like `load`, from arrays by name."""
        arrays = {restore_prefix + name: array for name, array in param_dict.items()}
        _saving.load(filename or "load_dict", self, arrays, ctx, allow_missing, ignore_extra, cast_dtype)

    def update(self, other: Mapping[str, Parameter] | Any = (), /, **kwargs: Parameter) -> None:
        """Take in other parameters; ValueError if a name stands for another parameter already."""
        for name, parameter in dict(other, **kwargs).items():
            if name in self and self[name] is not parameter:
                raise ValueError(f"both sides have a parameter {name!r}, and they differ")
            self[name] = parameter

    def __repr__(self) -> str:
        lines = "\n".join(f"  {name}: {tuple(p.shape or ())} {p.dtype}" for name, p in self.items())
        return f"{type(self).__name__}(\n{lines}\n)" if lines else f"{type(self).__name__}()"


def _compatible(have: Any, want: Any) -> bool:
    want = (want,) if isinstance(want, int) else tuple(want)
    if have is None:
        return True
    return len(have) == len(want) and all(a == b or a <= 0 or b <= 0 for a, b in zip(have, want, strict=True))
