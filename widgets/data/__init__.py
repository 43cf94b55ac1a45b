"""Pictures of data and of results: what a batch holds, what a network confuses, why it decided so.

Here: `static.py` (curves, confusion, scatter) and `images.py` (batches, worst mistakes, saliency), matplotlib figures
without pyplot, so that no global state is touched; `png` turns one into what a notebook shows, and keeps.
Not here: computing what is shown; that is in `dlcore/interpret` and `dlcore/run`.
Next: `kernel_ext/show_batch.py` and `kernel_ext/lr_find.py`, which show them.
"""

from .images import attribution, batch, worst
from .static import learning_rates, png, results, scatter

__all__ = ["attribution", "batch", "learning_rates", "png", "results", "scatter", "worst"]
