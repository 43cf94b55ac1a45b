"""`import dlcore.compat.mxnet` makes `import mxnet as mx`, and every import from below it, mean dlcore.

It says so once, on stderr. `dlcore.compat.uninstall()` takes it back; `install(force=True)` hides a real MXNet.
"""

from __future__ import annotations

import sys

from ._install import install, uninstall

__all__ = ["install", "uninstall"]

install()
print(
    "dlcore: from now on `import mxnet` gives dlcore in this process (dlcore.compat.uninstall() ends it)",
    file=sys.stderr,
)
