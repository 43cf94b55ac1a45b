"""The network explorer: a network as a foldable graph, and inside each layer its values as they are now.

Here: `explore`, which shows it; `model.py`, the Python side of the widget; `static.py`, the graph as SVG and as Mermaid
text, which is also the picture in a saved notebook; `widget.js` and the files it imports, the page's side.
Not here: finding out what is in a network (`dlcore/interpret` does), or training. The explorer only looks, and only
while somebody looks at it: a page that is closed, hidden or scrolled away asks for nothing.
Next: `dlcore/interpret/__init__.py`, `kernel_ext/explore.py` for `%explore`.
"""

from .model import Explorer, explore
from .static import mermaid, svg

__all__ = ["Explorer", "explore", "mermaid", "svg"]
