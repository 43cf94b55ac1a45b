"""Why a loss is no number any more, in a line: the data, the weights it began with, or steps that were too large."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

ROWS = 4096  # samples that are looked at together


def why_not_finite(run: Any, data: Any) -> str:
    """What a person should know of `run` once its loss is not finite; `data` are its `Batches`.

    >>> import dlcore as dl
    >>> x = np.ones((8, 2), "float32")
    >>> x[5, 1] = np.nan
    >>> run = dl.run.train(dl.gluon.nn.Dense(1), (x, np.ones(8, "float32")), batch=8, show=False)
    >>> [event.data["text"] for event in run.events if event.kind == "note"][-1]
    'the loss is nan from step 1 on: sample 5 of the data holds nan'
    """
    steps, losses = run.history.series("loss")
    first = int(np.argmax(~np.isfinite(losses)))
    head = f"the loss is {losses[first]:.3g} from step {steps[first]:,} on"
    begun = {} if run._start is None else run._start.arrays
    if not _finite(begun, "weights/"):
        return f"{head}: the weights were not finite before; make the network anew, or initialize it again"
    if (found := wrong_sample(data)) is not None:
        return f"{head}: {found}"
    rate = run.knobs.get("lr")
    smaller = "a smaller learning rate" if rate is None else f"a smaller lr than {rate:.3g}"
    before = [snapshot.step for snapshot in _snapshots(run) if snapshot.step < steps[first]]
    back = f", and restore({max(before)}) goes back to before" if before else ""
    return f"{head}: {smaller} may help{back}"


def _finite(arrays: Mapping[str, Any], prefix: str) -> bool:
    values = (np.asarray(array) for name, array in arrays.items() if name.startswith(prefix))
    return all(bool(np.isfinite(value).all()) for value in values if value.dtype.kind == "f")


def wrong_sample(data: Any) -> str | None:
    """The first sample that holds what is no number, of data that lies in memory as arrays."""
    columns: Iterable[Any] = getattr(getattr(data, "dataset", None), "_data", ())
    for what, column in zip(("", "the label of "), columns, strict=False):
        if not isinstance(column, np.ndarray) or column.dtype.kind != "f":
            continue
        for start in range(0, len(column), ROWS):
            part = column[start : start + ROWS].reshape(len(column[start : start + ROWS]), -1)
            wrong = ~np.isfinite(part)
            if wrong.any():
                row = int(np.argmax(wrong.any(axis=1)))
                return f"{what}sample {start + row:,} of the data holds {part[row][wrong[row]][0]:.3g}"
    return None


def _snapshots(run: Any) -> list[Any]:
    try:
        return [one for one in run.snapshots if _finite(getattr(one, "arrays", {}), "weights/")]
    except RuntimeError:  # it trains elsewhere
        return []
