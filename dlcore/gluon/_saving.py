"""Parameters to and from files: safetensors, or MXNet's format in files called `....params`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from dlcore._hints import old_modules
from dlcore._hooks import hook
from dlcore.io import load_arrays, save_arrays

from ._parameter import Parameter


def save(filename: str | os.PathLike[str], parameters: Mapping[str, Parameter], deduplicate: bool = False) -> None:
    """Write the values; with `deduplicate`, a parameter of several names only under its first."""
    arrays, seen = {}, set()
    for name, parameter in parameters.items():
        if deduplicate and id(parameter) in seen:
            continue
        seen.add(id(parameter))
        arrays[name] = parameter.held().asnumpy()
    write(filename, arrays, "dlcore.parameters")


def write(filename: str | os.PathLike[str], arrays: Mapping[str, Any], told: str) -> None:
    """Write arrays by name, whole or not at all; `told` says in a safetensors file what they are."""
    if os.fspath(filename).endswith(".params"):
        hook("nd.save")(filename, arrays)
    else:
        save_arrays(filename, arrays, {"format": told})


def endings() -> tuple[str, str]:
    """What names of files with weights end with, and what they may end with too.

    Programs that ask for `mxnet` look for `.params`, so that is what they get.
    """
    return ("params", "safetensors") if old_modules else ("safetensors", "params")


def there(stem: str) -> str:
    """The file with weights whose name begins so: of two, the one with the first ending."""
    found = [f"{stem}.{ending}" for ending in endings()]
    return next(filter(os.path.exists, found), found[0])


# How an MXNet .params file begins. The first eight bytes alone could be those of a safetensors file.
_MXNET = (0x112).to_bytes(16, "little")


def read(filename: str | os.PathLike[str]) -> dict[str, Any]:
    """The arrays of the file by name: safetensors, or an MXNet `.params` file of Gluon or of a Module's checkpoint."""
    arrays, old = read_as_it_is(filename)
    return {name.removeprefix("arg:").removeprefix("aux:") if old else name: array for name, array in arrays.items()}


def read_as_it_is(filename: str | os.PathLike[str]) -> tuple[dict[str, Any], bool]:
    """The arrays of the file by the names that are in it, and whether it is one of MXNet."""
    with open(filename, "rb") as stream:
        old = stream.read(len(_MXNET)) == _MXNET
    return (hook("gluon.params") if old else load_arrays)(filename), old


def by_path(arrays: Mapping[str, Any], parameters: Mapping[str, Parameter], prefix: str) -> Mapping[str, Any]:
    """Arrays by path, where a file has them by the parameters' names, as files of early versions of MXNet do.

    With `prefix` or without it: "net0_dense0_weight" or "dense0_weight" for the path "0.weight".
    """
    if any("." in name or name in parameters for name in arrays):
        return arrays
    paths = {parameter.name: path for path, parameter in reversed(list(parameters.items()))}
    paths |= {name.removeprefix(prefix): path for name, path in paths.items()}
    return {paths.get(name, name): array for name, array in arrays.items()}


def load(
    source: str,
    parameters: Mapping[str, Parameter],
    arrays: Mapping[str, Any],
    ctx: Any = None,
    allow_missing: bool = False,
    ignore_extra: bool = False,
    cast_dtype: bool = False,
    take_dtype: bool = False,
) -> None:
    """Write `arrays` into the parameters of the same names: all, or, with an error that lists every fault, none.

    A file's dtype that is not the parameter's is a fault, unless values may be cast or the parameter takes the dtype.
    """
    check(source, parameters, arrays, allow_missing, ignore_extra, cast_dtype)
    for name, array in arrays.items():
        if name in parameters:
            if ctx is not None:
                parameters[name].reset_ctx(ctx)
            if take_dtype:
                parameters[name].cast(array.dtype)
            parameters[name].set_data(array)


def check(
    source: str,
    parameters: Mapping[str, Parameter],
    arrays: Mapping[str, Any],
    allow_missing: bool = False,
    ignore_extra: bool = False,
    cast_dtype: bool = False,
) -> None:
    """ValueError that lists every fault, unless the arrays can be written into the parameters."""
    given = {id(parameters[name]) for name in arrays if name in parameters}
    faults = []
    for name, parameter in parameters.items():
        if name not in arrays and id(parameter) not in given and not allow_missing:
            faults.append(f"{name}: missing in the file (allow_missing=True leaves it as it is)")
    for name, array in arrays.items():
        if name in parameters:
            faults += _misfits(name, parameters[name], array, cast_dtype)
        elif not ignore_extra:
            faults.append(f"{name}: not a parameter of this network (ignore_extra=True skips it)")
    if faults:
        shown = faults[:10] + ([f"... and {len(faults) - 10} more"] if len(faults) > 10 else [])
        raise ValueError(f"{source}: its parameters do not fit:\n" + "\n".join(f"  {fault}" for fault in shown))


def _misfits(name: str, parameter: Parameter, array: Any, cast_dtype: bool) -> list[str]:
    faults = []
    expected, found = parameter.shape, tuple(array.shape)
    if expected is not None and (
        len(expected) != len(found) or any(a not in (b, 0, -1) for a, b in zip(expected, found, strict=True))
    ):
        faults.append(f"{name}: expected shape {expected}, found {found}")
    if array.dtype.name != parameter.dtype and not cast_dtype:
        faults.append(
            f"{name}: expected dtype {parameter.dtype}, found {array.dtype.name} (cast_dtype=True converts it)"
        )
    return faults
