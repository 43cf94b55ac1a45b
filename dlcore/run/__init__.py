"""One training run as an object: its loop, its thread, its knobs, what it recorded.

Here: `train`, which starts a run; `Run`, its state and the two sides of it (read `_run.py` first: it tells what a
launcher of worker processes hands in and hands on); `TrainingLoop`, the loop itself; `History`, the recorded series.
Not here: anything that displays (a display is a listener, attached through `show=` or the hook "run.show") and anything
that launches processes (the hook "run.workers"). This room never imports IPython or ipywidgets.
Next: `dlcore/parallel` for several processes, `widgets/loss_chart` for the live chart, `kernel_ext/train.py` for
`%train`.
"""

from ._history import History
from ._loop import TrainingLoop
from ._optimizer import knobs_of, make_optimizer
from ._run import Event, Run, training
from ._text import TextProgress
from ._train import prepare, train, wait

__all__ = [
    "Event",
    "History",
    "Run",
    "TextProgress",
    "TrainingLoop",
    "knobs_of",
    "make_optimizer",
    "prepare",
    "train",
    "training",
    "wait",
]
