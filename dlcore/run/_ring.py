"""The snapshots of a run that are in memory: when the next is due, which go when the room is used up."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, TypeVar, overload

from ._snapshot import Snapshot

MEBIBYTE = 1 << 20
SHARE = 100  # taking a snapshot may cost one part in so many of the running time
SPACING = 0.1  # seconds between two, at least
MOST = 64  # more than a chart can tell apart


class Snapshots(Sequence[Snapshot]):
    """Snapshots in the order in which they were taken, within `memory` bytes.

    `every`: take one every so many steps; None leaves it to the clock, so that taking them costs at most a hundredth
    of the time. When the room is used up, the one goes whose neighbours are nearest, measured by their distance from
    now: old ones thin out. The first, the newest and those that are pinned stay.

    >>> import dlcore as dl
    >>> data = dl.np.ones((32, 2)), dl.np.ones((32, 1))
    >>> run = dl.run.train(dl.gluon.nn.Dense(1), data, batch=4, snapshot_every=2, show=False)
    >>> [snapshot.step for snapshot in run.snapshots]
    [0, 2, 4, 6, 8]
    >>> run.snapshots.nearest(5).step
    6
    """

    def __init__(self, memory: float = 256 * MEBIBYTE, every: int | None = None) -> None:
        self.memory, self.every = memory, every
        self.version = 0  # grows with every change, so that whoever shows them knows when to look
        self._kept: list[Snapshot] = []
        self._next = 0.0

    def __len__(self) -> int:
        return len(self._kept)

    @overload
    def __getitem__(self, place: int) -> Snapshot: ...
    @overload
    def __getitem__(self, place: slice) -> list[Snapshot]: ...
    def __getitem__(self, place: Any) -> Any:
        return self._kept[place]

    def __iter__(self) -> Iterator[Snapshot]:
        return iter(list(self._kept))

    def __repr__(self) -> str:
        size = sum(snapshot.nbytes for snapshot in self._kept) / MEBIBYTE
        steps = ", ".join(f"{snapshot.step}{'*' if snapshot.pinned else ''}" for snapshot in self._kept)
        return f"<{len(self)} snapshots, {size:.1f} MiB, of the steps {steps or 'none'} (*: pinned)>"

    def due(self, step: int) -> bool:
        """Whether one should be taken after `step` steps."""
        if not self.memory:
            return False
        if not self._kept:
            return True
        if self.every is not None:
            return step % self.every == 0
        return time.monotonic() >= self._next

    def add(self, snapshot: Snapshot, seconds: float = 0.0) -> None:
        """Keep a snapshot that took `seconds` to take, and let others go where there is no room."""
        self._next = time.monotonic() + max(SPACING, SHARE * seconds)
        kept = [s for s in self._kept if s.pinned or (s.step, s.branch) != (snapshot.step, snapshot.branch)]
        kept.append(snapshot)
        size = sum(s.nbytes for s in kept)
        while (size > self.memory or len(kept) > MOST) and (place := _least(kept)) is not None:
            size -= kept.pop(place).nbytes
        self._kept = kept  # replaced whole: other threads read it
        self.version += 1

    def nearest(self, step: int, branch: int | None = None) -> Snapshot:
        """The snapshot nearest to `step`, on `branch` where one is given and has any. ValueError when there is none."""
        return _nearest(self._kept, step, branch)

    def clear(self) -> None:
        """Let all of them go."""
        self._kept = []
        self.version += 1


class Rung(NamedTuple):
    """A snapshot that other processes hold: where it lies, and whether it is pinned."""

    step: int
    branch: int
    pinned: bool


class Elsewhere(Sequence[Rung]):
    """The snapshots of a run that trains in worker processes, as the first of them tells."""

    def __init__(self) -> None:
        self.version = 0
        self._kept: list[Rung] = []

    def __len__(self) -> int:
        return len(self._kept)

    def __getitem__(self, place: Any) -> Any:
        return self._kept[place]

    def __repr__(self) -> str:
        steps = ", ".join(f"{rung.step}{'*' if rung.pinned else ''}" for rung in self._kept)
        return f"<{len(self)} snapshots in worker processes, of the steps {steps or 'none'} (*: pinned)>"

    def tell(self, found: Sequence[Sequence[Any]]) -> None:
        """Take over what the first worker told."""
        kept = [Rung(int(step), int(branch), bool(pinned)) for step, branch, pinned in found]
        self.version += kept != self._kept
        self._kept = kept

    def nearest(self, step: int, branch: int | None = None) -> Rung:
        """The snapshot nearest to `step`, as `Snapshots.nearest`."""
        if not self._kept:
            raise ValueError("restore: no worker process holds a snapshot; they let go of theirs when the run ends")
        return _nearest(self._kept, step, branch)

    def clear(self) -> None:
        """The workers are gone."""
        self.tell([])


_Kind = TypeVar("_Kind", Snapshot, Rung)


def _nearest(kept: Sequence[_Kind], step: int, branch: int | None) -> _Kind:
    if not kept:
        raise ValueError(f"restore: there is no snapshot to go back to (snapshots=0, or no step yet); asked {step}")
    return min(reversed([s for s in kept if s.branch == branch] or list(kept)), key=lambda s: abs(s.step - step))


def _least(kept: Sequence[Snapshot]) -> int | None:
    """The place of the one that is missed least; None where all must stay."""
    last = len(kept) - 1
    places = [place for place in range(1, last) if not kept[place].pinned]
    if not places:
        return None
    # In the order of taking, the gap that is left beside how long ago it was.
    return min(places, key=lambda place: (_gap(kept, place)) / (last - place + 1))


def _gap(kept: Sequence[Snapshot], place: int) -> int:
    return abs(kept[place + 1].step - kept[place].step) + abs(kept[place].step - kept[place - 1].step)
