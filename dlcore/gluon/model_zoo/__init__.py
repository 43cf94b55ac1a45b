"""Well-known networks, ready to be trained.

What lives here: `vision`, `text`, and `get_model`, which makes a network from its name. No trained weights are shipped.
What must not: layers (see `dlcore.gluon.nn`).
Next: `vision/_resnet.py` for how a family of networks is written.
"""

from . import text, vision
from .vision import get_model

__all__ = ["get_model", "text", "vision"]
