"""One training run as an object: its loop, its thread, its knobs, its snapshots, what it recorded.

Here: `train`, which starts a run; `Run`, its state and the two sides of it (read `_run.py` first: it tells what a
launcher of worker processes hands in and hands on; `_working.py` is the side that its work sees, `_steer.py` the part
that goes back); `TrainingLoop`, the loop itself; `History`, the recorded series and branches; `Snapshot` and
`Snapshots`, the points to go back to.
Not here: anything that displays (a display is a listener, attached through `show=` or the hook "run.show") and anything
that launches processes (the hook "run.workers"). This room never imports IPython or ipywidgets.
Next: `dlcore/parallel` for several processes, `widgets/loss_chart` for the live chart, `kernel_ext/train.py` for
`%train`.
"""

from dlcore import _answers

from ._history import Branch, History
from ._known import runs, sample_shape, training
from ._loop import TrainingLoop
from ._lr_find import LearningRates, lr_find
from ._optimizer import knobs_of, make_optimizer
from ._ring import Snapshots
from ._run import Run
from ._saved import Saved, last_of, saved
from ._schedule import SCHEDULES
from ._snapshot import Snapshot
from ._steer import folder
from ._text import TextProgress
from ._train import prepare, train, wait
from ._working import Event

__all__ = [
    "Branch",
    "Event",
    "History",
    "LearningRates",
    "Run",
    "SCHEDULES",
    "Saved",
    "Snapshot",
    "Snapshots",
    "TextProgress",
    "TrainingLoop",
    "folder",
    "knobs_of",
    "last_of",
    "lr_find",
    "make_optimizer",
    "prepare",
    "runs",
    "sample_shape",
    "saved",
    "train",
    "training",
    "wait",
]

# The errors of train and wait are those of the run, and end at the user's own line.
_answers.guard(__name__, [name for name in __all__ if name not in ("train", "wait")])
