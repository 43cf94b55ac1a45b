"""Named arrays in safetensors files: no code is ever run by loading one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from ._atomic import atomic_write

# The format's dtype names (https://huggingface.co/docs/safetensors), in both directions.
_NAMES = {
    "bool": "BOOL",
    "int8": "I8",
    "int16": "I16",
    "int32": "I32",
    "int64": "I64",
    "uint8": "U8",
    "uint16": "U16",
    "uint32": "U32",
    "uint64": "U64",
    "float16": "F16",
    "bfloat16": "BF16",
    "float32": "F32",
    "float64": "F64",
}
_DTYPES = {short: name for name, short in _NAMES.items()}


def _numpy_dtype(short: str, where: str) -> np.dtype:
    if short == "BF16":
        import ml_dtypes

        return np.dtype(ml_dtypes.bfloat16)
    if short not in _DTYPES:
        raise TypeError(f"{where}: dtype {short} is not supported; expected one of {', '.join(sorted(_DTYPES))}")
    return np.dtype(_DTYPES[short])


def _host(name: str, value: Any) -> np.ndarray:
    array = value.asnumpy() if hasattr(value, "asnumpy") else np.asarray(value)
    if array.dtype.name not in _NAMES:
        raise TypeError(f"save_arrays: array {name!r} has dtype {array.dtype}, which safetensors cannot hold")
    return np.require(array, requirements="C")


def save_arrays(
    path: str | os.PathLike[str], arrays: Mapping[str, Any], metadata: Mapping[str, str] | None = None
) -> None:
    """Write named arrays (NumPy or NDArray, any shape) to `path`, atomically. `metadata` holds short strings.

    Raises TypeError for a dtype the format does not have.

    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "w.safetensors"
    >>> save_arrays(file, {"weight": np.ones((2, 3), np.float32)}, {"made": "by hand"})
    >>> load_arrays(file)["weight"].shape, load_metadata(file)
    ((2, 3), {'made': 'by hand'})
    """
    from safetensors.numpy import save

    data = save({name: _host(name, value) for name, value in arrays.items()}, dict(metadata) if metadata else None)
    with atomic_write(path) as stream:
        stream.write(data)


def load_arrays(path: str | os.PathLike[str]) -> dict[str, np.ndarray]:
    """Read every array of a safetensors file, in the file's order of names. See `save_arrays`.

    Raises FileNotFoundError, and ValueError when the file is not safetensors or is cut short.

    >>> import tempfile
    >>> file = tempfile.mkdtemp() + "/w.safetensors"
    >>> save_arrays(file, {"weight": np.ones((2, 3), np.float32)})
    >>> load_arrays(file)["weight"].sum()
    np.float32(6.0)
    """
    from safetensors import SafetensorError, deserialize

    with open(path, "rb") as stream:
        data = stream.read()
    try:
        entries = deserialize(data)
    except SafetensorError as error:
        raise ValueError(f"{os.fspath(path)}: not a complete safetensors file ({error})") from error
    arrays = {}
    for name, entry in entries:
        dtype = _numpy_dtype(entry["dtype"], f"{os.fspath(path)}: array {name!r}")
        arrays[name] = np.frombuffer(entry["data"], dtype=dtype).reshape(entry["shape"])
    return arrays


def load_metadata(path: str | os.PathLike[str]) -> dict[str, str]:
    """Read only the strings stored beside the arrays; an empty dict if there are none. See `save_arrays`.

    >>> import tempfile
    >>> file = tempfile.mkdtemp() + "/w.safetensors"
    >>> save_arrays(file, {"weight": np.ones(3)}, {"epoch": "4"})
    >>> load_metadata(file)
    {'epoch': '4'}
    """
    from safetensors import SafetensorError, safe_open

    if not os.path.exists(path):
        raise FileNotFoundError(f"{os.fspath(path)}: no such file")
    try:
        with safe_open(os.fspath(path), framework="numpy") as handle:
            return dict(handle.metadata() or {})
    except SafetensorError as error:
        raise ValueError(f"{os.fspath(path)}: not a complete safetensors file ({error})") from error
