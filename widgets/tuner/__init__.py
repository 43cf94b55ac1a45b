"""The live picture of a search for settings, and the still one that takes its place in the saved notebook.

Here: `show`, which displays a search; `model.py`, the Python side; `static.py`, the still picture; `widget.js` and what
it imports, the page's side: `store.js` (what the page knows), `plot.js` (axes), `views.js` (curves, best so far, lines
through all marks, importance), `hand.js` (buttons, and sliders for a trial by hand).
Not here: the search itself; the picture only listens and asks.
Next: `dlcore/tune/_search.py` for what can be asked, `kernel_ext/tune.py` for who calls `show`.
"""

from .model import Tuner, show
from .static import figure, png

__all__ = ["Tuner", "figure", "png", "show"]
