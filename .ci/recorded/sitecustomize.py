"""Lets every Python that .ci/messages_python.py starts record the errors that it makes, in $DLCORE_MESSAGES."""

from __future__ import annotations

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
try:
    import raises
finally:
    del sys.path[0]

raises.install(os.environ["DLCORE_MESSAGES"])
