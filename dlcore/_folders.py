"""Where files go that belong to no project: fetched data, snapshots of runs, searches. It imports nothing of dlcore."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

LAST = "last.safetensors"  # the newest snapshot of a run, in the folder of its name
SEARCH = "search.jsonl"  # the search of that name


def cache_dir(*parts: str) -> Path:
    """The folder for fetched data: `$DLCORE_DATA`, else `~/.cache/dlcore` (`$XDG_CACHE_HOME` is honoured).

    >>> cache_dir().is_absolute()
    True
    """
    chosen = os.environ.get("DLCORE_DATA")
    if chosen:
        base = Path(chosen).expanduser()
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "dlcore"
    return base.joinpath(*parts)


def runs_here() -> Path:
    """Where the snapshots of runs are written that were started in this working directory."""
    here = os.getcwd()
    key = hashlib.sha256(here.encode()).hexdigest()[:10]
    return cache_dir("runs", f"{re.sub(r'[^A-Za-z0-9.-]+', '_', Path(here).name) or 'root'}-{key}")


def left_on_disk() -> list[Path]:
    """The newest snapshots of the runs of this working directory that did not come to their end."""
    return list(runs_here().glob(f"*/{LAST}"))


def searches_on_disk() -> list[Path]:
    """The searches of this working directory, whether they came to their end or not."""
    return list(runs_here().glob(f"*/{SEARCH}"))
