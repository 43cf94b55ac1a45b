"""The file in which a search is kept while it goes on, so that it outlives its kernel.

Its lines are those of Optuna's journal storage: plain JSON, one operation a line, only ever appended, so that nothing
is unpickled and `optuna.storages.JournalStorage` (or its dashboard) can read the file. The writing is our own: Optuna's
leaves a lock behind when its process is killed, which the next one waits for, and appends to a line that was cut off,
which damages the file for good. Here the lock is the operating system's, and a cut-off line is taken away. SQLite would
do as well, at the price of SQLAlchemy's start and a transaction for every value of a curve.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
import warnings
import weakref
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dlcore._folders import SEARCH, searches_on_disk

ABOUT = "dlcore"  # the attribute of the study that says what is searched
STATE = 6  # Optuna's number for the operation that ends a trial, or begins one that waited
RUNNING = 0
_mine: weakref.WeakValueDictionary[Path, Journal] = weakref.WeakValueDictionary()  # those of this process
_begun: set[Path] = set()  # searches that this process began: one more of the same name takes their place


class DamagedSearch(ValueError):
    """The file of a search holds something that nobody wrote into it; it is left as it is."""


class SearchInUse(RuntimeError):
    """Another process is searching with the file."""


class Journal:
    """Optuna's journal in the file `path`, which belongs to this object until `close`.

    `begin`: an empty one; a file that an earlier process left is kept as `earlier(path)`. Otherwise it goes on, and
    what was cut off in the middle of its last line is forgotten. The weights of the best network lie beside it, in
    `weights_of(path)`, and go where it goes. Raises DamagedSearch, SearchInUse, FileNotFoundError
    where there is none to go on with.
    """

    def __init__(self, path: Path, begin: bool) -> None:
        self.path = path.resolve()
        if (before := _mine.get(self.path)) is not None:  # of a search that this one takes the place of
            before.close()
            before.problem = "another search of this kernel is kept in its place"
        self.problem: str | None = None  # why no more is written
        if begin:
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.exists():
                _locked(path, "r+b").close()  # not while another kernel is at it
                if self.path not in _begun:
                    _move(path, earlier(path))
                else:
                    weights_of(path).unlink(missing_ok=True)
                    path.unlink()
            _begun.add(self.path)
        self._file: Any = _locked(path, "x+b" if begin else "r+b")
        try:
            self._logs = self._taken_over()
        except BaseException:
            self._file.close()
            raise
        for part in path.parent.glob(f".{weights_of(path).name}.*"):  # whoever was writing it was killed
            part.unlink(missing_ok=True)
        _mine[self.path] = self

    @property
    def about(self) -> dict[str, Any]:
        """What is searched, as the file says; empty in a new one."""
        return _about(self._logs)

    @property
    def open(self) -> bool:
        """Whether the file is still this object's."""
        return self._file is not None

    def __len__(self) -> int:
        return len(self._logs)

    def read_logs(self, log_number_from: int) -> Iterator[dict[str, Any]]:
        """The operations from that number on."""
        return iter(self._logs[log_number_from:])

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Write operations. A disk that is full ends the writing and not the search: `problem` says so."""
        self._logs.extend(logs)
        if self._file is None:
            return
        try:
            self._file.write(b"".join(json.dumps(log, separators=(",", ":")).encode() + b"\n" for log in logs))
            self._file.flush()
            if any(log["op_code"] == STATE for log in logs):
                os.fsync(self._file.fileno())
        except OSError as error:
            self.problem = f"{type(error).__name__}: {error}"
            self.close()
            warnings.warn(f"the search goes on, and is not kept any more: {self.problem}", RuntimeWarning, stacklevel=2)

    def close(self) -> None:
        """Let another kernel have the file."""
        file, self._file = self._file, None
        if file is not None:
            with contextlib.suppress(OSError):  # what a full disk did not take
                file.close()

    def _taken_over(self) -> list[dict[str, Any]]:
        whole = self._file.read()
        end = whole.rfind(b"\n") + 1
        logs = [_read(self.path, number, line) for number, line in enumerate(whole[:end].splitlines(), 1)]
        self._file.truncate(end)
        self._file.seek(end)
        return logs


@dataclass(frozen=True)
class Left:
    """A search of this working directory that is on disk: how many trials have ended of those wanted, seconds ago."""

    name: str
    path: Path = field(repr=False)
    ended: int
    wanted: int
    age: float


def path_of(name: str) -> Path:
    """The file of a search of this name, for this working directory.

    >>> path_of("net").name
    'search.jsonl'
    """
    from dlcore.run._steer import folder

    return folder(name) / SEARCH


def earlier(path: Path) -> Path:
    """Where the search is kept that was in this file before a new one began.

    >>> earlier(Path("search.jsonl")).name
    'search.earlier.jsonl'
    """
    return path.with_name(f"{path.stem}.earlier{path.suffix}")


def weights_of(path: Path) -> Path:
    """Where the weights of the best network of the search in this file are.

    >>> weights_of(Path("search.jsonl")).name
    'search.best.safetensors'
    """
    return path.with_name(f"{path.stem}.best.safetensors")


def swap(path: Path) -> None:
    """Put the search that a new one took the place of back into it; the new one is kept as the earlier."""
    if (mine := _mine.get(path.resolve())) is not None:
        mine.close()
    aside = path.with_name(f"{path.stem}.aside{path.suffix}")
    _move(path, aside)
    _move(earlier(path), path)
    _move(aside, earlier(path))
    _begun.discard(path.resolve())


def left() -> list[Left]:
    """The searches that are on disk, the newest first, without damaged files."""
    found = []
    for path in searches_on_disk():
        try:
            lines = path.read_bytes().rpartition(b"\n")[0].splitlines()
            logs = [_read(path, number, line) for number, line in enumerate(lines, 1)]
            ended = sum(log["op_code"] == STATE and log.get("state") != RUNNING for log in logs)
            age = max(0.0, time.time() - path.stat().st_mtime)
            found.append(Left(path.parent.name, path, ended, int(_about(logs)["wanted"]), age))
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return sorted(found, key=lambda one: one.age)


def _move(path: Path, to: Path) -> None:
    """A search with its weights. Killed in between, the weights are those of another search, which is noticed."""
    weights_of(to).unlink(missing_ok=True)
    if weights_of(path).exists():
        os.replace(weights_of(path), weights_of(to))
    os.replace(path, to)


def _about(logs: list[dict[str, Any]]) -> dict[str, Any]:
    found = [log["user_attr"][ABOUT] for log in logs if ABOUT in log.get("user_attr", ())]
    return dict(found[-1]) if found else {}


def _read(path: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        log = json.loads(line)
        if isinstance(log["op_code"], int):
            return dict(log)
    except (ValueError, KeyError, TypeError):
        pass
    shown = line[:40].decode(errors="replace")
    text = f"search: what {path} keeps is damaged: its line {number} is {shown!r}; the file is left as it is"
    raise DamagedSearch(text)


def _locked(path: Path, mode: str) -> Any:
    """The file, open and ours alone; the operating system gives it back when this process ends, however it ends."""
    try:
        file = open(path, mode)  # for as long as the search
    except FileExistsError:
        raise SearchInUse(f"search: another kernel has just begun a search in {path}") from None
    try:
        import fcntl
    except ImportError:  # Windows lets nobody replace an open file, which is enough
        return file
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        text = f"search: another kernel is searching with {path}; stop it there, or give this one another name"
        raise SearchInUse(text) from None
    return file
