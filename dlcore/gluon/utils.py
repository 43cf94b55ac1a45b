"""Small helpers around training: splitting batches, clipping gradients, averages and penalties, fetching files."""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dlcore import _answers, _core
from dlcore._warn import warn
from dlcore.array import nd
from dlcore.io import cache_dir
from dlcore.io import download as _download
from dlcore.ops import F

from ._average import WeightAverage
from ._penalty import weight_penalty

__all__ = [
    "WeightAverage",
    "check_sha1",
    "clip_global_norm",
    "download",
    "replace_file",
    "split_and_load",
    "split_data",
    "weight_penalty",
]


def split_data(data: Any, num_slice: int, batch_axis: int = 0, even_split: bool = True) -> list[Any]:
    """Cut an array along `batch_axis` into `num_slice` parts, the first ones longer by one where it does not come out.

    Raises ValueError if the parts would differ and `even_split` is set.

    >>> import dlcore as dl
    >>> [part.shape for part in split_data(dl.nd.ones((5, 2)), 2, even_split=False)]
    [(3, 2), (2, 2)]
    """
    if not -len(data.shape) <= batch_axis < len(data.shape):
        raise IndexError(f"split_data: axis {batch_axis} is out of range for data of shape {tuple(data.shape)}")
    size = data.shape[batch_axis]
    if not 1 <= num_slice <= size:
        raise ValueError(f"split_data: an axis of length {size} cannot be cut into {num_slice} parts")
    if even_split and size % num_slice:
        raise ValueError(
            f"split_data: length {size} is no multiple of {num_slice}; even_split=False allows parts of unequal length"
        )
    step, longer = divmod(size, num_slice)
    ends = [step * i + min(i, longer) for i in range(1, num_slice + 1)]
    at = (slice(None),) * (batch_axis % data.ndim)
    return [data[(*at, slice(begin, end))] for begin, end in zip([0, *ends], ends, strict=False)]


def split_and_load(data: Any, ctx_list: Sequence[Any], batch_axis: int = 0, even_split: bool = True) -> list[Any]:
    """`split_data` for as many parts as there are devices, each part on its device.

    >>> import dlcore as dl
    >>> [part.shape for part in split_and_load(dl.nd.ones((4, 2)), [dl.cpu()])]
    [(4, 2)]
    """
    array = data if isinstance(data, _core.NDArray) else nd.array(data)
    parts = [array] if len(ctx_list) == 1 else split_data(array, len(ctx_list), batch_axis, even_split)
    return [part.as_in_context(ctx) for part, ctx in zip(parts, ctx_list, strict=True)]


def clip_global_norm(
    arrays: Sequence[_core.NDArray], max_norm: float | _core.NDArray, check_isfinite: bool = True
) -> Any:
    """Scale the arrays in place so that the root of the sum of all their squares is at most `max_norm`.

    Inside a compiled step a number is compiled in; a 0-d array is read at every run, so that it may change (inf: none).
    Gives that root from before, as a number if `check_isfinite` (with a warning if it is not finite), else as a 0-d
    array that nobody has waited for. Raises ValueError for no arrays.

    >>> import dlcore as dl
    >>> x = dl.nd.array([3.0, 4.0])
    >>> clip_global_norm([x], 1.0), x.asnumpy().round(4)
    (5.0, array([0.6, 0.8], dtype=float32))
    """
    if not arrays:
        raise ValueError("clip_global_norm: expected at least one array, got none")
    if isinstance(max_norm, (int, float)) and not max_norm > 0:
        raise ValueError(f"clip_global_norm: max_norm must be above 0, got {max_norm}")
    recording = _core.set_recording(False)
    try:
        total: Any = None
        for array in arrays:
            part = F.sum(F.square(F.cast(array, "float32")))
            total = part if total is None else F.add(total, part)
        norm = F.sqrt(total)
        most = F.cast(max_norm, "float32") if isinstance(max_norm, _core.NDArray) else max_norm
        scale = F.minimum(F.divide(most, F.add(norm, 1e-8)), 1.0)
        for array in arrays:
            _core.assign(array, F.multiply(array, scale))
    finally:
        _core.set_recording(recording)
    if not check_isfinite or _core.is_tracing():
        return norm
    value = float(norm.asnumpy())
    if not math.isfinite(value):
        warn(f"clip_global_norm: the norm is {value}")
    return value


def check_sha1(filename: str | os.PathLike[str], sha1_hash: str) -> bool:
    """Whether the file's SHA-1 is, or begins with, `sha1_hash`.

    >>> import pathlib, tempfile
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "a"
    >>> _ = file.write_bytes(b"abc")
    >>> check_sha1(file, "a9993e36")
    True
    """
    digest = hashlib.sha1(Path(filename).read_bytes()).hexdigest()
    return digest[: len(sha1_hash)] == sha1_hash


def replace_file(src: str | os.PathLike[str], dst: str | os.PathLike[str]) -> None:
    """Give the file `src` the name `dst` in one step, taking the place of a file that has it. OSError if it fails.

    >>> import tempfile, pathlib
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "new").write_text("1"), (folder / "old").write_text("0")
    >>> replace_file(folder / "new", folder / "old")
    >>> [(file.name, file.read_text()) for file in folder.iterdir()]
    [('old', '1')]
    """
    os.replace(src, dst)


def download(
    url: str,
    path: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
    sha1_hash: str | None = None,
    retries: int = 5,
    verify_ssl: bool = True,
) -> str:
    """Fetch one file; see `dlcore.io.download`, which checks SHA-256. Gives the file's path.

    `path` is a file, a folder, or None for the cache folder. Raises OSError if it fails or the SHA-1 is another.

    >>> import pathlib, tempfile
    >>> source = pathlib.Path(tempfile.mkdtemp()) / "words.txt"
    >>> _ = source.write_text("to be")
    >>> pathlib.Path(download(source.as_uri(), path=tempfile.mkdtemp() + "/words")).read_text()
    'to be'
    """
    if not verify_ssl:
        raise ValueError("download: certificates are always verified; use verify_ssl=True")
    name = url.rsplit("/", 1)[-1]
    target = cache_dir("files", name) if path is None else Path(path)
    if target.is_dir():
        target = target / name
    wrong = target.exists() and sha1_hash is not None and not check_sha1(target, sha1_hash)
    _download([url] * max(retries, 1), target, overwrite=overwrite or wrong)
    if sha1_hash is not None and not check_sha1(target, sha1_hash):
        target.unlink()
        raise OSError(f"download: {url} has another SHA-1 than the expected {sha1_hash}")
    return str(target)


_answers.guard(__name__, __all__)


def _get_repo_url() -> str:
    """Where the files of libraries built on MXNet lay, which ask for it by this name; `$MXNET_GLUON_REPO` goes before.

    Nothing of dlcore is fetched from there.
    """
    place = os.environ.get("MXNET_GLUON_REPO", "https://apache-mxnet.s3-accelerate.dualstack.amazonaws.com/")
    return place if place.endswith("/") else f"{place}/"


def _get_repo_file_url(namespace: str, filename: str) -> str:
    """The address of one of their files."""
    return f"{_get_repo_url()}{namespace}/{filename}"
