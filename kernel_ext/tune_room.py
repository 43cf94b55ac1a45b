"""What ``%%tune`` does about searches on disk: it says what an earlier kernel left, and where the new one is kept."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import CleanError
from .train_room import WEEK, old

if TYPE_CHECKING:
    from dlcore.tune import Search
    from dlcore.tune._journal import Left

_written_here: set[Path] = set()  # by searches of this kernel
_displaced: set[Path] = set()  # where a search of this kernel took the place of one of an earlier kernel


def arguments(name: str, resume: bool) -> dict[str, Any]:
    """What `search` is given; a line says so where an earlier kernel left a search of this name."""
    from dlcore.tune._journal import earlier, path_of, swap

    path = path_of(name)
    there = path.exists()
    if resume and not there:
        raise CleanError(f"%%tune: there is no search named {name} on disk to go on with")
    if resume and path in _displaced:
        swap(path)
        _displaced.discard(path)
    elif there and not resume and path not in _written_here:
        found = [one for one in left_behind() if one.path == path]
        if found:
            print(f"{described(found[0])} is on disk; the same cell with --resume goes on with that one")
            _displaced.add(path)
        else:
            print(f"{name}: a search that cannot be read is kept as {earlier(path)}")
    _written_here.add(path)
    return {"save": path, "resume": resume}


def search(kept: dict[str, Any], make: Any, marks: Any, name: str, **more: Any) -> Search:
    """`dlcore.tune.search`, kept on disk unless another notebook of this folder searches under the same name."""
    from dlcore import tune
    from dlcore.tune._journal import SearchInUse

    try:
        return tune.search(make, marks, name=name, **{**more, **kept})
    except SearchInUse:
        if kept["resume"]:
            raise
        print(f"{name}: another kernel of this folder searches under this name; this search is not kept on disk")
        return tune.search(make, marks, name=name, **more)


def left_behind() -> list[Left]:
    """The searches that earlier kernels left in this folder, the newest first."""
    from dlcore.tune._journal import left

    return [one for one in left() if one.path not in _written_here]


def described(one: Left) -> str:
    """`net: a search with 12 of 20 trials, 3 min old,`."""
    return f"{one.name}: a search with {one.ended} of {one.wanted} trials, {old(one.age)} old,"


def offer() -> None:
    """Say which searches an earlier kernel did not bring to their end, if they are not older than a week."""
    from dlcore._folders import searches_on_disk

    if not searches_on_disk():
        return  # nothing is loaded
    for one in left_behind()[:3]:
        if one.age < WEEK and one.ended < one.wanted:
            print(f"{described(one)} is on disk: its cell with --resume goes on")
