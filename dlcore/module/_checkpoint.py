"""Checkpoints: the symbol as JSON, the parameters as safetensors, or as MXNet's `.params` for old programs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from dlcore import symbol as sym
from dlcore._core import NDArray
from dlcore.array import nd
from dlcore.gluon._saving import endings, read_as_it_is, there, write

_KINDS = ("arg", "aux")


def _files(prefix: str | os.PathLike[str], epoch: int) -> tuple[str, str]:
    return f"{os.fspath(prefix)}-symbol.json", f"{os.fspath(prefix)}-{epoch:04d}"


def save_params(fname: str | os.PathLike[str], arg_params: Mapping[str, Any], aux_params: Mapping[str, Any]) -> None:
    """Write parameters ("arg:name") and auxiliary states ("aux:name") to a file; see `save_checkpoint`."""
    groups = zip(_KINDS, (arg_params, aux_params), strict=True)
    arrays = {f"{kind}:{name}": array.asnumpy() for kind, group in groups for name, array in group.items()}
    write(fname, arrays, "dlcore.module")


def load_params(
    fname: str | os.PathLike[str], epoch: int | None = None
) -> tuple[dict[str, NDArray], dict[str, NDArray]]:
    """Parameters and auxiliary states of a file of `save_params`, or of MXNet; ValueError for another file.

    With an epoch, `fname` is the prefix of a checkpoint.

    >>> import tempfile, dlcore as dl
    >>> file = tempfile.mkdtemp() + "/w"
    >>> save_params(file, {"w": dl.nd.ones((2,))}, {})
    >>> load_params(file)[0]["w"].shape
    (2,)
    """
    found: dict[str, dict[str, NDArray]] = {kind: {} for kind in _KINDS}
    if epoch is not None:
        fname = there(_files(fname, epoch)[1])
    for key, array in read_as_it_is(fname)[0].items():
        kind, _, name = key.partition(":")
        if kind not in found:
            raise ValueError(f"{os.fspath(fname)}: expected names such as 'arg:weight', found {key!r}")
        found[kind][name] = nd.array(array, dtype=array.dtype)
    return found["arg"], found["aux"]


def save_checkpoint(
    prefix: str | os.PathLike[str],
    epoch: int,
    symbol: Any,
    arg_params: Mapping[str, Any],
    aux_params: Mapping[str, Any],
) -> None:
    """Write `prefix-symbol.json` and `prefix-0001.safetensors` (the epoch in four digits); symbol may be None.

    While `mxnet` means dlcore (`dlcore.compat`), the second is `prefix-0001.params`, in MXNet's own format.

    >>> import tempfile, dlcore as dl
    >>> prefix = tempfile.mkdtemp() + "/net"
    >>> save_checkpoint(prefix, 3, dl.sym.var("x") * 2, {"w": dl.nd.ones((2,))}, {})
    >>> symbol, arg_params, aux_params = load_checkpoint(prefix, 3)
    >>> symbol.list_arguments(), arg_params["w"].shape, aux_params
    (['x'], (2,), {})
    """
    names, values = _files(prefix, epoch)
    if symbol is not None:
        symbol.save(names)
    save_params(f"{values}.{endings()[0]}", arg_params, aux_params)


def load_checkpoint(
    prefix: str | os.PathLike[str], epoch: int
) -> tuple[sym.Symbol, dict[str, NDArray], dict[str, NDArray]]:
    """The symbol, the parameters and the auxiliary states that `save_checkpoint` wrote, or MXNet's (`...-0001.params`).

    >>> import tempfile, dlcore as dl
    >>> prefix = tempfile.mkdtemp() + "/net"
    >>> save_checkpoint(prefix, 3, dl.sym.var("x") * 2, {}, {"mean": dl.nd.zeros((2,))})
    >>> symbol, arg_params, aux_params = load_checkpoint(prefix, 3)
    >>> symbol.list_arguments(), arg_params, aux_params["mean"].shape
    (['x'], {}, (2,))
    """
    names, values = _files(prefix, epoch)
    return (sym.load(names), *load_params(there(values)))
