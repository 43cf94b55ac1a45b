"""Arrays from and to NumPy's files, bytes and text: np.save, np.load, np.frombuffer and their kin.

Files hold numbers only: what NumPy would unpickle is refused.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import IO, Any

import numpy as _np

from .._core import NDArray
from .._hooks import hook
from ._convert import array, asarray, dtype_name
from .context import Context

Target = str | os.PathLike[str] | IO[Any]
Place = Context | str | None


def _as_numpy(dtype: Any) -> Any:
    """A dtype for NumPy; None is ours."""
    return _np.float32 if dtype is None else dtype if not isinstance(dtype, str) else _np.dtype(dtype_name(dtype))


def _write(file: Target, ending: str, write: Any) -> None:
    """Calls `write` with an open file; a file that is named is replaced in one step."""
    if not isinstance(file, (str, os.PathLike)):
        return write(file)
    path = os.fspath(file)
    with hook("file.atomic")(path if path.endswith(ending) or not ending else path + ending) as opened:
        return write(opened)


def _values(name: str, x: Any) -> _np.ndarray:
    given = asarray(x).asnumpy()
    if given.dtype.kind == "V":
        raise TypeError(f"{name}: NumPy's files have no {given.dtype}; save x.astype('float32'), or use nd.save")
    return given


def save(file: Target, arr: Any) -> None:
    """One array into a .npy file, as numpy.save writes it.

    >>> import io
    >>> kept = io.BytesIO(); save(kept, [1, 2]); _ = kept.seek(0); load(kept).tolist()
    [1, 2]
    """
    values = _values("save", arr)
    _write(file, ".npy", lambda opened: _np.save(opened, values, allow_pickle=False))


def _save_all(name: str, write: Any, file: Target, args: tuple[Any, ...], named: dict[str, Any]) -> None:
    twice = [k for k in range(len(args)) if f"arr_{k}" in named]
    if twice:
        raise ValueError(f"{name}: arr_{twice[0]} is given by place and by name")
    arrays = {f"arr_{k}": _values(name, a) for k, a in enumerate(args)}
    arrays.update({key: _values(name, a) for key, a in named.items()})
    _write(file, ".npz", lambda opened: write(opened, **arrays))


def savez(file: Target, *args: Any, **kwds: Any) -> None:
    """Several arrays into a .npz file, by name, or as arr_0, arr_1, ...

    >>> import io
    >>> kept = io.BytesIO(); savez(kept, a=[1, 2]); _ = kept.seek(0); load(kept)["a"].tolist()
    [1, 2]
    """
    _save_all("savez", _np.savez, file, args, kwds)


def savez_compressed(file: Target, *args: Any, **kwds: Any) -> None:
    """As `savez`, packed.

    >>> import io
    >>> kept = io.BytesIO(); savez_compressed(kept, [1, 2]); _ = kept.seek(0); load(kept).files
    ['arr_0']
    """
    _save_all("savez_compressed", _np.savez_compressed, file, args, kwds)


class Arrays(dict[str, NDArray]):
    """The arrays of a .npz file by name. All are read already; `with` and close() are there for old habits.

    >>> Arrays(a=array([1])).files
    ['a']
    """

    @property
    def files(self) -> list[str]:
        """The names."""
        return list(self)

    def close(self) -> None:
        """Nothing is open."""

    def __enter__(self) -> Arrays:
        return self

    def __exit__(self, *error: Any) -> None:
        self.close()


def load(file: Target, mmap_mode: str | None = None, *, ctx: Place = None, device: Place = None) -> Any:
    """What np.save, np.savez or NumPy's own functions wrote: an array, or the arrays of a .npz file by name.

    Nothing is ever unpickled: a file of Python objects is a ValueError. mmap_mode ("r", "c", ...): as numpy.load, the
    array lies in the file's memory.

    >>> import io
    >>> kept = io.BytesIO(); save(kept, 0.5); _ = kept.seek(0); float(load(kept))
    0.5
    """
    try:
        found = _np.load(file, mmap_mode, allow_pickle=False)  # type: ignore[arg-type]
    except ValueError as error:
        if "allow_pickle" not in str(error):
            raise
        raise ValueError(
            "load: the file holds Python objects, which are never unpickled, or is none of NumPy's"
        ) from None
    if not isinstance(found, _np.lib.npyio.NpzFile):
        return asarray(found, ctx=ctx, device=device)
    with found:
        return Arrays({name: asarray(found[name], ctx=ctx, device=device) for name in found.files})


def savetxt(fname: Target, X: Any, fmt: Any = "%.18e", delimiter: str = " ", newline: str = "\n", **more: Any) -> None:
    """A vector or a matrix as lines of text, with the arguments of numpy.savetxt.

    >>> import io
    >>> kept = io.StringIO(); savetxt(kept, [[1, 2]], "%d"); kept.getvalue()
    '1 2\\n'
    """
    values = _values("savetxt", X)
    if isinstance(fname, (str, os.PathLike)) and os.fspath(fname).endswith((".gz", ".xz")):
        _np.savetxt(fname, values, fmt, delimiter, newline, **more)  # NumPy packs by the name
    else:
        _write(fname, "", lambda opened: _np.savetxt(opened, values, fmt, delimiter, newline, **more))


def frombuffer(buffer: Any, dtype: Any = None, count: int = -1, offset: int = 0, *, device: Place = None) -> NDArray:
    """The numbers in an object's memory, whose dtype must be said where it is not float32. Memory that may be written
    to is shared, bytes are copied.

    >>> frombuffer(b"\\x01\\x02", dtype="uint8").tolist()
    [1, 2]
    """
    found = _np.frombuffer(buffer, _as_numpy(dtype), count, offset)
    return asarray(found if found.flags.writeable else found.copy(), device=device)


def fromfile(file: Any, dtype: Any = None, count: int = -1, sep: str = "", offset: int = 0) -> NDArray:
    """The numbers of a file without a header, binary (float32, if no dtype is said) or as text between `sep`.

    >>> import tempfile
    >>> with tempfile.TemporaryFile() as kept:
    ...     _ = kept.write(bytes([1, 2])), kept.seek(0)
    ...     fromfile(kept, "uint8").tolist()
    [1, 2]
    """
    return asarray(_np.fromfile(file, _as_numpy(dtype), count, sep, offset))


def fromstring(string: str, dtype: Any = None, count: int = -1, *, sep: str = ",") -> NDArray:
    """The numbers written in a text, between `sep`.

    >>> fromstring("1 2 3", sep=" ").tolist()
    [1.0, 2.0, 3.0]
    """
    return asarray(_np.fromstring(string, _as_numpy(dtype), count, sep=sep))


def fromiter(iter: Iterable[Any], dtype: Any = None, count: int = -1) -> NDArray:
    """A vector of the numbers that an iterator gives; `count` of them, if said.

    >>> fromiter((k * k for k in range(3)), "int64").tolist()
    [0, 1, 4]
    """
    return asarray(_np.fromiter(iter, _as_numpy(dtype), count))


__all__ = ["Arrays", "array", "frombuffer", "fromfile", "fromiter", "fromstring", "load", "save", "savetxt", "savez",
           "savez_compressed"]  # fmt: skip
