"""What ``%train`` does before it trains: end and free what trained the network before, look for a snapshot on disk."""

from __future__ import annotations

import gc
import json
import time
from pathlib import Path
from typing import Any

from .errors import CleanError

_written_here: set[Path] = set()  # by runs of this kernel


def make_room(net: Any) -> None:
    """Stop the run that is training `net`, and free what earlier runs of it hold."""
    from dlcore import run

    other = run.training(net)
    if other is not None:
        other.stop()
        other.wait_for_end(60)
        print(f"{other.name}: the run that was training this network was stopped at step {other.step:,}")
    for earlier in run.runs():
        if earlier.ended and earlier.trained(net):
            earlier.free()
    gc.collect()  # networks of cells that were run again hang together in cycles


class Disk:
    """The file in which the newest snapshot of a run of this name is kept, in the folder of this notebook."""

    def __init__(self, name: str, several: bool = False) -> None:
        from dlcore.run import folder

        self.name, self.several = name, several
        self.path = folder(name) / "last.safetensors"

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
            print(f"{self.name}: a snapshot of {self._about()} is on disk; %train ... --resume goes on from there")
        _written_here.add(self.path)
        return {"save": self.path, **({"resume": self.path} if resume else {})}

    def _about(self) -> str:
        from dlcore.io import load_metadata

        try:
            step = json.loads(load_metadata(self.path)["run"])["step"]
        except (ValueError, KeyError):
            return "an earlier run"
        minutes = max(0.0, time.time() - self.path.stat().st_mtime) / 60
        age = f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.0f} h"
        return f"step {step:,}, {age} old,"
