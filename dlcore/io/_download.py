"""Fetch one file over HTTP, checked against its SHA-256, without ever leaving a half file behind."""

from __future__ import annotations

import hashlib
import os
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Sequence
from http.client import HTTPException
from pathlib import Path

from ._atomic import atomic_write

_CHUNK = 1 << 18
Progress = Callable[[str, int, int], None]


def sha256_of(path: str | os.PathLike[str]) -> str:
    """The file's SHA-256 as 64 hexadecimal digits.

    >>> import pathlib, tempfile
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "a"
    >>> _ = file.write_bytes(b"abc")
    >>> sha256_of(file)[:16]
    'ba7816bf8f01cfea'
    """
    digest = hashlib.sha256()
    with open(path, "rb") as stream:
        while block := stream.read(_CHUNK):
            digest.update(block)
    return digest.hexdigest()


def reachable(urls: Sequence[str], timeout: float = 3.0) -> list[str]:
    """Those of `urls` that answer within `timeout` seconds, all asked at once, in the order given.

    A name server that hangs cannot be timed out from Python, so each question has a (daemon) thread of its own and
    the slow ones are left behind.

    >>> reachable(["http://127.0.0.1:9/nothing-listens-here"])
    []
    """
    answers: dict[str, bool] = {}

    def ask(url: str) -> None:
        request = urllib.request.Request(url, method="HEAD")
        try:
            with urllib.request.urlopen(request, timeout=timeout):
                answers[url] = True
        except (OSError, HTTPException, ValueError):
            answers[url] = False

    threads = [threading.Thread(target=ask, args=(url,), name="dlcore-reachable", daemon=True) for url in urls]
    deadline = time.monotonic() + timeout
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    return [url for url in urls if answers.get(url)]


def download(
    urls: str | Iterable[str],
    path: str | os.PathLike[str],
    sha256: str | None = None,
    timeout: float = 5.0,
    progress: Progress | None = None,
    overwrite: bool = False,
) -> Path:
    """Fetch the first of `urls` that works into the file `path` and return that path.

    An existing file with the right sum (or any file, if `sha256` is None) is kept unless `overwrite`. `timeout` is
    for each wait on the network, in seconds. `progress(name, bytes_so_far, bytes_in_all)` is called a few times.
    Raises OSError naming every address and its fault when none of them gave the file with the expected sum.

    >>> import tempfile, pathlib
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "a").write_bytes(b"abc")
    >>> download((folder / "a").as_uri(), folder / "b").read_bytes()
    b'abc'
    """
    target = Path(path)
    if target.exists() and not overwrite and (sha256 is None or sha256_of(target) == sha256):
        return target
    faults = []
    for url in [urls] if isinstance(urls, str) else list(urls):
        try:
            _fetch(url, target, sha256, timeout, progress)
            return target
        except (OSError, HTTPException, ValueError) as error:
            faults.append(f"  {url}: {error or type(error).__name__}")
    raise OSError(f"download: {target.name} could not be fetched from any of its addresses\n" + "\n".join(faults))


def _fetch(url: str, target: Path, sha256: str | None, timeout: float, progress: Progress | None) -> None:
    digest = hashlib.sha256()
    with urllib.request.urlopen(url, timeout=timeout) as answer, atomic_write(target) as stream:
        total = int(answer.headers.get("Content-Length") or 0)
        done = 0
        while block := answer.read(_CHUNK):
            stream.write(block)
            digest.update(block)
            done += len(block)
            if progress:
                progress(target.name, done, total)
        if total and done != total:
            raise OSError(f"cut short: expected {total} bytes, got {done}")
        if sha256 is not None and digest.hexdigest() != sha256:
            raise OSError(f"wrong content: expected sha256 {sha256}, got {digest.hexdigest()}")


def print_progress(name: str, done: int, total: int) -> None:
    """A progress callback that writes one line to standard error, rewritten in place on a terminal."""
    finished = total and done >= total
    if sys.stderr.isatty():
        share = f"{done / total:4.0%}" if total else ""
        print(f"\r{name} {done / 1e6:.1f} MB {share}", end="\n" if finished else "", file=sys.stderr, flush=True)
    elif finished:
        print(f"fetched {name} ({done / 1e6:.1f} MB)", file=sys.stderr)
