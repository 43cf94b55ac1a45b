"""The live chart of a training run, and the picture that takes its place in the saved notebook.

Here: `show`, which displays a run; `model.py`, the Python side of the widget; `static.py`, the picture;
`widget.js` and the files it imports, the page's side, which `widgets/build.py` bundles to bundle.js and bundle.css.
Not here: training, or anything that decides about it; the chart only listens and puts requests in the run's mailbox.
Next: `dlcore/run/_run.py` for what a listener is told, `kernel_ext/train.py` for who calls `show`.
"""

from .model import LossChart, show
from .static import figure, png

__all__ = ["LossChart", "figure", "png", "show"]
