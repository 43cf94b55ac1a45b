"""The live monitor of the machine, and the still picture that takes its place in the saved notebook.

Here: `monitor`, which shows it; `model.py`, the Python side, which reads the machine only when an open page asks;
`static.py`, the still picture; `widget.js` with `widget.css`, the page's side.
Not here: how the machine is read (dlcore/interpret/_machine.py) or what a network needs (dlcore/interpret/_program.py).
Next: `kernel_ext/monitor.py` for `%monitor`.
"""

from .model import Monitor, monitor
from .static import figure, png

__all__ = ["Monitor", "figure", "monitor", "png"]
