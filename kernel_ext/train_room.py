"""What ``%train`` does before it trains: end and free what trained the network before, look for a snapshot on disk."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import CleanError

if TYPE_CHECKING:
    from dlcore.run import Saved

WEEK = 7 * 24 * 3600
_written_here: set[Path] = set()  # by runs of this kernel


def make_room(net: Any) -> None:
    """Stop the run that is training `net`, and free what earlier runs of it hold."""
    from dlcore import run

    other = run.training(net)
    if other is not None:
        other.stop()
        other.wait_for_end(60)
        print(f"{other.name}: the run that was training this network was stopped at step {other.step:,}")
    gc.collect()  # networks of cells that were run again hang together in cycles
    for earlier in run.runs():
        if earlier.orphaned:
            earlier.spill()
        elif earlier.ended and earlier.trained(net):
            earlier.free()


class Disk:
    """The file in which the newest snapshot of a run of this name is kept, in the folder of this notebook."""

    def __init__(self, name: str, several: bool = False) -> None:
        from dlcore.run import last_of

        self.name, self.several = name, several
        self.path = last_of(name)

    def arguments(self, resume: bool) -> dict[str, Any]:
        """What `train` is given; a line says so where there is a snapshot of before the kernel's restart."""
        if self.several:
            if resume:
                raise CleanError("%train: --resume works in one process, not with --workers")
            return {}
        there = self.path.exists()
        if resume and not there:
            raise CleanError(f"%train: there is no snapshot of a run named {self.name} on disk to resume")
        if there and not resume and self.path not in _written_here:
            found = [one for one in left_behind() if one.path == self.path]
            about = described(found[0]) if found else f"{self.name}: a snapshot of an earlier run"
            print(f"{about} is on disk; %train ... --resume goes on from there")
        _written_here.add(self.path)
        return {"save": self.path, **({"resume": self.path} if resume else {})}


def left_behind() -> list[Saved]:
    """The runs of earlier kernels in this folder that did not come to their end, the newest first."""
    from dlcore.run import saved

    return [one for one in saved() if one.path not in _written_here]


def described(one: Saved) -> str:
    """`net: a snapshot of step 1,234, 3 min old,`."""
    return f"{one.name}: a snapshot of step {one.step:,}, {old(one.age)} old,"


def old(seconds: float) -> str:
    """An age as people say it."""
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.0f} h"


def offer() -> None:
    """Say what an earlier kernel left behind, if it is not older than a week. Without any, nothing is loaded."""
    from dlcore._folders import left_on_disk

    if not left_on_disk():
        return
    for one in left_behind()[:3]:
        if one.age < WEEK:
            more = f"%attach {one.name} shows its curve, %train {one.name} ... --resume goes on from there"
            print(f"{described(one)} is on disk: {more}")
