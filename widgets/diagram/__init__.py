"""The diagram editor: a network's text drawn as boxes and arrows, and every gesture on it written into the text.

Here: `model.py`, the Python side of the widget, which passes on what the page asks; `widget.js` with `layout.js` (where
boxes stand), `canvas.js` (the drawing), `form.js` (the chosen line) and `cell.js` (the notebook's cell follows).
Not here: the language. What a text means, and what an edit does to it and to the network, is in `kernel_ext`
(`session.py`, `language/edits.py`), which hands itself to the widget. The still picture is the explorer's.
Next: `kernel_ext/diagram.py` for `%diagram`.
"""

from .model import Design, Diagram

__all__ = ["Design", "Diagram"]
