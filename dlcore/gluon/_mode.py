"""How blocks are being called in this thread."""

from __future__ import annotations

import threading

# While `plain.on` is set, hybridized blocks run their forward functions as they are (for summaries and inference).
plain = threading.local()
