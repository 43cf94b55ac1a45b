"""A search for the settings that train best: marks say what may be chosen, trials are trained, Optuna proposes.

Here: `search`, which starts one; `Search`, its state, trials and listeners; `choice`, `uniform`, `log` and `int`, the
marks (`_marks.py`); one trial in this process (`_bench.py`) or in a worker process (`_remote.py`); `_study.py`, the
only file that knows Optuna, an optional package (the extra "tune"); `_journal.py`,
the file that a search is kept in, and `_best.py` the weights of its best network beside it.
Not here: training (dlcore.run), launching processes (dlcore.parallel), and anything that displays: a display is a
listener, attached through `show=` or the hook "tune.show".
Next: `kernel_ext/tune.py` for `%%tune`, `widgets/tuner` for the live picture.
"""

from dlcore import _answers

from ._marks import Mark, MarkError, choice, int, log, uniform
from ._search import Search
from ._start import search, wait
from ._text import TextTrials
from ._trial import Trial

__all__ = ["Mark", "MarkError", "Search", "TextTrials", "Trial", "choice", "int", "log", "search", "uniform", "wait"]

# Marks say themselves where in a cell they are wrong.
_answers.guard(__name__, ["Search", "TextTrials", "Trial", "search", "wait"])
