"""Write a file so that a reader never sees half of it."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

try:
    import fcntl
except ImportError:  # Windows, where nobody can tell whether a temporary file still has its writer
    fcntl = None  # type: ignore[assignment]

_PART = ".part"


@contextmanager
def atomic_write(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open a temporary file beside `path`; on success it takes the place of `path`, on error it disappears.

    The old content of `path` stays readable until the new content is complete and on disk. What a writer of the same
    file left behind that was killed meanwhile is removed.

    >>> import tempfile, pathlib
    >>> target = pathlib.Path(tempfile.mkdtemp()) / "note.txt"
    >>> with atomic_write(target) as f:
    ...     _ = f.write(b"hello")
    >>> target.read_bytes()
    b'hello'
    """
    target = Path(path)
    stream, temporary = begin_part(target)
    try:
        with stream:
            yield stream
            finish_part(stream, temporary, target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def begin_part(target: Path) -> tuple[BinaryIO, str]:
    """A temporary file beside `target`, open, and its name; others that have no writer any more are removed."""
    target.parent.mkdir(parents=True, exist_ok=True)
    _remove_orphans(target)
    handle, temporary = _temporary(target)
    return cast(BinaryIO, os.fdopen(handle, "wb")), temporary


def finish_part(stream: BinaryIO, temporary: str, target: Path) -> None:
    """Let what was written, which is on disk then, take the place of `target`. Whoever opened the stream closes it."""
    stream.flush()
    os.fsync(stream.fileno())
    if fcntl is None:
        stream.close()  # Windows renames no open file
    os.chmod(temporary, _mode_of(target))
    os.replace(temporary, target)


def _temporary(target: Path) -> tuple[int, str]:
    """A new file beside the target, locked as long as its writer lives."""
    while True:
        handle, temporary = tempfile.mkstemp(prefix=f".{target.name}.", suffix=_PART, dir=target.parent)
        if fcntl is None:
            return handle, temporary
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
        except OSError:  # a file system without locks
            return handle, temporary
        if os.fstat(handle).st_nlink:
            return handle, temporary
        os.close(handle)  # somebody took it for an orphan before it was locked


def _remove_orphans(target: Path) -> None:
    """Temporary files of this target that nobody has locked: their writers are dead."""
    if fcntl is None:
        return
    ours = re.compile(rf"\.{re.escape(target.name)}\.\w{{8}}{re.escape(_PART)}").fullmatch  # as mkstemp names them
    with os.scandir(target.parent) as entries:
        found = [entry.path for entry in entries if ours(entry.name)]
    for path in found:
        try:
            handle = os.open(path, os.O_RDWR)
        except OSError:  # gone meanwhile, or another user's
            continue
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.unlink(path)
        except OSError:  # it has its writer
            pass
        finally:
            os.close(handle)


def _mode_of(target: Path) -> int:
    """The permissions the file had, or those a plain `open` would give a new one."""
    try:
        return target.stat().st_mode & 0o777
    except FileNotFoundError:
        umask = os.umask(0)
        os.umask(umask)
        return 0o666 & ~umask
