"""The base of all initializers and their registry."""

from __future__ import annotations

import json
from typing import Any, TypeVar

import numpy as np

from dlcore import _core
from dlcore._kinds import FITS, NAMED, WRONG_TYPE, WRONG_VALUE, Kind

_REGISTRY: dict[str, type[Initializer]] = {}
_Class = TypeVar("_Class", bound="type[Initializer]")


class InitDesc(str):
    """The name of an array that is to be filled, with the attributes of its variable, as old programs make it.

    global_init: the initializer for arrays without one of their own.

    >>> InitDesc("fc_weight", {"__init__": "zeros"}).attrs
    {'__init__': 'zeros'}
    """

    attrs: dict[str, str]
    global_init: Any

    def __new__(cls, name: str, attrs: dict[str, str] | None = None, global_init: Any = None) -> InitDesc:
        made = super().__new__(cls, name)
        made.attrs, made.global_init = {} if attrs is None else attrs, global_init
        return made


class Initializer:
    """Fills an array according to its name and its own rule.

    Called with a name, the ending of the name decides: `bias`, `beta` and `running_mean` become 0, `gamma` and
    `running_var` become 1, everything else follows `values`. A subclass overrides `values(shape)` only, or, as MXNet's
    did, `_init_weight(name, array)`, which writes into the array.

    >>> import dlcore as dl
    >>> w = dl.nd.empty((2, 2))
    >>> dl.init.Constant(3.0)("weight", w)
    >>> w.asnumpy()
    array([[3., 3.],
           [3., 3.]], dtype=float32)
    """

    def __init__(self, **kwargs: Any) -> None:
        self._kwargs = kwargs

    def __call__(self, name: str, array: _core.NDArray) -> None:
        """Fill `array` in place, by the rule that the ending of `name` asks for."""
        if name.endswith(("bias", "beta", "running_mean", "moving_mean")):
            _core.assign(array, _core.from_numpy(np.zeros(array.shape, np.float32)))
        elif name.endswith(("gamma", "running_var", "moving_var")):
            _core.assign(array, _core.from_numpy(np.ones(array.shape, np.float32)))
        else:
            self.fill(array, name)

    def knows(self, name: str) -> bool:
        """Whether this holds the values of the parameter `name`, which then go before the parameter's own rule."""
        return False

    def fill(self, array: _core.NDArray, name: str = "") -> None:
        """Fill `array` in place by this initializer's own rule, whatever the array is called."""
        write = getattr(self, "_init_weight", None)
        if write is not None:
            write(name, array)
            return
        host = np.asarray(self.values(tuple(array.shape)), np.float64 if array.dtype == np.float64 else np.float32)
        if host.shape != tuple(array.shape):
            raise ValueError(f"{self!r}: expected values of shape {tuple(array.shape)}, got {host.shape}")
        _core.assign(array, _core.from_numpy(host))

    def values(self, shape: tuple[int, ...]) -> np.ndarray:
        """The initial values as a NumPy array of `shape`."""
        raise NotImplementedError(f"{type(self).__name__} does not say what values it gives: override values(shape)")

    def dumps(self) -> str:
        """The rule as JSON, as the attribute `__init__` of a variable has it.

        >>> import dlcore as dl
        >>> dl.init.Uniform(0.1).dumps()
        '["uniform", {"scale": 0.1}]'
        """
        return json.dumps([type(self).__name__.lower(), self._kwargs])

    def __repr__(self) -> str:
        inside = ", ".join(f"{key}={value!r}" for key, value in self._kwargs.items())
        return f"{type(self).__name__}({inside})"

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self._kwargs == getattr(other, "_kwargs", None)

    __hash__ = None  # type: ignore[assignment]


def register(*names: str | type) -> Any:
    """Make an initializer class known by names; as a bare decorator, by its lower-case class name.

    >>> import dlcore as dl
    >>> @dl.init.register("sevens")
    ... class Sevens(dl.init.Initializer):
    ...     def values(self, shape):
    ...         return np.full(shape, 7.0)
    >>> dl.init.create("sevens").values((2,))
    array([7., 7.])
    """
    if len(names) == 1 and isinstance(names[0], type):
        return register()(names[0])

    def add(cls: _Class) -> _Class:
        for name in names or (cls.__name__.lower(),):
            _REGISTRY[str(name).lower()] = cls
        return cls

    return add


def create(init: str | Initializer | type[Initializer] | float, **kwargs: Any) -> Initializer:
    """An initializer from a name ("xavier", "zeros"), a class, a number (a constant), or an initializer as it is.

    Raises ValueError listing the known names for an unknown one.

    >>> create("zeros")
    Zero()
    """
    if isinstance(init, Initializer):
        return init
    if isinstance(init, type) and issubclass(init, Initializer):
        return init(**kwargs)
    if isinstance(init, str) and init.lower() in _REGISTRY:
        return _REGISTRY[init.lower()](**kwargs)
    if isinstance(init, (int, float)) or (getattr(init, "shape", None) == () and not isinstance(init, str)):
        return _REGISTRY["constant"](value=float(init))
    known = ", ".join(sorted(_REGISTRY))
    raise ValueError(f"init: expected an Initializer or one of {known}; got {init!r}")


def _is_initializer(value: Any) -> int:
    if value is None or hasattr(value, "shape") or (callable(value) and not isinstance(value, type)):
        return FITS
    if isinstance(value, str) and value.startswith("["):
        return FITS  # as symbols write it down, to be read later
    try:
        create(value) if not isinstance(value, type) else None
    except ValueError:
        return WRONG_VALUE if isinstance(value, str) else WRONG_TYPE
    return FITS if not isinstance(value, type) or issubclass(value, Initializer) else WRONG_TYPE


NAMED["init"] = NAMED["initializer"] = NAMED["default_init"] = Kind(
    "an initializer, its name or a number", "initializers", _is_initializer
)
